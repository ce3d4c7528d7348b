"""What a riddle accepts, worked out once: right values and phrases, wrong ones to watch for, and the words it uses."""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from expit_env.answers import Kind, letter_of, options_of
from expit_env.lexicon import (
    ARTICLES,
    CARDINALS,
    COUNTABLE_ANYWAY,
    DEPARTURES,
    DETERMINERS,
    FUNCTION,
    ORDINALS,
    PREPOSITIONS,
    REFUTATIONS,
    REMAINING,
    UNIT_NAMES,
    word_set,
)
from expit_env.text import fold, stem, tokenise, unit_of
from expit_env.values import Value, read_values

GOLD, TRAP, ECHO = "gold", "trap", "echo"
_ASKS = word_set("how what which who whose whom where why")
_SENTENCE_ENDS = frozenset(".?!")
_BEFORE_NOUNS = DETERMINERS | PREPOSITIONS
_NO_NOUNS = FUNCTION | REMAINING | DEPARTURES | ORDINALS.keys()
_NOT_COUNTED = FUNCTION | PREPOSITIONS | REMAINING | DEPARTURES


Values = dict[tuple[str, Fraction | int], frozenset[str | None]]


class Mention(NamedTuple):
    """A phrase of the riddle that a reply holds: a right one, a wrong one, or a piece of the question."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class AnswerKey:
    """All that judging a reply needs of a riddle.

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
        asking: stems of the question's last sentence.
        own: stems of this riddle that a committing clause may hold, besides the function words.
        nouns: stems of the question that are things, not what happens to them.
        trigrams: runs of three stems in the question; longer echoes are made of them.
        predicate: what follows the asking word: in *What gets wetter?* it is ``get``.
        prepositions: those that the question asks with: *in* which country, made *of*.
        negative: whether the last sentence says *not*.
    """

    kind: Kind
    gold: str
    trap: str | None
    whole: frozenset[tuple[str, ...]]
    phrases: dict[str, list[tuple[tuple[str, ...], str]]]
    values: Values
    trap_values: Values
    units: frozenset[str]
    letters: frozenset[str]
    options: list[frozenset[str]]
    asked_numbers: frozenset[Fraction | int]
    asked_pairs: frozenset[tuple[Fraction | int, str]]
    asked_behind: frozenset[tuple[str, Fraction | int]]
    stems: tuple[str, ...]
    asking: frozenset[str]
    own: frozenset[str]
    nouns: frozenset[str]
    trigrams: frozenset[tuple[str, ...]]
    predicate: str | None
    prepositions: frozenset[str]
    negative: bool

    def knows(self, word: str) -> bool:
        """Whether a word neither denies nor weakens the claim that it stands in."""
        word = stem(word)
        return word in self.own or word in (_KNOWN_OF_NUMBERS if self.kind.is_numeric else _KNOWN_OF_PHRASES)

    def accepts(self, value: Value) -> bool:
        """Whether a number is right, unit and all."""
        return value.unit in self.values.get((value.form, value.number), ())

    def repeats(self, stems: tuple[str, ...]) -> bool:
        """Whether a whole reply is a run of five or more words of the question."""
        length = len(stems)
        if length < 5 or any(
            trigram not in self.trigrams for trigram in zip(stems, stems[1:], stems[2:], strict=False)
        ):
            return False
        return any(self.stems[at : at + length] == stems for at in range(len(self.stems) - length + 1))


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


@functools.lru_cache(maxsize=16_384)
def answer_key(question: str, answer: str, aliases: tuple[str, ...], trap: str | None, kind: Kind) -> AnswerKey:
    """Work out the key of a riddle."""
    asked = tokenise(fold(question))
    stems = stems_of(asked)
    items = read_values(asked)
    pairs = list(itertools.pairwise([*items, ""]))
    asking = _asking_part(asked)
    forms = [_read_form(form) for form in (answer, *aliases)]
    values = _values(forms) if kind.is_numeric else {}
    form_units = frozenset(unit for units in values.values() for unit in units if unit)
    counted = _counted(items, asking, bool(form_units))
    nouns = _nouns(asked, question) | form_units
    said = stems_of(asking) if kind.is_numeric else [*stems, *itertools.chain(*(form.stems for form in forms))]
    traps = [_read_form(trap)] if trap else []
    return AnswerKey(
        kind=kind,
        gold=answer.strip(),
        trap=trap.strip() if trap else None,
        whole=frozenset(form.stems for form in forms if not (kind.is_numeric and form.words[:1] in (("a",), ("an",)))),
        phrases=_phrases_by_first_stem(kind, forms, traps),
        values=_with_units(values, counted, asked),
        trap_values=_values(traps) if kind.is_numeric else {},
        units=form_units | counted | COUNTABLE_ANYWAY,
        letters=frozenset(letter for form in forms if (letter := letter_of(list(form.words)))),
        options=options_of(asked),
        asked_numbers=frozenset(item.number for item in items if isinstance(item, Value)),
        asked_pairs=frozenset((v.number, unit_of(w)) for v, w in pairs if isinstance(v, Value) and isinstance(w, str)),
        asked_behind=frozenset(
            (w, v.number) for w, v in pairs if isinstance(v, Value) and isinstance(w, str) and w not in FUNCTION
        ),
        stems=stems,
        asking=frozenset(stems_of(asking)),
        own=nouns.union(counted, said) - _UNSURE,
        nouns=nouns,
        trigrams=frozenset(zip(stems, stems[1:], stems[2:], strict=False)),
        predicate=_predicate(asking),
        prepositions=_prepositions(asked, asking),
        negative="not" in asking,
    )


@functools.lru_cache(maxsize=16_384)
def _read_form(text: str) -> Form:
    words = words_of(tokenise(fold(text)))
    value, beside = _numeric_form(words)
    units = [unit_of(word) for word in [(value.unit if value else None) or "", *beside] if word]
    return Form(tuple(words), stems_of(words), value, frozenset(units or [None]))


def words_of(tokens: list[str]) -> list[str]:
    """Keep the words, numbers and signs of what may be an answer; drop its punctuation."""
    return [token for token in tokens if token not in _PUNCTUATION]


_PUNCTUATION = frozenset([*".,;:!?\"'()[]\n", "..", "..."])


def stems_of(tokens: list[str]) -> tuple[str, ...]:
    """Return the stems of the words among ``tokens``, articles left out."""
    return tuple(stem(token) for token in tokens if token not in _PUNCTUATION and token not in ARTICLES)


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


def _asking_part(asked: list[str]) -> list[str]:
    """Return the last sentence of a question from its asking word on: what an answer's sentence is made of."""
    ends = [place for place, token in enumerate(asked[:-1]) if token in _SENTENCE_ENDS]
    sentence = asked[ends[-1] + 1 :] if ends else asked
    starts = [place for place, token in enumerate(sentence) if token in _ASKS]
    return sentence[starts[0] :] if starts else sentence


def _predicate(asking: list[str]) -> str | None:
    return stem(asking[1]) if len(asking) > 1 and asking[0] in _ASKS else None


def _prepositions(asked: list[str], asking: list[str]) -> frozenset[str]:
    words = words_of(asked)
    start = len(words) - len(words_of(asking))
    around = [*words[max(0, start - 1) : start], *words[-1:]]
    return frozenset(word for word in around if word in PREPOSITIONS)


def _counted(items: list, asking: list[str], has_units: bool) -> frozenset[str]:
    """Return the nouns that a bare number may take: how many *birds*, else what the question's numbers stand beside."""
    for word in ("many", "much"):
        if word in asking:
            noun = _run_of_content(asking[asking.index(word) + 1 :])
            if noun:
                return frozenset(noun)
    if "old" in asking:
        return frozenset({"year"})
    if has_units:
        return frozenset()
    places = [place for place, item in enumerate(items) if isinstance(item, Value) and not _stands_alone(items, place)]
    counted = {word for place in places for word in _run_of_content(items[place + 1 :])}
    return frozenset(counted | {item.unit for item in items if isinstance(item, Value) and item.unit})


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


def _nouns(asked: list[str], question: str) -> frozenset[str]:
    """Return the stems that stand behind an article, a number or a preposition, or that are capitalised."""
    nouns = {stem(word) for word in tokenise(" ".join(w for w in question.split() if w[0].isupper()).lower())}
    for before, word in itertools.pairwise(asked):
        if before in _BEFORE_NOUNS or before in CARDINALS or before[0].isdigit() or before == "many":
            nouns.add(stem(word))
    return frozenset(noun for noun in nouns if noun.isalpha() and noun not in _NO_NOUNS)


_UNSURE = (
    word_set("'s and not no or never neither nor either if but except without than maybe perhaps some any more less")
    | word_set("almost nearly hardly barely roughly approximately partly unlike opposite contrary")
    | REFUTATIONS
)
"""Words that no clause may hold unread, even if the question does."""
_KNOWN = frozenset(stem(word) for word in FUNCTION | ARTICLES) - _UNSURE
_KNOWN_OF_NUMBERS = _KNOWN.union(map(stem, REMAINING | COUNTABLE_ANYWAY))
_KNOWN_OF_PHRASES = _KNOWN | {"and", "as", "letter", "one"}
