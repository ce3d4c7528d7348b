"""Telling one more candidate in a list from an explanation: *0, a hole, steel* commits to nothing, *0, alive* does."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from expit_env.answer_key import SAME, AnswerKey
from expit_env.answers import Kind
from expit_env.claims import Claim, Reading
from expit_env.clauses import Clause
from expit_env.lexicon import (
    ARTICLES,
    CONDITIONS,
    DEPARTURES,
    EXPLAINING,
    FUNCTION,
    NEGATIONS,
    PASTS,
    REASONS,
    REMAINING,
    YES,
    is_number,
    word_set,
)
from expit_env.reading import without_fillers
from expit_env.text import UNREADABLE, stem

_LONGEST = 3
_LONGEST_WITH_ARTICLE = 6
_FRAMES = (["answer", "is"], ["the", "answer", "is"], ["it", "is"], ["they", "are"])
_NO_CANDIDATES = (
    word_set("riddle question puzzle trick joke pun wordplay brainteaser teaser classic explanation reasoning solution")
    | word_set("sir madam friend mate dude buddy please thanks thank you hello hi hey haha ha lol yay duh nice great")
    | word_set(
        "one good cool fun funny clever tricky gotcha bang boom pow easy simple dead safe sound later afterwards"
    )
    | word_set("once twice")
)
"""Words of a remark or a heading."""
_BEGINNING = word_set("after before at on upon with during following by in from once")
_VERBAL = ("ly", "ed", "ing")
_PRONOUNS = word_set("them him us me everyone everybody all others")
_SPEAKING = EXPLAINING | _PRONOUNS | DEPARTURES | NEGATIONS | REMAINING | _NO_CANDIDATES
_JOINED_OTHERWISE = REASONS | CONDITIONS | {"so"}


def lists_candidates(key: AnswerKey, read: Sequence[tuple[Clause, Reading]]) -> bool:
    """Whether one clause beside those that claim the answer is a bare noun phrase, which may be another answer."""
    followers = [clause for clause, _ in read[1:]]
    if key.kind.is_numeric and read[0][1].claim is Claim.GOLD and followers and followers[0].mark == ":":
        end = next((place for place, clause in enumerate(followers, 1) if clause.opens), len(read))
        read, followers = read[end:], followers[end:]  # two: a male and a female
    for (clause, reading), following in itertools.zip_longest(read, followers):
        leads = following and (following.mark == ":" or following.lead in _JOINED_OTHERWISE)
        joined = clause.lead in _JOINED_OTHERWISE or leads
        if not joined and reading.claim is not Claim.GOLD and is_candidate(key, clause):
            return True
    return False


def is_candidate(key: AnswerKey, clause: Clause) -> bool:
    """Whether a clause is a bare noun phrase with a word that the riddle does not know, or with an article.

    Where a phrase is asked, a short one that is not understood claims another answer already; told here are the long
    ones, those of words that the riddle only tells of, and what answers another question.
    """
    items = without_fillers(clause.items)
    words = [item for item in items if isinstance(item, str) and item not in ("and", "/", "-", "|")]
    if clause.asks or UNREADABLE in words or len(words) < sum(item not in ("and", "/", "-", "|") for item in items):
        return False
    if key.kind.is_numeric and words[:1] and (words[0] == "by" or (clause.opens and words[0] in _BEGINNING)):
        return False  # after the gunshot, all fly away
    phrase = key.kind in (Kind.PHRASE, Kind.CHOICE)
    if (phrase or key.kind is Kind.LETTER) and _is_answer_to_another(key, words):
        return True
    for frame in _FRAMES:
        named = words[len(frame) :]
        if words[: len(frame)] == frame and (frame[-2] == "answer" or not ARTICLES.isdisjoint(named[:1])):
            words = named
    somewhere = words[-1:] in (["there"], ["here"])  # the way there
    words = words[: len(words) - somewhere]
    owner = "'s" in words
    content = [word for word in words if word not in ARTICLES and word != "'s"]
    spelt = "letter" in key.stems and all(len(word) == 1 and word.isalpha() for word in content)
    if not content or spelt or not _SPEAKING.isdisjoint(content) or not all(map(str.isalnum, content)):
        return False
    unknown = any(not key.knows(word) or (word in YES and key.kind is not Kind.YES_NO) for word in content)
    if words[0] == "the" and key.kind.is_numeric and len(content) > 1 and stem(content[0]) in key.nouns:
        return False  # the birds panic
    if words[0] in ARTICLES:
        short = len(content) <= _LONGEST
        if phrase and short and (somewhere or not unknown):  # a train that the riddle only tells of
            return not {stem(word) for word in content} <= key.right_stems
        told = phrase and (short or not unknown)
        return not told and len(content) <= _LONGEST_WITH_ARTICLE and not _has_verb(content)
    verbal = any((len(word) > 4 and word.endswith(_VERBAL)) or word in PASTS for word in content[1:] or content)
    few = len(content) <= (_LONGEST_WITH_ARTICLE if "of" in content else _LONGEST)
    return unknown and not verbal and few and (owner or not phrase)


def _is_answer_to_another(key: AnswerKey, words: list[str]) -> bool:
    """Whether a clause answers what such a riddle does not ask.

    *9*, *there are no stairs*, *they are the same*, or somebody whom the riddle only tells of.
    """
    if len(words) < 2:
        return any(is_number(word) or word in _OF_OPTIONS or _is_bystander(key, word) for word in words)
    if words[0] in ("there", "he", "she", "they") and "no" in words[2:3]:
        return not any(key.knows(word) for word in words[3:])
    said = {stem(word) for word in words}
    states = not _STATING.isdisjoint(words)
    if (states or key.kind is Kind.CHOICE) and _is_of_something_else(key, words):
        return True
    same = said & SAME
    strange = not same.issubset(key.stems) or not all(map(key.knows, words))
    return bool(same) and strange and "not" not in words and not key.same


def _is_of_something_else(key: AnswerKey, words: list[str]) -> bool:
    """Whether a sentence has nothing to do with the riddle, nor points to anything: *drakes do not lay eggs*."""
    content = [word for word in words if word not in FUNCTION and word not in EXPLAINING and word not in NEGATIONS]
    points = not _POINTING.isdisjoint(words)
    return len(content) > 1 and len(content) < len(words) and not points and not any(map(key.knows, content))


_OF_OPTIONS = word_set("neither both none")
_STATING = NEGATIONS | {"is", "are"}
_POINTING = _PRONOUNS | word_set("it they he she you we this that these those which there its their his her your our")


def _is_bystander(key: AnswerKey, word: str) -> bool:
    return stem(word) in key.nouns - key.right_stems and word not in _NO_CANDIDATES


def _has_verb(content: list[str]) -> bool:
    """Whether the second of three words or more looks like a verb: *the noise scares crows*."""
    return len(content) > 2 and content[1][-1] == "s" and content[0][-1] != "s"
