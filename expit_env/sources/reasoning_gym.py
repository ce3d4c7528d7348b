"""ReasoningGym: the datasets of reasoning-gym as riddles, in splits that share no question, scored by their scorer.

https://github.com/open-thought/reasoning-gym. Its own seeds overlap: item i of seed s is item i + 1 of seed s - 1, so a
train set and a validation set with neighbouring seeds are almost the same.
"""

from __future__ import annotations

import functools
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from expit_env.errors import unknown
from expit_env.riddle import Kind, Outcome, Riddle, Verdict, normalise
from expit_env.sources.source import Levels

VERSION = 1
INDEX_COUNT = 1_000_000
SPLITS = {"train": range(4), "validation": range(4, 7), "test": range(7, 10)}
"""Which tenths of the hashes a split has: about equally many, because questions of other splits are drawn in vain."""

_ATTEMPTS = 1_000
_LONGEST = 20_000
_NOT_REPRODUCIBLE = (
    "codeio",
    "isomorphic_strings",
    "knight_swap",
    "list_functions",
    "polynomial_multiplication",
    "pool_matrix",
    "ransom_note",
    "word_ladder",
)
"""Their questions depend on PYTHONHASHSEED, or they use global random generators (measured with 0.1.25)."""


@dataclass(frozen=True, slots=True)
class ReasoningGymDeck:
    """One split of some datasets, each equally likely."""

    split: str
    families: tuple[str, ...]

    def draw(self, rng: np.random.Generator, level: Levels = None) -> Riddle:
        """Draw a riddle; there is only one level."""
        family, index = divmod(int(rng.random() * len(self.families) * INDEX_COUNT), INDEX_COUNT)
        return _item(self.families[family], self.split, index)[0]


@dataclass(frozen=True, slots=True)
class ReasoningGym:
    """Datasets of reasoning-gym, by name: a family each, at one level. Needs the extra ``reasoning-gym``.

    A riddle's id is ``dataset/split/index``; it determines the riddle for a given version of reasoning-gym. The hash of
    a question determines its split, so no question is in two splits.

    A response is right if the dataset's scorer gives it 1.0; less is partial credit. The answer is the text between one
    pair of tags, ``<answer>...</answer>``, or the whole response if it has no tags.

    Raises:
        ValueError: if there is no such dataset, or its riddles cannot be drawn reproducibly.
    """

    names: tuple[str, ...]
    question_length: int = _LONGEST

    def __post_init__(self) -> None:
        there = tuple(name for name in sorted(_library().DATASETS) if name not in _NOT_REPRODUCIBLE)
        for name in self.names:
            if name in _NOT_REPRODUCIBLE:
                raise ValueError(f"{name} depends on PYTHONHASHSEED or on global generators: it is not reproducible")
            if name not in there:
                raise unknown("dataset of reasoning-gym", name, there)

    def deck(self, split: str, families: str | Sequence[str], level: int | None) -> ReasoningGymDeck:
        """Return the riddles of a split and some datasets, or raise ValueError if there are none."""
        if split not in SPLITS:
            raise unknown("split of reasoning-gym", split, SPLITS)
        if level not in (None, 1):
            raise ValueError(f"datasets of reasoning-gym have no level {level!r}, only 1, or None for all")
        names = (families,) if isinstance(families, str) else tuple(families)
        for name in names:
            if name not in ("all", *self.names):
                raise unknown("family", name, ("all", *self.names))
        return ReasoningGymDeck(split, self.names if "all" in names else tuple(n for n in self.names if n in names))

    def riddle(self, riddle_id: str) -> Riddle:
        """Return the riddle with an id, or raise ValueError."""
        return _item(*self._parse(riddle_id))[0]

    def verify(self, riddle: Riddle, response: str) -> Verdict:
        """Score a response.

        Raises:
            RuntimeError: if the dataset's scorer fails.
        """
        _, dataset, entry = _item(*self._parse(str(riddle.riddle_id)))
        answer = _answer(response)
        if answer is None or len(answer) > _LONGEST:
            return Verdict(Outcome.AMBIGUOUS, None, "broken tags" if answer is None else "too long")
        if not answer:
            return Verdict(Outcome.NO_ANSWER, None, "empty")
        try:
            right = dataset.score_answer(answer, entry) == 1.0
        except Exception as error:
            raise RuntimeError(f"the scorer of {riddle.riddle_id} failed on {answer[:80]!r}: {error!r}") from error
        return Verdict(Outcome.CORRECT if right else Outcome.WRONG, riddle.answer if right else answer, "reasoning-gym")

    def _parse(self, riddle_id: str) -> tuple[str, str, int]:
        parts = riddle_id.split("/") if isinstance(riddle_id, str) else []
        if len(parts) == 3 and parts[0] in self.names and parts[1] in SPLITS and re.fullmatch("[0-9]{1,6}", parts[2]):
            return parts[0], parts[1], int(parts[2])
        raise ValueError(
            f"no riddle has the id {riddle_id!r}: expected dataset/split/index, as {self.names[0]}/train/0"
        )


def _answer(response: str) -> str | None:
    """Return the answer in a response: the text between its tags, or all of it; None if the tags are broken."""
    before, tag, rest = response.partition("<answer>")
    answer, end, after = rest.partition("</answer>")
    if not tag:
        return None if "</answer>" in before else response.strip()
    return answer.strip() if end and "answer>" not in before + answer + after else None


@functools.lru_cache(maxsize=1_024)
def _item(name: str, split: str, index: int) -> tuple[Riddle, Any, Any]:
    """Return a riddle with its dataset and entry: the first from its own seeds whose question is in the split."""
    seeds = np.random.SeedSequence([VERSION, zlib.crc32(name.encode()), zlib.crc32(split.encode()), index])
    for seed in seeds.generate_state(_ATTEMPTS, np.uint32).tolist():
        dataset = _library().create_dataset(name, seed=seed, size=1)
        try:
            entry = dataset[0]
        except ArithmeticError:  # some generators divide by 0 for some seeds, which then have no riddle
            continue
        if not isinstance(entry["answer"], str) or not entry["answer"].strip():
            raise ValueError(f"{name} of reasoning-gym has no answers to its questions, so it cannot be used here")
        question = entry["question"]
        if zlib.crc32(normalise(question).encode()) % 10 in SPLITS[split]:
            riddle_id = f"{name}/{split}/{index}"
            riddle = Riddle(question, entry["answer"], (), None, Kind.PHRASE, riddle_id, name, 1, split)
            return riddle, dataset, entry
    raise RuntimeError(f"{name} of reasoning-gym has too few different questions for a split {split}")


def _library() -> Any:
    try:
        from reasoning_gym import factory  # pyright: ignore[reportMissingImports] (an extra)
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "This source needs the package reasoning-gym: pip install -e '.[reasoning-gym]'"
        ) from error
    return factory
