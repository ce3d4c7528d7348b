"""Rows of Hugging Face datasets. The layouts of RiddleSense and BRAINTEASER are built in, but none of their data."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from expit_env.riddle import SPLITS
from expit_env.sources.rows import FIELDS

Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Layout:
    """How a dataset is read.

    Attributes:
        columns: the columns that identify the layout.
        read: makes the fields of a row from its columns.
        splits: maps the dataset's splits to ours, if their names differ.
        unread: its splits that are left out.
        revision: of the dataset on the Hub.
    """

    columns: frozenset[str]
    read: Callable[[Fields], Fields]
    splits: Mapping[str, str] = field(default_factory=dict)
    unread: tuple[str, ...] = ()
    revision: str | None = None


def dataset_rows(name: str, columns: Mapping[str, str] | None = None) -> Iterator[tuple[int, str, Any, str]]:
    """Yield number, name, fields and family of each row of a dataset, as `RiddleList` takes them."""
    family = Path(name).name
    number = 0
    for split, rows in _load(name).items():
        layout = _layout(name, frozenset(rows.column_names)) if columns is None else _mapped(columns)
        if split in layout.unread:
            continue
        # A dataset's train is divided like rows without a split, among train and the splits that the dataset lacks.
        ours = layout.splits.get(split, split if split in SPLITS[1:] else None)
        for place, row in enumerate(rows, start=1):
            number += 1
            fields = _read(layout, row)
            if isinstance(fields, dict) and ours:
                fields = {"split": ours} | fields
            yield number, f"{name}, {split}, row {place}", fields, family if split in SPLITS else split


def _load(name: str) -> Mapping[str, Any]:
    try:
        import datasets
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError("A dataset as source needs the package datasets: pip install datasets") from error
    folder = Path(name)
    saved = [folder / file for file in ("dataset_dict.json", "dataset_info.json")]
    if any(file.is_file() for file in saved):
        loaded = datasets.load_from_disk(name)
    else:
        revision = None if folder.exists() else LAYOUTS[name].revision if name in LAYOUTS else None
        loaded = datasets.load_dataset(name, revision=revision)
    return {str(split): rows for split, rows in loaded.items()} if isinstance(loaded, dict) else {"train": loaded}


def _layout(name: str, columns: frozenset[str]) -> Layout:
    for layout in LAYOUTS.values():
        if columns >= layout.columns:
            return layout
    if not {"question", "answer"} <= columns:
        raise ValueError(
            f"{name} has the columns {', '.join(sorted(columns))}. Say which are question and answer, such as"
            ' "hf:NAME?question=COLUMN&answer=COLUMN"; other fields: ' + ", ".join(FIELDS[2:])
        )
    return _mapped({field: field for field in FIELDS if field in columns})


def _mapped(columns: Mapping[str, str]) -> Layout:
    def read(row: Fields) -> Fields:
        return {field: row[column] for field, column in columns.items()}

    return Layout(frozenset(columns.values()), read)


def _read(layout: Layout, row: Fields) -> Fields | ValueError:
    try:
        return layout.read(row)
    except (KeyError, ValueError, IndexError) as error:
        return ValueError(f"it lacks {error}")


def _riddle_sense(row: Fields) -> Fields:
    """Read RiddleSense (Lin et al. 2021, https://arxiv.org/abs/2101.00376): five choices and a letter."""
    labels, texts = row["choices"]["label"], row["choices"]["text"]
    return {"question": row["question"], "choices": texts, "answer": texts[labels.index(row["answerKey"])]}


def _brainteaser(row: Fields) -> Fields:
    """Read BRAINTEASER (Jiang et al. 2023, https://arxiv.org/abs/2310.05057), which has three versions of each puzzle.

    They are one cluster. The right answer comes first in the data, so the choices are put in the order of a hash.
    """
    choices = [row["answer"], row["distrator1"], row["distrator2"], row["unsure"]]
    return {
        "question": row["question"],
        "choices": sorted(choices, key=lambda text: zlib.crc32(f"{row['question']} {text}".encode())),
        "answer": row["answer"],
        "cluster": str(row["puzzle_id"]),
    }


LAYOUTS = {
    # The test split has no answers. On the Hub it is a script, which datasets 4 no longer runs; this branch is data.
    "INK-USC/riddle_sense": Layout(
        frozenset({"question", "choices", "answerKey"}),
        _riddle_sense,
        splits={"validation": "test"},
        unread=("test",),
        revision="refs/convert/parquet",
    ),
    "ErfanMoosaviMonazzah/brain-teasers": Layout(
        frozenset({"puzzle_id", "question", "answer", "distrator1", "distrator2", "unsure"}),
        _brainteaser,
    ),
}
