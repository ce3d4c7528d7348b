"""What a family draws from, numbers and words, and how it writes them down."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

_TAKES_AN = re.compile(r"[aeiou8]|1[18](?!\d)", re.IGNORECASE)
"""The beginning of a noun or a number that takes *an*."""

_SENTENCE_START = re.compile(r"(?:^|[.?!]'? )[a-z]")


@dataclass(frozen=True, slots=True)
class WordBank:
    """Words for one slot, some of which no train or validation riddle uses."""

    train: tuple[str, ...]
    test: tuple[str, ...]


def word_bank(words: str) -> WordBank:
    """Read ``"crows, sparrows | ravens"``: the words after the bar are for ``test`` only.

    Raises:
        ValueError: if there is no word on one side of the bar, or the same word on both.
    """
    train, _, test = words.partition("|")
    read = WordBank(*(tuple(word.strip() for word in part.split(",") if word.strip()) for part in (train, test)))
    if not read.train or not read.test or set(read.train) & set(read.test):
        raise ValueError(f"a word bank needs words on both sides of one '|', none on both sides: {words!r}")
    return read


class Draw:
    """What a family draws from: it keeps held-out words and numbers out of train and validation.

    Attributes:
        split: train, validation, test or transfer.
        level: 1 to 5, how hard the riddle is to be.
        held_out: whether to draw words that train and validation never use, and also numbers that they never use.
    """

    def __init__(self, rng: random.Random, split: str, level: int) -> None:
        self._rng, self.split, self.level = rng, split, level
        self.held_out = split == "test"

    def below(self, count: int) -> int:
        """Draw a whole number from 0 to ``count - 1``; all other draws use this one."""
        return int(self._rng.random() * count)  # of Random's methods only random() is the same in every Python version

    def choice(self, options: tuple[T, ...]) -> T:
        """Draw one of ``options``, the same in every split."""
        return options[self.below(len(options))]

    def noun(self, words: WordBank) -> str:
        """Draw one word of a bank: a test word in test, a train word elsewhere."""
        return self.choice(words.test if self.held_out else words.train)

    def nouns(self, words: WordBank, count: int) -> list[str]:
        """Draw ``count`` different words of a bank, in random order."""
        pool = list(words.test if self.held_out else words.train)
        if count > len(pool):
            raise ValueError(f"{count} words drawn from a bank of {len(pool)}: {pool}")
        return [pool.pop(self.below(len(pool))) for _ in range(count)]

    def number(self, low: int, high: int) -> int:
        """Draw a whole number from ``low`` to ``high``, both included; multiples of 7 occur in test only.

        From level 3 on the range is twice as wide.
        """
        return self.within(low, high if self.level < 3 else 2 * high - low)

    def within(self, low: int, high: int, but: float | None = None) -> int:
        """Draw like ``number``, from a range that does not grow with the level (hours, weekdays, parts of a whole).

        ``but`` is a number that must not be drawn, such as half of a whole, where answer and trap would be equal.
        """
        allowed = [n for n in range(low, high + 1) if (self.held_out or n % 7 or n == 0) and n != but]
        if not allowed:
            raise ValueError(f"no number from {low} to {high} may be used in {self.split}")
        return allowed[self.below(len(allowed))]


def distractor(draw: Draw, low: int, high: int, sentence: str) -> str:
    """Put a number into an irrelevant sentence, followed by a space; below level 4, return nothing."""
    return sentence % draw.within(low, high) + " " if draw.level >= 4 else ""


def in_steps(draw: Draw, number: int) -> tuple[str, str]:
    """Write a number, and the sum that makes it: from level 4 on as ``3 and then 2 more`` and ``3 + 2 = 5``."""
    if draw.level < 4:
        return str(number), str(number)
    while True:
        first = draw.within(1, number - 1)
        if draw.held_out or (number - first) % 7:
            return f"{first} and then {number - first} more", f"{first} + {number - first} = {number}"


def a(noun: str) -> str:
    """Put the indefinite article before a noun, or before a number in figures."""
    return f"{'an' if _TAKES_AN.match(noun) else 'a'} {noun}"


def count(number: int, singular: str, plural: str | None = None) -> str:
    """Write a number of things, ``1 bird`` or ``3 birds``."""
    return f"{number} {singular if number == 1 else plural or singular + 's'}"


def capitalise(text: str) -> str:
    """Write the first letter of each sentence as a capital."""
    return _SENTENCE_START.sub(lambda start: start[0].upper(), text)
