"""RiddleList: riddles from a JSONL file or a dataset, in splits that share no question."""

from __future__ import annotations

import dataclasses
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np

from expit_env.errors import unknown
from expit_env.riddle import LEVELS, SPLITS, Riddle, normalise
from expit_env.sources.hub import dataset_rows
from expit_env.sources.rows import Row, read_row
from expit_env.sources.source import Levels, level_of
from expit_env.verifier import verify

_HASHED = ("train", "validation", "test")
_TENTHS = {8: "validation", 9: "test"}
"""Which tenths of the hashes are not train."""

Written = Iterable[tuple[int, str, Any, str]]
"""Number, name, fields and default family of each row."""


@dataclass(frozen=True, slots=True)
class ListedDeck:
    """The riddles of a list that are drawn from, each equally likely."""

    riddles: tuple[Riddle, ...]

    @property
    def families(self) -> tuple[str, ...]:
        """The families of the riddles."""
        return tuple(dict.fromkeys(str(riddle.family) for riddle in self.riddles))

    def draw(self, rng: np.random.Generator, level: Levels = None) -> Riddle:
        """Draw a riddle, and if a level is given, the nearest to it of the same family."""
        riddle = self.riddles[int(rng.random() * len(self.riddles))]
        wanted = None if level is None else level_of(level, str(riddle.family), self.families)
        if wanted is None:
            return riddle
        siblings = [other for other in self.riddles if other.family == riddle.family]
        nearest = min(abs(int(other.level or 1) - wanted) for other in siblings)
        near = [other for other in siblings if abs(int(other.level or 1) - wanted) == nearest]
        return near[int(rng.random() * len(near))]


class RiddleList:
    """A source with a fixed list of riddles.

    A row is an object with ``question`` and ``answer``, and optionally ``aliases`` (which also pass), ``trap``,
    ``kind``, ``explanation``, ``hints``, ``level`` (1 by default), ``family``, ``split``, ``cluster``, ``choices``
    (texts, among them the answer, which become lettered options) and ``unit`` (see `Riddle`).

    A row without a split gets one by a hash of its cluster, or else of its question: 8 tenths are train, one is
    validation, one is test. If other rows are marked as validation or test, that tenth is train as well. No question is
    in two splits. A riddle's id is ``family/split/number`` with the number of its line.

    Attributes:
        riddles: by id.
        skipped: why rows were left out, one line each.
        question_length: characters of the longest question, hints included.
    """

    verify = staticmethod(verify)

    def __init__(self, name: str, written: Written, skip_bad: bool = False) -> None:
        self.name = name
        self.skipped: list[str] = []
        self.riddles: dict[str, Riddle] = {}
        for riddle in self._divided(list(self._rows(written, skip_bad)), skip_bad):
            self.riddles[str(riddle.riddle_id)] = riddle
        if not self.riddles:
            raise ValueError(f"{name} has no riddles{': ' + self.skipped[0] if self.skipped else ''}")
        if self.skipped:
            gym.logger.warn(f"{name}: {len(self.skipped)} bad rows were left out. The first: {self.skipped[0]}")
        self.question_length = max(len(riddle.question) for riddle in self.riddles.values())

    @classmethod
    def from_jsonl(cls, path: Path, skip_bad: bool = False) -> RiddleList:
        """Read a file with one JSON object per line; blank lines are skipped.

        Raises:
            ValueError: for a bad row, with file, line and reason, unless ``skip_bad``: then it is only counted.
        """
        return cls(str(path), _lines(path), skip_bad)

    @classmethod
    def from_dataset(cls, name: str, columns: Mapping[str, str] | None = None, skip_bad: bool = False) -> RiddleList:
        """Read a dataset with Hugging Face's ``datasets``.

        Args:
            name: an id on the Hub, or a local folder.
            columns: the dataset's column for each field of a row, if their names differ. The layouts of RiddleSense and
                BRAINTEASER are built in.
            skip_bad: whether to leave out bad rows and count them, instead of raising an error.

        Raises:
            ValueError: for a bad row, with dataset, place and reason, unless ``skip_bad``.
            ModuleNotFoundError: if the package datasets is missing.
        """
        return cls(name, dataset_rows(name, columns), skip_bad)

    def deck(self, split: str, families: str | Sequence[str], level: int | None) -> ListedDeck:
        """Return the riddles of a split, some families and a level, or raise ValueError if there are none."""
        if split not in SPLITS:
            raise unknown("split", split, SPLITS)
        riddles = [riddle for riddle in self.riddles.values() if riddle.split == split]
        if not riddles:
            there = sorted({str(riddle.split) for riddle in self.riddles.values()}, key=SPLITS.index)
            raise ValueError(f"{self.name} has no riddles in the split {split!r}, only in {', '.join(there)}")
        return ListedDeck(tuple(_at_level(_of_families(riddles, families), level)))

    def riddle(self, riddle_id: str) -> Riddle:
        """Return the riddle with an id, or raise ValueError."""
        if riddle_id not in self.riddles:
            first = next(iter(self.riddles))
            raise ValueError(f"no riddle of {self.name} has the id {riddle_id!r}; an example of an id is {first!r}")
        return self.riddles[riddle_id]

    def _rows(self, written: Written, skip_bad: bool) -> Iterator[Row]:
        for number, where, fields, family in written:
            try:
                if isinstance(fields, ValueError):
                    raise fields
                yield read_row(fields, number, where, family)
            except ValueError as error:
                self._refuse(where, str(error), skip_bad)

    def _divided(self, rows: list[Row], skip_bad: bool) -> Iterator[Riddle]:
        """Give each riddle its split and id, and refuse a question that would be in two splits."""
        marked = {row.riddle.split for row in rows}
        hashed = ["train", *(split for split in _HASHED[1:] if split not in marked)]
        seen: dict[str, tuple[str, str]] = {}
        for row in sorted(rows, key=lambda row: row.riddle.split in (None, "train")):
            split = row.riddle.split or _split_of(row.cluster, hashed)
            first, where = seen.setdefault(normalise(row.riddle.question), (split, row.where))
            if first != split:
                self._refuse(row.where, f"its question would be in {split}, but is in {first} ({where})", skip_bad)
                continue
            riddle_id = f"{row.riddle.family}/{split}/{row.number}"
            yield dataclasses.replace(row.riddle, split=split, riddle_id=riddle_id)

    def _refuse(self, where: str, reason: str, skip_bad: bool) -> None:
        if not skip_bad:
            raise ValueError(f"{where}: {reason}. (To leave such rows out: skip_bad)")
        self.skipped.append(f"{where}: {reason}")


def _lines(path: Path) -> Written:
    for number, line in enumerate(path.read_bytes().removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if line.strip():
            yield number, f"{path}, line {number}", _object(line), path.stem


def _object(line: bytes) -> Any:
    """Return the value of a line of JSON, or the error in it."""
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        return ValueError(f"it is not valid JSON: {error}")


def _split_of(cluster: str, splits: Sequence[str]) -> str:
    split = _TENTHS.get(zlib.crc32(cluster.encode("utf-8", "surrogatepass")) % 10, "train")
    return split if split in splits else "train"


def _of_families(riddles: Sequence[Riddle], families: str | Sequence[str]) -> list[Riddle]:
    names = (families,) if isinstance(families, str) else tuple(families)
    there = dict.fromkeys(str(riddle.family) for riddle in riddles)
    if not names:
        raise ValueError('families is empty: give "all", or at least one family')
    for name in names:
        if name != "all" and name not in there:
            raise unknown("family", name, ("all", *there))
    return [riddle for riddle in riddles if "all" in names or riddle.family in names]


def _at_level(riddles: Sequence[Riddle], level: int | None) -> list[Riddle]:
    if level is None:
        return list(riddles)
    chosen = [riddle for riddle in riddles if riddle.level == level and not isinstance(level, bool)]
    if not chosen:
        there = sorted({riddle.level for riddle in riddles if riddle.level in LEVELS})
        raise ValueError(
            f"there is no riddle of level {level!r}, only of {', '.join(map(str, there))}, or None for all"
        )
    return chosen
