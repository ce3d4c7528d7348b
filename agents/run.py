"""A run folder: what was asked, and files that are there whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

UNCOMPARED = "machine"
"""What a record tells under this name may differ when a run goes on: it changes no more than rounding."""


class RunConflictError(ValueError):
    """The folder holds a run that was asked for something else."""


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The folder of one run. Every stage writes to a temporary name, syncs and renames."""

    path: Path

    @classmethod
    def open(cls, path: Path, record: Mapping[str, Any]) -> RunFolder:
        """Start a run in a folder, or go on with the one that stands there.

        Args:
            path: the folder; made if missing.
            record: what is asked, as plain JSON values: config, versions, hash of the model. What is told under
                ``UNCOMPARED`` is kept, and not compared.

        Raises:
            RunConflictError: if a run with another record stands there; the message shows the difference.
        """
        path.mkdir(parents=True, exist_ok=True)
        asked, config = json.loads(json.dumps(record)), path / "config.json"
        if not config.exists():
            write_text(config, json.dumps(asked, indent=2) + "\n")
        there = json.loads(config.read_text(encoding="utf-8"))
        differences = _differences({**there, UNCOMPARED: None}, {**asked, UNCOMPARED: None})
        if differences:
            raise RunConflictError(
                f"{path} holds a run that was asked for something else:\n  "
                + "\n  ".join(differences)
                + "\nAsk for the same to go on with it, or choose another --out."
            )
        return cls(path)

    def stage(self, name: str, produce: Callable[[Path], None]) -> Path:
        """Return the file or folder ``name``, written by ``produce(temporary path)`` if it is not there yet."""
        target = self.path / name
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            temporary = target.with_name(f".{target.name}.part")
            _remove(temporary)
            produce(temporary)
            _sync(temporary)
            temporary.rename(target)
            _sync_one(target.parent)
        return target


def write_text(path: Path, text: str) -> None:
    """Write a file so that it is there whole or not at all, whatever happens meanwhile."""
    temporary = path.with_name(f".{path.name}.part")
    temporary.write_text(text, encoding="utf-8")
    _sync(temporary)
    temporary.replace(path)


def _differences(there: Any, asked: Any, name: str = "") -> list[str]:
    if isinstance(there, dict) and isinstance(asked, dict):
        keys = [*there, *(key for key in asked if key not in there)]
        nothing = "nothing"
        return [
            line
            for key in keys
            for line in _differences(there.get(key, nothing), asked.get(key, nothing), f"{name}.{key}".lstrip("."))
        ]
    return [] if there == asked else [f"{name}: it has {there!r}, asked for is {asked!r}"]


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    for one in path.rglob("*") if path.is_dir() else ():
        if one.is_file():
            _sync_one(one)
    _sync_one(path)


def _sync_one(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
