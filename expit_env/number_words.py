"""Numbers in figures and in words, written one way: *-5*, *1/3*, and *25th* for every ordinal."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

_ONES = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
    seventeen eighteen nineteen"""
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_PLACES = """first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth
    fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"""

SMALL = {word: value for value, word in enumerate(_ONES.split())}
TENS = {word: 10 * tens for tens, word in enumerate(_TENS.split(), 2)}
SCALES = {"dozen": 12, "thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
ORDINALS = {word: value for value, word in enumerate(_PLACES.split(), 1)} | {"hundredth": 100}
ORDINALS |= {word[:-1] + "ieth": value for word, value in TENS.items()}
PARTS = {"half": 2, "quarter": 4} | {word: value for word, value in ORDINALS.items() if value > 2}

NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,39}(?:/[1-9]\d{0,39})?)")
_FIGURES = re.compile(r"([-+]?)([1-9]\d{0,2}(?:,\d{3})+|[1-9]\d*|0|(?=\.\d))(\.\d+)?|([-+]?[1-9]\d*/[1-9]\d*)")
_BEGINNINGS = frozenset([*SMALL, *TENS, *SCALES, *ORDINALS, *PARTS, "hundred", "minus", "negative", "a", "an"])

Read = tuple[Fraction | int, int]  # a number and the place behind it: where it should begin, if there is none


def write_numbers(tokens: Sequence[str]) -> list[str]:
    """Write the numbers among lower-case words and figures one way, and leave all else as it is.

    >>> write_numbers("one hundred and five or 1,000 or the twenty fifth or 2/4 or one and a half".split())
    ['105', 'or', '1000', 'or', 'the', '25th', 'or', '1/2', 'or', '3/2']
    """
    written, place = [], 0
    while place < len(tokens):
        token, end = tokens[place], place + 1
        if token == "second" and written and NUMBER.fullmatch(written[-1]):
            pass  # of time
        elif token in _BEGINNINGS or token[0].isdigit() or token[-1].isdigit():
            token, end = _number_at(tokens, place)
        written.append(token)
        place = end
    return written


def _number_at(tokens: Sequence[str], place: int) -> tuple[str, int]:
    """Return the number at a place, or the token as it is, with the place behind it."""
    token, following = tokens[place], ORDINALS.get(_get(tokens, place + 1), 0)
    if token in TENS and 0 < following < 10:
        return f"{TENS[token] + following}th", place + 2
    if token in ORDINALS or (token[0] in "123456789" and token.endswith(("st", "nd", "rd", "th"))):
        return f"{ORDINALS.get(token) or token[:-2]}th", place + 1
    negative = token in ("minus", "negative")
    value, end = _amount(tokens, place + negative)
    if end == place + negative or (negative and value <= 0):
        return token.replace("/", " / "), place + 1  # 4/2 is no number
    return str(-value if negative else value), end


def _amount(tokens: Sequence[str], place: int) -> Read:
    """Read a whole number, a fraction, or both, if not negative: *2*, *two thirds*, *2 and a half*, *1 1/2*."""
    value, end = _part(tokens, place)
    if end > place:
        return value, end
    value, end = _cardinal(tokens, place)
    joined = end + (_get(tokens, end) == "and")
    part, after = _part(tokens, joined)
    mixed = place < end and joined < after and 0 < part < 1 and value >= 0 and (end < joined or "/" in tokens[end])
    return (value + part, after) if mixed else (value, end)


def _part(tokens: Sequence[str], place: int) -> Read:
    """Read a fraction that is no whole number: *1/3*, *half*, *a third*, *two thirds*."""
    token, noun = _get(tokens, place), _get(tokens, place + 1)
    if "/" in token and (value := _figures(token)) is not None:
        return value, place + 1
    if token in ("half", "quarter"):
        return Fraction(1, PARTS[token]), place + 1
    count = 1 if token in ("a", "an") else int(token) if token.isdecimal() and len(token) < 4 else SMALL.get(token, 0)
    parts = PARTS.get(noun if count == 1 else "half" if noun == "halves" else noun.removesuffix("s"), 0)
    if not parts or (count > 1) != noun.endswith("s") or count % parts == 0:
        return 0, place
    return Fraction(count, parts), place + 2


def _cardinal(tokens: Sequence[str], place: int) -> Read:
    """Read *12*, *2.5 million*, *twelve* or *two thousand and five*."""
    if (value := _figures(_get(tokens, place))) is not None:
        scale = SCALES.get(_get(tokens, place + 1))
        return (value * scale, place + 2) if scale else (value, place + 1)
    total = group = 0
    end, room, bound = place, 1_000, max(SCALES.values()) + 1
    while True:
        joined = place < end and room >= 100 and _get(tokens, end) == "and"
        word = _get(tokens, end + joined)
        value = SMALL.get(word, TENS.get(word, room))
        if value < room and (value or end == place):
            group, room = group + value, 10 if word in TENS else 0
        elif word == "hundred" and (0 < group < 100 or end == place) and not joined:
            group, room = (group or 1) * 100, 100
        elif SCALES.get(word, bound) < bound and (group or end == place) and not joined:
            bound = SCALES[word]
            total, group, room = total + (group or 1) * bound, 0, 1_000
        else:
            return total + group, end
        end += 1 + joined


def _figures(token: str) -> Fraction | int | None:
    """Read *12*, *-1,234.5* or *2/4*, but not *4/2*, *1/0* or *07*."""
    found = _FIGURES.fullmatch(token)
    if found is None:
        return None
    sign, whole, decimals, fraction = found.groups()
    value = Fraction(fraction or f"{whole.replace(',', '') or 0}{decimals or ''}") * (-1 if sign == "-" else 1)
    if value.denominator > 1:
        return value
    return None if fraction else int(value)


def _get(tokens: Sequence[str], place: int) -> str:
    return tokens[place] if place < len(tokens) else ""
