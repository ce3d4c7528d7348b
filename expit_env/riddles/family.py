"""What a family of riddles is: sentences, words to fill them with, and a rule that computes answer and trap.

A family is written as a ``Family`` with its wordings and one function ``tell(draw) -> Telling`` which draws the numbers
and nouns and works out the answer. Every wording is a pair: the riddle, and its contrast, the same surface with the
trick taken out, so that the literal answer is right.
"""

from __future__ import annotations

import functools
import re
import string
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Protocol, TypeVar

import numpy as np

from expit_env.riddle import Kind, Riddle

T = TypeVar("T")

_TELLINGS = 10_000
"""How many tellings are drawn at most until a riddle and its contrast may be posed."""

_SOUNDS_OPEN = re.compile(r"[aeiou8]|1[18](?!\d)", re.IGNORECASE)
"""How a noun or a number begins that takes *an*."""

FRACTIONS = 32
"""How many numbers are taken from the generator at a time: one call for 32 costs no more than three for 1."""


class Uniforms(Protocol):
    """Where random numbers come from: a ``numpy.random.Generator``, or what draws like one."""

    def random(self, size: int) -> np.ndarray: ...


@dataclass(frozen=True, slots=True)
class Bank:
    """Words for one slot, some of which no train or validation riddle uses."""

    train: tuple[str, ...]
    test: tuple[str, ...]


def bank(words: str) -> Bank:
    """Read a bank from ``"crows, sparrows | ravens"``: behind the bar stand the words that only ``test`` uses."""
    train, _, test = words.partition("|")
    read = Bank(*(tuple(word.strip() for word in part.split(",") if word.strip()) for part in (train, test)))
    if not read.train or not read.test or set(read.train) & set(read.test):
        raise ValueError(f"a bank needs words on both sides of one '|', none on both sides: {words!r}")
    return read


NAMES = bank(
    "Anna, Ben, Carla, David, Elena, Felix, Grace, Henry, Isabel, Jack, Karen, Leo, Maria, Nina, Olivia, Paul,"
    " Rosa, Sam, Tina, Victor | Amir, Bianca, Chen, Dora, Emil, Farah, Goran, Hana, Ivan, Julia, Kofi, Lena, Marek,"
    " Nadia, Otto, Petra, Rania, Sonja, Uma, Yusuf"
)
PLACES = bank(
    "in the library, in the kitchen, on the bus, at the market, at the train station, in the garden, at the museum,"
    " at the cinema, on the beach, in the office | in the harbour, at the bakery, in the playground, at the airport,"
    " at the theatre, in the attic, on the ferry, at the zoo, in the canteen, at the town hall"
)
LISTENERS = bank("friends, cousins, classmates, neighbours, children, guests | colleagues, visitors, pupils")


class Draw:
    """What a family draws from: it knows the level and keeps held-out words and numbers out of train.

    Attributes:
        split, level: whose words may be used, and how hard the riddle is to be.
        held_out: whether it is made of the words and wordings that train and validation never use.
    """

    __slots__ = ("_fractions", "_rng", "held_out", "level", "split")

    def __init__(self, rng: Uniforms, split: str, level: int, first: list[float] | None = None) -> None:
        self._rng, self.split, self.level = rng, split, level
        self.held_out = split == "test"
        self._fractions = first or []  # numbers of the generator that were drawn already

    def below(self, count: int) -> int:
        """Draw a whole number from 0 to ``count - 1``: what every other draw is made of."""
        fractions = self._fractions or self._more()
        return int(fractions.pop() * count)

    def _more(self) -> list[float]:
        self._fractions = self._rng.random(FRACTIONS).tolist()
        return self._fractions

    def noun(self, words: Bank) -> str:
        """Draw one word of a bank: of its test words in test, of its train words elsewhere."""
        pool = words.test if self.held_out else words.train
        fractions = self._fractions or self._more()  # as in `below`, without its call: nearly every draw is a noun's
        return pool[int(fractions.pop() * len(pool))]

    def nouns(self, words: Bank, count: int) -> list[str]:
        """Draw ``count`` different words of a bank, in random order."""
        words_left = words.test if self.held_out else words.train
        if count > len(words_left):
            raise ValueError(f"{count} words drawn from a bank of {len(words_left)}: {words_left}")
        if count == 2:  # as below, without the list: most draws of several are of two
            first, second = self.below(len(words_left)), self.below(len(words_left) - 1)
            return [words_left[first], words_left[second + (second >= first)]]
        pool = list(words_left)
        return [pool.pop(self.below(len(pool))) for _ in range(count)]

    def number(self, low: int, high: int) -> int:
        """Draw a whole number from ``low`` to ``high``, both included; multiples of 7 occur in test only.

        ``high`` is the bound at levels 1 and 2; at levels 3 to 5 the range grows to twice as far above ``low``.
        """
        if self.level >= 3:
            high += high - low
        return self.within(low, high)

    def within(self, low: int, high: int, but: float | None = None) -> int:
        """Like ``number``, for a range that must not grow with the level (hours, weekdays, parts of a whole).

        ``but`` is one number that must not be drawn, such as the half of a whole, where answer and trap would be equal.
        """
        allowed = _numbers(low, high, self.held_out, but)
        if not allowed:
            raise ValueError(f"no number from {low} to {high} may be used in {self.split}")
        fractions = self._fractions or self._more()
        return allowed[int(fractions.pop() * len(allowed))]

    def choice(self, options: tuple[T, ...]) -> T:
        """Draw one of ``options``, the same in every split (for what is no noun: a verb, a direction, an order)."""
        return options[self.below(len(options))]


@dataclass(slots=True)
class Telling:
    """One drawn riddle and its contrast, before they are put into a wording.

    Attributes:
        facts: what fills the slots of the wordings.
        answer, aliases, trap, why: of the riddle; ``why`` is one or two sentences that lead to the answer.
        contrast_answer, contrast_aliases, contrast_trap, contrast_why: the same of its contrast. The contrast's trap
            is, unless given, the riddle's own answer: what an agent says that has learned the answer and not the trick.
        hints: up to two for the riddle, none of which contains the answer.
    """

    facts: Mapping[str, object]
    answer: str
    trap: str | None
    why: str
    contrast_answer: str
    contrast_why: str
    aliases: tuple[str, ...] = ()
    contrast_aliases: tuple[str, ...] = ()
    contrast_trap: str | None = None
    hints: tuple[str, ...] = ()


@dataclass(slots=True)
class Drawn:
    """A telling and the wording it is put into: all that a riddle and its contrast are built from."""

    telling: Telling
    split: str
    level: int
    opening: str
    wording: tuple[str, str]

    @property
    def question(self) -> str:
        """The riddle's question, without its opening."""
        return _filled(self.wording[0], self.telling.facts)

    @property
    def contrast_question(self) -> str:
        """Its contrast's question, without its opening."""
        return _filled(self.wording[1], self.telling.facts)


@dataclass(frozen=True, slots=True)
class Family:
    """A family of riddles.

    Attributes:
        name: its name in riddle ids, in words joined by hyphens.
        tell: draws one riddle with its contrast.
        wordings: pairs (riddle, contrast) of templates for train and validation; slots are filled from the facts.
        test_wordings: pairs that only test uses (a transfer family may leave them empty).
        kind, contrast_kind: how an answer is read, where it is not to be inferred from the answer.
        transfer: whether the whole family is kept out of train, validation and test.
    """

    name: str
    tell: Callable[[Draw], Telling]
    wordings: tuple[tuple[str, str], ...]
    test_wordings: tuple[tuple[str, str], ...] = ()
    kind: Kind | None = None
    contrast_kind: Kind | None = None
    transfer: bool = False
    group: str = field(default="", kw_only=True)

    def generate(self, rng: Uniforms, level: int, split: str = "train") -> tuple[Riddle, Riddle]:
        """Draw a riddle and its contrast, without ids.

        Args:
            rng: the only source of randomness.
            level: 1 to 5: from 2 the riddle has an opening that is beside the point, from 3 larger numbers, from 4 a
                number beside the point in the opening and, in many families, in the riddle itself (the slot
                ``{extra}``, else empty), at 5 two openings.
            split: whose words and wordings may be used.
        """
        drawn = self.draw(rng, level, split)
        return self.riddle(drawn), self.contrast(drawn)

    def draw(
        self, rng: Uniforms, level: int, split: str, side: int | None = None, first: list[float] | None = None
    ) -> Drawn:
        """Draw a telling and a wording, of one of the two sides that what a family tells is parted into, or of any.

        The side of a question is told by its wording and the words in it that its contrast shares (`_on_side`), so that
        both are on one side, and no question is on both. A telling is tried in every wording, from a drawn one on.

        Raises:
            RuntimeError: if nothing on that side is found.
        """
        draw = Draw(rng, split, level, first)
        wordings = self.test_wordings if draw.held_out else self.wordings
        for _ in range(_TELLINGS):
            telling = self.tell(draw)
            number = draw.below(len(wordings))
            if side is not None:
                number = _on_side(side, wordings, number, telling.facts)
            if number is not None:
                return Drawn(telling, split, level, _opening(draw), wordings[number])
        raise RuntimeError(f"the family {self.name} has no riddle for {split} at level {level}: give it more words")

    def riddle(self, drawn: Drawn, riddle_id: str | None = None, contrast_id: str | None = None) -> Riddle:
        """Build the riddle of what was drawn."""
        telling = drawn.telling
        return Riddle(
            drawn.opening + drawn.question, telling.answer, telling.aliases, telling.trap, self.kind,
            riddle_id, self.name, drawn.level, drawn.split, telling.why, telling.hints, contrast_id,
        )  # fmt: skip

    def contrast(self, drawn: Drawn, riddle_id: str | None = None, contrast_id: str | None = None) -> Riddle:
        """Build the contrast riddle of what was drawn; ``contrast_id`` is the id of the riddle."""
        telling = drawn.telling
        return Riddle(
            drawn.opening + drawn.contrast_question, telling.contrast_answer, telling.contrast_aliases,
            telling.contrast_trap or telling.answer, self.contrast_kind or self.kind,
            riddle_id, self.name, drawn.level, drawn.split, telling.contrast_why, (), contrast_id,
        )  # fmt: skip


def beside(draw: Draw, low: int, high: int, sentence: str) -> str:
    """Put a number into a sentence that is beside the point, with a space behind: from level 4 on, below nothing."""
    return sentence % draw.within(low, high) + " " if draw.level >= 4 else ""


def in_steps(draw: Draw, number: int) -> tuple[str, str]:
    """Write a number, and the sum that makes it: from level 4 on as ``3 and then 2 more`` and ``3 + 2 = 5``."""
    if draw.level < 4:
        return str(number), str(number)
    while True:
        first = draw.within(1, number - 1)
        if draw.held_out or (number - first) % 7:
            return f"{first} and then {number - first} more", f"{first} + {number - first} = {number}"


@functools.lru_cache(maxsize=4_096)
def a(noun: str) -> str:
    """Put the indefinite article before a noun, or before a number in figures."""
    return f"{'an' if _SOUNDS_OPEN.match(noun) else 'a'} {noun}"


def count(number: int, singular: str, plural: str | None = None) -> str:
    """Write a number of things, ``1 bird`` or ``3 birds``."""
    return f"{number} {singular if number == 1 else plural or singular + 's'}"


def _on_side(side: int, wordings: tuple[tuple[str, str], ...], first: int, facts: Mapping[str, object]) -> int | None:
    """Return the number of a wording in which facts are on this side, from the first on; None where there is none.

    The side is told by the letters and digits in the slots that both templates of a wording have, and by the wording's
    number: so one of two neighbours is on it where they share the same slots.
    """
    shared, told, number = None, 0, first
    for _ in wordings:
        if (now := _shared(wordings[number])) is not shared:
            shared, told = now, _checksum(now(facts))
        if (told + number) & 1 == side:
            return number
        number = (number + 1) % len(wordings)
    return None


def _checksum(words: tuple[object, ...]) -> int:
    """Return a number that is told by the letters and digits of some words, whatever parts them."""
    text = "%s" * len(words) % words
    return zlib.crc32(text.encode("ascii", "ignore").translate(_LOWER_CASE, _SEPARATORS))


_LOWER_CASE = bytes(range(256)).lower()
_SEPARATORS = bytes(code for code in range(128) if not chr(code).isalnum())


@functools.cache
def _shared(wording: tuple[str, str]) -> Callable[[Mapping[str, object]], tuple[object, ...]]:
    """Return what takes from the facts those that stand in both templates of a wording."""
    template, contrast = (_slots(text) for text in wording)
    return _getter(tuple(name for name in dict.fromkeys(template) if name in contrast))


def _filled(template: str, facts: Mapping[str, object]) -> str:
    """Fill the slots of a template: as ``format_map`` does, in a third of the time."""
    text, slots = _compiled(template)
    return text % slots(facts)


@functools.cache
def _compiled(template: str) -> tuple[str, Callable[[Mapping[str, object]], tuple[object, ...]]]:
    """Return a template for the operator ``%``, and what takes from the facts that which fills it.

    Raises:
        ValueError: if a slot is more than a name.
    """
    parts = string.Formatter().parse(template)
    text = "".join(literal.replace("%", "%%") + "%s" * (name is not None) for literal, name, _, _ in parts)
    return text, _getter(_slots(template))


def _slots(template: str) -> tuple[str, ...]:
    """Return the names of the slots of a template, in order."""
    names = []
    for _, name, specification, conversion in string.Formatter().parse(template):
        if name is None:
            continue
        if specification or conversion or not name.isidentifier():
            raise ValueError(f"a slot is a name and nothing else, such as {{n}}: {template!r}")
        names.append(name)
    return tuple(names)


@functools.cache
def _getter(names: tuple[str, ...]) -> Callable[[Mapping[str, object]], tuple[object, ...]]:
    """Return what takes the facts of these names, always as a tuple."""
    if len(names) >= 2:
        return itemgetter(*names)
    return lambda facts: tuple(facts[name] for name in names)


@functools.cache
def _numbers(low: int, high: int, held_out: bool, but: float | None) -> tuple[int, ...]:
    """Return the numbers from ``low`` to ``high`` that may be drawn: multiples of 7 are held out, but for 0."""
    return tuple(n for n in range(low, high + 1) if (held_out or n % 7 or n == 0) and n != but)


def _opening(draw: Draw) -> str:
    """Write the sentences beside the point that a level calls for: with a space behind, or nothing."""
    if draw.level == 1:
        return ""
    person, other = draw.nouns(NAMES, 2)
    place = draw.noun(PLACES)
    if draw.level <= 3:
        return f"{person} heard this riddle {place}. "
    opening = f"{person} told this riddle to {draw.number(3, 9)} {draw.noun(LISTENERS)} {place}. "
    return opening if draw.level == 4 else f"{opening}Only {other} knew it. "
