"""Reading a clause that says of the things compared that none of them wins: *both are equally near*."""

from __future__ import annotations

from expit_env.accepted import TRAP
from expit_env.answer_key import SAME, AnswerKey, Mention
from expit_env.claims import word_of
from expit_env.clauses import Item
from expit_env.lexicon import ARTICLES, CARDINALS, HEDGES, NEGATIONS, UNIT_NAMES, word_set
from expit_env.text import stem

_SAYS_NOTHING_ELSE = word_set(
    "away off amount spot point weight heavy light length long size big small time value"
    " height tall high speed fast quick slow price cost number quantity mass volume full share level age old place"
)
_PLAIN = word_set("heavy light long big small tall high fast quick slow full old near close far")
"""That neither is so does not say that they are equal."""
_OF_DISTANCE = word_set("near close far apart distance")
_ASKS_DISTANCE = _OF_DISTANCE | word_set("nearer nearest closer closest farther farthest further furthest")
_NOT_THE_THING = word_set("one old question again reason story")


def says_same(key: AnswerKey, items: list[Item]) -> bool:
    """Whether a clause says that the things compared are equal, in whatever respect."""
    words = [word for item in items for word in word_of(item).split() if word not in ARTICLES]
    stems = {stem(word) for word in words}
    if (
        not words
        or not key.same
        or not (NEGATIONS - {"neither", "no"} | HEDGES).isdisjoint(words)
        or _names_some(key, stems)
        or _names_trap_alone(key, items, words)
    ):
        return False
    if words[0] == "neither" or words[:2] == ["no", "difference"] or words[:4] == ["there", "is", "no", "difference"]:
        plain = words[0] == "neither" and any(word in _PLAIN and word not in key.tokens for word in words)
        return not plain and all(_is_harmless(key, word) for word in words[1:] if word not in ("no", "difference"))
    if "no" in words or "neither" in words:
        return False
    place = next((place for place, word in enumerate(words) if word in SAME or _likens(words, place)), None)
    if place is None:
        return _both_measure(key, items)
    unknown = [word for word in words[place + 1 :] if not _is_harmless(key, word)]
    strange = not _NOT_THE_THING.isdisjoint(words)
    told = words[place] != "as" and tuple(words[place : place + 2]) in key.bigrams  # they start on the same road
    if strange or told:
        return False
    return not unknown and all(_is_harmless(key, word) for word in words[:place])


def _likens(words: list[str], place: int) -> bool:
    """Whether *as much as* stands here, and nothing like *half* before it."""
    likens = words[place] == "as" and words[place + 2 : place + 3] == ["as"] and words[place + 1] in _AMOUNTS
    return likens and _UNEQUAL.isdisjoint(words[max(0, place - 3) : place])


_AMOUNTS = word_set("much many heavy long big tall near far old fast full high")
_UNEQUAL = word_set("half twice times third quarter nearly almost about at")
_MEASURES = word_set("weigh measure cost last take")


def _both_measure(key: AnswerKey, items: list[Item]) -> bool:
    """Whether a clause is like *they both weigh a ton*."""
    words = [word_of(item) for item in items if item != "they"]
    if len(words) not in (3, 4) or words[0] != "both" or stem(words[-1]) not in key.nouns:
        return False
    measured = words[1] in _MEASURES or (words[1] == "are" and stem(words[-1]) in UNIT_NAMES.values())
    return measured and (len(words) == 3 or words[2] in CARDINALS or words[2][0].isdigit())


def _names_some(key: AnswerKey, stems: set[str]) -> bool:
    """Whether some of the options are named, and not all."""
    named = [option for option in key.options if not option.isdisjoint(stems)]
    return bool(named) and len(named) < len(key.options)


def _names_trap_alone(key: AnswerKey, items: list[Item], words: list[str]) -> bool:
    """Whether the tempting thing is named without what it is compared with: *they weigh the same and iron*."""
    traps = [item.text for item in items if isinstance(item, Mention) and item.label == TRAP]
    if not traps:
        return False
    others = {stem(word) for word in words} & key.nouns - {stem(word) for text in traps for word in text.split()}
    return "they" in words or not others


def _is_harmless(key: AnswerKey, word: str) -> bool:
    if word in _OF_DISTANCE:
        return not _ASKS_DISTANCE.isdisjoint(key.stems)
    return key.knows(word) or word in _SAYS_NOTHING_ELSE or word in SAME or word in ("as", "much", "many")
