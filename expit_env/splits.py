"""Who may see which riddle: every riddle has an address, and no question stands in two splits."""

from __future__ import annotations

import dataclasses
import functools
import re
import zlib
from collections.abc import Iterator

import numpy as np

from expit_env.families import FAMILIES, LEVELS
from expit_env.riddle import Riddle

SPLITS = ("train", "validation", "test", "transfer")
GENERATOR_VERSION = 1
INDEX_COUNT = 1_000_000
"""How many addresses a family has in a split. The level of a riddle is ``1 + index % 5``."""

_TRIES = 10_000


def families_of(split: str) -> tuple[str, ...]:
    """Return the names of the families that a split poses, in a fixed order.

    Raises:
        ValueError: if there is no such split.
    """
    if split not in SPLITS:
        raise ValueError(f"there is no split {split!r}; the splits are {', '.join(SPLITS)}")
    return tuple(name for name, family in FAMILIES.items() if family.transfer == (split == "transfer"))


def riddle(riddle_id: str) -> Riddle:
    """Return the riddle at an address ``family/split/index`` or ``family/split/index/contrast``.

    The address alone decides: the same riddle on every machine, in any order, under any PYTHONHASHSEED.

    Raises:
        ValueError: if the address names no riddle.
    """
    family, split, index, contrast = _parse(riddle_id)
    return _pair(family, split, index)[contrast]


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
    if family not in FAMILIES:
        raise ValueError(f"no riddle has the id {riddle_id!r}: the families are {', '.join(FAMILIES)}")
    if family not in families_of(split):
        raise ValueError(f"no riddle has the id {riddle_id!r}: {family} has no {split} split")
    if index >= INDEX_COUNT:
        raise ValueError(f"no riddle has the id {riddle_id!r}: an index is below {INDEX_COUNT}")
    return family, split, index, contrast


@functools.lru_cache(maxsize=65_536)
def _pair(family: str, split: str, index: int) -> tuple[Riddle, Riddle]:
    level = LEVELS[index % len(LEVELS)]
    name = f"{family}/{split}/{index}"
    entropy = [GENERATOR_VERSION, zlib.crc32(family.encode()), zlib.crc32(split.encode()), index]
    rng = np.random.default_rng(np.random.SeedSequence(entropy))
    for riddle, contrast in _draws(family, split, level, rng):
        if _belongs(riddle.question, split) and _belongs(contrast.question, split):
            return (
                dataclasses.replace(riddle, riddle_id=name, contrast_id=f"{name}/contrast"),
                dataclasses.replace(contrast, riddle_id=f"{name}/contrast", contrast_id=name),
            )
    raise RuntimeError(f"the family {family} has no riddle for {split} in {_TRIES} draws: give it more words")


def _draws(family: str, split: str, level: int, rng: np.random.Generator) -> Iterator[tuple[Riddle, Riddle]]:
    for _ in range(_TRIES):
        yield FAMILIES[family].generate(rng, level, split)


def _belongs(question: str, split: str) -> bool:
    """Whether a question may stand in a split: train and validation share wordings, so its own hash decides."""
    if split not in ("train", "validation"):
        return True
    return (zlib.crc32(normalise(question).encode()) & 1) == (split == "validation")
