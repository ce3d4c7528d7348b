"""What a source of riddles is: the one door through which the environment gets a riddle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from expit_env.errors import unknown
from expit_env.riddle import LEVELS, Riddle, Verifier

Levels = int | Mapping[str, int] | None
"""One level for all families, or one for each; None for any."""


class Drawable(Protocol):
    """The riddles of some families of one split of a source, at one level or at all."""

    @property
    def families(self) -> tuple[str, ...]:
        """Whose riddles they are."""
        ...

    def draw(self, rng: np.random.Generator, level: Levels = None) -> Riddle:
        """Draw a riddle, of its family the nearest to a level if one is given: equal generators draw the same."""
        ...


class RiddleSource(Protocol):
    """What ``gym.make("Riddle-v0", source=...)`` takes, besides the strings that `open_source` reads."""

    @property
    def question_length(self) -> int:
        """How many characters a question has at most."""
        ...

    def deck(self, split: str, families: str | Sequence[str], level: int | None) -> Drawable:
        """Return what is drawn from; raise ValueError where there is nothing of the kind."""
        ...

    def riddle(self, riddle_id: str) -> Riddle:
        """Return the riddle that reported this id, or raise ValueError."""
        ...

    @property
    def verify(self) -> Verifier:
        """What judges a response to a riddle of this source, where no other verifier is asked for."""
        ...


def level_of(levels: Levels, family: str, families: Sequence[str]) -> int | None:
    """Return the level that is asked for of a family, one of ``families``, or None.

    Raises:
        ValueError: if there is no such level, or a level is given for a family that is not among ``families``.
    """
    if isinstance(levels, Mapping) and (strange := levels.keys() - families):
        raise unknown("family", min(strange, key=str), families)
    level = levels.get(family) if isinstance(levels, Mapping) else levels
    if level is not None and (isinstance(level, bool) or level not in LEVELS):
        raise ValueError(f"there is no level {level!r}; the levels are {', '.join(map(str, LEVELS))}, or None for all")
    return level
