"""The bank: hand-written riddles, whose ideas no rule can generate.

Each line of ``bank.jsonl`` is a riddle, with its contrast if it has one. Riddles with the same idea are a cluster, and
a cluster is in one split only. An index is a place among a split's lines, so new lines go to the end of the file.
"""

from __future__ import annotations

import functools
import importlib.resources
import json

from expit_env.riddle import Riddle

BANK = "bank"
"""The bank's family name in ids, ``bank/train/0``, and in ``families=["bank"]``; "all" families leave it out."""

Entry = tuple[Riddle, Riddle | None]

_OWN = ("question", "answer", "aliases", "trap", "explanation", "hints", "unit")


@functools.cache
def entries(split: str) -> tuple[Entry, ...]:
    """Return the riddles of a split in the order of the file, each with its contrast or None."""
    text = importlib.resources.files("expit_env.riddles").joinpath("bank.jsonl").read_text(encoding="utf-8")
    rows = [row for line in text.splitlines() if (row := json.loads(line))["split"] == split]
    return tuple(_entry(row, split, index) for index, row in enumerate(rows))


def nth(split: str, level: int | None, number: int) -> int:
    """Return the index of riddle ``number`` of one level, or of any, starting again after the last one."""
    of_level = _indices(split, level)
    return of_level[number % len(of_level)]


@functools.cache
def _indices(split: str, level: int | None) -> tuple[int, ...]:
    return tuple(index for index, (riddle, _) in enumerate(entries(split)) if level in (None, riddle.level))


def _entry(row: dict, split: str, index: int) -> Entry:
    riddle_id, contrast = f"{BANK}/{split}/{index}", row.get("contrast")
    contrast_id = f"{riddle_id}/contrast" if contrast else None
    shared = {"family": BANK, "level": row["level"], "split": split}
    own = {name: row[name] for name in _OWN if name in row}
    riddle = Riddle(**own, **shared, riddle_id=riddle_id, contrast_id=contrast_id)
    if not contrast:
        return riddle, None
    return riddle, Riddle(**contrast, **shared, trap=row["answer"], riddle_id=contrast_id, contrast_id=riddle_id)
