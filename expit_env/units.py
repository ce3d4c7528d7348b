"""Which word behind a number is what it counts."""

from __future__ import annotations

from expit_env.answer_key import PLACES, AnswerKey
from expit_env.answers import Kind
from expit_env.arithmetic import EQUALS, SIGNS
from expit_env.clauses import Item
from expit_env.lexicon import (
    DEPARTURES,
    FUNCTION,
    HEDGES,
    NEGATIONS,
    PREPOSITIONS,
    REMAINING,
    TIMES,
    UNIT_NAMES,
)
from expit_env.text import stem, unit_of
from expit_env.values import Value


def units_attached(key: AnswerKey, items: list[Item]) -> list[Item]:
    """Attach to each number the thing that it counts."""
    attached: list[Item] = []
    place = 0
    while place < len(items):
        item = items[place]
        item = Value("cardinal", 1) if _is_a_single(key, items, place) else item
        attached.append(item)
        place += 1
        if not isinstance(item, Value) or item.unit is not None or place == len(items):
            continue
        behind = items[place]
        if place + 1 < len(items) and _is_of_the_question(key, behind, items[place + 1]):
            place, behind = place + 1, items[place + 1]  # 6 wooden crows
        if isinstance(behind, str) and _is_unit(key, behind):
            attached[-1] = item._replace(unit=unit_of(behind))
            place += 1
    return attached


def _is_of_the_question(key: AnswerKey, which: Item, what: Item) -> bool:
    """Whether two words are an adjective and what is counted, as the question has them."""
    return (
        isinstance(which, str)
        and isinstance(what, str)
        and unit_of(what) in key.units
        and (stem(which), stem(what)) in key.bigrams
        and which not in FUNCTION | PREPOSITIONS | NEGATIONS | HEDGES | DEPARTURES
    )


def _is_a_single(key: AnswerKey, items: list[Item], place: int) -> bool:
    """Whether an article counts: an hour is 1 hour, and so is a pair where one pair is right."""
    behind = items[place + 1] if place + 1 < len(items) else ""
    if items[place] not in ("a", "an") or not isinstance(behind, str) or (place and items[place - 1] in ("of", "in")):
        return False
    return (behind in TIMES and behind in key.units) or unit_of(behind) in key.values.get(("cardinal", 1), ())


def _is_unit(key: AnswerKey, word: str) -> bool:
    unit = unit_of(word)
    if unit in key.units or word in UNIT_NAMES or unit in TIMES:
        return True
    if word == "am":
        return True
    if word in FUNCTION or word in REMAINING or word in PREPOSITIONS or (key.kind is Kind.ORDINAL and word in PLACES):
        return False
    if word in NEGATIONS | HEDGES | EQUALS or (word in SIGNS and word != "times") or not word.isalpha():
        return False
    return not key.knows(word) or stem(word) in key.nouns


def unit_known(key: AnswerKey, value: Value) -> bool:
    return value.unit in key.units or value.unit in key.nouns or value.unit in UNIT_NAMES.values()
