"""Numbers that are not of what is asked: third from the end, 10 minutes an egg, 9 each, 82 kg of water."""

from __future__ import annotations

import itertools

from expit_env.answer_key import AnswerKey
from expit_env.answers import Kind
from expit_env.clauses import Item
from expit_env.lexicon import ARTICLES, PREPOSITIONS, TIMES, word_set
from expit_env.text import stem, unit_of
from expit_env.values import Value

_COUNTS = word_set("number amount count total")
_OTHER_TIMES = word_set("was were")
EACH = word_set("each every per apiece")
_FAR_ENDS = word_set("last end bottom back")


def is_beside(key: AnswerKey, items: list[Item]) -> bool:
    """Whether what is meant stands beside the number: the number after 9, third from the end, 9 each."""
    if "now" in key.asking and not _OTHER_TIMES.isdisjoint(items):
        return True
    if not EACH.isdisjoint(items) and EACH.isdisjoint(key.asking):
        return True
    if is_of_another(key, items) or _is_by_another_time(key, items):
        return True
    if key.kind is Kind.ORDINAL:
        another = "you" in key.asking and items[:1] in (["he"], ["she"], ["they"])
        return another or not _FAR_ENDS.isdisjoint(item for item in items if isinstance(item, str))
    bare = [item for item in items if item not in ARTICLES]
    for before, item, behind in zip(bare, bare[1:], bare[2:], strict=False):
        if key.kind is Kind.FRACTION and item == "of" and behind in TIMES and not _is_asked_of(key, behind):
            return True  # a third of an hour
        if before in _COUNTS and item == "of" and isinstance(behind, str) and unit_of(behind) not in key.units:
            return True  # the number of hunters
        counts = isinstance(before, Value) and before.unit is None and key.kind is Kind.NUMBER
        if counts and item == "of" and _is_uncounted(key, behind):
            return True  # none of the hunters
        weighed = isinstance(before, Value) and before.unit is not None and key.kind is Kind.QUANTITY
        if weighed and item == "of" and isinstance(behind, str) and stem(behind) not in key.asking:
            return True  # 82 kg of water
    for before, item in itertools.pairwise(items):
        if before == "after" and isinstance(item, Value) and item.unit is None and "after" not in key.asking:
            return True
        if item == "after" and isinstance(before, Value) and "after" not in key.asking:
            return True  # 5 after the first
    return _is_rate(key, items)


def _is_said(tokens: list[str], pair: tuple[Item, str]) -> bool:
    return any(pair == said for said in itertools.pairwise(tokens))


def _is_rate(key: AnswerKey, items: list[Item]) -> bool:
    """Whether a clause says of each what is asked of all: *10 minutes an egg*, *twice an hour*."""
    return any(
        not isinstance(amount, str)
        and article in ("a", "an")
        and isinstance(whole, str)
        and not _is_said(key.last, (article, whole))
        for amount, article, whole in zip(items, items[1:], items[2:], strict=False)
    )


def _is_uncounted(key: AnswerKey, behind: Item) -> bool:
    """Whether a word is a thing of the question that is not counted there."""
    return isinstance(behind, str) and stem(behind) in key.nouns - key.units and unit_of(behind) not in key.units


def _is_by_another_time(key: AnswerKey, items: list[Item]) -> bool:
    """Whether a clause says *2 times a year* where it is asked how often a day."""
    return any(
        before in ("a", "an", "per", "every", "each", "in") and unit in TIMES and unit not in key.asking
        for before, unit in itertools.pairwise(items[1:])
        if isinstance(unit, str)
    ) and ("often" in key.asking or "time" in key.asking)


def _is_asked_of(key: AnswerKey, whole: Item) -> bool:
    return ("of", whole) in key.bigrams


def is_of_another(key: AnswerKey, items: list[Item]) -> bool:
    """Whether a clause says of another thing of the question what is asked of one: the bat costs 5 cents."""
    subjects = list(itertools.takewhile(lambda item: not isinstance(item, Value), items))
    things = {
        stem(word)
        for before, word in itertools.pairwise(["", *(item for item in subjects if item not in ARTICLES)])
        if isinstance(word, str) and before not in PREPOSITIONS
    }
    return bool(key.subjects and things & key.nouns - key.units and not things & key.subjects)
