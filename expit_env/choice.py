"""RiddleChoiceEnv, registered as RiddleChoice-v0: the riddle with a few answers to choose from, for classic RL."""

from __future__ import annotations

import functools
import itertools
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from expit_env.env import RiddleEnv, checked_render_mode
from expit_env.riddle import Kind, Riddle
from expit_env.riddles import splits
from expit_env.verifier import verify

Observation = dict[str, np.ndarray] | np.ndarray

_SAMPLE = 50
"""Riddles of each family whose answers become options of other riddles."""

_WORDS = re.compile(r"[^\W_]+")


class RiddleChoiceEnv(gym.Env[Observation, np.int64]):
    """A riddle is asked; the agent chooses one of a few answers; the right one is worth 1.

    ## Description

    The riddles of Riddle-v0 for agents that don't write: text becomes vectors, an answer becomes a number.

    >>> import gymnasium as gym, expit_env
    >>> env = gym.make("RiddleChoice-v0", num_options=4)
    >>> observation, info = env.reset(seed=0)
    >>> len(info["options"]), observation["options"].shape
    (4, (4, 128))
    >>> _, reward, terminated, _, info = env.step(0)

    ## Action Space

    `Discrete(num_options)`: which option is the answer. Where a riddle has fewer plausible answers (yes or no), the
    last options are empty: `action_masks()` says which are not.

    ## Observation Space

    `Dict` of `Box`: `question` of shape (features,) and `options` of shape (num_options, features), each row a text's
    hashed word n-grams scaled to length 1 (or what `embed` makes of it), an empty option all 0. With `flat=True` one
    `Box` of shape ((1 + num_options) * features,), the question first.

    ## Starting State

    A riddle as in Riddle-v0, the same for the same seed. Its options are the answer, the trap, and answers to other
    riddles of the same kind that the verifier refuses, in an order drawn from the environment's generator. An answer is
    offered as often as it is right elsewhere, so the options alone say little.

    ## Rewards

    1 for the right option, 0 for any other.

    ## Episode End

    The episode terminates with the one choice. It is never truncated.

    ## Information

    As in Riddle-v0, and `question` and `options`, the texts.

    ## Arguments

    - `split`, `families`, `side`, `level`: as in Riddle-v0.
    - `num_options`: how many answers there are to choose from, at least 2.
    - `features`: the length of a text's vector of hashed n-grams.
    - `embed`: what makes a vector of a text in their place, such as `agents.TextEmbedding`, the frozen embeddings of a
      language model: a function from a string to float32 numbers from -1 to 1, as many for each text.
    - `flat`: whether observations are one vector.
    - `render_mode`: `"ansi"` (`render` returns the transcript).

    ## References

    - Weinberger, Dasgupta, Langford, Smola, Attenberg: Feature Hashing for Large Scale Multitask Learning. ICML 2009.
      https://arxiv.org/abs/0902.2206

    ## Version History

    - v0: first version.
    """

    metadata = {"render_modes": ["ansi"], "render_fps": 4}  # noqa: RUF012 (Gymnasium declares it so)

    def __init__(
        self,
        split: str = "train",
        families: str | Sequence[str] = "all",
        side: str = "both",
        level: int | None = None,
        num_options: int = 4,
        features: int = 128,
        flat: bool = False,
        embed: Callable[[str], np.ndarray] | None = None,
        render_mode: str | None = None,
    ) -> None:
        self.render_mode = checked_render_mode(render_mode, self.metadata["render_modes"])
        for name, value, least in (("num_options", num_options, 2), ("features", features, 1)):
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
                raise ValueError(f"{name} must be a whole number of at least {least}, not {value!r}")
        self.action_space = spaces.Discrete(num_options)
        self._num_options, self._flat = int(num_options), flat
        self._embed = embed or functools.partial(hashed_ngrams, size=int(features))
        self._features = len(self._embed("riddle"))
        self._env = RiddleEnv(split, families, side, level, render_mode=render_mode)
        self._options: tuple[str, ...] = ()
        self.observation_space = self._space()

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        super().reset(seed=seed)
        self._env.np_random = self.np_random
        question, info = self._env.reset(options=options)
        self._question = question
        self._options = self._draw_options(splits.riddle(info["riddle_id"]))
        return self._observe(), self._with_options(info)

    def step(self, action: np.int64 | int) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        if not self._options:
            raise gym.error.ResetNeeded("no riddle has been asked yet: call reset() before step()")
        if not self.action_space.contains(action):
            raise gym.error.InvalidAction(f"an action is a number from 0 to {self._num_options - 1}, not {action!r}")
        _, reward, terminated, truncated, info = self._env.step(self._options[int(action)])
        return self._observe(), reward, terminated, truncated, self._with_options(info)

    def action_masks(self) -> np.ndarray:
        """Return which options are not empty, of shape (num_options,), as sb3-contrib's MaskablePPO asks for it."""
        if not self._options:
            raise gym.error.ResetNeeded("no riddle has been asked yet: call reset() before action_masks()")
        return np.array([option != "" for option in self._options])  # (num_options,)

    def render(self) -> str | None:  # pyright: ignore[reportIncompatibleMethodOverride] (a frame is a string here)
        transcript = self._env.render()
        if transcript is None:
            return None
        question, *rest = transcript.split("\n")
        listed = "; ".join(f"{number} {option}" for number, option in enumerate(self._options) if option)
        return "\n".join([question, f"Options: {listed}", *rest])

    def _with_options(self, info: dict[str, Any]) -> dict[str, Any]:
        return info | {"question": self._question, "options": self._options}

    def _space(self) -> spaces.Space[Any]:
        question = spaces.Box(-1, 1, (self._features,), np.float32)
        options = spaces.Box(-1, 1, (self._num_options, self._features), np.float32)
        if self._flat:
            return spaces.Box(-1, 1, ((1 + self._num_options) * self._features,), np.float32)
        return spaces.Dict({"question": question, "options": options})

    def _observe(self) -> Observation:
        question, empty = self._embed(self._question), np.zeros(self._features, dtype=np.float32)
        options = np.stack([self._embed(option) if option else empty for option in self._options])
        if self._flat:
            return np.concatenate([question, options.ravel()])
        return {"question": question, "options": options}

    def _draw_options(self, riddle: Riddle) -> tuple[str, ...]:
        """Draw the options: the answer, the trap, other answers, and empty ones where there are too few."""
        options = [riddle.answer]
        known = {riddle.answer.lower()}
        for other in self._others(riddle):
            if len(options) == self._num_options:
                break
            if other.lower() not in known and not verify(riddle, other).correct:
                options.append(other)
            known.add(other.lower())
        drawn = [options[i] for i in self.np_random.permutation(len(options))]
        return tuple(drawn + [""] * (self._num_options - len(drawn)))

    def _others(self, riddle: Riddle) -> Iterator[str]:
        """Yield the trap, then answers to other riddles of the kind, each as often as it is right there."""
        if riddle.trap is not None:
            yield riddle.trap
        if riddle.kind is Kind.YES_NO:
            yield from ("yes", "no")
            return
        answers = _answers(str(riddle.split), riddle.kind)
        yield from (answers[i] for i in self.np_random.permutation(len(answers)))


@functools.cache
def _answers(split: str, kind: Kind | None) -> tuple[str, ...]:
    """Return the answers to all riddles of one kind among a few of each family, equal ones too."""
    drawn = (splits.riddle_at(name, split, index) for name in splits.families_of(split) for index in range(_SAMPLE))
    return tuple(riddle.answer for riddle in drawn if riddle.kind is kind)


def hashed_ngrams(text: str, size: int) -> np.ndarray:
    """Return a text's words and pairs of neighbouring words, hashed into a vector of length 1 (0 without words).

    Each n-gram adds +1 or -1, as its hash says, to one place (Weinberger et al. 2009, https://arxiv.org/abs/0902.2206):
    n-grams that fall on the same place cancel out in the mean instead of adding up.
    """
    words = _WORDS.findall(text.lower())
    hashes = [zlib.crc32(gram.encode()) for gram in (*words, *map(" ".join, itertools.pairwise(words)))]
    vector = np.zeros(size, dtype=np.float32)  # (size,)
    for value in hashes:
        vector[(value >> 1) % size] += 1 if value & 1 else -1
    length = np.linalg.norm(vector)
    return vector / length if length else vector
