"""Who may see which riddle: every riddle has an address, and no question stands in two splits."""

from __future__ import annotations

import functools
import re
import zlib

import numpy as np

from expit_env.families import FAMILIES, LEVELS
from expit_env.families.family import Drawn
from expit_env.riddle import Riddle

SPLITS = ("train", "validation", "test", "transfer")
GENERATOR_VERSION = 1
INDEX_COUNT = 1_000_000
"""How many addresses a family has in a split. The level of a riddle is ``1 + index % 5``."""


@functools.cache
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
    return riddle_at(*_parse(riddle_id))


@functools.lru_cache(maxsize=4_096)
def riddle_at(family: str, split: str, index: int, contrast: bool = False) -> Riddle:
    """Return a riddle by the parts of its address, of which each must exist: `riddle` checks them."""
    name, drawn = f"{family}/{split}/{index}", _drawn(family, split, index)
    if contrast:
        return FAMILIES[family].contrast(drawn, f"{name}/contrast", name)
    return FAMILIES[family].riddle(drawn, name, f"{name}/contrast")


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


@functools.lru_cache(maxsize=4_096)
def _drawn(family: str, split: str, index: int) -> Drawn:
    entropy = np.array([GENERATOR_VERSION, _crc32(family), _crc32(split), index], dtype=np.uint32)
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence(entropy)))
    return FAMILIES[family].draw(rng, LEVELS[index % len(LEVELS)], split, _BELONGS[split])


@functools.cache
def _crc32(name: str) -> int:
    return zlib.crc32(name.encode())


def _side(question: str) -> int:
    """Return 0 or 1 by the letters and digits of a question, so that questions with the same words are on one side."""
    return zlib.crc32(question.lower().encode("ascii", "ignore").translate(None, _SEPARATORS)) & 1


def _in_train(question: str) -> bool:
    return _side(question) == 0


def _in_validation(question: str) -> bool:
    return _side(question) == 1


_SEPARATORS = bytes(code for code in range(128) if not chr(code).isalnum())

_BELONGS = {"train": _in_train, "validation": _in_validation, "test": bool, "transfer": bool}
"""Whether a question may stand in a split. Train and validation share wordings, so the question's own hash decides: of
the question without its opening, so that no riddle of train comes back in validation behind another opening."""
