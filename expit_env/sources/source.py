"""The interface of a source of riddles, through which the environment gets every riddle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from expit_env.errors import unknown
from expit_env.riddle import LEVELS, Riddle, Verifier

Levels = int | Mapping[str, int] | None
"""One level for all families, or one for each; None for any."""


class Drawable(Protocol):
    """The riddles that an environment draws from: some families of one split of a source, at one level or all."""

    @property
    def families(self) -> tuple[str, ...]:
        """The families of the riddles."""
        ...

    def draw(self, rng: np.random.Generator, level: Levels = None) -> Riddle:
        """Draw a riddle, and if a level is given, the nearest to it of the same family; equal generators draw equal."""
        ...


class RiddleSource(Protocol):
    """The interface that ``gym.make("Riddle-v0", source=...)`` accepts, besides the strings of `open_source`."""

    @property
    def question_length(self) -> int:
        """The most characters of a question."""
        ...

    def deck(self, split: str, families: str | Sequence[str], level: int | None) -> Drawable:
        """Return the riddles to draw from, or raise ValueError if there are none."""
        ...

    def riddle(self, riddle_id: str) -> Riddle:
        """Return the riddle with an id, or raise ValueError."""
        ...

    @property
    def verify(self) -> Verifier:
        """The default verifier for riddles of this source."""
        ...


def level_of(levels: Levels, family: str, families: Sequence[str]) -> int | None:
    """Return the requested level of a family, one of ``families``, or None.

    Raises:
        ValueError: if there is no such level, or a level is given for a family that is not among ``families``.
    """
    if isinstance(levels, Mapping) and (strange := levels.keys() - families):
        raise unknown("family", min(strange, key=str), families)
    level = levels.get(family) if isinstance(levels, Mapping) else levels
    if level is not None and (isinstance(level, bool) or level not in LEVELS):
        raise ValueError(f"there is no level {level!r}; the levels are {', '.join(map(str, LEVELS))}, or None for all")
    return level
