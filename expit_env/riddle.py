"""The values that the environment passes around: Kind, Outcome, Verdict, Riddle."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from expit_env.number_words import NUMBER
from expit_env.spelling import ZERO, spell

LEVELS = (1, 2, 3, 4, 5)
SPLITS = ("train", "validation", "test", "transfer")

_WORD = re.compile(r"[^\W_]+")


class Kind(StrEnum):
    """What an answer is: a number (9), a place in an order (second), an amount (3 hours), and so on."""

    NUMBER = "number"
    ORDINAL = "ordinal"
    QUANTITY = "quantity"
    FRACTION = "fraction"
    YES_NO = "yes_no"
    LETTER = "letter"
    CHOICE = "choice"
    PHRASE = "phrase"

    @property
    def is_numeric(self) -> bool:
        """Whether *none* means 0, and a unit may follow the number."""
        return self in (Kind.NUMBER, Kind.ORDINAL, Kind.QUANTITY, Kind.FRACTION)

    @property
    def is_closed(self) -> bool:
        """Whether the form of an answer of this kind distinguishes it from prose."""
        return self not in (Kind.CHOICE, Kind.PHRASE)


class Outcome(StrEnum):
    """The verifier's judgement of a response in one word."""

    CORRECT = "correct"
    WRONG = "wrong"
    NO_ANSWER = "no_answer"
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verifier's judgement of one response.

    Attributes:
        outcome: correct, wrong, no_answer or ambiguous.
        extracted: the answer that was found, in the riddle's own spelling if it is its answer or its trap; None if
            there is no answer, or more than one.
        rule: which mark the answer has, or what is missing.
        true_outcome: the outcome without noise; None if no noise was added.
    """

    outcome: Outcome
    extracted: str | None
    rule: str
    true_outcome: Outcome | None = None

    @property
    def correct(self) -> bool:
        """Whether the outcome is correct."""
        return self.outcome is Outcome.CORRECT

    @property
    def reward(self) -> float:
        """1.0 for a correct response, 0.0 for any other: no partial credit, no format bonus."""
        return float(self.correct)


@dataclass(frozen=True, slots=True)
class Riddle:
    """A question with its canonical answer.

    >>> Riddle("A farmer has 17 sheep. All but 9 die. How many are left alive?", "9", trap="8").kind
    <Kind.NUMBER: 'number'>

    Attributes:
        question: what the agent is asked.
        answer: the canonical answer.
        aliases: other answers that pass.
        trap: the tempting literal answer, which is wrong; None if the riddle has no trap.
        kind: what the answer is; by default inferred from the answer.
        riddle_id: ``family/split/index``, followed by ``/contrast`` for a contrast riddle.
        family: the family that generated it.
        level: 1 (easy) to 5.
        split: train, validation, test or transfer.
        explanation: one or two sentences that lead to the answer.
        hints: up to two, none of which contains the answer.
        contrast_id: the id of the other riddle of the pair, which is the same text without the trick, or with it.
        unit: the unit or counted noun that may follow the number of an answer, as in ``9 sheep``; several are separated
            by ``|``.

    Raises:
        ValueError: if the question or the answer is empty, or the kind does not exist.
    """

    question: str
    answer: str
    aliases: tuple[str, ...] = ()
    trap: str | None = None
    kind: Kind | None = None
    riddle_id: str | None = None
    family: str | None = None
    level: int | None = None
    split: str | None = None
    explanation: str = ""
    hints: tuple[str, ...] = ()
    contrast_id: str | None = None
    unit: str | None = None

    def __post_init__(self) -> None:
        for name, value in (("question", self.question), ("answer", self.answer)):
            if not isinstance(value, str) or not value.strip():
                raise ValueError(f"a riddle's {name} must be a non-empty string, not {value!r}")
        if isinstance(self.aliases, str):
            raise ValueError(f"a riddle's aliases must be a sequence of strings, not the string {self.aliases!r}")
        object.__setattr__(self, "aliases", tuple(self.aliases))
        object.__setattr__(self, "hints", tuple(self.hints))
        kind = infer_kind(self.answer, self.question) if self.kind is None else Kind(self.kind)
        object.__setattr__(self, "kind", kind)


def infer_kind(answer: str, question: str = "") -> Kind:
    """Return what an answer is; *none* and its synonyms are a number if the question asks how many or how much.

    >>> [str(infer_kind(answer)) for answer in ("9", "second", "3 hours", "1/3", "no", "S", "Mary")]
    ['number', 'ordinal', 'quantity', 'fraction', 'yes_no', 'letter', 'phrase']
    """
    spelled = spell(answer)
    number, _, unit = spelled.partition(" ")
    if NUMBER.fullmatch(number):
        if not unit:
            return Kind.FRACTION if "/" in number else Kind.NUMBER
        return Kind.QUANTITY if unit.removeprefix("cubic ").removeprefix("square ").isalpha() else Kind.PHRASE
    if spelled in ("yes", "no"):
        return Kind.YES_NO
    if len(spelled) == 1 and spelled.isalpha():
        return Kind.LETTER
    if spelled[:1].isdigit() and spelled[:-2].isdigit():
        return Kind.ORDINAL
    asked = question.lower() if spelled in ZERO else ""
    return Kind.NUMBER if "how many" in asked or "how much" in asked else Kind.PHRASE


def normalise(question: str) -> str:
    """Return a question as its words in any script: two questions with the same words are one."""
    return " ".join(_WORD.findall(question.casefold())) or question.strip()


Verifier = Callable[[Riddle, str], Verdict]
