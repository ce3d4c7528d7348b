"""What kind of answer a riddle takes, told from its canonical answer. Pure text: nothing here knows a riddle."""

from __future__ import annotations

import functools
import itertools
import re
from enum import StrEnum

from expit_env.lexicon import ARTICLES, FUNCTION, PARTS, ZERO, word_set
from expit_env.text import fold, stem, tokenise
from expit_env.values import Value, read_values


class Kind(StrEnum):
    """How an answer is read."""

    NUMBER = "number"
    ORDINAL = "ordinal"
    QUANTITY = "quantity"
    FRACTION = "fraction"
    YES_NO = "yes_no"
    LETTER = "letter"
    CHOICE = "choice"
    PHRASE = "phrase"

    @property
    def is_numeric(self) -> bool:
        return self in _NUMERIC


_NUMERIC = frozenset({Kind.NUMBER, Kind.ORDINAL, Kind.QUANTITY, Kind.FRACTION})


_MARKS = frozenset(",:;.?!")
_ASKING = word_set("which what who how where is are was were do does did")


def infer_kind(answer: str, question: str = "") -> Kind:
    """Return how ``answer`` is to be read.

    >>> [str(infer_kind(answer)) for answer in ("9", "second", "3 hours", "1/3", "no", "S", "Mary")]
    ['number', 'ordinal', 'quantity', 'fraction', 'yes_no', 'letter', 'phrase']
    """
    if answer.isascii() and answer.isdigit():
        return Kind.NUMBER  # as below, and most answers are
    asked = fold(question)
    kind, stems = _kind_alone(answer, "how many" in asked or "how much" in asked)
    if kind not in (None, Kind.QUANTITY) or not _may_list(asked):
        return kind or Kind.PHRASE
    return Kind.CHOICE if any(stems >= option for option in options_of(tokenise(asked))) else kind or Kind.PHRASE


def is_phrase(answer: str, question: str = "") -> bool:
    """Whether the words of ``answer`` alone make it a phrase: `infer_kind` calls it a phrase or one of the options."""
    asked = fold(question)
    return _kind_alone(answer, "how many" in asked or "how much" in asked)[0] is None


_OWNER = re.compile(r"'s\b|s'")
_OR = re.compile(r"or(?<![^\W_]or)(?![^\W_])")
_DRESS = re.compile(r"[*_`\\<$]")


def _may_list(asked: str) -> bool:
    """Whether a question may have an *or*: fast, so that the tokens of one that has none need not be read."""
    return ("or" in asked and _OR.search(asked) is not None) or _DRESS.search(asked) is not None


@functools.lru_cache(maxsize=16_384)
def _kind_alone(answer: str, counting: bool) -> tuple[Kind | None, frozenset[str]]:
    """Return the kind of an answer where its own words tell it, and their stems."""
    words = [token for token in tokenise(fold(answer)) if token not in ".,!\"'"]
    stems = frozenset(stem(word) for word in words)
    if words in (["yes"], ["no"]):
        return Kind.YES_NO, stems
    if letter_of(words):
        return Kind.LETTER, stems
    owns = _OWNER.search(fold(answer)) is not None  # Three Kings' Day is no number of days
    return None if owns else _numeric_kind(words, counting), stems


def _numeric_kind(words: list[str], counting: bool) -> Kind | None:
    items = read_values(words)
    values = [item for item in items if isinstance(item, Value)]
    rest = [item for item in items if isinstance(item, str) and item not in ARTICLES]
    if counting and len(rest) == 2 and rest[0] == "no" and not values:
        return Kind.NUMBER
    if len(values) != 1 or len(rest) > 2 or not isinstance(items[-len(rest) - 1], Value):
        return None
    if words[0] in ZERO - {"zero"} and not counting:
        return None
    if values[0].form == "ordinal":
        return Kind.ORDINAL if not rest or rest in (["place"], ["position"]) else None
    if rest:
        return None if rest[0] in FUNCTION or items[0] in ("a", "an") else Kind.QUANTITY  # a three-legged cat
    fraction = "/" in words or any(word in PARTS for word in words)
    return Kind.FRACTION if fraction else Kind.NUMBER


def letter_of(words: list[str]) -> str | None:
    """Return the letter that ``s`` or ``the letter s`` names, else None."""
    *before, last = words or [""]
    named = [word for word in before if word != "the"] in ([], ["letter"], ["capital", "letter"])
    return last if named and len(last) == 1 and last.isascii() and last.isalpha() else None


def options_of(question: list[str]) -> list[frozenset[str]]:
    """Return for each option that a question lists before and after an *or* the stems that set it apart."""
    tokens = [token for token in question if token not in ARTICLES]
    if "or" not in tokens:
        return []
    place = len(tokens) - 1 - tokens[::-1].index("or")
    before = tokens[: place - 1] if tokens[place - 1] == "," else tokens[:place]
    parts = [_until_mark(tokens[place + 1 :])]
    listed = False
    while before and len(parts) < 6:
        part = _until_mark(before[::-1])[::-1]
        if listed and (len(part) > 4 or any(token in _ASKING for token in part)):
            break
        listed = len(part) < len(before)
        parts.append(part if listed else part[-1:])
        if not listed or before[-len(part) - 1] != ",":
            break
        before = before[: -len(part) - 1]
    stems = [{stem(token) for token in part if token.isalpha()} for part in parts]
    listed_stems = [stem(token) for part in parts for token in part]
    sentence = [stem(token) for token in _until_end(tokens[::-1])]
    asked = {word for word in sentence if sentence.count(word) > listed_stems.count(word)}
    shared = set.intersection(*stems)
    return [frozenset(own) for part in stems if len(part) <= 5 and (own := part - shared - asked - FUNCTION)]


def _until_end(backwards: list[str]) -> list[str]:
    """Return the last sentence, from its end."""
    return backwards[:1] + list(itertools.takewhile(lambda token: token not in ".?!", backwards[1:]))


def _until_mark(tokens: list[str]) -> list[str]:
    return list(itertools.takewhile(lambda token: token not in _MARKS, tokens))
