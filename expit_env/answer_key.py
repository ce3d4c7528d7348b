"""What a riddle accepts: right values and phrases, wrong ones to watch for, and the words it uses."""

from __future__ import annotations

import functools
import re
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

from expit_env.answers import Kind, letter_of
from expit_env.asked import Asked, asked, stems_of, words_of
from expit_env.lexicon import (
    ARTICLES,
    BIRDS,
    COUNTABLE_ANYWAY,
    FUNCTION,
    MONTHS,
    PASTS,
    REFUTATIONS,
    REMAINING,
    UNIT_NAMES,
    word_set,
)
from expit_env.text import fold, stem, tokenise, unit_of
from expit_env.values import Value, read_values

GOLD, TRAP, ECHO = "gold", "trap", "echo"
PLACES = word_set("place position spot")
"""What an ordinal may number, whatever is asked: second place."""

SAME = word_set("same equal equally identical equidistant tie tied alike")
_ONLY_WHERE_COMPARED = word_set("tie tied")  # a rope is tied, too
_COMPARING = word_set("more most less least fewer than or which who faster better won win")
_OF_BOTH = word_set("neither both none")

Place = tuple[str, Fraction | int]
Values = dict[Place, frozenset[str | None]]
Phrases = dict[str, list[tuple[tuple[str, ...], str]]]


class Mention(NamedTuple):
    """A phrase of the riddle that a reply holds: a right one, a wrong one, or a piece of the question."""

    label: str
    text: str


class Form(NamedTuple):
    """One accepted answer, read by itself.

    Attributes:
        words: its tokens without punctuation; stems: their stems without articles.
        value: the number that it is, if a numeric riddle may take it as one; units: what stands beside that.
    """

    words: tuple[str, ...]
    stems: tuple[str, ...]
    value: Value | None
    units: frozenset[str | None]


class Accepted(NamedTuple):
    """What an answer, its aliases and its trap say by themselves: many riddles have the same.

    Attributes:
        values: as in `AnswerKey`, before the question's units are added; units: all that stand in them.
        stems: of all right forms.
    """

    whole: frozenset[tuple[str, ...]]
    phrases: Phrases
    values: Values
    trap_values: Values
    units: frozenset[str]
    letters: frozenset[str]
    stems: frozenset[str]


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
        if not self.kind.is_numeric and any(word in alike and not alike.isdisjoint(self.asking) for alike in _ALIKE):
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
        if length < 5 or any(
            trigram not in self.trigrams for trigram in zip(stems, stems[1:], stems[2:], strict=False)
        ):
            return False
        return any(self.stems[at : at + length] == stems for at in range(len(self.stems) - length + 1))


@functools.lru_cache(maxsize=1_024)
def answer_key(question: str, answer: str, aliases: tuple[str, ...], trap: str | None, kind: Kind) -> AnswerKey:
    """Return the key of a riddle."""
    return AnswerKey(asked(question), answer, trap, kind, accepted_forms(answer, aliases, trap, kind))


@functools.lru_cache(maxsize=4_096)
def accepted_forms(answer: str, aliases: tuple[str, ...], trap: str | None, kind: Kind) -> Accepted:
    """Read an answer, its aliases and its trap by themselves, without the question."""
    forms, traps = (
        [_read_form(form) for text in (answer, *aliases) for form in _spellings(text)],
        [_read_form(trap)] if trap else [],
    )
    values = _values(forms) if kind.is_numeric else {}
    return Accepted(
        whole=frozenset(form.stems for form in forms if not _is_article_only(kind, form)),
        phrases=_phrases_by_first_stem(kind, forms, traps),
        values=values,
        trap_values=_values(traps) if kind.is_numeric else {},
        units=frozenset(unit for units in values.values() for unit in units if unit),
        letters=frozenset(letter for form in forms if (letter := letter_of(list(form.words)))),
        stems=frozenset(stem for form in forms for stem in form.stems),
    )


def _is_article_only(kind: Kind, form: Form) -> bool:
    """Whether a form says less without its article: a third, the letter A."""
    return (kind.is_numeric and form.words[:1] in (("a",), ("an",))) or (
        kind is Kind.LETTER and form.words[-1:] == ("a",)
    )


_DURATION = re.compile(r"\d+ (?:hours?|minutes?|days?) \d+ (?:minutes?|seconds?|hours?)")
_DAY = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?")


def _spellings(text: str) -> list[str]:
    """Return a text, and where it is a day of a month the other ways to write it."""
    if _DURATION.fullmatch(text):
        amount, unit, rest = text.split(" ", 2)
        return [text, f"{amount} {unit} and {rest}"]
    words = [word for word in text.lower().replace(",", "").split() if word not in ("the", "of")]
    if len(words) != 2:
        return [text]
    month, day = sorted(words, key=lambda word: word[0].isdigit())
    figures = _DAY.fullmatch(day)
    if stem(month) not in MONTHS or not figures:
        return [text]
    number = int(figures[1])
    ending = "th" if number in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    days = (f"{number}", f"{number}{ending}")
    return [text, *(f"{month} {day}" for day in days), *(f"{day} {of}{month}" for day in days for of in ("", "of "))]


@functools.lru_cache(maxsize=16_384)
def _read_form(text: str) -> Form:
    words = words_of(tokenise(fold(text)))
    value, beside = _numeric_form(words)
    units = [unit_of(word) for word in [(value.unit if value else None) or "", *beside] if word]
    return Form(tuple(words), stems_of(words), value, frozenset(units or [None]))


def _values(forms: list[Form]) -> Values:
    values: Values = {}
    for form in forms:
        if form.value is not None:
            place = (form.value.form, form.value.number)
            values[place] = values.get(place, frozenset()) | form.units
    return values


def _phrases_by_first_stem(
    kind: Kind, forms: list[Form], traps: list[Form]
) -> dict[str, list[tuple[tuple[str, ...], str]]]:
    labelled = [(form, TRAP) for form in traps] + [(form, GOLD) for form in forms]
    by_stems: dict[tuple[str, ...], str] = {}
    for form, label in labelled:
        yes_no = kind is Kind.YES_NO and form.words[:1] in (("yes",), ("no",))
        if yes_no and label == GOLD:
            by_stems[form.stems[1:]] = ECHO  # what stands behind the no of "no, he is dead" says nothing else
        elif not (yes_no or (kind.is_numeric and form.value) or (kind is Kind.LETTER and letter_of(list(form.words)))):
            by_stems[form.stems] = label
    by_stems.pop((), None)
    by_first: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for stems in sorted(by_stems, key=lambda stems: (-len(stems), stems)):
        by_first.setdefault(stems[0], []).append((stems, by_stems[stems]))
    return by_first


def _with_units(values: Values, counted: frozenset[str], asked: list[str]) -> Values:
    """Let a bare number take the units that the question counts in, and those units be left out."""
    omitted = counted | {UNIT_NAMES[sign] for sign in ("$", "€", "£") if sign in asked}
    filled = {}
    for number, units in values.items():
        bare = None in units or not omitted.isdisjoint(unit for unit in units if unit)
        filled[number] = units | counted | COUNTABLE_ANYWAY | {None} if bare else units
    return filled


def _numeric_form(form: list[str]) -> tuple[Value | None, list[str]]:
    items = read_values(form)
    if len(items) == 2 and items[0] in ("a", "an"):  # an hour, a pair
        return Value("cardinal", 1), form[1:]
    items = [item for item in items if item not in ARTICLES]
    beside = [item for item in items if isinstance(item, str) and item not in FUNCTION]
    if "no" in items and len(beside) == 2 and items[-2] == "no":  # there is no dirt
        return Value("cardinal", 0), beside[1:]
    values = [item for item in items if isinstance(item, Value)]
    only = len(values) == 1 and items[0] == values[0] and len(items) <= 3 and len(beside) == len(items) - 1
    return (values[0], beside) if only else (None, [])


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
_ALIKE = (
    word_set("near nearer nearest close closer closest"), word_set("quick quicker quickest fast faster fastest"),
    word_set("big bigger biggest large larger largest"), word_set("sooner earlier"),
)  # fmt: skip
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
    word_set("sum product value full whole entire done ready inside"),
)
_KNOWN_OF_PHRASES = _KNOWN | {"and", "as", "letter", "one"}
