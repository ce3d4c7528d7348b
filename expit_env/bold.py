"""Answers in bold at the end of an explanation, as in *Holes grow and days stay as they are, so it's **a heap***."""

from __future__ import annotations

import re

from expit_env.answer_key import AnswerKey
from expit_env.answers import Kind
from expit_env.asked import stems_of
from expit_env.claims import Claim, Reading
from expit_env.clauses import Clause
from expit_env.lexicon import (
    APPROXIMATIONS,
    ARTICLES,
    CONDITIONS,
    CONTRASTS,
    DEPARTURES,
    HEDGES,
    NEGATIONS,
    PREPOSITIONS,
    REFUTATIONS,
    REMAINING,
    word_set,
)
from expit_env.reading import read_reply
from expit_env.retraction import retracts
from expit_env.text import tokenise

Read = list[tuple[Clause, Reading]]

_BOLD = re.compile(r"(?<![^\s(\"':=])\*\*(?=\S)([^*\n]{1,80}?)(?<=\S)\*\*")
_CLAUSE_END = re.compile(r"$|[;:()](?!\d)|,(?!\d)| [-–—] |[.!?]")
_LAST_SENTENCE = re.compile(r"[^.!?\n]*[.!]?\s*")
_STANDING_IN = " boldly"
"""The word that stands for a bold answer where what stands before it is read: one that no riddle knows."""

_LEAST_ELSEWHERE = 5
"""Words that a reply must hold besides the clause with the bold answer: a short one is read as prose."""

_LONGEST = 5
_OF_SEVERAL = word_set("a an one another any some")
_UNSETTLING = HEDGES | NEGATIONS | REFUTATIONS | APPROXIMATIONS | CONDITIONS | CONTRASTS | word_set(
    "think tempted tempting say guess expect assume believe suspect add multiply subtract"
    " other another besides unlike avoid trick usual obvious literal naive opposite"
)  # fmt: skip


def bold_answer(key: AnswerKey, text: str) -> str | None:
    """Return the one thing that a reply has in bold, if its last sentence states it and nothing there unsettles it.

    If it is a right answer, the explanation that leads to it need not be understood.
    """
    bold = list(_BOLD.finditer(text))
    if len(bold) != 1:
        return None
    said, before, after = bold[0][1], text[: bold[0].start()], text[bold[0].end() :]
    if not _LAST_SENTENCE.fullmatch(after) or (said[-1] in ".!" and after.strip()) or _repeats(key, text):
        return None
    end = 0 if said[-1] in ".!:" else next(_CLAUSE_END.finditer(after)).start()
    *others, last = read_reply(key, tokenise(before + _STANDING_IN))
    joined, behind = tokenise(after[:end]), read_reply(key, tokenise(after[end:]))
    if sum(len(clause.items) for clause, _ in (*others, *behind)) < _LEAST_ELSEWHERE:
        return None
    clause = last[0]._replace(items=last[0].items[:-1])
    if (key.kind is Kind.YES_NO and clause.items) or not _is_stated(key, clause, joined):
        return None
    return None if _leads_elsewhere(others) or _turns(key, behind) else said.strip(" ,;:")


def _repeats(key: AnswerKey, text: str) -> bool:
    """Whether a reply holds most of the question."""
    stems = stems_of(tokenise(text))
    trigrams = key.trigrams.intersection(zip(stems, stems[1:], stems[2:], strict=False))
    return 2 * len(trigrams) > len(key.trigrams)


def _is_stated(key: AnswerKey, clause: Clause, behind: list[str]) -> bool:
    """Whether its clause, which ends before an answer, and the words joined to it behind let it be the answer."""
    before = [item for item in clause.items if item not in ARTICLES]
    if (
        clause.lead in CONDITIONS
        or not _UNSETTLING.isdisjoint([*before, *behind])
        or behind[:1] in (["and"], ["would"])
    ):
        return False
    if before[-2:] == ["can", "be"] or ("answer" in before and not _OF_SEVERAL.isdisjoint(clause.items)):
        return False
    counts = not behind or key.knows(behind[0]) or behind[0] in PREPOSITIONS or behind[0] in REMAINING
    return not key.kind.is_numeric or (counts and DEPARTURES.isdisjoint([*before, *behind]))


def _leads_elsewhere(others: Read) -> bool:
    """Whether a clause before the answer denies it, or gives another one outright."""
    for place, (clause, reading) in enumerate(others):
        alone = place == 0 or place + 1 == len(others) or others[place + 1][0].opens
        outright = len(clause.items) < _LONGEST and ((clause.opens and alone) or clause.lead == "so")
        if reading.claim is Claim.DENIES or (reading.claim is Claim.OTHER and (outright or "answer" in clause.items)):
            return True
    return False


def _turns(key: AnswerKey, behind: Read) -> bool:
    """Whether the rest of its sentence gives another answer, or takes the one in bold back."""
    return any(
        retracts(key, clause)
        or clause.lead in (*CONTRASTS, *CONDITIONS, "or", "so", "and")
        or clause.items[0] in ("or", "and")
        or clause.asks
        or reading.claim in (Claim.DENIES, Claim.HEDGES)
        or (reading.claim is Claim.OTHER and clause.items[0] not in PREPOSITIONS)
        for clause, reading in behind
    )
