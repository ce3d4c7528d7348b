"""What a riddle accepts: right values and phrases, wrong ones to watch for, and the words it uses."""

from __future__ import annotations

import functools
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

from expit_env.accepted import GOLD, TRAP, Accepted, Phrases, Values, accepted_forms
from expit_env.answers import Kind
from expit_env.asked import Asked, asked
from expit_env.lexicon import (
    ARTICLES,
    BIRDS,
    COUNTABLE_ANYWAY,
    FUNCTION,
    PASTS,
    REFUTATIONS,
    REMAINING,
    UNIT_NAMES,
    word_set,
)
from expit_env.text import stem
from expit_env.values import Value

PLACES = word_set("place position spot")
"""What an ordinal may number, whatever is asked: second place."""

SAME = word_set("same equal equally identical equidistant tie tied alike")
_ONLY_WHERE_COMPARED = word_set("tie tied")  # a rope is tied, too
_COMPARING = word_set("more most less least fewer than or which who faster better won win")
_OF_BOTH = word_set("neither both none")


class Mention(NamedTuple):
    """A phrase of the riddle that a reply holds: a right one, a wrong one, or a piece of the question."""

    label: str
    text: str


class AnswerKey:
    """All that judging a reply needs of a riddle; what needs the question is worked out when it is first asked for.

    Attributes:
        gold, trap: the canonical texts, reported as what was extracted.
        whole: the stems of every right form, which a whole reply or clause may be.
        phrases: from a first stem to (stems, label) of phrases that are looked for in a reply, longest first.
        values: from (form, number) of a right number to the units that may stand beside it, None for no unit.
        trap_values: the same of the trap.
        units: all units that may stand beside a right number.
        options: for each option that the question lists the stems that set it apart.
        asked_numbers: the numbers of the question; asked_pairs: each with the unit or word behind it;
            asked_behind: each with the word before it, where that is no function word.
        tokens, stems: of the question.
        last: tokens of what its last sentence asks; asking: their stems.
        nouns: stems of the question that are things, not what happens to them.
        subjects: those of them that its last sentence asks about, besides what is counted.
        trigrams: runs of three stems in the question; longer echoes are made of them.
        bigrams: runs of two stems in it.
        predicate: what follows the asking word: in *What gets wetter?* it is ``get``.
        prepositions: those that the question asks with: *in* which country, made *of*.
        same: whether the answer is that the things compared are equal.
        negative: whether the last sentence says *not*.
    """

    def __init__(self, question: Asked, answer: str, trap: str | None, kind: Kind, accepted: Accepted) -> None:
        self._asked, self._accepted = question, accepted
        self.kind = kind
        self.gold = answer.strip()
        self.trap = trap.strip() if trap else None
        self.whole, self.letters = accepted.whole, accepted.letters
        self.trap_values = accepted.trap_values

    @cached_property
    def lettered(self) -> dict[str, str]:
        """Whether each letter that stands for an option of the question is right, by the answer or by its letter."""
        return {
            letter: GOLD if letter in self.letters or stems in self.whole else TRAP
            for letter, stems in self._asked.lettered.items()
        }

    @cached_property
    def phrases(self) -> Phrases:
        if self.kind is not Kind.LETTER or not self.lettered:
            return self._accepted.phrases
        phrases = dict(self._accepted.phrases)
        for letter, stems in self._asked.lettered.items():
            if stems and (stems, GOLD) not in phrases.get(stems[0], ()):
                phrases[stems[0]] = [*phrases.get(stems[0], ()), (stems, self.lettered[letter])]
        return phrases

    @cached_property
    def values(self) -> Values:
        return _with_units(self._accepted.values, self._counted, self._asked.tokens) if self._accepted.values else {}

    @cached_property
    def units(self) -> frozenset[str]:
        return self._accepted.units | self._counted | COUNTABLE_ANYWAY

    @property
    def options(self) -> list[frozenset[str]]:
        return self._asked.options

    @property
    def asked_numbers(self) -> frozenset[Fraction | int]:
        return self._asked.numbers

    @property
    def asked_pairs(self) -> frozenset[tuple[Fraction | int, str]]:
        return self._asked.pairs

    @property
    def asked_behind(self) -> frozenset[tuple[str, Fraction | int]]:
        return self._asked.behind

    @property
    def tokens(self) -> list[str]:
        return self._asked.tokens

    @property
    def stems(self) -> tuple[str, ...]:
        return self._asked.stems

    @property
    def last(self) -> list[str]:
        return self._asked.last

    @property
    def asking(self) -> frozenset[str]:
        return self._asked.asking

    @property
    def right_stems(self) -> frozenset[str]:
        return self._accepted.stems

    @cached_property
    def _said(self) -> frozenset[str]:
        return self.asking if self.kind.is_numeric else self._accepted.stems.union(self.stems)

    @cached_property
    def nouns(self) -> frozenset[str]:
        return self._asked.nouns | self._accepted.units

    @cached_property
    def subjects(self) -> frozenset[str]:
        return self.nouns.intersection(self.asking) - self._counted - self._accepted.units

    @property
    def bigrams(self) -> frozenset[tuple[str, ...]]:
        return self._asked.bigrams

    @property
    def trigrams(self) -> frozenset[tuple[str, ...]]:
        return self._asked.trigrams

    @property
    def predicate(self) -> str | None:
        return self._asked.predicate

    @property
    def prepositions(self) -> frozenset[str]:
        return self._asked.prepositions

    @cached_property
    def same(self) -> bool:
        said = self.gold.lower().split()
        # An alias alone proves nothing: *the same colour* may be the colour that a thing had before.
        compares = not _COMPARING.isdisjoint(self.asking)
        same = SAME if compares else SAME - _ONLY_WHERE_COMPARED
        return not (same.isdisjoint(self._accepted.stems) or (same | _OF_BOTH).isdisjoint(said) or "not" in said)

    @cached_property
    def negative(self) -> bool:
        return "not" in self._asked.last

    @cached_property
    def asking_numbers(self) -> frozenset[int]:
        """The numbers in figures of the last sentence."""
        return frozenset(int(word) for word in self.asking if word.isascii() and word.isdigit())

    @cached_property
    def _counted(self) -> frozenset[str]:
        counted = self._asked.counted(has_units=bool(self._accepted.units))
        of_birds = not BIRDS.isdisjoint(counted | self._accepted.units)
        return counted | {"bird"} if of_birds else counted  # crows are birds

    def knows(self, word: str) -> bool:
        """Whether a word neither denies nor weakens the claim that it stands in."""
        word = stem(word)
        if word in (_KNOWN_OF_NUMBERS if self.kind.is_numeric else _KNOWN_OF_PHRASES):
            return True
        if (self.kind is Kind.ORDINAL and word in PLACES) or (self.kind is Kind.NUMBER and word in _NEEDING):
            return True
        if word in _UNSURE:
            allowed = REFUTATIONS | {"more", "less"} if self.kind is Kind.CHOICE else REFUTATIONS
            return word in allowed and word in self.asking
        if word in self._said or (word.isalpha() and (word in self.nouns or word in self._counted)):
            return True
        if not self.asking.isdisjoint(_ALIKE.get(word, ())):
            return True
        if PASTS.get(word) in self.asking:
            return True
        return any(root in self.asking for root in _roots(word))

    def accepts(self, value: Value) -> bool:
        """Whether a number is right, unit and all."""
        place = (value.form, value.number)
        units = self._accepted.values.get(place)
        if units is not None and (value.unit in units or value.unit in self.values[place]):
            return True
        return any(
            value.unit == unit and small in self._accepted.values.get((value.form, value.number * factor), ())
            for unit, small, factor in _LARGER
        )

    def repeats(self, stems: tuple[str, ...]) -> bool:
        """Whether a whole reply is a run of five or more words of the question."""
        length = len(stems)
        return length >= 5 and any(
            word == stems[0] and self.stems[at : at + length] == stems for at, word in enumerate(self.stems)
        )


@functools.lru_cache(maxsize=1_024)
def answer_key(question: str, answer: str, aliases: tuple[str, ...], trap: str | None, kind: Kind) -> AnswerKey:
    """Return the key of a riddle."""
    return AnswerKey(asked(question), answer, trap, kind, accepted_forms(answer, aliases, trap, kind))


def _with_units(values: Values, counted: frozenset[str], asked: list[str]) -> Values:
    """Let a bare number take the units that the question counts in, and those units be left out."""
    omitted = counted | {UNIT_NAMES[sign] for sign in ("$", "€", "£") if sign in asked}
    filled = {}
    for number, units in values.items():
        bare = None in units or not omitted.isdisjoint(unit for unit in units if unit)
        filled[number] = units | counted | COUNTABLE_ANYWAY | {None} if bare else units
    return filled


_LARGER = (("hour", "minute", 60), ("minute", "second", 60), ("day", "hour", 24))
"""Units of time in which an answer may be told that is given in a smaller one: an hour is 60 minutes."""


def _roots(word: str) -> list[str]:
    """Return verbs of which a word may be the past or the participle: *dance* and *danc* of *danced* and *dancing*."""
    if word.endswith("ed"):
        return [word[:-2], word[:-1]]
    if not word.endswith("ing"):
        return []
    bare = word[:-3]
    return [bare, f"{bare}e", *([bare[:-1]] if bare[-1:] == bare[-2:-1] else [])]


_NEEDING = word_set("need require")
_ALIKE = {
    word: words.split()
    for words in ("nearer closer", "nearest closest", "quicker faster", "bigger larger", "sooner earlier", "in inside")
    for word in words.split()
}
"""Words of which one may say what the question says with another."""

_UNSURE = (
    word_set("'s and not no or never neither nor either if but except without than maybe perhaps some any more less")
    | word_set("almost nearly hardly barely roughly approximately partly unlike opposite contrary")
    | REFUTATIONS
)
"""Words that no clause may hold unread, even if the question does."""
_KNOWN = frozenset(stem(word) for word in FUNCTION | ARTICLES) - _UNSURE
_KNOWN_OF_NUMBERS = _KNOWN.union(
    map(stem, REMAINING | COUNTABLE_ANYWAY),
    word_set("sum product value full whole entire done ready"),
)
_KNOWN_OF_PHRASES = _KNOWN | {"and", "as", "letter", "one"}
