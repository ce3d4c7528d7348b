"""Telling a heap of words from a sentence, whatever it says: nobody commits to an answer in one."""

from __future__ import annotations

import itertools
from collections import Counter

from expit_env.answer_key import AnswerKey
from expit_env.lexicon import CARDINALS, FUNCTION, word_set
from expit_env.text import stem

_OPEN = word_set("a an the my your his its our their")  # a noun has yet to come
_JOINING = word_set("of from into by for on in at or and with")
_VERBS = word_set("is are was were do does did has have")
_ASKING = word_set("how which what")
_ENDS = frozenset([".", "?", "!", ","])
_LONG = 12
_WORDS_FOR_A_SLIP = 15


def covers(key: AnswerKey, reply: tuple[str, ...]) -> bool:
    """Whether a reply holds nearly all words of a long question, in another order."""
    missing = sum((Counter(key.stems) - Counter(reply)).values())
    if len(key.stems) <= _LONG or missing > len(key.stems) // 10:
        return False
    runs = list(zip(reply, reply[1:], reply[2:], strict=False))
    return sum(run in key.trigrams for run in runs) < len(runs) / 4


def is_salad(key: AnswerKey, tokens: list[str]) -> bool:
    """Whether words stand where no sentence has them, as *the* before *of*, too often for a slip of the pen."""
    return slips(key, [*tokens, "."]) > 1 + 2 * (len(tokens) // _WORDS_FOR_A_SLIP)


def slips(key: AnswerKey, words: list[str]) -> int:
    """Return how much stands side by side that does not belong so: 2 and more are not a sentence."""
    return sum(_weight(key, *pair) for pair in itertools.pairwise(words))


def _weight(key: AnswerKey, before: str, word: str) -> int:
    """Return 2 for two words that never stand side by side, 1 for two that seldom do, else 0."""
    if before in _OPEN:
        cut_short = word in _ENDS and before not in ("a", "his")
        return 2 * (word in _OPEN or word in _JOINING or word in _VERBS or word in _ASKING or cut_short)
    if before in _JOINING:
        joins = before in ("and", "or")
        if word in _ASKING:
            return int(joins)  # in which, of what
        return (2 - joins) * (word in _VERBS) + 2 * (word in _JOINING and not joins)
    if word in _OPEN and (before[0].isdigit() or before in CARDINALS):
        return 2
    pair = (stem(before), stem(word))
    if FUNCTION.isdisjoint(pair) and pair[0] in key.nouns and pair[1] in key.nouns:
        return int(pair not in key.bigrams)
    return 2 * (before == word and before.isalpha())
