"""What the environments share: the deck that riddles are drawn from, and the episode of attempts at one riddle."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from expit_env import riddle_bank, splits
from expit_env.bare import is_bare, lacks_a_word
from expit_env.families import FAMILIES, GROUPS, LEVELS
from expit_env.riddle import Outcome, Riddle, Verdict
from expit_env.riddle_bank import BANK
from expit_env.verifier import verify

Verifier = Callable[[Riddle, str], Verdict]

Levels = int | Mapping[str, int] | None
"""One level for all families, or one for each; None for any."""

REFUTED_LENGTH = 80
"""At most so many characters of a refuted answer stand in the next observation."""


@dataclass(frozen=True, slots=True)
class Deck:
    """The riddles that an environment draws from: some families of one split, at one level or at all.

    Raises:
        ValueError: if a split, family or level does not exist, or a family is not in the split.
    """

    split: str
    families: tuple[str, ...]
    level: int | None

    @classmethod
    def of(cls, split: str, families: str | Sequence[str], level: int | None) -> Deck:
        if split not in splits.SPLITS:
            raise unknown("split", split, splits.SPLITS)
        level_of(level, "")
        return cls(split, _select(split, families), level)

    def draw(self, rng: np.random.Generator, level: Levels = None) -> Riddle:
        """Draw a family and an index, each equally likely, in one call of the generator.

        With a level for all families or for each, the same family at that level.
        """
        family, index = self._address(rng, level)
        return splits.riddle_at(family, self.split, index)

    def draw_each(self, rngs: Sequence[np.random.Generator], level: Levels = None) -> list[Riddle]:
        """Draw a riddle from each generator: what `draw` draws, faster together."""
        return splits.riddles_at(self.split, [self._address(rng, level) for rng in rngs])

    def _address(self, rng: np.random.Generator, levels: Levels = None) -> tuple[str, int]:
        step = 1 if self.level is None else len(LEVELS)
        count = splits.INDEX_COUNT // step
        place, index = divmod(int(rng.random() * len(self.families) * count), count)
        family = self.families[place]
        if levels is None and self.level is None and family != BANK:
            return family, index
        level = level_of(levels, family) or self.level
        if family == BANK:
            return family, riddle_bank.nth(self.split, level, index)
        index *= step
        return family, index if level is None else index - index % len(LEVELS) + LEVELS.index(level)


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


def level_of(levels: Levels, family: str) -> int | None:
    """Return the level that is asked for of a family, or None.

    Raises:
        ValueError: if there is no such level.
    """
    level = levels.get(family) if isinstance(levels, Mapping) else levels
    if level is not None and (isinstance(level, bool) or level not in LEVELS):
        raise ValueError(f"there is no level {level!r}; the levels are {', '.join(map(str, LEVELS))}, or None for all")
    return level


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


def unknown(what: str, name: object, names: Iterable[str]) -> ValueError:
    """Return the error for a name that does not exist: with the nearest one that does, and all of them."""
    names = tuple(names)
    close = difflib.get_close_matches(str(name), names, n=1)
    guess = f" Did you mean {close[0]!r}?" if close else ""
    return ValueError(f"there is no {what} {name!r}.{guess} What exists: {', '.join(names)}")


def _refutation(verdict: Verdict) -> str:
    if verdict.outcome is Outcome.AMBIGUOUS:
        return "That was more than one answer."
    if verdict.outcome is Outcome.NO_ANSWER or not verdict.extracted:
        return "That was no answer."
    shown = " ".join(verdict.extracted.encode("ascii", "replace").decode().split())[:REFUTED_LENGTH]
    return f"The answer is not {shown}."


def _select(split: str, families: str | Sequence[str]) -> tuple[str, ...]:
    """Return the families that are asked for, by their own name or by their group's, in the order of FAMILIES."""
    posed = splits.families_of(split)
    names = (families,) if isinstance(families, str) else tuple(families)
    if not names:
        raise ValueError('families is empty: give "all", or at least one family or group')
    wanted = {member for name in names for member in _members(name, split, posed)}
    return tuple(name for name in (*posed, BANK) if name in wanted)


def _members(name: str, split: str, posed: tuple[str, ...]) -> tuple[str, ...]:
    if name == "all":
        members = posed
    elif name == BANK:
        members = (BANK,)
    elif name in FAMILIES:
        members = tuple({name} & set(posed))
    elif name in GROUPS:
        members = tuple(member for member in posed if FAMILIES[member].group == name)
    else:
        raise unknown("family", name, ("all", BANK, *GROUPS, *FAMILIES))
    if not members:
        where = [other for other in splits.SPLITS if {name} & set(_names(splits.families_of(other)))]
        raise ValueError(
            f"{name!r} has no riddles in the split {split!r}, only in {', '.join(where) or 'none'}."
            f" The families of {split} are: {', '.join(posed) or 'none'}"
        )
    return members


def _names(families: tuple[str, ...]) -> set[str]:
    """Return families with their groups."""
    return {"all", *families, *(FAMILIES[name].group for name in families)}
