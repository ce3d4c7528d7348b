"""Replies that are an answer and nothing else, and what of a reply can be told without reading the question."""

from __future__ import annotations

import functools
import re

from expit_env.accepted import accepted_forms
from expit_env.answers import Kind, is_phrase
from expit_env.asked import stems_of
from expit_env.lexicon import ARTICLES, CARDINALS, COUNTING, FUNCTION, MEANING, ORDINALS, SCALES, ZERO
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
    if _is(reply, riddle.answer):
        return Verdict(Outcome.CORRECT, riddle.answer.strip(), "bare")
    answers = " ".join((riddle.answer, *riddle.aliases, riddle.trap or "")).lower()
    frame = _FRAME.match(reply)
    named = reply[frame.end() :] if frame else reply
    plain = response.isascii() and not (frame and frame[1] == "answer:")
    return (
        _judge_to_the_letter(riddle, answers, reply)
        or (_judge_to_the_letter(riddle, answers, named) if frame else None)
        or _judge_number(riddle, answers, response)
        or (_judge_strange(riddle, answers, named, bool(frame)) if plain else None)
    )


def judge_bare_contents(riddle: Riddle, found: Structured) -> Verdict | None:
    """Judge structured answers that hold bare ones and end the reply; None for any other."""
    if not found.contents or found.after.strip() or len(found.contents) > MAX_CONTENTS:
        return None
    judged = {judge_bare(riddle, content) for content in found.contents}
    bare = judged.pop()
    return Verdict(bare.outcome, bare.extracted, f"{found.rule}: {bare.rule}") if bare and not judged else None


def _judge_to_the_letter(riddle: Riddle, answers: str, reply: str) -> Verdict | None:
    """Judge what is the answer, an alias or the trap as they are written."""
    if not reply or reply not in answers:
        return None
    if any([_is(reply, form) for form in (riddle.answer, *riddle.aliases)]):
        return Verdict(Outcome.CORRECT, riddle.answer.strip(), "bare")
    if riddle.trap and _is(reply, riddle.trap):
        return Verdict(Outcome.WRONG, riddle.trap.strip(), "bare")
    return None


def _is(reply: str, form: str) -> bool:
    return reply in form.lower() and reply == _bare(form) != ""


_PLAIN_NUMBER = re.compile(
    r"(?:(?:the answer is|it is|it's|answer:) )?(-?(?:0|[1-9]\d{0,8}))( (?:minute|hour)s?)?[.!]?", re.IGNORECASE
)
"""A reply that says a number in figures, or a time, and nothing else: it cannot repeat the question."""


def _judge_number(riddle: Riddle, answers: str, response: str) -> Verdict | None:
    """Judge a number as the rules for prose would; None where they are needed.

    They are where the riddle's answers tell of it, be it in words, and where the question has it, too, in figures and
    asks for no number.
    """
    if not (found := _PLAIN_NUMBER.fullmatch(response)):
        return None
    figures, unit, kind = found[1], (found[2] or "").lower(), riddle.kind or Kind.PHRASE
    number, size = int(figures), figures.lstrip("-")
    if not _tells_of(answers, size, kind.is_numeric):
        if kind in _UNNAMED:
            return Verdict(Outcome.NO_ANSWER, None, "no claim")
        if unit and unit[1:].removesuffix("s") in f"{riddle.question.lower()} {answers}":
            return None
        if not kind.is_numeric and _stands_in(size, riddle.question):
            lists = " or " in riddle.question
            return None if unit or number < 0 or lists else Verdict(Outcome.NO_ANSWER, None, "no claim")
        if kind.is_numeric:
            unit = unit.removesuffix("s")
        return Verdict(Outcome.WRONG, f"{figures}{unit}", "number")
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
_LITTLE_WORDS = ARTICLES | {"no", "not"}
_PARTS_OF_NAMES = _SCALED.union(word for word, number in CARDINALS.items() if number > 19)


def _stands_in(figures: str, text: str) -> bool:
    return figures in text and re.search(rf"(?<!\d){figures}(?!\d)", text) is not None


def _tells_of(text: str, figures: str, numeric: bool) -> bool:
    """Whether a number may stand in a text, in figures or in words; as *a* or *no* only where a number is asked."""
    text = fold(text).replace(",", "")
    names = _NAMES.get(figures, _PARTS_OF_NAMES)
    if not numeric and figures in ("0", "1"):
        names = names - _LITTLE_WORDS
    if figures not in text and not any([name in text for name in names]):
        return False
    words = _WORDS.findall(text)
    return figures in words or not names.isdisjoint(words)


_PLAIN_WORDS = re.compile(r"(?:(an?|the) )?([a-z]+(?: [a-z]+){0,5})")
_PLACES = frozenset(ORDINALS) - {"second"}
_SUBJECTS = frozenset({"they", "there", "he", "she"})
_STATING = _SUBJECTS | {"is", "are", "has", "have", "do", "does", "not", "no", "the", "same", "equally", "take"}
_SAME = frozenset({"same", "equal", "equally", "both", "neither"})


def _judge_strange(riddle: Riddle, answers: str, reply: str, framed: bool) -> Verdict | None:
    """Judge a few words which stand neither in the answers nor, unless a number is asked, in the question.

    None where a rule goes by one of them, but for a letter, yes and no, and sentences such as *they have the same*.
    """
    if not (found := _PLAIN_WORDS.fullmatch(reply)):
        return None
    article, words, kind = found[1], found[2].split(), riddle.kind
    numeric, names = kind in _NUMERIC, kind in (Kind.PHRASE, Kind.CHOICE)
    told = answers if numeric else f"{riddle.question.lower()} {answers}"
    strange = words
    if reply in ("yes", "no"):
        if kind is Kind.YES_NO or (reply == "yes" and "yes" in _WORDS.findall(answers)):
            return None
        names &= reply == "yes"
        strange = []
    elif len(words[-1]) == 1 and words[:-1] in ([], ["letter"]):
        if kind is Kind.LETTER or words[-1] in ("a", "i") or not set(words).isdisjoint(_WORDS.findall(told)):
            return None
        strange = []
    elif reply in _PLACES:
        if kind is Kind.ORDINAL or reply in told:
            return None
        if numeric:
            return Verdict(Outcome.WRONG, f"ordinal {ORDINALS[reply]}", "claim")
        strange = []
    elif (
        len(words) > 2
        and (words[0] in _SUBJECTS or words[1:3] == ["do", "not"])
        and words[-1] not in _STATING - {"same"}
    ):
        told = f"{riddle.question.lower()} {answers}"
        likens = not _SAME.isdisjoint(words)
        if framed or article or (likens and not numeric and not _SAME.isdisjoint(_WORDS.findall(told))):
            return None
        names &= words[:2] == ["they", "are"]
        strange = [word for word in words if word not in _STATING]
        words = [word for word in words[2:] if word != "the"] if names else words
    elif (article and words[0] in FUNCTION) if numeric else len(words) > 3:
        return None
    if len(set(words)) < len(words) or any([_has_meaning(word, numeric, told) for word in strange]):
        return None
    return Verdict(Outcome.WRONG, " ".join(words), "claim") if names else Verdict(Outcome.NO_ANSWER, None, "no claim")


def _has_meaning(word: str, numeric: bool, told: str) -> bool:
    """Whether a rule goes by a word, or it stands in what the riddle tells."""
    root, meaning = stem(word), COUNTING if numeric else MEANING
    past = not numeric and word.endswith("ed")
    return len(word) == 1 or past or word in meaning or root in meaning or root.removesuffix("y") in told


_NUMERIC = frozenset(kind for kind in Kind if kind.is_numeric)
_UNNAMED = frozenset({Kind.YES_NO, Kind.LETTER})


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
