"""The families of this package as a source: as many riddles as anyone can ask for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from expit_env.errors import unknown
from expit_env.riddle import LEVELS, SPLITS, Riddle
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
        if split not in SPLITS:
            raise unknown("split", split, SPLITS)
        level_of(level, "", ())
        return cls(split, _select(split, families), level)

    def draw(self, rng: np.random.Generator, level: Levels = None) -> Riddle:
        """Draw a family and an index, each equally likely.

        Raises:
            ValueError: if there is no such level, or a level is given for a family that is not drawn from.
        """
        family = self.families[int(rng.random() * len(self.families))]
        index = int(rng.random() * splits.INDEX_COUNT)
        wanted = level_of(level, family, self.families) or self.level
        if family == BANK:
            index = bank.nth(self.split, wanted, index)
        elif wanted is not None:
            index += LEVELS.index(wanted) - index % len(LEVELS)
        return splits.riddle_at(family, self.split, index)


def _select(split: str, families: str | Sequence[str]) -> tuple[str, ...]:
    """Return the families asked for by their own name or their group's, in the order of FAMILIES, the bank last.

    Raises:
        ValueError: if a name does not exist, or has no riddles in the split.
    """
    names = (families,) if isinstance(families, str) else tuple(families)
    if not names:
        raise ValueError('families is empty: give "all", or at least one family or group')
    of_split, chosen = splits.families_of(split), set()
    for name in names:
        if name not in ("all", BANK, *GROUPS, *FAMILIES):
            raise unknown("family", name, ("all", BANK, *GROUPS, *FAMILIES))
        found = {BANK} if name == BANK else {each for each in of_split if name in ("all", each, FAMILIES[each].group)}
        if not found:
            here = ", ".join(other for other in SPLITS if name in _names(other))
            raise ValueError(
                f"{name!r} has no riddles in the split {split!r}, only in {here}."
                f" The families of {split} are: {', '.join(of_split)}"
            )
        chosen |= found
    return tuple(name for name in (*of_split, BANK) if name in chosen)


def _names(split: str) -> set[str]:
    """Return the families of a split and their groups."""
    return {name for family in splits.families_of(split) for name in (family, FAMILIES[family].group)}
