"""Curriculum: a wrapper that moves the level of each family by the agent's recent success."""

from __future__ import annotations

from collections import deque
from typing import Any

import gymnasium as gym

from expit_env.riddle import LEVELS


class Curriculum(gym.Wrapper[str, str, str, str]):
    """Poses each family at a level of its own: one up after success, one down after failure.

    Whenever the last ``window`` episodes of a family at its level are over, their share of right answers decides: from
    ``raise_at`` on its level rises by one, to ``lower_at`` it falls by one, and in either case the count starts anew.
    It draws nothing at random: with equal seeds and answers it does the same. Because the level depends on what was
    answered before, a seed alone no longer decides a riddle; its address, ``options={"riddle_id": ...}``, does, and
    such an episode leaves the levels as they are.

    ``info`` says the family's ``curriculum_level``, after the step that ends an episode the one that comes next.

    >>> import gymnasium as gym, expit_env
    >>> env = expit_env.Curriculum(gym.make("Riddle-v0"))

    Args:
        env: a ``Riddle-v0``, with whatever wrappers.
        window: how many episodes of a family are looked back on.
        raise_at, lower_at: shares of right answers.
        enabled: False to pose riddles as the environment does, at any level, and to count nothing. May be set later.
    """

    def __init__(
        self,
        env: gym.Env[str, str],
        window: int = 10,
        raise_at: float = 0.8,
        lower_at: float = 0.4,
        enabled: bool = True,
    ) -> None:
        super().__init__(env)
        if window < 1 or not 0 <= lower_at < raise_at <= 1:
            raise ValueError(
                f"expected window >= 1 and 0 <= lower_at < raise_at <= 1, not {window}, {lower_at} and {raise_at}"
            )
        self.window, self.raise_at, self.lower_at, self.enabled = window, raise_at, lower_at, enabled
        self.levels: dict[str, int] = dict.fromkeys(env.get_wrapper_attr("families"), LEVELS[0])
        self._recent: dict[str, deque[bool]] = {family: deque(maxlen=window) for family in self.levels}
        self._family: str | None = None

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[str, dict[str, Any]]:
        counts = self.enabled and not {"riddle_id", "level"} & set(options or {})
        observation, info = self.env.reset(
            seed=seed, options={**(options or {}), "level": self.levels} if counts else options
        )
        self._family = info["family"] if counts else None
        return observation, self._told(info)

    def step(self, action: str) -> tuple[str, float, bool, bool, dict[str, Any]]:
        observation, reward, terminated, truncated, info = self.env.step(action)
        if (terminated or truncated) and self._family is not None:
            self._count(self._family, float(reward) > 0)
        return observation, float(reward), terminated, truncated, self._told(info)

    def _count(self, family: str, right: bool) -> None:
        recent = self._recent[family]
        recent.append(right)
        share = sum(recent) / self.window
        if len(recent) < self.window or self.lower_at < share < self.raise_at:
            return
        moved = self.levels[family] + (1 if share >= self.raise_at else -1)
        self.levels[family] = min(max(moved, LEVELS[0]), LEVELS[-1])
        recent.clear()

    def _told(self, info: dict[str, Any]) -> dict[str, Any]:
        return info if self._family is None else info | {"curriculum_level": self.levels[self._family]}
