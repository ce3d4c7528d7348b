"""Replies that are an answer and nothing else, and what of a reply can be told without reading the question."""

from __future__ import annotations

import functools
import re

from expit_env.accepted import accepted_forms
from expit_env.answers import Kind, is_phrase
from expit_env.asked import stems_of
from expit_env.lexicon import ARTICLES, CARDINALS, COUNTING, FUNCTION, MEANING, SCALES, ZERO
from expit_env.riddle import Outcome, Riddle, Verdict
from expit_env.structured import Structured
from expit_env.text import fold, stem, tokenise

MAX_CONTENT = 400
"""Characters of a bare answer, or of what stands in a structured one."""

MAX_CONTENTS = 8
"""Structured answers of one reply that are read."""

_FRAME = re.compile(r"(the answer is|it is|it's|answer:) +")


def judge_bare(riddle: Riddle, response: str) -> Verdict | None:
    """Judge a reply that is an answer and nothing else, alone or behind *the answer is*; None where it takes reading.

    An answer is the riddle's, an alias, the trap, a number in figures, or a few words that the riddle does not know.
    """
    reply = _bare(response)
    frame = _FRAME.match(reply)
    named = reply[frame.end() :] if frame else reply
    return (
        _judge_to_the_letter(riddle, reply)
        or (_judge_to_the_letter(riddle, named) if frame else None)
        or _judge_number(riddle, response)
        or (_judge_strange(riddle, named) if response.isascii() and not (frame and frame[1] == "answer:") else None)
    )


def judge_bare_contents(riddle: Riddle, found: Structured) -> Verdict | None:
    """Judge structured answers that hold bare ones and end the reply; None for any other."""
    if not found.contents or found.after.strip() or len(found.contents) > MAX_CONTENTS:
        return None
    judged = {judge_bare(riddle, content) for content in found.contents}
    bare = judged.pop()
    return Verdict(bare.outcome, bare.extracted, f"{found.rule}: {bare.rule}") if bare and not judged else None


def _judge_to_the_letter(riddle: Riddle, reply: str) -> Verdict | None:
    """Judge what is the answer, an alias or the trap as they are written."""
    if not reply:
        return None
    if _is(reply, riddle.answer) or any([_is(reply, alias) for alias in riddle.aliases]):
        return Verdict(Outcome.CORRECT, riddle.answer.strip(), "bare")
    if riddle.trap and _is(reply, riddle.trap):
        return Verdict(Outcome.WRONG, riddle.trap.strip(), "bare")
    return None


def _is(reply: str, form: str) -> bool:
    return reply in form.lower() and reply == _bare(form)


_PLAIN_NUMBER = re.compile(
    r"(?:(?:the answer is|it is|it's|answer:) )?(-?(?:0|[1-9]\d{0,8}))( (?:minute|hour)s?)?[.!]?", re.IGNORECASE
)
"""A reply that says a number in figures, or a time, and nothing else: it cannot repeat the question."""


def _judge_number(riddle: Riddle, response: str) -> Verdict | None:
    """Judge a number as the rules for prose would; None where they are needed.

    They are where the riddle's answers tell of it, be it in words, and where the answer is no number and the question
    tells of it, too.
    """
    if not (found := _PLAIN_NUMBER.fullmatch(response)):
        return None
    figures, unit, kind = found[1], found[2] or "", riddle.kind or Kind.PHRASE
    number, size = int(figures), figures.lstrip("-")
    if not _tells_of(" ".join((riddle.answer, *riddle.aliases, riddle.trap or "")), size):
        if kind.is_numeric:
            return None if unit else Verdict(Outcome.WRONG, figures, "number")
        if _tells_of(riddle.question, size):
            return None
        if kind in (Kind.PHRASE, Kind.CHOICE):
            return Verdict(Outcome.WRONG, f"{figures}{unit}".lower(), "number")
        return Verdict(Outcome.NO_ANSWER, None, "no claim")
    if kind is not Kind.NUMBER or unit:
        return None
    accepted = accepted_forms(riddle.answer, riddle.aliases, riddle.trap, kind)
    units = accepted.values.get(("cardinal", number))
    if units is None:
        return Verdict(Outcome.WRONG, figures, "number") if accepted.values else None
    return Verdict(Outcome.CORRECT, riddle.answer.strip(), "number") if None in units else None


_WORDS = re.compile(r"\d+|[a-z]+")
_SCALED = frozenset(SCALES) | {"dozen", "half", "halves"}
_NAMES = {str(number): _SCALED | {word} for word, number in CARDINALS.items()}
_NAMES["0"] |= ZERO | {"no", "not"}
_NAMES["1"] |= ARTICLES
_PARTS_OF_NAMES = _SCALED.union(word for word, number in CARDINALS.items() if number > 19)


def _tells_of(text: str, figures: str) -> bool:
    """Whether a number may stand in a text, in figures or in words."""
    text = fold(text).replace(",", "")
    names = _NAMES.get(figures, _PARTS_OF_NAMES)
    if figures not in text and not any([name in text for name in names]):
        return False
    words = _WORDS.findall(text)
    return figures in words or not names.isdisjoint(words)


_STRANGE = re.compile(r"(?:an? |the )?([a-z]{2,}(?: [a-z]{2,}){0,2})")
_PLAIN_WORDS = re.compile(r"(an? |the )?([a-z]+(?: [a-z]+){0,5})")


def _judge_strange(riddle: Riddle, reply: str) -> Verdict | None:
    """Judge a few words which stand neither in the riddle nor in its answers, and by none of which a rule goes."""
    if riddle.kind in _NUMERIC:
        return _judge_numberless(riddle, reply)
    if not (found := _STRANGE.fullmatch(reply)):
        return None
    said = " ".join((riddle.question, riddle.answer, *riddle.aliases, riddle.trap or "")).lower()
    words = found[1].split()
    for word in words:
        root = stem(word)
        if word in MEANING or root in MEANING or word.endswith("ed") or root.removesuffix("y") in said:
            return None
    if len(set(words)) < len(words):
        return None
    if riddle.kind in (Kind.PHRASE, Kind.CHOICE):
        return Verdict(Outcome.WRONG, found[1], "claim")
    return Verdict(Outcome.NO_ANSWER, None, "no claim")


def _judge_numberless(riddle: Riddle, reply: str) -> Verdict | None:
    """Judge a few words of which none is a number, stands in an answer, or doubts: where a number is asked."""
    if not (found := _PLAIN_WORDS.fullmatch(reply)):
        return None
    said = " ".join((riddle.answer, *riddle.aliases, riddle.trap or "")).lower()
    words = found[2].split()
    if len(set(words)) < len(words) or (found[1] and words[0] in FUNCTION):
        return None
    for word in words:
        root = stem(word)
        if word in COUNTING or root in COUNTING or root.removesuffix("y") in said:
            return None
    return Verdict(Outcome.NO_ANSWER, None, "no claim")


_NUMERIC = frozenset(kind for kind in Kind if kind.is_numeric)


def _bare(text: str) -> str:
    return text.strip().rstrip(" .!").lower()


def is_bare(response: str, answer: str) -> bool:
    """Whether a response is this answer and nothing else: what `verify` passes before it reads anything."""
    return len(response) <= MAX_CONTENT and _bare(response) == _bare(answer) != ""


_SIMPLE_PROSE = re.compile(r"[A-Za-z0-9 .,!?']{0,400}")


def lacks_a_word(response: str, answer: str, question: str) -> bool:
    """Whether a reply in plain words lacks a word of an answer that is a phrase: `verify` cannot find it there."""
    if not is_phrase(answer, question) or not _SIMPLE_PROSE.fullmatch(response):
        return False
    return not _stems(answer).issubset(_stems(response))


@functools.lru_cache(maxsize=16_384)
def _stems(text: str) -> frozenset[str]:
    return frozenset(stems_of(tokenise(fold(text))))
