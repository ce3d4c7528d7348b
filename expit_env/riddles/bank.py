"""The bank: riddles written by hand, whose ideas no rule can draw.

A line of ``bank.jsonl`` is a riddle, with its contrast riddle if it has one. Riddles of one idea are a cluster,
and a cluster is in one split only. An index is a place among a split's lines: new lines go to the end of the file.
"""

from __future__ import annotations

import functools
import importlib.resources
import json

from expit_env.riddle import Riddle

BANK = "bank"
"""What stands for the family in ids, ``bank/train/0``, and in ``families=["bank"]``; "all" families leave it out."""

Entry = tuple[Riddle, Riddle | None]


@functools.cache
def entries(split: str) -> tuple[Entry, ...]:
    """Return the riddles of a split in the order of the file, each with its contrast riddle or None."""
    rows = [row for row in _rows() if row["split"] == split]
    return tuple(_entry(row, split, index) for index, row in enumerate(rows))


def nth(split: str, level: int | None, number: int) -> int:
    """Return the index of a riddle of one level, or of any: they are counted through, over and over."""
    of_level = _indices(split, level)
    return of_level[number % len(of_level)]


@functools.cache
def _indices(split: str, level: int | None) -> tuple[int, ...]:
    return tuple(index for index, (riddle, _) in enumerate(entries(split)) if level in (None, riddle.level))


@functools.cache
def _rows() -> list[dict]:
    text = importlib.resources.files("expit_env.riddles").joinpath("bank.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def _entry(row: dict, split: str, index: int) -> Entry:
    name = f"{BANK}/{split}/{index}"
    own = {"family": BANK, "level": row["level"], "split": split}
    answered = {field: row.get(field, ()) for field in ("question", "answer", "aliases", "explanation", "hints")}
    contrast = row.get("contrast")
    if contrast is None:
        return Riddle(**answered, **own, trap=row.get("trap"), riddle_id=name), None
    contrast_id = f"{name}/contrast"
    riddle = Riddle(**answered, **own, trap=row.get("trap"), riddle_id=name, contrast_id=contrast_id)
    return riddle, Riddle(**contrast, **own, trap=row["answer"], riddle_id=contrast_id, contrast_id=name)
