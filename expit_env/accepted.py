"""What an answer, its aliases and its trap say by themselves, before the question is read."""

from __future__ import annotations

import functools
import re
from fractions import Fraction
from typing import NamedTuple

from expit_env.answers import Kind, letter_of
from expit_env.asked import stems_of, words_of
from expit_env.lexicon import ARTICLES, FUNCTION, MONTHS
from expit_env.text import fold, stem, tokenise, unit_of
from expit_env.values import Value, read_values

GOLD, TRAP, ECHO = "gold", "trap", "echo"

Place = tuple[str, Fraction | int]
Values = dict[Place, frozenset[str | None]]
Phrases = dict[str, list[tuple[tuple[str, ...], str]]]


class Form(NamedTuple):
    """One accepted answer, read by itself.

    Attributes:
        words: its tokens without punctuation; stems: their stems without articles.
        value: the number that it is, if a numeric riddle may take it as one; units: what stands beside that.
    """

    words: tuple[str, ...]
    stems: tuple[str, ...]
    value: Value | None
    units: frozenset[str | None]


class Accepted(NamedTuple):
    """What an answer, its aliases and its trap say by themselves: many riddles have the same.

    Attributes:
        values: as in `answer_key.AnswerKey`, before the question's units are added; units: all that stand in them.
        stems: of all right forms.
    """

    whole: frozenset[tuple[str, ...]]
    phrases: Phrases
    values: Values
    trap_values: Values
    units: frozenset[str]
    letters: frozenset[str]
    stems: frozenset[str]


@functools.lru_cache(maxsize=4_096)
def accepted_forms(answer: str, aliases: tuple[str, ...], trap: str | None, kind: Kind) -> Accepted:
    """Read an answer, its aliases and its trap by themselves, without the question."""
    forms, traps = (
        [_read_form(form) for text in (answer, *aliases) for form in _spellings(text)],
        [_read_form(trap)] if trap else [],
    )
    values = _values(forms) if kind.is_numeric else {}
    return Accepted(
        whole=frozenset(form.stems for form in forms if not _is_article_only(kind, form)),
        phrases=_phrases_by_first_stem(kind, forms, traps),
        values=values,
        trap_values=_values(traps) if kind.is_numeric else {},
        units=frozenset(unit for units in values.values() for unit in units if unit),
        letters=frozenset(letter for form in forms if (letter := letter_of(list(form.words)))),
        stems=frozenset(stem for form in forms for stem in form.stems),
    )


def _is_article_only(kind: Kind, form: Form) -> bool:
    """Whether a form says less without its article: a third, the letter A."""
    return (kind.is_numeric and form.words[:1] in (("a",), ("an",))) or (
        kind is Kind.LETTER and form.words[-1:] == ("a",)
    )


_NO_FIGURES = re.compile(r"\D*")
_DURATION = re.compile(r"\d+ (?:hours?|minutes?|days?) \d+ (?:minutes?|seconds?|hours?)")
_DAY = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?")


def _spellings(text: str) -> list[str]:
    """Return a text, and where it is a day of a month the other ways to write it."""
    if _NO_FIGURES.fullmatch(text):
        return [text]
    if _DURATION.fullmatch(text):
        amount, unit, rest = text.split(" ", 2)
        return [text, f"{amount} {unit} and {rest}"]
    words = [word for word in text.lower().replace(",", "").split() if word not in ("the", "of")]
    if len(words) != 2:
        return [text]
    month, day = sorted(words, key=lambda word: word[0].isdigit())
    figures = _DAY.fullmatch(day)
    if stem(month) not in MONTHS or not figures:
        return [text]
    number = int(figures[1])
    ending = "th" if number in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    days = (f"{number}", f"{number}{ending}")
    return [text, *(f"{month} {day}" for day in days), *(f"{day} {of}{month}" for day in days for of in ("", "of "))]


@functools.lru_cache(maxsize=16_384)
def _read_form(text: str) -> Form:
    words = words_of(tokenise(fold(text)))
    value, beside = _numeric_form(words)
    units = [unit_of(word) for word in [(value.unit if value else None) or "", *beside] if word]
    return Form(tuple(words), stems_of(words), value, frozenset(units or [None]))


def _values(forms: list[Form]) -> Values:
    values: Values = {}
    for form in forms:
        if form.value is not None:
            place = (form.value.form, form.value.number)
            values[place] = values.get(place, frozenset()) | form.units
    return values


def _phrases_by_first_stem(
    kind: Kind, forms: list[Form], traps: list[Form]
) -> dict[str, list[tuple[tuple[str, ...], str]]]:
    labelled = [(form, TRAP) for form in traps] + [(form, GOLD) for form in forms]
    by_stems: dict[tuple[str, ...], str] = {}
    for form, label in labelled:
        yes_no = kind is Kind.YES_NO and form.words[:1] in (("yes",), ("no",))
        if yes_no and label == GOLD:
            by_stems[form.stems[1:]] = ECHO  # what stands behind the no of "no, he is dead" says nothing else
        elif not (yes_no or (kind.is_numeric and form.value) or (kind is Kind.LETTER and letter_of(list(form.words)))):
            by_stems[form.stems] = label
    by_stems.pop((), None)
    by_first: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for stems in sorted(by_stems, key=lambda stems: (-len(stems), stems)):
        by_first.setdefault(stems[0], []).append((stems, by_stems[stems]))
    return by_first


def _numeric_form(form: list[str]) -> tuple[Value | None, list[str]]:
    items = read_values(form)
    if len(items) == 2 and items[0] in ("a", "an"):  # an hour, a pair
        return Value("cardinal", 1), form[1:]
    items = [item for item in items if item not in ARTICLES]
    beside = [item for item in items if isinstance(item, str) and item not in FUNCTION]
    if "no" in items and len(beside) == 2 and items[-2] == "no":  # there is no dirt
        return Value("cardinal", 0), beside[1:]
    values = [item for item in items if isinstance(item, Value)]
    only = len(values) == 1 and items[0] == values[0] and len(items) <= 3 and len(beside) == len(items) - 1
    return (values[0], beside) if only else (None, [])
