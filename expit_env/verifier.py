r"""verify(riddle, response) -> Verdict: finds the final answer of a reply by its mark, and compares it whole.

1. A *final answer* is in ``<answer>X</answer>`` or ``\boxed{X}``, behind ``Answer:`` to the end of its line, or in a
   sentence ``The answer is X.`` Only punctuation may follow it. What is before it is reasoning and is not read. If
   there are several, all must be right.
2. A *bare answer* is a reply without a mark that is an answer and nothing else, in at most six words.
3. Any other reply is no answer: prose is not read. Two answers are equal if `spell` writes them the same way.
"""

from __future__ import annotations

import functools
import re

from expit_env.number_words import NUMBER
from expit_env.riddle import Outcome, Riddle, Verdict, infer_kind
from expit_env.spelling import LONGEST, UNITS, ZERO, singular, spell

ANSWER_FORMAT = (
    'Reply with the answer alone, in at most six words, or end your reply with a line that begins with "Answer:" and'
    " holds the answer and nothing else."
)
"""What an agent is told about the form of a reply."""

_MOST_WORDS, _MOST_MARKS = 6, 256
_BEFORE, _ASKED = 80, 4_000
"""Characters before a mark in which its sentence is looked for, and of a question in which options and nouns are."""

_MARK = re.compile(
    r"(?P<tag></?answer\b>?)|(?P<box>\\boxed\b)|(?<![^\W_])answer[\"'*_`]{0,4} {0,3}(?P<verb>[:：]|is ?:|is\b)"
)
_LEAD = frozenset("the my final correct right so thus therefore hence and then".split())
"""What may be before *answer* in the sentence of a mark."""
_DENIAL = re.compile(
    r"(?:(?:\b(?:not|never|cannot|neq?)|n['’]t|≠)(?: an?| the)?[^\w.!?]*|\bn?or(?: an?| the)?[^\w.!?\n]*"
    r"|\bno(?: an?| the)?[ \"'*_`$]*(?:\\\()?)\Z"  # *No, <answer>no</answer>* is none
)
_LINE_END, _SENTENCE_END = re.compile(r"\n|$"), re.compile(r"[.!?](?=[\s\"'*_`)\]]|$)|\n|$")
_SIGNED = re.compile(r"(?:[-−]\$?|[0-9/^])\Z")
_TAG_OR_BOX = re.compile(r"(?: therefore| thus)?[\s\"'*_`$(\[\\]*(?:<answer\b|boxed\b)")
_MORE_THAN_PUNCTUATION = re.compile(r"[^\s.,;:!\"'*_`~$)\]}\\|>#。…！”“’‘»）\u200b-]")
_FRAME = re.compile(r"\A(?:it is|it's|there is|there's|there are|they are|they're|you are|you're)\s+", re.IGNORECASE)
_OPTION = re.compile(r"(?<!\S)\(?([A-Z])[.)]\s+(\S.{0,200}?)(?=\s\(?[A-Z][.)]\s|$)", re.MULTILINE)
_HOW_MANY = re.compile(r"\bhow (?:many|much) (?:of the )?((?:(?:cubic|square) )?[a-z]+)")
_NUMBERED = re.compile(r"\b\d+ ([a-z]+)")
_NO_NOUNS = frozenset(
    """are is was were do does did have has had can could will would of in on at to from more there they you he she it
    we i a an the and or""".split()
)


class _BrokenMarkError(ValueError):
    """Its message is the rule of the verdict."""


def verify(riddle: Riddle, response: str) -> Verdict:
    r"""Judge a response: pure, total, and in time linear in its length.

    >>> riddle = Riddle("There are 5 birds on a wire. Hunters shoot 2. How many are left?", "0", trap="3")
    >>> verify(riddle, "The shots scare the other 3 away.\nAnswer: none").outcome
    <Outcome.CORRECT: 'correct'>
    >>> verify(riddle, "None. The shots scare them away.")
    Verdict(outcome=<Outcome.NO_ANSWER: 'no_answer'>, extracted=None, rule='no final answer', true_outcome=None)
    """
    text = response.rpartition("</think>")[2].strip()
    if "<think>" in text:
        return Verdict(Outcome.NO_ANSWER, None, "unfinished thought")
    try:
        answers, rest = _final_answers(text.lower())
    except _BrokenMarkError as error:
        return Verdict(Outcome.AMBIGUOUS, None, str(error))
    if not answers:
        return _judge_bare(riddle, text)
    if _MORE_THAN_PUNCTUATION.search(rest):
        return Verdict(Outcome.NO_ANSWER, None, "text after the final answer")
    verdicts = [_judge(riddle, answer, rule) for rule, answer in answers]
    if len({(each.outcome, each.extracted) for each in verdicts}) > 1:
        return Verdict(Outcome.AMBIGUOUS, None, "different final answers")
    return verdicts[-1]


def _judge_bare(riddle: Riddle, text: str) -> Verdict:
    words = _FRAME.sub("", text, count=1).split() if len(text) <= LONGEST else ()
    if not 0 < len(words) <= _MOST_WORDS:
        return Verdict(Outcome.NO_ANSWER, None, "no final answer" if text else "empty")
    verdict = _judge(riddle, text, "bare answer")
    known = verdict.correct or verdict.extracted == riddle.trap or not (riddle.kind and riddle.kind.is_closed)
    known = known or infer_kind(text, riddle.question).is_closed
    return verdict if known else Verdict(Outcome.NO_ANSWER, None, "no final answer")


def _judge(riddle: Riddle, text: str, rule: str) -> Verdict:
    """Compare an answer with the riddle's, and with its trap."""
    spelled = spell(text)
    if not spelled:
        return Verdict(Outcome.NO_ANSWER, None, f"nothing in the {rule}")
    letter, _, option = spelled.partition(") ")
    options = _options(riddle.question[:_ASKED]) if len(letter) == 1 else {}
    said = [letter, options[letter]] if letter in options and option in ("", options[letter]) else [spelled]
    if any(_same(riddle, answer, each) for answer in (riddle.answer, *riddle.aliases) for each in said):
        return Verdict(Outcome.CORRECT, riddle.answer, rule)
    if riddle.trap is not None and any(_same(riddle, riddle.trap, each) for each in said):
        return Verdict(Outcome.WRONG, riddle.trap, rule)
    return Verdict(Outcome.WRONG, " ".join(text[:_BEFORE].split()), rule)


def _same(riddle: Riddle, answer: str, spelled: str) -> bool:
    """Whether an answer is what was said, as it is or with the riddle's unit behind its number."""
    expected = spell(answer)
    if spelled == expected or riddle.kind is None or not riddle.kind.is_numeric:
        return spelled == expected
    both = {"0" if each in ZERO else each for each in (spelled, expected)}
    numbers = {each for each in both if NUMBER.fullmatch(each)}
    if len(both) == 1 or len(numbers) != 1:
        return len(both) == 1
    (number,), (other,) = numbers, both - numbers
    units = riddle.unit.split("|") if riddle.unit else _counted(riddle.question[:_ASKED])
    return any(other == spell(f"{n} {unit}") for unit in units for n in ([number, "no"] if number == "0" else [number]))


@functools.lru_cache(maxsize=1 << 8)
def _options(question: str) -> dict[str, str]:
    """Return the spelling of each option that a question lists behind a letter, as in *A) a map B) a clock*."""
    return {letter.lower(): spell(text) for letter, text in _OPTION.findall(question)}


@functools.lru_cache(maxsize=1 << 8)
def _counted(question: str) -> tuple[str, ...]:
    """Return what a question asks *how many* of, or else the one thing in it that has a number and is no measure."""
    question = question.lower()
    asked = _HOW_MANY.findall(question)
    named = set(asked) - _NO_NOUNS or {noun for noun in _NUMBERED.findall(question) if singular(noun) not in UNITS}
    return tuple(named - _NO_NOUNS) if asked and len(named - _NO_NOUNS) == 1 else ()


def _final_answers(text: str) -> tuple[list[tuple[str, str]], str]:
    """Return the rule and the content of each mark in a lower-case text, and what follows the last.

    Raises:
        _BrokenMarkError: if a mark is broken or denied, or there are too many.
    """
    answers: list[tuple[str, str]] = []
    place = end = tried = 0
    while found := _MARK.search(text, place):
        before = text[max(0, found.start() - _BEFORE) : found.start()]
        tried, place = tried + 1, found.end()
        denied = _DENIAL.search(before) or (found["box"] and _SIGNED.search(before))
        if tried > _MOST_MARKS or denied:
            raise _BrokenMarkError("denied answer" if tried <= _MOST_MARKS else "too many marks")
        if found["tag"]:
            rule, end = "answer tag", _end_of_tag(text, place, found["tag"])
            content = text[place : end - len("</answer>")]
        elif found["box"]:
            rule, end = "box", _end_of_box(text, place)
            content = text[place + 1 : end - 1]
        elif _is_label(before, found["verb"]) and not _TAG_OR_BOX.match(text, place):
            rule, stop = ("answer sentence", _SENTENCE_END) if found["verb"] == "is" else ("answer line", _LINE_END)
            closing = next(stop.finditer(text, place, place + LONGEST))
            if closing[0] == "?":
                continue
            content, end = text[place : closing.start()], closing.end()
        else:
            continue
        answers.append((rule, content))
        place = end
    return answers, text[end:]


def _is_label(before: str, verb: str) -> bool:
    """Whether *answer* is a mark after what is before it in its sentence: it is none in *the wrong answer: 8*."""
    words = set(re.findall(r"[^\W_]+", before[max(map(before.rfind, ".!?\n")) + 1 :]))
    return words <= _LEAD and (verb != "is" or bool({"the", "my"} & words))


def _end_of_tag(text: str, start: int, tag: str) -> int:
    end = text.find("</answer>", start)
    if tag != "<answer>" or end < 0 or "<answer" in text[start:end]:
        raise _BrokenMarkError("broken answer tag")
    return end + len("</answer>")


def _end_of_box(text: str, start: int) -> int:
    depth = 0
    for brace in re.compile(r"[{}]").finditer(text, start, start + LONGEST) if text[start : start + 1] == "{" else ():
        depth += 1 if brace[0] == "{" else -1
        if depth == 0:
            return brace.end()
    raise _BrokenMarkError("broken box")
