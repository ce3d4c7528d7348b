"""Whether a clause takes back an answer that was given before it: *no, wait*, *that can't be right*, *strike that*."""

from __future__ import annotations

import itertools

from expit_env.answer_key import AnswerKey
from expit_env.clauses import Clause, Item
from expit_env.lexicon import REFUTATIONS, RETRACTIONS, word_set


def retracts(key: AnswerKey, clause: Clause) -> bool:
    """Whether a clause takes back an answer that was given before."""
    words = clause.items
    if words == ["no"] or (words[:1] == ["no"] and not clause.lead and not isinstance(words[1], str)):
        return True
    if words and words[0] in RETRACTIONS and words[0] != "no":
        return True
    if (
        words in (["not"], ["halved"], ["doubled"])
        or words[:1] == ["said"]
        or tuple(words[:2]) in _TAKEN_BACK
        or ("take" in words[:-2] and words[-1] == "back")
    ):
        return True
    if words[:1] == ["on"] and not {"reflection", "thought", "thoughts"}.isdisjoint(words[:3]):
        return True
    if _withdraws(words):
        return True
    of_the_answer = words[:2] in (["that", "is"], ["this", "is"])  # the question may speak of a clock that is wrong
    of_it = of_the_answer or words[:2] == ["it", "is"]
    if of_it and words[-1] == "impossible" and "impossible" not in key.stems:
        return True
    return any(
        (word in REFUTATIONS and (of_the_answer or word not in key.asking)) or (word == "not" and behind in _SO)
        for word, behind in itertools.pairwise([*words, ""])
    )


def _withdraws(words: list[Item]) -> bool:
    """Whether somebody says of an answer just given that it no longer stands, or that nobody knows."""
    said = {word for word in words if isinstance(word, str)}
    return bool(
        said & _RECONSIDERING
        or (said & {"change", "changed"} and said & {"mind", "answer"})
        or ("not" in said and "i" in said and said & {"certain", "sure"})
        or ("not" in said and words[0] in ("that", "this") and "be" in said and said & _SO)
        or (words[:2] == ["do", "not"] and "count" in said)
        or words[-2:] in (["not", "that"], ["your", "leg"])
        or (["that", "is", "what"] in (words[:3], words[2:5]) and said & _SUPPOSING)
        or (len(words) == 2 and words[1] == "no" and words[0] in ("lol", "haha", "oh", "uh", "hell"))
    )


_SUPPOSING = word_set(
    "conclude think thinks thought say says said saying claim claims claimed believe believes expect assume guess"
    " shouting"
)
_RECONSIDERING = word_set("reconsider rethink unsure guessing undo delete doubt")
_TAKEN_BACK = {
    ("who", "knows"), ("no", "idea"), ("they", "claim"), ("some", "claim"), ("among", "others"), ("according", "to"),
    ("the", "reverse"), ("the", "opposite"), ("the", "contrary"), ("let", "me"),
    ("strike", "that"), ("ignore", "that"), ("forget", "that"), ("forget", "it"), ("cancel", "that"),
    ("never", "mind"), ("disregard", "that"), ("then", "again"),
}  # fmt: skip
_SO = frozenset({"right", "correct", "true", "so", "quite", "really"})
