"""Where riddles come from: the families here, a JSONL file, a Hugging Face dataset, or reasoning-gym."""

from __future__ import annotations

import functools
from pathlib import Path
from urllib.parse import parse_qsl

from expit_env.errors import unknown
from expit_env.sources.families import Families
from expit_env.sources.reasoning_gym import ReasoningGym
from expit_env.sources.riddle_list import RiddleList
from expit_env.sources.source import RiddleSource


def open_source(source: str | RiddleSource | None) -> RiddleSource:
    """Return the source with a name, or the given source itself.

    - None: the families of this package.
    - ``"riddles.jsonl"``: a file of your own, see `RiddleList.from_jsonl`.
    - ``"hf:INK-USC/riddle_sense"``: a dataset on the Hugging Face Hub or in a local folder; with other column names
      ``"hf:me/mine?question=Q&answer=A"``. See `RiddleList.from_dataset`.
    - ``"reasoning-gym:spell_backward,leg_counting"``: datasets of reasoning-gym.

    With ``?skip_bad`` at the end of its name, the bad rows of a file or dataset are left out and counted.

    Raises:
        ValueError: if there is no such source, or it has a bad row.
        ModuleNotFoundError: if the package that the source needs is not installed.
    """
    if source is None:
        return Families()
    if not isinstance(source, str):
        return source
    kind, _, name = source.partition(":")
    if kind == "reasoning-gym":
        return ReasoningGym(tuple(name.split(",")))
    if kind == "hf":
        return _dataset(name)
    path = Path(source.partition("?")[0])
    if path.suffix != ".jsonl":
        raise unknown("source", source, ("a file NAME.jsonl", "hf:DATASET", "reasoning-gym:NAME"))
    if not path.is_file():
        raise ValueError(f"there is no file {path}: source is the path of a file of riddles, one JSON object a line")
    return _jsonl(source, path.stat().st_mtime_ns)


@functools.lru_cache(maxsize=8)
def _jsonl(source: str, modified: int) -> RiddleList:
    """Read a file once for all environments, and again after it was modified."""
    path, _, query = source.partition("?")
    options = _options(query)
    if options.keys() - {"skip_bad"}:
        raise unknown("option of a JSONL source", min(options), ("skip_bad",))
    return RiddleList.from_jsonl(Path(path), "skip_bad" in options)


@functools.lru_cache(maxsize=8)
def _dataset(source: str) -> RiddleList:
    name, _, query = source.partition("?")
    options = _options(query)
    skip_bad = options.pop("skip_bad", None) is not None
    return RiddleList.from_dataset(name, options or None, skip_bad)


def _options(query: str) -> dict[str, str]:
    return dict(parse_qsl(query, keep_blank_values=True))
