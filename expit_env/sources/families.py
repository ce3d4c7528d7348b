"""The families of this package as a source: as many riddles as anyone can ask for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from expit_env.errors import unknown
from expit_env.riddle import LEVELS, Riddle
from expit_env.riddles import FAMILIES, GROUPS, bank, splits
from expit_env.riddles.bank import BANK
from expit_env.sources.source import Levels, level_of
from expit_env.verifier import verify


class Families:
    """The families of this package: as many riddles as anyone can ask for. The default source."""

    question_length = 2_048
    verify = staticmethod(verify)

    def deck(self, split: str, families: str | Sequence[str], level: int | None) -> Deck:
        return Deck.of(split, families, level)

    def riddle(self, riddle_id: str) -> Riddle:
        return splits.riddle(riddle_id)


@dataclass(frozen=True, slots=True)
class Deck:
    """The riddles that an environment draws from: some families of one split, at one level or at all.

    Raises:
        ValueError: if a split, family or level does not exist, or a family is not in the split.
    """

    split: str
    families: tuple[str, ...]
    level: int | None

    @classmethod
    def of(cls, split: str, families: str | Sequence[str], level: int | None) -> Deck:
        if split not in splits.SPLITS:
            raise unknown("split", split, splits.SPLITS)
        level_of(level, "", ())
        return cls(split, _select(split, families), level)

    def draw(self, rng: np.random.Generator, level: Levels = None) -> Riddle:
        """Draw a family and an index, each equally likely, in one call of the generator.

        With a level for all families or for each, the same family at that level.
        """
        family, index = self._address(rng, level)
        return splits.riddle_at(family, self.split, index)

    def _address(self, rng: np.random.Generator, levels: Levels = None) -> tuple[str, int]:
        step = 1 if self.level is None else len(LEVELS)
        count = splits.INDEX_COUNT // step
        place, index = divmod(int(rng.random() * len(self.families) * count), count)
        family = self.families[place]
        if levels is None and self.level is None and family != BANK:
            return family, index
        level = level_of(levels, family, self.families) or self.level
        if family == BANK:
            return family, bank.nth(self.split, level, index)
        index *= step
        return family, index if level is None else index - index % len(LEVELS) + LEVELS.index(level)


def _select(split: str, families: str | Sequence[str]) -> tuple[str, ...]:
    """Return the families that are asked for, by their own name or by their group's, in the order of FAMILIES."""
    posed = splits.families_of(split)
    names = (families,) if isinstance(families, str) else tuple(families)
    if not names:
        raise ValueError('families is empty: give "all", or at least one family or group')
    wanted = {member for name in names for member in _members(name, split, posed)}
    return tuple(name for name in (*posed, BANK) if name in wanted)


def _members(name: str, split: str, posed: tuple[str, ...]) -> tuple[str, ...]:
    if name == "all":
        members = posed
    elif name == BANK:
        members = (BANK,)
    elif name in FAMILIES:
        members = tuple({name} & set(posed))
    elif name in GROUPS:
        members = tuple(member for member in posed if FAMILIES[member].group == name)
    else:
        raise unknown("family", name, ("all", BANK, *GROUPS, *FAMILIES))
    if not members:
        where = [other for other in splits.SPLITS if {name} & set(_names(splits.families_of(other)))]
        raise ValueError(
            f"{name!r} has no riddles in the split {split!r}, only in {', '.join(where) or 'none'}."
            f" The families of {split} are: {', '.join(posed) or 'none'}"
        )
    return members


def _names(families: tuple[str, ...]) -> set[str]:
    """Return families with their groups."""
    return {"all", *families, *(FAMILIES[name].group for name in families)}
