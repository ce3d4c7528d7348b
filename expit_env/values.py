"""Reading the numbers of a text, in figures and in words."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple, TypeVar

from expit_env.lexicon import CARDINALS, ORDINALS, PARTS, SCALES, TIMES, UNIT_NAMES, ZERO, word_set
from expit_env.text import UNREADABLE, stem, unit_of

Item = TypeVar("Item")


class Value(NamedTuple):
    """A number in a text.

    Attributes:
        form: ``cardinal``, ``ordinal``, or ``ratio`` for a fraction that is a whole number (9/1): never an answer.
        number: exact; a decimal and a fraction of equal value are one.
        unit: the stem of what is counted, where it stands beside the number.
    """

    form: str
    number: Fraction | int
    unit: str | None = None

    def __str__(self) -> str:
        return str(self.number) if self.form == "cardinal" else f"{self.form} {self.number}"


_FIGURES = re.compile(r"([-+–]?)(\d{1,3}(?:,\d{3})+|\d*)(\.\d+)?([^\W\d_]*)")
_CURRENCIES = frozenset("$€£")
_NUMBER_WORDS = frozenset(CARDINALS) | frozenset(ORDINALS) | frozenset(PARTS) | ZERO | {"dozen", "minus", "negative"}
_STARTS = _NUMBER_WORDS | {"a", "an"} | _CURRENCIES
_PRONOUN_ONE = word_set("the this that which each every any other last another no right wrong single correct next new")
_AND_A_PART = (["and", "a", "half"], ["and", "a", "quarter"])
_MAX_FIGURES = 30


def read_values(tokens: list[Item | str]) -> list[Item | str | Value]:
    """Replace every number among ``tokens``, in figures or in words, by its Value; anything else stays.

    >>> [str(item) for item in read_values("twenty - one or a dozen".split())]
    ['20', '-', '1', 'or', '12']
    """
    items: list[Item | str | Value] = []
    place = 0
    while place < len(tokens):
        token = tokens[place]
        if isinstance(token, str) and (token in _STARTS or token[0] in "0123456789-+–."):
            found = _value_at(tokens, place, items[-1] if items else None)
            if found:
                items.append(found[0])
                place = found[1]
                continue
        items.append(token)
        place += 1
    return items


Found = tuple[Value | str, int] | None


def _value_at(tokens: list, place: int, before: object) -> Found:
    token, following = tokens[place], tokens[place + 1 : place + 3]
    if token in _CURRENCIES or token in ("minus", "negative"):
        return _prefixed(tokens, place, before)
    if token in ("a", "an"):
        if following[:1] and following[0] in TIMES and tokens[place + 2 : place + 5] in _AND_A_PART:
            part = Fraction(1, PARTS[tokens[place + 4]])  # an hour and a half
            return Value("cardinal", 1 + part, unit_of(following[0])), place + 5
        return _words_at(tokens, place + 1, 1) if following[:1] and _may_follow_a(following[0]) else None
    if token[0] not in "0123456789-+–.":
        return None if _is_no_number(token, tokens, place, before) else _words_at(tokens, place, None)
    figures = _FIGURES.fullmatch(token)
    if not figures or len(token) > _MAX_FIGURES or not (figures[2] or figures[3]):
        return None
    return _figures_at(tokens, place, *figures.groups(default=""))


def _may_follow_a(token: object) -> bool:
    return token in SCALES or token == "dozen" or (token in PARTS and token != "second")


def _is_no_number(token: str, tokens: list, place: int, before: object) -> bool:
    if token == "one" and place and stem(str(tokens[place + 1]) if place + 1 < len(tokens) else "") not in TIMES:
        return tokens[place - 1] in _PRONOUN_ONE or tokens[max(0, place - 2) : place] == ["the", "only"]
    return token == "second" and isinstance(before, Value) and before.form == "cardinal"  # 11 seconds, 1 second


def _prefixed(tokens: list, place: int, before: object) -> Found:
    token = tokens[place]
    if place + 1 == len(tokens) or not isinstance(tokens[place + 1], str):
        return None
    if (token == "minus" and isinstance(before, Value)) or not tokens[place + 1]:
        return None
    found = _value_at(tokens, place + 1, None)
    value, end = found or ("", place)
    if not isinstance(value, Value) or value.form != "cardinal":
        return None
    if token in _CURRENCIES:
        return value._replace(unit=UNIT_NAMES[token]), end
    return value._replace(number=-value.number), end


def _figures_at(tokens: list, place: int, sign: str, whole: str, decimals: str, glued: str) -> Found:
    if len(whole) > 1 and whole[0] == "0":
        return None  # 09 is a code or a clock, not nine
    digits = whole.replace(",", "") or "0"
    number = Fraction(digits + decimals) if decimals else int(digits)
    number = -number if sign in ("-", "–") else number
    end = place + 1
    if glued in ("st", "nd", "rd", "th"):
        return None if sign or decimals else (Value("ordinal", number), end)
    if glued:
        return (Value("cardinal", number, unit_of(glued)), end) if unit_of(glued) != glued else None
    if decimals or sign == "–":
        return Value("cardinal", number), end
    ratio = _ratio_at(tokens, place, number)
    if ratio:
        return ratio
    mixed = _ratio_at(tokens, end, None) if end < len(tokens) else None
    if mixed and isinstance(mixed[0], Value) and 0 < mixed[0].number < 1:
        return Value("cardinal", number + mixed[0].number * (-1 if number < 0 else 1)), mixed[1]
    if end < len(tokens) and tokens[end] in SCALES:
        return Value("cardinal", number * SCALES[tokens[end]]), end + 1
    if end < len(tokens) and tokens[end] == "dozen":
        return Value("cardinal", number * 12), end + 1
    return _and_a_half(tokens, number, end)


def _ratio_at(tokens: list, place: int, above: Fraction | int | None) -> Found:
    parts = tokens[place : place + 4]
    if len(parts) < 3 or parts[1] != "/" or not all(isinstance(part, str) for part in parts):
        return None
    if not (parts[2].isdigit() and len(parts[2]) < _MAX_FIGURES):
        return None
    if above is None:
        above = int(parts[0]) if parts[0].isdigit() and len(parts[0]) < _MAX_FIGURES else None
    if above is None or int(parts[2]) == 0 or parts[3:] == ["/"]:
        return UNREADABLE, place + 3
    ratio = Fraction(above, int(parts[2]))
    return Value("ratio" if ratio.denominator == 1 else "cardinal", ratio), place + 3


def _and_a_half(tokens: list, number: Fraction | int, end: int) -> Found:
    if tokens[end : end + 3] == ["and", "a", "half"]:
        return Value("cardinal", number + Fraction(1, 2)), end + 3
    return Value("cardinal", number), end


def _words_at(tokens: list, place: int, article: int | None) -> Found:
    """Read a number in words; ``article`` is 1 behind *a* (a hundred, a third)."""
    word = tokens[place]
    if word in ZERO:
        return Value("cardinal", 0), place + 1
    if article is None and word in ORDINALS:
        return Value("ordinal", ORDINALS[word]), place + 1
    if word == "half":
        return _half_at(tokens, place)
    if word == "dozen":
        return Value("cardinal", 12), place + 1
    number, end = (1, place) if article else _below_hundred(tokens, place)
    if number is None:
        return None
    number, end = _scaled(tokens, number, end)
    return _behind_number(tokens, number, end)


def _half_at(tokens: list, place: int) -> Found:
    behind = tokens[place + 1 : place + 3]
    if behind[:1] == ["dozen"]:
        return Value("cardinal", 6), place + 2
    if behind == ["a", "dozen"]:
        return Value("cardinal", 6), place + 3
    skipped = 1 if behind[:1] in (["a"], ["an"]) else 0  # half an hour
    return Value("cardinal", Fraction(1, 2)), place + 1 + skipped


def _below_hundred(tokens: list, place: int) -> tuple[int | None, int]:
    word = tokens[place] if place < len(tokens) else None
    number = CARDINALS.get(word) if isinstance(word, str) else None
    if number is None:
        return None, place
    unit = CARDINALS.get(tokens[place + 1], 0) if number >= 20 and _is_word(tokens, place + 1) else 0
    return (number + unit, place + 2) if 0 < unit < 10 else (number, place + 1)


def _is_word(tokens: list, place: int) -> bool:
    return place < len(tokens) and isinstance(tokens[place], str)


def _scaled(tokens: list, number: int, end: int) -> tuple[int, int]:
    """Go on reading behind a number below a hundred: two hundred and five thousand."""
    total, current = 0, number
    while _is_word(tokens, end) and tokens[end] in SCALES:
        scale = SCALES[tokens[end]]
        total, current = (total, current * scale) if scale == 100 else (total + current * scale, 0)
        end += 1
        start = end + 1 if _is_word(tokens, end) and tokens[end] == "and" else end
        more, after = _below_hundred(tokens, start)
        if more is not None and (scale == 100 or total):
            current, end = current + more, after
    return total + current, end


def _behind_number(tokens: list, number: Fraction | int, end: int) -> Found:
    word = tokens[end] if _is_word(tokens, end) else None
    if word in ORDINALS and number in (20, 30, 40, 50, 60, 70, 80, 90) and ORDINALS[word] < 10:
        return Value("ordinal", number + ORDINALS[word]), end + 1
    if word in PARTS and word != "second":
        return Value("cardinal", Fraction(number, PARTS[word])), end + 1
    if word == "dozen":
        return Value("cardinal", number * 12), end + 1
    return _and_a_half(tokens, number, end)
