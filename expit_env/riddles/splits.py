"""The splits: every riddle has an address, and no question is in two splits."""

from __future__ import annotations

import functools
import hashlib
import random

from expit_env.riddle import LEVELS, SPLITS, Riddle
from expit_env.riddles import FAMILIES
from expit_env.riddles import bank as riddle_bank
from expit_env.riddles.bank import BANK

GENERATOR_VERSION = 4
INDEX_COUNT = 1_000_000
"""How many addresses a family has in a split. The level of a riddle is ``1 + index % 5``."""

_SIDES = {"train": 0, "validation": 1}
"""Train and validation share wordings and words, so each has one side of what a family draws (`family.side_of`)."""


@functools.cache
def families_of(split: str) -> tuple[str, ...]:
    """Return the names of the families in a split, in a fixed order; the bank is not among them.

    Raises:
        ValueError: if there is no such split.
    """
    if split not in SPLITS:
        raise ValueError(f"there is no split {split!r}; the splits are {', '.join(SPLITS)}")
    return tuple(name for name, family in FAMILIES.items() if family.transfer == (split == "transfer"))


def count(family: str, split: str) -> int:
    """Return how many riddles a family, or the bank, has in a split."""
    return len(riddle_bank.entries(split)) if family == BANK else INDEX_COUNT


def digest() -> str:
    """Return a hash of some train questions of every family: other wordings or words give another one."""
    asked = (bare_questions(family, "train", index) for family in families_of("train") for index in LEVELS)
    return hashlib.sha256("\n".join(question for pair in asked for question in pair).encode()).hexdigest()[:16]


def riddle(riddle_id: str) -> Riddle:
    """Return the riddle at an address ``family/split/index`` or ``family/split/index/contrast``.

    The address alone decides: the same riddle on every machine, in any order, under any PYTHONHASHSEED.

    Raises:
        ValueError: if the address names no riddle.
    """
    return riddle_at(*_parse(riddle_id))


def riddle_at(family: str, split: str, index: int, contrast: bool = False) -> Riddle:
    """Return a riddle by the parts of its address, each of which must exist: `riddle` checks them."""
    found = _pair(family, split, index)[contrast]
    assert found is not None, f"{BANK}/{split}/{index} has no contrast riddle"
    return found


def bare_questions(family: str, split: str, index: int) -> tuple[str, str]:
    """Return the questions of the riddle of a family at an address and of its contrast, without their opening."""
    riddle, contrast = _generate(family, split, index, bare=True)
    return riddle.question, contrast.question


@functools.lru_cache(maxsize=1_024)
def _pair(family: str, split: str, index: int) -> riddle_bank.Entry:
    return riddle_bank.entries(split)[index] if family == BANK else _generate(family, split, index)


def _generate(family: str, split: str, index: int, bare: bool = False) -> tuple[Riddle, Riddle]:
    riddle_id, level = f"{family}/{split}/{index}", LEVELS[index % len(LEVELS)]
    rng = random.Random(f"{GENERATOR_VERSION}/{riddle_id}")
    return FAMILIES[family].generate(rng, level, split, side=_SIDES.get(split), riddle_id=riddle_id, bare=bare)


def _parse(riddle_id: str) -> tuple[str, str, int, bool]:
    expected = f"expected family/split/index, such as {next(iter(FAMILIES))}/train/0, or family/split/index/contrast"
    parts = riddle_id.split("/") if isinstance(riddle_id, str) else []
    contrast = len(parts) == 4 and parts[3] == "contrast"
    if len(parts) - contrast != 3 or not (parts[2].isascii() and parts[2].isdigit()):
        raise ValueError(f"no riddle has the id {riddle_id!r}: {expected}")
    family, split, index = parts[0], parts[1], int(parts[2])
    if family not in (*FAMILIES, BANK):
        raise ValueError(f"no riddle has the id {riddle_id!r}: the families are {', '.join(FAMILIES)}, and {BANK}")
    if family not in (*families_of(split), BANK):
        raise ValueError(f"no riddle has the id {riddle_id!r}: {family} has no {split} split")
    if index >= count(family, split):
        raise ValueError(f"no riddle has the id {riddle_id!r}: an index is below {count(family, split)}")
    if contrast and family == BANK and riddle_bank.entries(split)[index][1] is None:
        raise ValueError(f"no riddle has the id {riddle_id!r}: {BANK}/{split}/{index} has no contrast riddle")
    return family, split, index, contrast
