"""Reading a clause of a reply to a riddle whose answer is yes or no."""

from __future__ import annotations

from expit_env.accepted import ECHO, GOLD
from expit_env.answer_key import AnswerKey, Mention
from expit_env.claims import Claim, Reading, word_of
from expit_env.clauses import Clause, Item
from expit_env.lexicon import ARTICLES, HEDGES, NO, YES, is_number, word_set
from expit_env.text import UNREADABLE, stem

_SHORT_ANSWERS = word_set("sir madam it they he she you we i that this there because since the a not")


_NOTHING = word_set("nothing nobody none no there")
_FORBIDDING = word_set("forbid forbids forbidden forbade prevent prevents stop stops prohibit prohibits against wrong")
_HEADING = word_set("the my our final short answer solution")


def read_yes_no(key: AnswerKey, clause: Clause, items: list[Item]) -> Reading:
    words = [word for item in items for word in word_of(item).split()]
    if UNREADABLE in words or not words:
        return Reading(Claim.OPAQUE)
    if len(items) == 1 and isinstance(items[0], Mention) and items[0].label == ECHO:
        return Reading(Claim.GOLD if len(words) > 1 and not clause.asks else Claim.NOTHING)
    if _HEADING.issuperset(words):
        return Reading(Claim.NOTHING)
    polarity = _polarity(key, words)
    if polarity is None:
        phrase = next((item for item in items if isinstance(item, Mention)), None)
        if phrase and len(items) == 1 and not clause.asks:
            return Reading(Claim.GOLD) if phrase.label == GOLD else Reading(Claim.OTHER, key.trap)
        opposite = words[0] in NO and fold_yes_no(key.gold) == "yes"  # yes, no man can
        opposite = opposite or (words[0] in _NOTHING and not _FORBIDDING.isdisjoint(words))  # nothing forbids it
        named = opposite or not YES.isdisjoint(words) or words[-1] in NO
        return Reading(Claim.HEDGES if named else Claim.OPAQUE)
    if clause.asks:
        return Reading(Claim.HEDGES)
    gold = fold_yes_no(key.gold)
    if polarity == gold:
        return Reading(Claim.GOLD)
    return Reading(Claim.OTHER, key.trap if key.trap and fold_yes_no(key.trap) == polarity else polarity)


def fold_yes_no(text: str) -> str:
    """Return ``yes``, ``no`` or the text itself."""
    first = text.strip().lower().partition(",")[0].rstrip(".! ")
    return "yes" if first in YES else "no" if first in NO else first


def _polarity(key: AnswerKey, words: list[str]) -> str | None:
    """Return what a clause answers: by its first word, or by saying or denying what the question asks."""
    for frame in (["answer", "is"], ["it", "is", "a"], ["answer", "would", "be"]):
        start = next((place for place, word in enumerate(words) if word not in _BEFORE_ANSWER), 0)
        if words[start : start + len(frame)] == frame and words[start + len(frame) :]:
            words = words[start + len(frame) :]
    first, rest = words[0], words[1:]
    if words in (["not"], ["not", "really"], ["no", "way"]):
        return "no"
    if words[1:] == ["not"]:
        return None
    said = _statement(key, rest if first in YES | NO else words)
    if first in YES or first in NO:
        polarity = "yes" if first in YES else "no"
        if (rest and rest[0] not in _SHORT_ANSWERS) or not HEDGES.isdisjoint(rest):
            return None
        if rest[:1] and rest[0] in ARTICLES and said is None:
            return None  # no a hole
        return polarity if said in (None, polarity) and not (set(rest) & (YES | NO)) else None
    return said


_BEFORE_ANSWER = word_set("the my our final correct short right")


def _statement(key: AnswerKey, words: list[str]) -> str | None:
    """Return yes or no for *a bat is (not) a bird* where the question is *is a bat a bird*."""
    stems = [stem(word) for word in words if word not in ARTICLES]
    content = [word for word in stems if word != "not"]
    if not (YES | NO).isdisjoint(content):
        return None
    if all(is_number(word) or word in _AUXILIARIES or word in _PRONOUNS for word in content) and any(
        map(is_number, content)
    ):
        return None  # it is 7
    auxiliary = [word for word in content if word in _AUXILIARIES]
    if key.negative or not auxiliary or any(word not in key.asking and word not in _PRONOUNS for word in content):
        return None
    if not any(word in key.asking for word in auxiliary) or not (set(content) & _PRONOUNS or content[0] in key.nouns):
        return None
    return "no" if stems.count("not") == 1 else "yes" if "not" not in stems else None


_AUXILIARIES = word_set("is are was were do can could will would must should have be")
_PRONOUNS = word_set("it they he she you we him her them there that this")
