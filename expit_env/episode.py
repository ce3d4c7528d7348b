"""One episode: a riddle, and the attempts at it so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from expit_env.errors import unknown
from expit_env.riddle import Outcome, Riddle, Verdict, Verifier
from expit_env.sources.source import Levels
from expit_env.verifier import ANSWER_FORMAT, verify

_SHOWN = 80
"""Characters of a wrong answer that are repeated in the next observation, at most."""

REFUTATION_LENGTH = len(ANSWER_FORMAT) + _SHOWN
"""Characters of what a failed attempt adds to the observation, its hint aside, at most."""


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
        """Judge a response; return its reward and its ``info``.

        Raises:
            TypeError: if the response is no string, or the verifier returns no verdict.
        """
        verdict = self._judge(response)
        self.attempts_left = 0 if verdict.outcome is Outcome.CORRECT else self.attempts_left - 1
        info = self.info | {
            "outcome": verdict.outcome,
            "extracted": verdict.extracted,
            "rule": verdict.rule,
            "attempts_left": self.attempts_left,
        }
        if verdict.true_outcome is not None:
            info["true_outcome"] = verdict.true_outcome
        if self.over:
            fell = self.riddle.trap is not None and verdict.extracted == self.riddle.trap
            known = {"answer": self.riddle.answer, "explanation": self.riddle.explanation}
            info |= known | {"fell_for_trap": fell}
            comment = f"Answer: {self.riddle.answer}"
        else:
            comment = self._refute(verdict)
        self.replies.append((response, verdict.outcome, comment))
        return verdict.reward, info

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
        """Add what was wrong, and a hint if one is due, to the observation; return what was added."""
        failed = self.rules.max_attempts - self.attempts_left
        hints = self.riddle.hints[: self.rules.hints]
        comment = _refutation(verdict)
        if failed <= len(hints):
            comment += f"\nHint: {hints[failed - 1]}"
        self.observation += f"\n{comment}"
        return comment


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
        return f"That was no answer. {ANSWER_FORMAT}"
    shown = " ".join(verdict.extracted.encode("ascii", "replace").decode().split())
    return f"The answer is not {shown[:_SHOWN]}."
