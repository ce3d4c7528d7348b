"""verify(riddle, response) -> Verdict: pure, total and linear in the length of the response.

A reply is right only if it commits to the right answer, and, but for rule 4, only where every word of the clause that
commits it is understood: of an unknown word nobody knows whether it denies. The rules, in order:

1. a bare answer is what it is, alone or behind *the answer is*;
2. a structured answer is final, and a broken or doubled one never falls back to prose;
3. prose is split into clauses, each of which claims the right answer, another one, or nothing. Hedges, denials and
   retractions do not pass, and the clauses that claim an answer must all claim the right one;
4. a right answer in bold that the last sentence of an explanation states passes, though that is not all understood.
"""

from __future__ import annotations

from expit_env.accepted import GOLD, TRAP
from expit_env.answer_key import AnswerKey, answer_key
from expit_env.answers import Kind
from expit_env.asked import stems_of
from expit_env.bare import MAX_CONTENT, MAX_CONTENTS, judge_bare, judge_bare_contents
from expit_env.bold import bold_answer
from expit_env.claims import Claim
from expit_env.decision import correct, decide
from expit_env.lexicon import CONTRASTS
from expit_env.reading import read_reply
from expit_env.retraction import retracts
from expit_env.riddle import Outcome, Riddle, Verdict
from expit_env.salad import covers, is_salad
from expit_env.structured import Structured, find_structured
from expit_env.text import fold, tokenise

MAX_PROSE = 4_000
"""Characters of prose that are read; in a longer reply only a structured answer counts."""

_SHORT = 5


def verify(riddle: Riddle, response: str) -> Verdict:
    """Judge a response.

    >>> riddle = Riddle("There are 5 birds on a wire. Hunters shoot 2. How many are left?", "0", ("none",), trap="3")
    >>> verify(riddle, "There are none left, because the shots scared the other 3 away.").outcome
    <Outcome.CORRECT: 'correct'>
    >>> verify(riddle, "None or 3")
    Verdict(outcome=<Outcome.AMBIGUOUS: 'ambiguous'>, extracted=None, rule='hedge', true_outcome=None)
    """
    if len(response) <= MAX_CONTENT and (plain := judge_bare(riddle, response)):
        return plain
    if "think>" in response:
        response, thinking = _without_thought(response)
        if thinking:
            return Verdict(Outcome.NO_ANSWER, None, "unfinished thought")
    text = fold(response) if len(response) <= MAX_PROSE else _ascii(response)
    structured = find_structured(text)
    if structured and (plain := judge_bare_contents(riddle, structured)):
        return plain
    key = answer_key(riddle.question, riddle.answer, riddle.aliases, riddle.trap, riddle.kind or Kind.PHRASE)
    if structured:
        return _judge_structured(key, structured)
    if len(response) > MAX_PROSE:
        return Verdict(Outcome.AMBIGUOUS, None, "too long")
    verdict = _judge_prose(key, text)
    unclear = verdict.outcome is not Outcome.CORRECT and verdict.rule not in ("echo", "word salad")
    if unclear and "**" in text and (bold := bold_answer(key, text)) and _judge_prose(key, bold).correct:
        return correct(key, "bold")
    return verdict


def _without_thought(response: str) -> tuple[str, bool]:
    """Return what stands behind the last ``</think>``, and whether a thought is still open there."""
    reply = response[response.rfind("</think>") + len("</think>") :] if "</think>" in response else response
    return reply, "<think>" in reply


def _ascii(response: str) -> str:
    """Fold a long text fast: what is not ASCII becomes a question mark, and no answer that holds one passes."""
    return response.encode("ascii", "replace").decode("ascii").lower()


def _judge_structured(key: AnswerKey, found: Structured) -> Verdict:
    if found.contents is None:
        return Verdict(Outcome.AMBIGUOUS, None, f"broken {found.rule}")
    if any(len(content) > MAX_CONTENT for content in found.contents) or len(found.contents) > MAX_CONTENTS:
        return Verdict(Outcome.AMBIGUOUS, None, f"too much in {found.rule}")
    verdicts = [_judge_prose(key, fold(content)) for content in found.contents]
    if len({(verdict.outcome, verdict.extracted) for verdict in verdicts}) > 1:
        return Verdict(Outcome.AMBIGUOUS, None, f"different in {found.rule}")
    verdict = verdicts[0]
    if verdict.correct and _takes_back(key, found.after[:MAX_PROSE]):
        return Verdict(Outcome.AMBIGUOUS, None, "retraction")
    return Verdict(verdict.outcome, verdict.extracted, f"{found.rule}: {verdict.rule}")


def _takes_back(key: AnswerKey, after: str) -> bool:
    """Whether the text behind a right structured answer retracts it or claims another."""
    if not after.strip():
        return False
    claims = [Claim.OTHER, Claim.DENIES] if key.kind.is_numeric or key.kind is Kind.YES_NO else [Claim.DENIES]
    for place, (clause, reading) in enumerate(read_reply(key, tokenise(fold(after)))):
        explains = place and not clause.opens and reading.claim in (Claim.NOTHING, Claim.OPAQUE) and not reading.rivals
        if (
            retracts(key, clause)
            or (clause.lead in CONTRASTS and not explains)
            or clause.lead == "or"
            or reading.claim in claims
            or (reading.claim is Claim.OTHER and reading.firm and reading.said == key.trap and len(clause.items) < 5)
            or clause.items[:1] == ["or"]
        ):
            return True
    return False


def _judge_prose(key: AnswerKey, text: str) -> Verdict:
    tokens = tokenise(text)
    if tokens[:1] in (["!"], ["?"]) or "!=" in text:
        return Verdict(Outcome.AMBIGUOUS, None, "denial")
    if key.kind is not Kind.LETTER and key.lettered:
        lettered, tokens = _without_letter(key, tokens)
        if lettered == TRAP or (lettered and not stems_of(tokens)):
            return correct(key, "letter") if lettered == GOLD else Verdict(Outcome.WRONG, None, "letter")
    stems = stems_of(tokens)
    if len(stems) >= 0.8 * len(key.stems) > _SHORT:
        tokens = _without_question(key, tokens)
        stems = stems_of(tokens)
        if covers(key, stems):
            return Verdict(Outcome.NO_ANSWER, None, "echo")
    if not any(stem[-1:].isalnum() for stem in stems) and "a" not in tokens:
        return Verdict(Outcome.NO_ANSWER, None, "empty")
    article_counts = key.kind is Kind.ORDINAL and not {"a", "an"}.isdisjoint(tokens)  # a third is no place in a race
    if stems in key.whole and stems and "?" not in tokens and not article_counts:
        return correct(key, "whole reply")
    if key.kind is not Kind.LETTER and key.repeats(stems):
        return Verdict(Outcome.NO_ANSWER, None, "echo")
    if len(tokens) > _SHORT and is_salad(key, tokens):
        return Verdict(Outcome.AMBIGUOUS, None, "word salad")
    return decide(key, read_reply(key, tokens))


def _without_letter(key: AnswerKey, tokens: list[str]) -> tuple[str, list[str]]:
    """Take the letter of an option off the front of a reply; return also whether it is that of the right one."""
    start = next((place for place, token in enumerate(tokens) if token not in _BEFORE_LETTER), 0)
    behind = tokens[start + 1 : start + 2]
    named = tokens[start] if tokens and (not behind or behind[0] in (")", ".", ":", "\n")) else ""
    return (key.lettered[named], tokens[start + 2 :]) if named in key.lettered else ("", tokens)


_BEFORE_LETTER = frozenset(["the", "answer", "is", "option", "it", "choice", "(", "correct"])


def _without_question(key: AnswerKey, tokens: list[str]) -> list[str]:
    """Take the question out of a reply that repeats it word for word."""
    asked, start = key.tokens, 0
    while asked[0] in tokens[start:]:
        start = tokens.index(asked[0], start)
        if tokens[start : start + len(asked)] == asked:
            tokens = [*tokens[:start], "\n", *tokens[start + len(asked) :]]
        start += 1
    return tokens
