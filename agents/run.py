"""A run folder: what was asked, and files that are there whole or not at all."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from filelock import FileLock, Timeout
from safetensors import SafetensorError

T = TypeVar("T")

UNCOMPARED = "machine"
"""What a record has under this name may differ when a run is resumed: it changes no more than rounding."""


class RunConflictError(ValueError):
    """The folder is in use, or holds a run that was asked for something else."""


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The folder of one run. Every stage writes to a temporary name, syncs and renames."""

    path: Path

    @classmethod
    def open(cls, path: Path, record: Mapping[str, Any]) -> RunFolder:
        """Start a run in a folder, or resume the one that is there.

        Args:
            path: the folder; made if missing.
            record: what is asked, as plain JSON values: config, versions, hash of the model. What is under
                ``UNCOMPARED`` is kept, and not compared.

        Raises:
            RunConflictError: if a run with another record is there; the message shows the difference.
            ValueError: if the record that is there is broken.
        """
        path.mkdir(parents=True, exist_ok=True)
        asked, config = json.loads(json.dumps(record)), path / "config.json"
        if not config.exists():
            write_text(config, json.dumps(asked, indent=2) + "\n")
        refuse_other(path, read_json(config, dict), asked)
        return cls(path)

    def stage(self, name: str, produce: Callable[[Path], None]) -> Path:
        """Return the file or folder ``name``, written by ``produce(temporary path)`` if it is not there yet."""
        target = self.path / name
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            temporary = target.with_name(f".{target.name}.part")
            _remove(temporary)
            with _room_for(target):
                produce(temporary)
                _sync(temporary)
                temporary.rename(target)
                _sync_one(target.parent)
        return target


def refuse_other(path: Path, there: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
    """Make sure that what is in a path was asked for with the same record.

    Raises:
        RunConflictError: if it was not; the message shows the difference.
    """
    differences = _differences({**there, UNCOMPARED: None}, {**asked, UNCOMPARED: None})
    if differences:
        raise RunConflictError(
            f"{path} holds a run that was asked for something else:\n  "
            + "\n  ".join(differences)
            + "\nAsk for the same to resume it, or choose another --out."
        )


def write_text(path: Path, text: str) -> None:
    """Write a file so that it is there whole or not at all, whatever happens meanwhile."""
    temporary = path.with_name(f".{path.name}.part")
    with _room_for(path):
        temporary.write_text(text, encoding="utf-8")
        _sync(temporary)
        temporary.replace(path)


def hold(path: Path) -> AbstractContextManager[object]:
    """Hold a run folder, made if missing, against other processes; the system frees it when the holder dies.

    Raises:
        RunConflictError: if another process holds it.
    """
    path.mkdir(parents=True, exist_ok=True)
    return _locked(path, path / ".lock")


def hold_file(path: Path) -> AbstractContextManager[object]:
    """Hold a file, whether it is there or not, as `hold` does a folder; its folder is made if missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return _locked(path, path.with_name(f".{path.name}.lock"))


def _locked(path: Path, lock: Path) -> AbstractContextManager[object]:
    try:
        return FileLock(lock).acquire(timeout=0)
    except Timeout as error:
        raise RunConflictError(f"{path} is in use by another expit: let it end, or choose another --out") from error


def read_json(path: Path, make: Callable[[Any], T]) -> T:
    """Read a file of JSON, and make something of its value.

    Raises:
        ValueError: if the file is broken; the message says how to have it written again.
    """
    try:
        return make(json.loads(path.read_bytes()))
    except (ValueError, KeyError, TypeError) as error:
        raise broken(path, error) from error


def read_jsonl(path: Path, make: Callable[[bytes], T]) -> Iterator[T]:
    """Read a file of JSON lines, and make something of each line, such as its value with ``json.loads``.

    Raises:
        ValueError: if the file is broken; the message says in which line, and how to have it written again.
    """
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                yield make(line)
            except (ValueError, KeyError, TypeError) as error:
                raise broken(path, error, number) from error


def broken(path: Path, error: Exception, line: int = 0) -> ValueError:
    """Return the error for a file or folder of a run that cannot be read: what is wrong with it, and what to do."""
    what = f"it has no {error}" if isinstance(error, KeyError) else error
    where = f"{path}, line {line}," if line else path
    done = path.parent / "DONE"
    delete = f"{path} and {done}" if done.exists() else path
    return ValueError(
        f"{where} is broken: {what}. Delete {delete}, then give the command that wrote it again: it resumes from there."
    )


def is_full(error: Exception) -> bool:
    """Whether an error is that of a full disk, which safetensors says in words only."""
    return getattr(error, "errno", None) == errno.ENOSPC or os.strerror(errno.ENOSPC) in str(error)


@contextmanager
def _room_for(path: Path) -> Iterator[None]:
    """Say which file was to be written, and what to do, where the disk is full."""
    try:
        yield
    except (OSError, SafetensorError) as error:
        if not is_full(error):
            raise
        raise OSError(
            f"the disk is full: {path} could not be written. Free some space and give the same command again: what was"
            " finished before is kept."
        ) from error


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
