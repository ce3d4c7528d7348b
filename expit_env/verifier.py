"""verify(riddle, response) -> Verdict: pure, total and linear in the length of the response.

A reply is right only if it commits to the right answer, and only where every word of the clause that commits it is
understood: of an unknown word nobody knows whether it denies. The rules, in order:

1. a bare answer is what it is, alone or behind *the answer is*;
2. a structured answer is final, and a broken or doubled one never falls back to prose;
3. prose is split into clauses, each of which claims the right answer, another one, or nothing. Hedges, denials and
   retractions do not pass, and the clauses that claim an answer must all claim the right one.
"""

from __future__ import annotations

import functools
import itertools
import re

from expit_env.answer_key import ECHO, GOLD, TRAP, AnswerKey, Mention, accepted_forms, answer_key, stems_of
from expit_env.answers import Kind, infer_kind
from expit_env.candidates import is_candidate, lists_candidates
from expit_env.claims import Claim, Reading
from expit_env.clauses import Clause, Item, mark_phrases, split
from expit_env.lexicon import CARDINALS, CONDITIONS, CONTRASTS, REASONS, REFUTATIONS, RETRACTIONS
from expit_env.reading import read_clause
from expit_env.riddle import Outcome, Riddle, Verdict
from expit_env.salad import covers, is_salad
from expit_env.structured import Structured, find_structured
from expit_env.text import fold, tokenise
from expit_env.values import read_values

MAX_PROSE = 4_000
"""Characters of prose that are read; in a longer reply only a structured answer counts."""

_MAX_CONTENT = 400
_MAX_CONTENTS = 8
_SHORT = 5


def verify(riddle: Riddle, response: str) -> Verdict:
    """Judge a response.

    >>> riddle = Riddle("There are 5 birds on a wire. Hunters shoot 2. How many are left?", "0", ("none",), trap="3")
    >>> verify(riddle, "There are none left, because the shots scared the other 3 away.").outcome
    <Outcome.CORRECT: 'correct'>
    >>> verify(riddle, "None or 3")
    Verdict(outcome=<Outcome.AMBIGUOUS: 'ambiguous'>, extracted=None, rule='hedge', true_outcome=None)
    """
    if len(response) <= _MAX_CONTENT:
        forms, reply = bare_forms(riddle.answer, riddle.aliases, riddle.trap), _bare(response)
        bare = forms.get(reply) or forms.get(reply[found.end() :] if (found := _FRAME.match(reply)) else "")
        if bare:
            return Verdict(*bare, "bare")
        if riddle.kind in _PLAINLY_JUDGED and (number := _PLAIN_NUMBER.fullmatch(response)):
            plain = _judge_number(riddle, number[1])
            if plain:
                return plain
    if "think>" in response:
        response, thinking = _without_thought(response)
        if thinking:
            return Verdict(Outcome.NO_ANSWER, None, "unfinished thought")
    text = fold(response) if len(response) <= MAX_PROSE else _ascii(response)
    structured = find_structured(text)
    if structured and (bare := _judge_bare_contents(riddle, structured)):
        return bare
    key = answer_key(riddle.question, riddle.answer, riddle.aliases, riddle.trap, riddle.kind or Kind.PHRASE)
    if structured:
        return _judge_structured(key, structured)
    if len(response) > MAX_PROSE:
        return Verdict(Outcome.AMBIGUOUS, None, "too long")
    return _judge_prose(key, text)


_FRAME = re.compile(r"(?:the answer is|it is|it's|answer:) +")
_PLAIN_NUMBER = re.compile(r"(?:(?:the answer is|it is|it's|answer:) )?(-?(?:0|[1-9]\d{0,8}))[.!]?", re.IGNORECASE)
"""A reply that says a number in figures and nothing else: it is read without the question, which it cannot repeat."""


_PLAINLY_JUDGED = frozenset({Kind.NUMBER, Kind.PHRASE, Kind.CHOICE})
_NAME_OF = {number: word for word, number in CARDINALS.items()}
_IS_LARGE = re.compile(r"(?i)ty\b|ty-|hundred|thousand|million|dozen")
_HAS_FIGURE = re.compile(r"\d")


def _judge_number(riddle: Riddle, figures: str) -> Verdict | None:
    """Judge a number without a unit as the rules below would; None where they are needed.

    They are where the answer has a unit that the number lacks, and where the answer is a phrase and a number is told
    of, be it in the phrase or the same one in the question.
    """
    number, wrong = int(figures), Verdict(Outcome.WRONG, figures, "number")
    accepted = accepted_forms(riddle.answer, riddle.aliases, riddle.trap, riddle.kind or Kind.PHRASE)
    if riddle.kind is not Kind.NUMBER:
        forms = " ".join((riddle.answer, *riddle.aliases, riddle.trap or ""))
        named = number < 1 or figures in riddle.question or _NAME_OF.get(number, "ty") in riddle.question.lower()
        named = named or (number > 19 and _IS_LARGE.search(riddle.question)) or _HAS_FIGURE.search(forms)
        return None if named or not accepted.stems.isdisjoint(CARDINALS) else wrong
    units = accepted.values.get(("cardinal", number))
    if units is None:
        return wrong if accepted.values else None
    return Verdict(Outcome.CORRECT, riddle.answer.strip(), "number") if None in units else None


def _without_thought(response: str) -> tuple[str, bool]:
    """Return what stands behind the last ``</think>``, and whether a thought is still open there."""
    reply = response[response.rfind("</think>") + len("</think>") :] if "</think>" in response else response
    return reply, "<think>" in reply


@functools.lru_cache(maxsize=2_048)
def bare_forms(answer: str, aliases: tuple[str, ...], trap: str | None) -> dict[str, tuple[Outcome, str]]:
    """Return what a reply that is one of these and nothing else comes to."""
    forms = {_bare(trap): (Outcome.WRONG, trap.strip())} if trap else {}
    forms |= {_bare(form): (Outcome.CORRECT, answer.strip()) for form in (answer, *aliases)}
    forms.pop("", None)
    return forms


def _bare(text: str) -> str:
    return text.strip().rstrip(" .!").lower()


def is_bare(response: str, answer: str) -> bool:
    """Whether a response is this answer and nothing else: what `verify` passes before it reads anything."""
    return len(response) <= _MAX_CONTENT and _bare(response) == _bare(answer) != ""


_SIMPLE_PROSE = re.compile(r"[A-Za-z0-9 .,!?']{0,400}")


def lacks_a_word(response: str, answer: str, question: str) -> bool:
    """Whether a reply in plain words lacks a word of an answer that is a phrase: `verify` cannot find it there."""
    if infer_kind(answer, question) not in (Kind.PHRASE, Kind.CHOICE) or not _SIMPLE_PROSE.fullmatch(response):
        return False
    return not _stems(answer).issubset(stems_of(tokenise(fold(response))))


@functools.lru_cache(maxsize=16_384)
def _stems(text: str) -> frozenset[str]:
    return frozenset(stems_of(tokenise(fold(text))))


def _ascii(response: str) -> str:
    """Fold a long text fast: what is not ASCII becomes a question mark, and no answer that holds one passes."""
    return response.encode("ascii", "replace").decode("ascii").lower()


def _correct(key: AnswerKey, rule: str) -> Verdict:
    return Verdict(Outcome.CORRECT, key.gold, rule)


def _judge_bare_contents(riddle: Riddle, found: Structured) -> Verdict | None:
    """Judge a structured answer that holds a bare one and ends the reply; None for any other."""
    if not found.contents or found.after.strip() or len(found.contents) > _MAX_CONTENTS:
        return None
    forms = bare_forms(riddle.answer, riddle.aliases, riddle.trap)
    judged = {forms.get(_bare(content)) for content in found.contents}
    bare = judged.pop()
    return Verdict(*bare, f"{found.rule}: bare") if bare and not judged else None


def _judge_structured(key: AnswerKey, found: Structured) -> Verdict:
    if found.contents is None:
        return Verdict(Outcome.AMBIGUOUS, None, f"broken {found.rule}")
    if any(len(content) > _MAX_CONTENT for content in found.contents) or len(found.contents) > _MAX_CONTENTS:
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
    for clause, reading in _read(key, tokenise(fold(after))):
        if (
            _retracts(key, clause)
            or clause.lead in CONTRASTS
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
            return _correct(key, "letter") if lettered == GOLD else Verdict(Outcome.WRONG, None, "letter")
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
        return _correct(key, "whole reply")
    if key.kind is not Kind.LETTER and key.repeats(stems):
        return Verdict(Outcome.NO_ANSWER, None, "echo")
    if len(tokens) > _SHORT and is_salad(key, tokens):
        return Verdict(Outcome.AMBIGUOUS, None, "word salad")
    return _decide(key, _read(key, tokens))


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


def _read(key: AnswerKey, tokens: list[str]) -> list[tuple[Clause, Reading]]:
    tokens = _without_reference(tokens)
    items = mark_phrases(key, tokens)
    if key.kind.is_numeric:
        items = read_values(items)
    return [(clause, read_clause(key, clause)) for clause in split(items, keeps_and=not key.kind.is_numeric)]


_REFERRED = ("riddle", "question", "puzzle", "problem")


def _without_reference(tokens: list[str]) -> list[str]:
    """Leave *to the riddle* out of *the answer to the riddle is*."""
    for noun in _REFERRED:
        if noun in tokens:
            place = tokens.index(noun)
            if tokens[place - 3 : place - 1] == ["answer", "to"]:
                tokens = [*tokens[: place - 2], *tokens[place + 1 :]]
    return tokens


def _decide(key: AnswerKey, read: list[tuple[Clause, Reading]]) -> Verdict:
    """Let the clauses speak in turn: the first that unsettles the reply decides, else what they all claim."""
    read = _from_conclusion(key, read)
    claimed: dict[str, bool] = {}  # what is claimed, and whether only as the result of a sum
    doubtful = weak = False  # something before was not understood and may have been an answer; a claim after that
    fresh = False  # whether the clause before this claimed an answer
    for clause, reading in read:
        unsettled = _unsettles(key, clause, reading, bool(claimed), fresh)
        fresh = _claims(key, clause, reading)
        if unsettled:
            return Verdict(Outcome.AMBIGUOUS, None, unsettled)
        describes = clause.mark == "(" and clause.items[0] in _STANDING_FOR and not reading.firm  # (it is a vegetable)
        if not fresh or (claimed and (reading.aside or describes)):
            doubtful |= _raises_doubt(key, clause, reading)
        elif doubtful and not claimed and not _is_explicit(clause) and reading.claim is Claim.GOLD:
            weak = True
        else:
            if clause.lead == "so":
                claimed = {answer: False for answer, only_sum in claimed.items() if not only_sum}
            answer = key.gold if reading.claim is Claim.GOLD else reading.said or ""
            claimed[answer] = reading.sum and claimed.get(answer, True)
    if weak and not claimed:
        return Verdict(Outcome.AMBIGUOUS, None, "not understood")
    if key.gold in claimed and len(read) > 1 and lists_candidates(key, read):
        return Verdict(Outcome.AMBIGUOUS, None, "list")
    return _concluded(key, list(claimed), {reading.said for _, reading in read if reading.said})


_STANDING_FOR = ("it", "they", "this", "that", "he", "she")


def _from_conclusion(key: AnswerKey, read: list[tuple[Clause, Reading]]) -> list[tuple[Clause, Reading]]:
    """Leave the last sentence that says outright what the answer is and what follows it: *So the answer is 9*.

    What came before was on the way there, unless it denied the right answer or stated another outright.
    """
    ends = [place for place, (clause, reading) in enumerate(read) if _is_conclusion(clause, reading)]
    if not ends:
        return read
    start = next(place for place in range(ends[-1], -1, -1) if read[place][0].opens)
    settled = any(
        reading.claim is Claim.DENIES
        or (reading.claim is Claim.OTHER and _is_outright(key, clause, reading, following.opens))
        or ("answer" in clause.items and is_candidate(key, clause))
        for (clause, reading), (following, _) in itertools.pairwise(read[: start + 1])
    )
    return read if settled else read[start:]


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
        return _correct(key, "claim") if claimed[0] == key.gold else Verdict(Outcome.WRONG, claimed[0], "claim")
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
    contrast = clause.lead in CONTRASTS and (fresh or clause.opens)
    if claimed and (contrast or _retracts(key, clause)):
        return "retraction"
    if clause.lead in CONDITIONS and not _is_harmless_condition(key, clause, reading, claimed):
        return "condition"
    if claimed and reading.rivals:
        return "contradiction"
    if claimed and clause.asks:
        return "question"
    return None


def _retracts(key: AnswerKey, clause: Clause) -> bool:
    words = clause.items
    if words == ["no"] or (words[:1] == ["no"] and not clause.lead and not isinstance(words[1], str)):
        return True
    if words and words[0] in RETRACTIONS and words[0] != "no":
        return True
    if (
        words == ["not"]
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
        or (len(words) == 2 and words[1] == "no" and words[0] in ("lol", "haha", "oh", "uh", "hell"))
    )


_RECONSIDERING = frozenset({"reconsider", "rethink", "unsure", "guessing", "undo", "delete"})
_TAKEN_BACK = {
    ("who", "knows"), ("no", "idea"), ("they", "claim"), ("some", "claim"), ("among", "others"), ("according", "to"),
    ("the", "reverse"), ("the", "opposite"), ("the", "contrary"), ("let", "me"),
    ("strike", "that"), ("ignore", "that"), ("forget", "that"), ("forget", "it"), ("cancel", "that"),
    ("never", "mind"), ("disregard", "that"), ("then", "again"),
}  # fmt: skip
_DOUBTING = frozenset({"possibly", "perhaps", "maybe", "supposedly", "allegedly", "reportedly", "purportedly"})
_DENYING = frozenset({"wrong", "incorrect", "false", "untrue", "fake", "mistaken"})
_SO = frozenset({"right", "correct", "true", "so", "quite", "really"})


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
    if clause.lead != "if" or reading.claim in (Claim.GOLD, Claim.OTHER) or reading.rivals or reading.said:
        return False
    words = stems_of([item for item in clause.items if isinstance(item, str)])
    return clause.opens if claimed else all(word in key.stems or key.knows(word) for word in words)


def _is_explicit(clause: Clause) -> bool:
    return clause.lead == "so" or "answer" in clause.items


def _raises_doubt(key: AnswerKey, clause: Clause, reading: Reading) -> bool:
    if key.kind.is_numeric:
        return reading.rivals or reading.echoes
    return reading.claim is Claim.OPAQUE and not clause.asks
