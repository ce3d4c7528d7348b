"""Numbers that a clause spells out: no birds is 0, and 5 - 2 = 3 is 3."""

from __future__ import annotations

import itertools

from expit_env.answer_key import AnswerKey
from expit_env.clauses import Item
from expit_env.lexicon import APPROXIMATIONS, HEDGES, NEGATIONS, REMAINING, word_set
from expit_env.text import stem, unit_of
from expit_env.values import Value


def read_zeros(key: AnswerKey, items: list[Item]) -> list[Item]:
    """Read *no birds*, *not any*, *not a single one*, *no one* as zero."""
    read: list[Item] = []
    place = 0
    while place < len(items):
        length, unit = _zero_at(key, items, place)
        read.append(ZERO._replace(unit=unit) if length else items[place])
        place += length or 1
    return read


ZERO = Value("cardinal", 0)
_NO = (("no", "longer", "any"), ("no", "more"), ("no",))
_NOT_ANY = (("not", "a", "single"), ("not", "any", "more"), ("not", "any"), ("not", "even"), ("not",))
_VERBS_BETWEEN = word_set("have has be get")


def _zero_at(key: AnswerKey, items: list[Item], place: int) -> tuple[int, str | None]:
    if items[place] not in ("no", "not"):
        return 0, None
    for opening in (*_NO, *_NOT_ANY):
        end = place + len(opening)
        if tuple(items[place:end]) != opening:
            continue
        behind = items[end] if end < len(items) else ""
        if opening[-1] in ("any", "more", "single", "no") and isinstance(behind, str):
            if unit_of(behind) in key.units or behind == "one":
                return end + 1 - place, None if behind == "one" else unit_of(behind)
            if opening[-1] == "any" and (not behind or behind in REMAINING):
                return end - place, None
        if opening[0] == "not" and opening[-1] in ("not", "even", "single") and _is_one(behind):
            return end + 1 - place, None
        if opening == ("not",) and _is_verb(key, behind) and items[end + 1 : end + 2] == ["any"]:
            return _zero_behind_verb(key, items, place, end + 2)
    return 0, None


def _is_verb(key: AnswerKey, word: Item) -> bool:
    return word in _VERBS_BETWEEN or (
        isinstance(word, str) and stem(word) in key.asking and stem(word) not in key.nouns
    )


def _is_one(item: Item) -> bool:
    return item == "one" or (isinstance(item, Value) and item.form == "cardinal" and item.number == 1)


def _zero_behind_verb(key: AnswerKey, items: list[Item], place: int, end: int) -> tuple[int, str | None]:
    """Read *do not have any birds*."""
    behind = items[end] if end < len(items) else ""
    if isinstance(behind, str) and unit_of(behind) in key.units:
        return end + 1 - place, unit_of(behind)
    return (end - place, None) if not behind or behind in REMAINING else (0, None)


SIGNS = frozenset(["+", "-", "–", "*", "/", "x", "plus", "minus", "times", "(", ")"])
EQUALS = frozenset(["=", "equals", "equal"])
_DOUBTS = NEGATIONS | HEDGES | APPROXIMATIONS


def without_sum(items: list[Item]) -> tuple[list[Item], bool]:
    """Leave of ``5 - 2 = 3`` the 3; return also whether a sign is left over."""
    signs = [place for place, item in enumerate(items) if _is_sign(items, place)]
    results = [place for place, item in enumerate(items) if item in EQUALS]
    if not results and signs:
        results = [place for place, item in enumerate(items) if item in ("is", "makes", "leaves") and place > signs[-1]]
    if not results:
        return items, bool(signs)
    end = results[-1]
    if any(place > end for place in signs):
        return items, True
    kept: list[Item] = []
    for before, item in itertools.pairwise(["", *items[:end]]):
        counted = isinstance(before, Value) and isinstance(item, str) and item.isalpha() and item not in _DOUBTS
        if not counted and not isinstance(item, Value) and item not in SIGNS | EQUALS | {"of"}:
            kept.append(item)
    return [*kept, *items[end + 1 :]], len(results) > 1


def _is_sign(items: list[Item], place: int) -> bool:
    behind = items[place + 1] if place + 1 < len(items) else ""
    if items[place] == "times" and not isinstance(behind, Value):
        return False  # it is right 2 times
    return items[place] in SIGNS or _is_part_of(items, place)


def _is_part_of(items: list[Item], place: int) -> bool:
    """Whether an *of* multiplies: half of 12."""
    parts = items[place - 1 : place + 2]
    if items[place] != "of" or len(parts) < 3:
        return False
    part, whole = parts[0], parts[2]
    return isinstance(part, Value) and isinstance(whole, Value) and part.number.denominator > 1
