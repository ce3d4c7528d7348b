"""What is known about a riddle without the verifier: which answers are certainly wrong."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from expit_env.number_words import SMALL, TENS
from expit_env.riddle import Riddle
from expit_env.spelling import ZERO

_TENS = {value: word for word, value in TENS.items()}
_SMALL = {value: word for word, value in SMALL.items()}

_AMOUNT = re.compile(r"\d+ ([^\W\d_]+)")


@dataclass(frozen=True)
class Known:
    """What is known about a riddle without the verifier.

    Attributes:
        riddle: the riddle.
        contrast: its contrast riddle, whose answer is wrong here; None if it has none.
        others: answers of other riddles.
    """

    riddle: Riddle
    contrast: Riddle | None = None
    others: tuple[str, ...] = ()

    @property
    def answer(self) -> str:
        """The riddle's answer."""
        return self.riddle.answer

    @functools.cached_property
    def right(self) -> frozenset[str]:
        """The answer and its aliases, each in the one spelling of `meaning`."""
        return frozenset(filter(None, map(meaning, (self.riddle.answer, *self.riddle.aliases))))

    @functools.cached_property
    def number(self) -> int | None:
        """The whole number that the answer begins with, as in ``9`` and ``4 hours``."""
        found = re.match(r"(-?\d+)(?![\d.,:/]|st|nd|rd|th)", self.answer)
        return int(found[1]) if found else None

    @functools.cached_property
    def wrong(self) -> str:
        """An answer that is certainly wrong: the trap, if the riddle has one."""
        candidates = (self.riddle.trap or "", *self.near_misses(), *self.others, "a wheelbarrow")
        return next(self.only_wrong(candidates))

    def only_wrong(self, answers: Iterable[str]) -> Iterator[str]:
        """Yield the answers that are certainly wrong.

        Not those with all words of a right answer, or only its words, nor an amount in another unit.
        """
        right = [_singulars(answer) for answer in self.right]
        units = {found[1] for answer in self.right if (found := _AMOUNT.fullmatch(answer))}
        for answer in answers:
            words, amount = _singulars(meaning(answer)), _AMOUNT.fullmatch(meaning(answer))
            if amount and units and amount[1] not in units:
                continue
            if words and not any(words <= others or words >= others for others in right):
                yield answer

    def near_misses(self) -> Iterator[str]:
        """Yield the answer with its number off by one."""
        if self.number is not None:
            yield from (self.answer.replace(str(self.number), str(self.number + step), 1) for step in (1, -1))


def meaning(answer: str) -> str:
    """Return one spelling for answers that mean the same: ``The four hours.`` and ``4 hours`` are ``4 hours``.

    >>> meaning("None!"), meaning("the Four hours")
    ('0', '4 hours')
    """
    words = re.findall(r"-?\d+(?:[.,:/]\d+)*|[^\W_]+", answer.lower().replace("'", ""))
    plain = (word for word in words if word not in ("a", "an", "the"))
    return " ".join("0" if word in ZERO else str((SMALL | TENS).get(word, word)) for word in plain)


def _singulars(said: str) -> set[str]:
    return {word.removesuffix("s") for word in said.split()}


def in_words(number: int) -> str:
    """Write a number from 0 to 999 in words.

    >>> in_words(342)
    'three hundred and forty-two'
    """
    if number < 20:
        return _SMALL[number]
    if number < 100:
        return _TENS[number // 10 * 10] + (f"-{_SMALL[number % 10]}" if number % 10 else "")
    return f"{_SMALL[number // 100]} hundred" + (f" and {in_words(number % 100)}" if number % 100 else "")
