"""One episode: a riddle, and the attempts at it so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from expit_env.bare import is_bare, lacks_a_word
from expit_env.errors import unknown
from expit_env.riddle import Outcome, Riddle, Verdict, Verifier
from expit_env.sources.source import Levels
from expit_env.verifier import verify

REFUTED_LENGTH = 80
"""At most so many characters of a refuted answer stand in the next observation."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How an episode goes.

    Raises:
        ValueError: if a number is out of range.
        TypeError: if the verifier cannot be called.
    """

    max_attempts: int = 1
    hints: int = 0
    verifier: Verifier = verify

    def __post_init__(self) -> None:
        for name, least in (("max_attempts", 1), ("hints", 0)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
                raise ValueError(f"{name} must be a whole number of at least {least}, not {value!r}")
        if not callable(self.verifier):
            raise TypeError(f"verifier must be a callable (riddle, response) -> Verdict, not {self.verifier!r}")


class Episode:
    """One riddle, and the attempts at it so far."""

    __slots__ = ("attempts_left", "info", "observation", "replies", "riddle", "rules")

    def __init__(self, riddle: Riddle, rules: Rules) -> None:
        self.riddle = riddle
        self.rules = rules
        self.observation = riddle.question
        self.attempts_left = int(rules.max_attempts)
        self.replies: list[tuple[str, Outcome, str]] = []
        self.info: dict[str, Any] = {
            "riddle_id": riddle.riddle_id,
            "family": riddle.family,
            "level": riddle.level,
            "split": riddle.split,
            "contrast_id": riddle.contrast_id,
        }

    @property
    def over(self) -> bool:
        return self.attempts_left == 0

    def attempt(self, response: str) -> tuple[float, dict[str, Any]]:
        """Judge a response; return its reward and what is told about it.

        Raises:
            TypeError: if the response is no string, or the verifier returns no verdict.
        """
        verdict = self._judge(response)
        self.attempts_left = 0 if verdict.outcome is Outcome.CORRECT else self.attempts_left - 1
        told: dict[str, Any] = {
            "outcome": verdict.outcome,
            "extracted": verdict.extracted,
            "rule": verdict.rule,
            "attempts_left": self.attempts_left,
        }
        if verdict.true_outcome is not None:
            told["true_outcome"] = verdict.true_outcome
        if self.over:
            told["answer"] = self.riddle.answer
            told["fell_for_trap"] = fell_for_trap(self.riddle, str(response), verdict)
            comment = f"Answer: {self.riddle.answer}"
        else:
            comment = self._refute(verdict)
        self.replies.append((response, verdict.outcome, comment))
        return verdict.reward, self.info | told

    def transcript(self) -> list[str]:
        """Return what has been said so far, a line for each turn; the answer only when the episode is over."""
        lines = [f"Riddle: {self.riddle.question}"]
        for response, outcome, comment in self.replies:
            lines += [f"Agent: {response}", f"Verdict: {outcome}", comment]
        return lines

    def _judge(self, response: str) -> Verdict:
        if not isinstance(response, str):
            raise TypeError(
                f"an action is a string, the answer to the riddle, not {type(response).__name__} {response!r}"
            )
        verdict = self.rules.verifier(self.riddle, str(response))
        if not isinstance(verdict, Verdict):
            raise TypeError(f"the verifier {self.rules.verifier!r} must return a Verdict, not {verdict!r}")
        return verdict

    def _refute(self, verdict: Verdict) -> str:
        """Put what was wrong, and a hint if one is due, under the question; return what was put there."""
        failed = self.rules.max_attempts - self.attempts_left
        hints = self.riddle.hints[: self.rules.hints]
        comment = _refutation(verdict)
        if failed <= len(hints):
            comment += f"\nHint: {hints[failed - 1]}"
        self.observation += f"\n{comment}"
        return comment


def fell_for_trap(riddle: Riddle, response: str, verdict: Verdict) -> bool:
    """Whether a response commits to the riddle's trap, judged as strictly as if the trap were the right answer.

    That second judgement is left out where it is settled without: only a wrong answer can be the trap, the bare trap
    is, a number in figures is that of the trap or not, and no reply says a phrase of which it lacks a word. Of a
    flipped verdict the true outcome counts.
    """
    if riddle.trap is None or (verdict.true_outcome or verdict.outcome) is not Outcome.WRONG:
        return False
    if is_bare(response, riddle.trap):
        return True
    extracted, trap = verdict.extracted or "", riddle.trap
    amount, _, unit = trap.partition(" ")
    if extracted.isascii() and extracted.isdigit() and amount.isascii() and amount.isdigit():
        same = extracted.lstrip("0") == amount.lstrip("0")
        if not (same and unit):
            return same
    if lacks_a_word(response, trap, riddle.question):
        return False
    return verify(Riddle(riddle.question, trap), response).correct


def read_options(options: Mapping[str, Any] | None, others: Sequence[str] = ()) -> tuple[Any, Levels]:
    """Return the riddle_id and the level of the options of a reset, None where they are not given.

    ``others`` are options that were read already: what exists, for the message.

    Raises:
        ValueError: if there is any other option.
    """
    options = options or {}
    for name in options:
        if name not in ("riddle_id", "level"):
            raise unknown("reset option", name, ("riddle_id", "level", *others))
    return options.get("riddle_id"), options.get("level")


def _refutation(verdict: Verdict) -> str:
    if verdict.outcome is Outcome.AMBIGUOUS:
        return "That was more than one answer."
    if verdict.outcome is Outcome.NO_ANSWER or not verdict.extracted:
        return "That was no answer."
    shown = " ".join(verdict.extracted.encode("ascii", "replace").decode().split())[:REFUTED_LENGTH]
    return f"The answer is not {shown}."
