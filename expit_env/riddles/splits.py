"""Who may see which riddle: every riddle has an address, and no question stands in two splits."""

from __future__ import annotations

import functools
import hashlib
import re

import numpy as np

from expit_env.riddle import LEVELS, SPLITS, Riddle
from expit_env.riddles import FAMILIES
from expit_env.riddles import bank as riddle_bank
from expit_env.riddles.bank import BANK
from expit_env.riddles.family import FRACTIONS, Drawn

GENERATOR_VERSION = 3
INDEX_COUNT = 1_000_000
"""How many addresses a family has in a split. The level of a riddle is ``1 + index % 5``."""


@functools.cache
def families_of(split: str) -> tuple[str, ...]:
    """Return the names of the families that a split poses, in a fixed order; the bank is not among them.

    Raises:
        ValueError: if there is no such split.
    """
    if split not in SPLITS:
        raise ValueError(f"there is no split {split!r}; the splits are {', '.join(SPLITS)}")
    return tuple(name for name, family in FAMILIES.items() if family.transfer == (split == "transfer"))


def count(family: str, split: str) -> int:
    """Return how many riddles a family, or the bank, has in a split."""
    return len(riddle_bank.entries(split)) if family == BANK else INDEX_COUNT


def riddle(riddle_id: str) -> Riddle:
    """Return the riddle at an address ``family/split/index`` or ``family/split/index/contrast``.

    The address alone decides: the same riddle on every machine, in any order, under any PYTHONHASHSEED.

    Raises:
        ValueError: if the address names no riddle.
    """
    return riddle_at(*_parse(riddle_id))


@functools.lru_cache(maxsize=1_024)
def riddle_at(family: str, split: str, index: int, contrast: bool = False) -> Riddle:
    """Return a riddle by the parts of its address, of which each must exist: `riddle` checks them."""
    if family == BANK:
        return _of_bank(split, index, contrast)
    name, drawn = f"{family}/{split}/{index}", _drawn(family, split, index)
    if contrast:
        return FAMILIES[family].contrast(drawn, f"{name}/contrast", name)
    return FAMILIES[family].riddle(drawn, name, f"{name}/contrast")


def bare_questions(family: str, split: str, index: int) -> tuple[str, str]:
    """Return the questions of the riddle at an address and of its contrast riddle, without their opening."""
    drawn = _drawn(family, split, index)
    return drawn.question, drawn.contrast_question


def normalise(question: str) -> str:
    """Return a question as its lower-case words: two questions with the same words are one."""
    return " ".join(re.findall(r"[a-z0-9]+", question.lower()))


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


def _of_bank(split: str, index: int, contrast: bool) -> Riddle:
    riddle, its_contrast = riddle_bank.entries(split)[index]
    return its_contrast if contrast and its_contrast else riddle


@functools.lru_cache(maxsize=1_024)
def _drawn(family: str, split: str, index: int) -> Drawn:
    return _draw(family, split, index, _Uniforms(_key(family, split, index)))


def _draw(family: str, split: str, index: int, rng: _Uniforms, first: list[float] | None = None) -> Drawn:
    return FAMILIES[family].draw(rng, LEVELS[index % len(LEVELS)], split, _SIDES.get(split), first)


class _Uniforms:
    """The random numbers of one address, of which some may have been taken."""

    __slots__ = ("_key", "_taken")

    def __init__(self, key: int, taken: int = 0) -> None:
        self._key, self._taken = key, taken

    def random(self, size: int) -> np.ndarray:
        """Return the next ``size`` numbers of [0, 1)."""
        start, self._taken = self._taken, self._taken + size
        return _uniforms(np.array([self._key], np.uint64), start, size)[0]


def _uniforms(keys: np.ndarray, start: int, size: int = FRACTIONS) -> np.ndarray:
    """Return the numbers of some keys from a place on: splitmix64 (Steele et al. 2014) of a counter, with no state.

    Returns:
        Numbers of [0, 1), of shape (len(keys), size).
    """
    counters = np.arange(start + 1, start + size + 1, dtype=np.uint64) * _GOLDEN  # (size,)
    return (_mixed(_mixed(keys)[:, None] + counters) >> _11) * 2.0**-53


def _mixed(x: np.ndarray) -> np.ndarray:
    x = (x ^ (x >> _30)) * _FIRST_FACTOR
    x = (x ^ (x >> _27)) * _SECOND_FACTOR
    return x ^ (x >> _31)


_GOLDEN, _FIRST_FACTOR, _SECOND_FACTOR = np.array(
    [0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB], np.uint64
)
_11, _27, _30, _31 = np.array([11, 27, 30, 31], np.uint64)


def _key(family: str, split: str, index: int) -> int:
    return _first_key(family, split) + index & 0xFFFF_FFFF_FFFF_FFFF


@functools.cache
def _first_key(family: str, split: str) -> int:
    name = f"{GENERATOR_VERSION}/{family}/{split}"
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big")


_SIDES = {"train": 0, "validation": 1}
"""Train and validation share wordings and words, so each has one side of what a family tells (`Family.draw`)."""
