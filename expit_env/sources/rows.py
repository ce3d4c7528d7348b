"""Rows of a file or dataset: each row is one riddle, and a bad row is an error with the reason."""

from __future__ import annotations

import string
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from expit_env.errors import unknown
from expit_env.riddle import LEVELS, SPLITS, Kind, Riddle, normalise
from expit_env.verifier import verify

FIELDS = (
    "question",
    "answer",
    "aliases",
    "trap",
    "kind",
    "explanation",
    "hints",
    "level",
    "family",
    "split",
    "cluster",
    "choices",
    "unit",
)
LONGEST = {"question": 1 << 20, "answer": 1_000, "aliases": 1_000, "trap": 1_000, "choices": 1_000}
"""How many characters a text of a row may have."""

MOST = 1_000
"""How many texts a list of a row may have."""


@dataclass(frozen=True, slots=True)
class Row:
    """One riddle as it was written.

    Attributes:
        number: its line in a file, or its place in a dataset, from 1.
        where: the file or dataset and the place in it, for errors.
        riddle: without an id, and without a split unless the row has one.
        cluster: the row's cluster, or else its question; riddles of one cluster are in one split.
    """

    number: int
    where: str
    riddle: Riddle
    cluster: str


def read_row(fields: Any, number: int, where: str, family: str) -> Row:
    """Read one row.

    Args:
        fields: the row, a mapping with keys among ``FIELDS``; values of None count as missing.
        number: its line or place.
        where: its name in errors.
        family: the default family.

    Raises:
        ValueError: if the row is not a riddle; the message says why.
    """
    if not isinstance(fields, Mapping):
        raise ValueError(f"a row is an object with question and answer, not {fields!r}")
    for name in fields:
        if name not in FIELDS:
            raise unknown("field", name, FIELDS)
    given = {name: value for name, value in fields.items() if value is not None}
    question, answer = _text(given, "question"), _text(given, "answer")
    aliases, kind, trap = _texts(given, "aliases"), _one_of(given, "kind", Kind), _text(given, "trap", None)
    if "choices" in given:
        if kind not in (None, Kind.CHOICE):
            raise ValueError(f"a row with choices is of the kind {Kind.CHOICE}, not {kind}")
        question, answer, aliases, trap = _lettered(question, answer, aliases, trap, _texts(given, "choices"))
        kind = Kind.CHOICE
    riddle = Riddle(
        question, answer, aliases, trap, kind,
        family=_name(given, family),
        level=_one_of(given, "level", LEVELS) or LEVELS[0],
        split=_one_of(given, "split", SPLITS),
        explanation=_text(given, "explanation", ""),
        hints=_texts(given, "hints"),
        unit=_text(given, "unit", None),
    )  # fmt: skip
    _check(riddle)
    return Row(number, where, riddle, _text(given, "cluster", None) or normalise(riddle.question))


def _lettered(
    question: str, answer: str, aliases: Sequence[str], trap: str | None, choices: Sequence[str]
) -> tuple[str, str, tuple[str, ...], str | None]:
    """Put lettered options under the question; return it with answer, aliases and trap as letters and texts."""
    letters = dict(zip(choices, string.ascii_uppercase, strict=False))
    if not 2 <= len(choices) == len(letters) <= len(string.ascii_uppercase):
        raise ValueError(f"choices are 2 to 26 different texts, not {list(choices)!r}")
    for text in (answer, *([trap] if trap else [])):
        if text not in letters:
            raise ValueError(f"{text!r} is not one of the choices {list(choices)!r}")
    asked = "\n".join([question, *(f"{letter}. {text}" for text, letter in letters.items())])
    return asked, letters[answer], (answer, *aliases), trap and letters[trap]


def _check(riddle: Riddle) -> None:
    """Refuse an answer that no reply could give, and a trap that is right."""
    for text in (riddle.answer, *riddle.aliases):
        if not verify(riddle, f"<answer>{text}</answer>").correct:
            raise ValueError(
                f"{text!r} can't be an answer: it has no words, a mark of an answer, or too many characters"
            )
    if riddle.trap and verify(riddle, f"<answer>{riddle.trap}</answer>").correct:
        raise ValueError(f"the trap {riddle.trap!r} is a right answer")


def _text(given: Mapping[str, Any], name: str, default: Any = ...) -> Any:
    value = given.get(name, default)
    if value is ...:
        raise ValueError(f"it has no {name}")
    if name == "answer" and isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if value is not default and (not isinstance(value, str) or not value.strip()):
        raise ValueError(f"{name} must be a non-empty string, not {value!r}")
    if not isinstance(value, str):
        return value
    text = value.strip()
    if len(text) > LONGEST.get(name, len(text)):
        raise ValueError(f"{name}: a text of {len(text):,} characters is longer than the {LONGEST[name]:,} allowed")
    return text


def _texts(given: Mapping[str, Any], name: str) -> tuple[str, ...]:
    values = given.get(name, ())
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise ValueError(f"{name} must be a list of strings, not {values!r}")
    texts = tuple(_text({name: value}, name) for value in values)
    if len(texts) > MOST:
        raise ValueError(f"{name}: {len(texts):,} texts are more than the {MOST:,} allowed")
    return texts


def _one_of(given: Mapping[str, Any], name: str, allowed: Iterable[Any]) -> Any:
    value, allowed = given.get(name), tuple(allowed)
    if value is not None and (isinstance(value, bool) or value not in allowed):
        raise unknown(name, value, map(str, allowed))
    return value


def _name(given: Mapping[str, Any], default: str) -> str:
    name = _text(given, "family", default)
    if "/" in name:
        raise ValueError(f"a family's name has no '/', which divides the parts of an id: {name!r}")
    return name
