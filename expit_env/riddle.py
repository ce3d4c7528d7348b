"""The values that the environment passes around: Riddle, Outcome, Verdict."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from expit_env.answers import Kind, infer_kind

LEVELS = (1, 2, 3, 4, 5)
SPLITS = ("train", "validation", "test", "transfer")


class Outcome(StrEnum):
    """What the verifier made of a response."""

    CORRECT = "correct"
    WRONG = "wrong"
    NO_ANSWER = "no_answer"
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verifier's judgement of one response.

    Attributes:
        outcome: correct, wrong, no_answer or ambiguous.
        extracted: what the verifier took to be the answer, in one spelling: the riddle's own where it is its answer or
            its trap; None where it found none or several.
        rule: the name of the rule that decided.
        true_outcome: what the outcome would be without noise; None where no noise was added.
    """

    outcome: Outcome
    extracted: str | None
    rule: str
    true_outcome: Outcome | None = None

    @property
    def correct(self) -> bool:
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
        trap: the tempting literal answer, which is wrong; None where there is none.
        kind: how an answer is read; inferred from the answer when not given.
        riddle_id: ``family/split/index``, with ``/contrast`` behind it for a contrast riddle.
        family: the family that generated it.
        level: 1 (easy) to 5.
        split: train, validation, test or transfer.
        explanation: one or two sentences that lead to the answer.
        hints: up to two, none of which contains the answer.
        contrast_id: the id of the same surface with the trick taken out, or put back.
        unit: the unit or the counted noun that may be said after the number of an answer, as in ``9 sheep``; several
            are divided by ``|``.

    Raises:
        ValueError: if the question or the answer is empty.
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
        question, answer = self.question, self.answer
        if not (isinstance(question, str) and isinstance(answer, str) and question.strip() and answer.strip()):
            asks = isinstance(question, str) and question.strip()
            name, value = ("answer", answer) if asks else ("question", question)
            raise ValueError(f"a riddle's {name} must be a non-empty string, not {value!r}")
        # Set only where it changes something, for a riddle is made in every episode.
        if type(self.aliases) is not tuple:
            if isinstance(self.aliases, str):
                raise ValueError(f"a riddle's aliases must be a sequence of strings, not the string {self.aliases!r}")
            object.__setattr__(self, "aliases", tuple(self.aliases))
        if type(self.hints) is not tuple:
            object.__setattr__(self, "hints", tuple(self.hints))
        if type(self.kind) is not Kind:
            kind = infer_kind(self.answer, self.question) if self.kind is None else Kind(self.kind)
            object.__setattr__(self, "kind", kind)


Verifier = Callable[[Riddle, str], Verdict]
