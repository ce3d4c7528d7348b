"""A run folder: the settings of a run, and files that are written completely or not at all."""

from __future__ import annotations

import errno
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from filelock import FileLock, Timeout
from safetensors import SafetensorError

T = TypeVar("T")

UNCOMPARED = "machine"
"""The entry of a record that may differ when a run is resumed, because it only affects rounding."""


class RunConflictError(ValueError):
    """The folder is in use, or holds a run with different settings."""


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The folder of one run. Every stage writes to a temporary name, syncs and renames."""

    path: Path

    @classmethod
    def open(cls, path: Path, record: Mapping[str, Any]) -> RunFolder:
        """Start a run in a folder, or resume the one in it.

        Args:
            path: the folder; created if missing.
            record: the run's settings as JSON values: config, versions, hash of the model. The entry ``UNCOMPARED`` is
                stored, but not compared.

        Raises:
            RunConflictError: if the folder holds a run with another record; the message shows the differences.
            ValueError: if the record in the folder is broken.
        """
        path.mkdir(parents=True, exist_ok=True)
        requested, config = json.loads(json.dumps(record)), path / "config.json"
        if not config.exists():
            write_text(config, json.dumps(requested, indent=2) + "\n")
        check_same(path, read_json(config, dict), requested)
        return cls(path)

    def stage(self, name: str, produce: Callable[[Path], None]) -> Path:
        """Return the file or folder ``name``, written by ``produce(temporary path)`` if it does not exist yet."""
        target = self.path / name
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            temporary = target.with_name(f".{target.name}.part")
            _remove(temporary)
            with _full_disk_reported(target):
                produce(temporary)
                sync(temporary)
                temporary.rename(target)
                _sync_one(target.parent)
        return target


def check_same(path: Path, stored: Mapping[str, Any], requested: Mapping[str, Any]) -> None:
    """Check that what a path holds was made with the requested settings.

    Raises:
        RunConflictError: if it was not; the message shows the differences.
    """
    differences = _differences({**stored, UNCOMPARED: None}, {**requested, UNCOMPARED: None})
    if differences:
        raise RunConflictError(
            f"{path} holds a run with different settings:\n  "
            + "\n  ".join(differences)
            + "\nUse the same settings to resume it, or choose another file or folder."
        )


class Stages:
    """The stages of one round of a run, each a file or folder that is written once.

    Attributes:
        path: the round's folder.
        took: the seconds of each stage and what else it reported, those of stages before an interruption included.
    """

    def __init__(self, run: RunFolder, name: str) -> None:
        self._run, self._name, self.path = run, name, run.path / name
        self._record = self.path / "took.json"
        self.took: dict[str, float] = read_json(self._record, dict) if self._record.exists() else {}

    def stage(self, file: str, title: str, produce: Callable[[Path], Mapping[str, float] | None]) -> Path:
        """Return a file or folder of the round, written by ``produce(temporary path)`` if it does not exist yet."""

        def timed(path: Path) -> None:
            start = time.perf_counter()
            reported = produce(path) or {}
            self.took |= {f"{title}_seconds": round(time.perf_counter() - start, 1), **reported}
            write_text(self._record, json.dumps(self.took))

        return self._run.stage(f"{self._name}/{file}", timed)

    def finish(self) -> None:
        """Mark the round as finished."""
        self._run.stage(f"{self._name}/DONE", Path.touch)


def write_text(path: Path, text: str) -> None:
    """Write a file atomically: after a crash, it is there completely or not at all."""
    temporary = path.with_name(f".{path.name}.part")
    with _full_disk_reported(path):
        temporary.write_text(text, encoding="utf-8")
        sync(temporary)
        temporary.replace(path)


def hold(path: Path) -> AbstractContextManager[object]:
    """Lock a run folder, created if missing; the system releases the lock when the process dies.

    Raises:
        RunConflictError: if another process holds the lock.
    """
    path.mkdir(parents=True, exist_ok=True)
    return _locked(path, path / ".lock")


def hold_file(path: Path) -> AbstractContextManager[object]:
    """Lock a file, whether it exists or not, as `hold` does a folder; its folder is created if missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return _locked(path, path.with_name(f".{path.name}.lock"))


def _locked(path: Path, lock: Path) -> AbstractContextManager[object]:
    try:
        return FileLock(lock).acquire(timeout=0)
    except Timeout as error:
        raise RunConflictError(
            f"{path} is in use by another expit process: wait until it ends, or choose another"
        ) from error


def read_json(path: Path, make: Callable[[Any], T]) -> T:
    """Read a JSON file, and pass its value through ``make``.

    Raises:
        ValueError: if the file is broken; the message says how to recreate it.
    """
    try:
        return make(json.loads(path.read_bytes()))
    except (ValueError, KeyError, TypeError) as error:
        raise broken(path, error) from error


def read_jsonl(path: Path, make: Callable[[bytes], T], remedy: str = "") -> Iterator[T]:
    """Read a file of JSON lines, and pass each line through ``make``, such as ``json.loads``.

    Raises:
        ValueError: if the file is broken; the message gives the line and the remedy, by default to recreate the file.
    """
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                yield make(line)
            except (ValueError, KeyError, TypeError) as error:
                raise broken(path, error, number, remedy) from error


def broken(path: Path, error: Exception, line: int = 0, remedy: str = "") -> ValueError:
    """Return the error for an unreadable file or folder of a run; its message says what is wrong and what to do."""
    what = f"it has no {error}" if isinstance(error, KeyError) else error
    where = f"{path}, line {line}," if line else path
    done = path.parent / "DONE"
    delete = f"{path} and {done}" if done.exists() else path
    remedy = remedy or f"Delete {delete}, then run the command that wrote it again: it resumes from there."
    return ValueError(f"{where} is broken: {what}. {remedy}")


def is_full(error: Exception) -> bool:
    """Whether an error means a full disk, which safetensors reports only in its message."""
    return getattr(error, "errno", None) == errno.ENOSPC or os.strerror(errno.ENOSPC) in str(error)


@contextmanager
def _full_disk_reported(path: Path) -> Iterator[None]:
    """If the disk is full, raise an error that names the file and says what to do."""
    try:
        yield
    except (OSError, SafetensorError) as error:
        if not is_full(error):
            raise
        raise OSError(
            f"the disk is full: {path} could not be written. Free some space and run the same command again: finished"
            " stages are kept."
        ) from error


def _differences(stored: Any, requested: Any, name: str = "") -> list[str]:
    if isinstance(stored, dict) and isinstance(requested, dict):
        return [
            line
            for key in {**stored, **requested}
            for line in _differences(
                stored.get(key, "nothing"), requested.get(key, "nothing"), f"{name}.{key}".lstrip(".")
            )
        ]
    return [] if stored == requested else [f"{name}: the run has {stored!r}, the request {requested!r}"]


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Force a file, or a folder with all its files, to the disk."""
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
