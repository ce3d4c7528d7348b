"""What the clauses of a reply come to: the first that unsettles it decides, else what they all claim."""

from __future__ import annotations

import itertools

from expit_env.accepted import ECHO, GOLD
from expit_env.answer_key import AnswerKey, Mention
from expit_env.answers import Kind
from expit_env.asked import stems_of
from expit_env.candidates import is_candidate, lists_candidates
from expit_env.claims import Claim, Reading, word_of
from expit_env.clauses import Clause
from expit_env.lexicon import (
    CONDITIONS,
    CONTRASTS,
    EXPLAINING,
    FUNCTION,
    HEDGES,
    MONTHS,
    NEGATIONS,
    REASONS,
    REFUTATIONS,
    word_set,
)
from expit_env.retraction import retracts
from expit_env.riddle import Outcome, Verdict


def correct(key: AnswerKey, rule: str) -> Verdict:
    """Return the verdict on a right reply."""
    return Verdict(Outcome.CORRECT, key.gold, rule)


def decide(key: AnswerKey, read: list[tuple[Clause, Reading]]) -> Verdict:
    """Let the clauses speak in turn: the first that unsettles the reply decides, else what they all claim."""
    read = _from_conclusion(key, read)
    claimed: dict[str, bool] = {}  # what is claimed, and whether only as the result of a sum
    doubtful = weak = False  # something before was not understood and may have been an answer; a claim after that
    fresh = False  # whether the clause before this claimed an answer
    leads = True  # whether nothing before would make a colon something else than *that is*
    for place, (clause, reading) in enumerate(read):
        if reading.claim is Claim.HEDGES and list(claimed) == [reading.said] == [key.gold]:
            continue  # 60 minutes, or 1 hour
        unsettled = _unsettles(key, clause, reading, bool(claimed), fresh)
        if fresh and clause.opens and _limits(clause, place + 1 == len(read) or read[place + 1][0].opens):
            unsettled = "condition"
        fresh = _claims(key, clause, reading)
        if unsettled:
            return Verdict(Outcome.AMBIGUOUS, None, unsettled)
        describes = clause.mark == "(" and not reading.firm and _describes(key, clause, reading)
        if not fresh or (claimed and (reading.aside or describes)):
            doubtful |= _raises_doubt(key, clause, reading)
        elif doubtful and not claimed and not _is_explicit(clause, leads) and reading.claim is Claim.GOLD:
            weak = True
        else:
            if clause.lead == "so" or (clause.opens and reading.claim is Claim.GOLD and not reading.sum):
                claimed = {answer: False for answer, only_sum in claimed.items() if not only_sum}
            answer = key.gold if reading.claim is Claim.GOLD else reading.said or ""
            claimed[answer] = reading.sum and claimed.get(answer, True)
        leads &= not reading.rivals and _DISTANCING.isdisjoint(clause.items)
    if weak and not claimed:
        return Verdict(Outcome.AMBIGUOUS, None, "not understood")
    if key.gold in claimed and len(read) > 1 and lists_candidates(key, read):
        return Verdict(Outcome.AMBIGUOUS, None, "list")
    return _concluded(key, list(claimed), {reading.said for _, reading in read if reading.said})


def _limits(clause: Clause, alone: bool) -> bool:
    """Whether a sentence is only the end of the one before, as in *9. If nobody lied.* and *9. Was what I said.*."""
    return clause.items[0] in ("was", "were") or (
        alone and (clause.lead in CONDITIONS or clause.items[0] in ("before", "until"))
    )


def _describes(key: AnswerKey, clause: Clause, reading: Reading) -> bool:
    """Whether a clause in brackets only describes: *(it is a vegetable)*, *(February 14)*."""
    dates = not MONTHS.isdisjoint(clause.items) and reading.said != key.trap
    return clause.items[0] in _STANDING_FOR or dates


_STANDING_FOR = ("it", "they", "this", "that", "he", "she")


def _from_conclusion(key: AnswerKey, read: list[tuple[Clause, Reading]]) -> list[tuple[Clause, Reading]]:
    """Leave the last sentence that says outright what the answer is and what follows it: *So the answer is 9*.

    What came before was on the way there, unless it denied the right answer or stated another outright. The same holds
    of a last *so it is 9* that ends a sentence, unless what came before was no statement at all.
    """
    ends = [place for place, (clause, reading) in enumerate(read) if _is_conclusion(clause, reading)]
    if ends:
        start = next(place for place in range(ends[-1], -1, -1) if read[place][0].opens)
    elif len(read) > 1 and _ends_with_so(key, read):
        start = len(read) - 1
    else:
        return read
    settled = any(
        reading.claim is Claim.DENIES
        or (reading.claim is Claim.OTHER and _is_outright(key, clause, reading, following.opens))
        or ("answer" in clause.items and is_candidate(key, clause))
        for (clause, reading), (following, _) in itertools.pairwise(read[: start + 1])
    )
    return read if settled else read[start:]


def _ends_with_so(key: AnswerKey, read: list[tuple[Clause, Reading]]) -> bool:
    """Whether the last clause is a right one that the others, of which none doubts or asks, lead to."""
    *before, (clause, reading) = read
    concludes = clause.lead == "so" and reading.claim is Claim.GOLD and not clause.asks
    return concludes and not any(
        one.asks or one.lead in CONDITIONS or retracts(key, one) or _unsettles(key, one, told, False, False)
        for one, told in before
    )


def _is_conclusion(clause: Clause, reading: Reading) -> bool:
    answers = "answer" in clause.items[:4] or (clause.lead == "so" and clause.opens)
    return answers and reading.claim is Claim.GOLD


def _is_outright(key: AnswerKey, clause: Clause, reading: Reading, alone: bool) -> bool:
    """Whether a clause states a wrong answer: the tempting one, not as a sum, or one that stands by itself."""
    tempts = reading.said == key.trap and not reading.sum and reading.firm
    return tempts or "answer" in clause.items or (len(clause.items) < 3 and clause.opens and alone)


def _concluded(key: AnswerKey, claimed: list[str], said: set[str]) -> Verdict:
    if len(claimed) > 1:
        return Verdict(Outcome.AMBIGUOUS, None, "contradiction")
    if claimed:
        return correct(key, "claim") if claimed[0] == key.gold else Verdict(Outcome.WRONG, claimed[0], "claim")
    if len(said) == 1:
        return Verdict(Outcome.WRONG, said.pop(), "mention")
    return Verdict(Outcome.NO_ANSWER, None, "no claim")


def _claims(key: AnswerKey, clause: Clause, reading: Reading) -> bool:
    """Whether a clause counts as a claim: one that gives a reason does not, unless it claims the tempting answer."""
    if clause.lead in REASONS:
        return reading.claim is Claim.OTHER and reading.said == key.trap
    return reading.claim in (Claim.GOLD, Claim.OTHER)


def _unsettles(key: AnswerKey, clause: Clause, reading: Reading, claimed: bool, fresh: bool) -> str | None:
    if reading.claim is Claim.HEDGES:
        return "hedge"
    if reading.claim is Claim.DENIES and not (claimed and clause.lead in REASONS):
        return "denial"
    if claimed and (_DOUBTING.issuperset(clause.items) or (fresh and clause.lead == "so" and clause.items == ["on"])):
        return "hedge"
    if key.kind is not Kind.YES_NO and reading.claim is not Claim.GOLD and _DENYING.issuperset(clause.items):
        return "denial"  # false: 0
    if fresh and (_adds(clause) or (reading.claim is not Claim.GOLD and _concludes_else(key, clause))):
        return "contradiction"
    claims_else = clause.lead in ("though", "however")  # wherever it stands: the stairs, though, are white
    contrast = (
        clause.lead in CONTRASTS
        and (fresh or clause.opens or claims_else)
        and not _repeats_contrast(key, clause, reading)
    )
    if claimed and (contrast or retracts(key, clause)):
        return "retraction"
    if clause.lead in CONDITIONS and not _is_harmless_condition(key, clause, reading, claimed):
        return "condition"
    if claimed and reading.rivals:
        return "contradiction"
    if claimed and clause.asks:
        return "question"
    return None


def _repeats_contrast(key: AnswerKey, clause: Clause, reading: Reading) -> bool:
    """Whether a contrast denies only what the question denies: *but it can't swallow*, of what cannot swallow."""
    claims = reading.claim in (Claim.GOLD, Claim.OTHER, Claim.HEDGES) or reading.said or clause.asks
    if claims or clause.lead not in _CONCEDING or key.kind is Kind.YES_NO:
        return False
    words = stems_of([word for item in clause.items for word in word_of(item).split()])
    denied = [pair for pair in itertools.pairwise([*words, ""]) if pair[0] in _DENIALS]
    told = all(word in key.stems for word in words if word not in FUNCTION)
    return bool(denied) and told and all(pair in key.bigrams for pair in denied)


_CONCEDING = frozenset({"although", "though", "while", "whereas", "but", "yet"})
_DENIALS = NEGATIONS | {"nobody", "nothing"}


def _adds(clause: Clause) -> bool:
    """Whether a clause adds to the number before it: *and another 3*, *and on top of that 5*."""
    joined = clause.lead == "and" or clause.items[0] == "and"
    return (
        joined and len(clause.items) < 7 and not _ADDING.isdisjoint(clause.items) and _STATING.isdisjoint(clause.items)
    )


_STATING = EXPLAINING - {"that"}
_ADDING = frozenset({"another", "more", "top", "extra", "further", "plus"})


def _concludes_else(key: AnswerKey, clause: Clause) -> bool:
    """Whether a clause concludes with something else that the question names: *so tomorrow*, *so the other one*."""
    if any(isinstance(item, Mention) and item.label == GOLD for item in clause.items):
        return False
    words = stems_of([item for item in clause.items if isinstance(item, str)])
    named = all(word in key.stems or word in ("one", "other") for word in words)
    return clause.lead == "so" and bool(words) and named and EXPLAINING.isdisjoint(words)


_DOUBTING = frozenset({"possibly", "perhaps", "maybe", "supposedly", "allegedly", "reportedly", "purportedly"})
_DENYING = frozenset({"wrong", "incorrect", "false", "untrue", "fake", "mistaken"})


def _is_harmless_condition(key: AnswerKey, clause: Clause, reading: Reading, claimed: bool) -> bool:
    """Whether an *if* only repeats the question's, or explains in a sentence of its own."""
    if (
        claimed
        and clause.lead == "if"
        and (
            (clause.opens and reading.claim is Claim.GOLD)
            or any(isinstance(item, Mention) and item.label == ECHO for item in clause.items)
        )
    ):
        return True  # If the ball costs 5 cents, the bat costs $1.05
    if clause.lead == "otherwise" and claimed and "would" in clause.items:
        return reading.claim is Claim.OPAQUE and not (reading.said or reading.rivals)  # otherwise it would be no hole
    if clause.lead != "if" or reading.claim in (Claim.GOLD, Claim.OTHER) or reading.rivals or reading.said:
        return False
    words = stems_of([item for item in clause.items if isinstance(item, str)])
    return clause.opens if claimed else all(word in key.stems or key.knows(word) for word in words)


def _is_explicit(clause: Clause, leads: bool) -> bool:
    """Whether a clause says that it is the answer, or is a short one behind a colon that what came before leads to."""
    if clause.lead == "so" or "answer" in clause.items or "=" in clause.items:
        return True
    return leads and clause.mark in (":", "...") and len(clause.items) < _LONGEST


_LONGEST = 4
_DISTANCING = NEGATIONS | HEDGES | REFUTATIONS | CONTRASTS | word_set("think say call guess expect like trick")


def _raises_doubt(key: AnswerKey, clause: Clause, reading: Reading) -> bool:
    if key.kind.is_numeric:
        return reading.rivals or reading.echoes
    return reading.claim is Claim.OPAQUE and not clause.asks and (clause.lead not in REASONS or reading.rivals)
