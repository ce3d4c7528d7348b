"""Curriculum: a wrapper that moves the level of each family by the agent's recent success."""

from __future__ import annotations

from collections import deque
from typing import Any

import gymnasium as gym

from expit_env.riddle import LEVELS


class Curriculum(gym.Wrapper[str, str, str, str]):
    """Draws each family at a level of its own: one up after success, one down after failure.

    The share of right answers among a family's last ``window`` episodes at its level decides: at ``raise_at`` or more
    the level rises by one, at ``lower_at`` or less it falls by one, and after a change the count starts again. Nothing
    is random: equal seeds and answers give equal levels. Because the level depends on earlier answers, a seed alone no
    longer determines the riddle. ``options={"riddle_id": ...}`` still does, and such an episode does not count.

    ``info`` has the ``curriculum_level`` of the family; after the step that ends an episode, it is the next level.

    >>> import gymnasium as gym, expit_env
    >>> env = expit_env.Curriculum(gym.make("Riddle-v0"))

    Args:
        env: a ``Riddle-v0``, with any wrappers.
        window: how many of a family's last episodes count.
        raise_at, lower_at: shares of right answers, from 0 to 1.
        enabled: False to draw riddles as the environment does, at any level, and to count nothing; may be set later.

    Raises:
        ValueError: if the window is below 1, or the shares are not 0 <= lower_at < raise_at <= 1.
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
        """Draw a riddle at its family's level, unless the options give a riddle or a level."""
        counts = self.enabled and not {"riddle_id", "level"} & set(options or {})
        observation, info = self.env.reset(
            seed=seed, options={**(options or {}), "level": self.levels} if counts else options
        )
        self._family = info["family"] if counts else None
        return observation, self._with_level(info)

    def step(self, action: str) -> tuple[str, float, bool, bool, dict[str, Any]]:
        """Take a step, and count the episode if it is over."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        if (terminated or truncated) and self._family is not None:
            self._count(self._family, float(reward) > 0)
        return observation, float(reward), terminated, truncated, self._with_level(info)

    def _count(self, family: str, right: bool) -> None:
        recent = self._recent[family]
        recent.append(right)
        share = sum(recent) / self.window
        if len(recent) < self.window or self.lower_at < share < self.raise_at:
            return
        moved = self.levels[family] + (1 if share >= self.raise_at else -1)
        self.levels[family] = min(max(moved, LEVELS[0]), LEVELS[-1])
        recent.clear()

    def _with_level(self, info: dict[str, Any]) -> dict[str, Any]:
        return info if self._family is None else info | {"curriculum_level": self.levels[self._family]}
