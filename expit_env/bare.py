"""Replies that are an answer and nothing else, and what of a reply can be told without reading the question."""

from __future__ import annotations

import functools
import re

from expit_env.answer_key import accepted_forms, stems_of
from expit_env.answers import Kind, infer_kind
from expit_env.lexicon import CARDINALS
from expit_env.riddle import Outcome, Riddle, Verdict
from expit_env.structured import Structured
from expit_env.text import fold, tokenise

MAX_CONTENT = 400
"""Characters of a bare answer, or of what stands in a structured one."""

MAX_CONTENTS = 8
"""Structured answers of one reply that are read."""


def judge_bare(riddle: Riddle, response: str) -> Verdict | None:
    """Judge a reply that is the answer, an alias, the trap or a number, alone or behind *the answer is*; else None."""
    forms, reply = bare_forms(riddle.answer, riddle.aliases, riddle.trap), _bare(response)
    bare = forms.get(reply) or forms.get(reply[found.end() :] if (found := _FRAME.match(reply)) else "")
    if bare:
        return Verdict(*bare, "bare")
    if riddle.kind in _PLAINLY_JUDGED and (number := _PLAIN_NUMBER.fullmatch(response)):
        return _judge_number(riddle, number[1])
    return None


def judge_bare_contents(riddle: Riddle, found: Structured) -> Verdict | None:
    """Judge a structured answer that holds a bare one and ends the reply; None for any other."""
    if not found.contents or found.after.strip() or len(found.contents) > MAX_CONTENTS:
        return None
    forms = bare_forms(riddle.answer, riddle.aliases, riddle.trap)
    judged = {forms.get(_bare(content)) for content in found.contents}
    bare = judged.pop()
    return Verdict(*bare, f"{found.rule}: bare") if bare and not judged else None


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
    return len(response) <= MAX_CONTENT and _bare(response) == _bare(answer) != ""


_SIMPLE_PROSE = re.compile(r"[A-Za-z0-9 .,!?']{0,400}")


def lacks_a_word(response: str, answer: str, question: str) -> bool:
    """Whether a reply in plain words lacks a word of an answer that is a phrase: `verify` cannot find it there."""
    if infer_kind(answer, question) not in (Kind.PHRASE, Kind.CHOICE) or not _SIMPLE_PROSE.fullmatch(response):
        return False
    return not _stems(answer).issubset(stems_of(tokenise(fold(response))))


@functools.lru_cache(maxsize=16_384)
def _stems(text: str) -> frozenset[str]:
    return frozenset(stems_of(tokenise(fold(text))))
