"""What a question says that judging a reply needs, each part worked out when it is first asked for."""

from __future__ import annotations

import functools
import itertools
import re
from fractions import Fraction
from functools import cached_property

from expit_env.answers import options_of
from expit_env.lexicon import (
    ARTICLES,
    CARDINALS,
    DEPARTURES,
    DETERMINERS,
    FUNCTION,
    ORDINALS,
    PREPOSITIONS,
    REMAINING,
    word_set,
)
from expit_env.text import fold, stem, tokenise, unit_of
from expit_env.values import Value, read_values

_ASKS = word_set("how what which who whose whom where why")
_SENTENCE_ENDS = frozenset(".?!")
_SUBORDINATES = word_set("if when once while because since given assuming suppose")
_BEFORE_NOUNS = DETERMINERS | PREPOSITIONS | CARDINALS.keys() | {"many"}
_NO_NOUNS = FUNCTION | REMAINING | DEPARTURES | ORDINALS.keys()
_NOT_COUNTED = FUNCTION | PREPOSITIONS | REMAINING | DEPARTURES
_FIRST_LETTER = re.compile(r"(?<![a-z])a[^a-z0-9]*[).:]")
_PUNCTUATION = frozenset([*".,;:!?\"'()[]\n", "..", "..."])


class Asked:
    """A question as it was read. What its parts mean is told by `AnswerKey`."""

    def __init__(self, question: str) -> None:
        self._question = question

    @cached_property
    def tokens(self) -> list[str]:
        return tokenise(fold(self._question))

    @cached_property
    def stems(self) -> tuple[str, ...]:
        return stems_of(self.tokens)

    @cached_property
    def bigrams(self) -> frozenset[tuple[str, ...]]:
        return frozenset(itertools.pairwise(self.stems))

    @cached_property
    def trigrams(self) -> frozenset[tuple[str, ...]]:
        return frozenset(zip(self.stems, self.stems[1:], self.stems[2:], strict=False))

    @cached_property
    def last(self) -> list[str]:
        """The main clause of the last sentence from its asking word on: what an answer's sentence is made of."""
        ends = [place for place, token in enumerate(self.tokens[:-1]) if token in _SENTENCE_ENDS]
        sentence = self.tokens[ends[-1] + 1 :] if ends else self.tokens
        starts = [place for place, token in enumerate(sentence) if token in _ASKS]
        asked_part = sentence[starts[0] :] if starts else sentence
        return list(itertools.takewhile(lambda token: token not in _SUBORDINATES, asked_part)) or asked_part

    @cached_property
    def asking(self) -> frozenset[str]:
        return frozenset(stems_of(self.last))

    @cached_property
    def predicate(self) -> str | None:
        return stem(self.last[1]) if len(self.last) > 1 and self.last[0] in _ASKS else None

    @cached_property
    def prepositions(self) -> frozenset[str]:
        words = words_of(self.tokens)
        start = len(words) - len(words_of(self.last))
        around = [*words[max(0, start - 1) : start], *words[-1:]]
        return frozenset(word for word in around if word in PREPOSITIONS)

    @cached_property
    def options(self) -> list[frozenset[str]]:
        return options_of(self.tokens)

    @cached_property
    def lettered(self) -> dict[str, tuple[str, ...]]:
        """The options that the question letters, as in *A) red B) blue*: from a letter to the stems of its option."""
        if not _FIRST_LETTER.search(fold(self._question)):
            return {}
        starts: list[int] = []
        for place, pair in enumerate(itertools.pairwise(self.tokens)):
            if pair[0] == "abcdefgh"[len(starts) % 8] and pair[1] in (")", ".", ":"):
                starts.append(place)
        texts = [self.tokens[start + 2 : end] for start, end in itertools.pairwise([*starts, len(self.tokens)])]
        return {self.tokens[start]: stems_of(text) for start, text in zip(starts, texts, strict=True) if starts[1:]}

    @cached_property
    def nouns(self) -> frozenset[str]:
        """The stems that stand behind an article, a number or a preposition, or that are capitalised."""
        capitalised = " ".join(word for word in self._question.split() if word[0].isupper())
        nouns = {stem(word) for word in tokenise(capitalised.lower())}
        for before, word in itertools.pairwise(self.tokens):
            if before in _BEFORE_NOUNS or before[0].isdigit():
                nouns.add(stem(word))
        return frozenset(noun for noun in nouns if noun.isalpha() and noun not in _NO_NOUNS)

    @cached_property
    def items(self) -> list[str | Value]:
        return read_values(self.tokens)

    @cached_property
    def numbers(self) -> frozenset[Fraction | int]:
        return frozenset(item.number for item in self.items if isinstance(item, Value))

    @cached_property
    def pairs(self) -> frozenset[tuple[Fraction | int, str]]:
        """The numbers, each with the unit or word behind it."""
        pairs = itertools.pairwise([*self.items, ""])
        return frozenset(
            (v.number, unit_of(word)) for v, word in pairs if isinstance(v, Value) and isinstance(word, str)
        )

    @cached_property
    def behind(self) -> frozenset[tuple[str, Fraction | int]]:
        """The numbers, each with the word that it stands behind, where that is no function word."""
        pairs = itertools.pairwise(self.items)
        return frozenset(
            (word, v.number)
            for word, v in pairs
            if isinstance(v, Value) and isinstance(word, str) and word not in FUNCTION
        )

    def counted(self, has_units: bool) -> frozenset[str]:
        """Return the nouns that a bare number may take: how many *birds*, else what its numbers stand beside.

        Numbers of an answer that has units of its own take no other.
        """
        for word in ("many", "much"):
            if word in self.last:
                noun = _run_of_content(self.last[self.last.index(word) + 1 :])
                if noun:
                    return frozenset(noun)
                if self.last[self.last.index(word) + 1 :][:1] == ["have"]:  # some months have 31 days; how many have 28
                    return frozenset(_run_of_content(self.tokens[1:]) if self.tokens[0] in ("some", "all") else ())
        if self.last[1:3] == ["number", "of"]:
            return frozenset(_run_of_content(self.last[3:]))
        if "count" in self.last and (noun := self._of_the_count):
            return frozenset(noun)
        if "often" in self.last:
            return frozenset({"time"})
        if "old" in self.last:
            return frozenset({"year"})
        return frozenset() if has_units else self._beside_numbers

    @cached_property
    def _of_the_count(self) -> list[str]:
        """The things that somebody counts: *she counts the months that have 28 days. What is the count?*."""
        runs = zip(self.tokens, self.tokens[1:], self.tokens[2:], strict=False)
        return next(([unit_of(noun)] for verb, the, noun in runs if verb == "counts" and the in ("the", "all")), [])

    @cached_property
    def _beside_numbers(self) -> frozenset[str]:
        items = self.items
        places = [at for at, item in enumerate(items) if isinstance(item, Value) and not _stands_alone(items, at)]
        counted = {word for place in places for word in _run_of_content(items[place + 1 :])}
        return frozenset(counted | {item.unit for item in items if isinstance(item, Value) and item.unit})


@functools.lru_cache(maxsize=1_024)
def asked(question: str) -> Asked:
    """Return what a question says: one object for equal questions."""
    return Asked(question)


def words_of(tokens: list[str]) -> list[str]:
    """Keep the words, numbers and signs of what may be an answer; drop its punctuation."""
    return [token for token in tokens if token not in _PUNCTUATION]


def stems_of(tokens: list[str]) -> tuple[str, ...]:
    """Return the stems of the words among ``tokens``, articles left out."""
    return tuple([stem(token) for token in tokens if token not in _PUNCTUATION and token not in ARTICLES])


def _stands_alone(items: list, place: int) -> bool:
    """Whether what a number counts is left out behind it: all but 9 die."""
    return place > 0 and items[place - 1] in ("but", "except", "only")


def _run_of_content(items: list) -> list[str]:
    run = []
    for item in items[:3]:
        if not isinstance(item, str) or not item.isalpha() or item in _NOT_COUNTED:
            break
        run.append(unit_of(item))
    return run
