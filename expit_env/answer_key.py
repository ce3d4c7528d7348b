"""What a riddle accepts, worked out once: right values and phrases, wrong ones to watch for, and the words it uses."""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from expit_env.answers import Kind, Value, letter_of, options_of, read_values, stem, unit_of
from expit_env.lexicon import (
    ARTICLES,
    CARDINALS,
    COUNTABLE_ANYWAY,
    DETERMINERS,
    FUNCTION,
    ORDINALS,
    PREPOSITIONS,
    REFUTATIONS,
    REMAINING,
    TIMES,
    UNIT_NAMES,
    word_set,
)
from expit_env.text import fold, tokenise

GOLD, TRAP, ECHO = "gold", "trap", "echo"
_ASKS = word_set("how what which who whose whom where why")
_SENTENCE_ENDS = frozenset(".?!")
_BEFORE_NOUNS = DETERMINERS | PREPOSITIONS
_NO_NOUNS = FUNCTION | REMAINING | ORDINALS.keys()
_NOT_COUNTED = FUNCTION | PREPOSITIONS | REMAINING


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
        exact: whole replies, in lower case and without punctuation at the end, that are the gold or the trap.
        whole: the stems of every right form, which a whole reply or clause may be.
        phrases: from a first stem to (stems, label) of phrases that are looked for in a reply, longest first.
        values: from (form, number) of a right number to the units that may stand beside it, None for no unit.
        trap_values: the same of the trap.
        units: all units that may stand beside a right number.
        options: for each option that the question lists the stems that set it apart.
        asked_numbers: the numbers of the question; asked_pairs: each with the unit or word behind it;
            asked_behind: each with the word before it, where that is no function word.
        asking: stems of the question's last sentence.
        known: stems that a committing clause may hold.
        nouns: stems of the question that are things, not what happens to them.
        trigrams: runs of three stems in the question; longer echoes are made of them.
        predicate: what follows the asking word: in *What gets wetter?* it is ``get``.
        prepositions: those that the question asks with: *in* which country, made *of*.
        negative: whether the last sentence says *not*.
    """

    kind: Kind
    gold: str
    trap: str | None
    exact: dict[str, str]
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
    known: frozenset[str]
    nouns: frozenset[str]
    trigrams: frozenset[tuple[str, ...]]
    predicate: str | None
    prepositions: frozenset[str]
    negative: bool

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


@functools.lru_cache(maxsize=4096)
def answer_key(question: str, answer: str, aliases: tuple[str, ...], trap: str | None, kind: Kind) -> AnswerKey:
    """Work out the key of a riddle."""
    asked = tokenise(fold(question))
    forms = [words_of(tokenise(fold(form))) for form in (answer, *aliases)]
    trap_words = words_of(tokenise(fold(trap or "")))
    stems = stems_of(asked)
    values, phrases = _sorted_forms(forms, kind)
    trap_values, trap_phrases = _sorted_forms([trap_words] if trap_words else [], kind)
    form_units = frozenset(unit for beside in values.values() for unit in beside if unit)
    items = read_values(asked)
    pairs = list(itertools.pairwise([*items, ""]))
    asking = _asking_part(asked)
    nouns = _nouns(asked, question) | form_units
    counted = _counted(items, asking, bool(form_units))
    return AnswerKey(
        kind=kind,
        gold=answer.strip(),
        trap=trap.strip() if trap else None,
        exact=_exact(answer, aliases, trap),
        whole=frozenset(stems_of(form) for form in forms if not (kind.is_numeric and form[:1] in (["a"], ["an"]))),
        phrases=_by_first_stem(
            {GOLD: phrases, TRAP: trap_phrases - phrases, ECHO: _tails(forms) if kind is Kind.YES_NO else set()}
        ),
        values=_with_units(values, counted, asked),
        trap_values=trap_values,
        units=form_units | counted | COUNTABLE_ANYWAY,
        letters=frozenset(letter for form in forms if (letter := letter_of(form))),
        options=options_of(asked),
        asked_numbers=frozenset(item.number for item in items if isinstance(item, Value)),
        asked_pairs=frozenset((v.number, unit_of(w)) for v, w in pairs if isinstance(v, Value) and isinstance(w, str)),
        asked_behind=frozenset(
            (w, v.number) for w, v in pairs if isinstance(v, Value) and isinstance(w, str) and w not in FUNCTION
        ),
        stems=stems,
        asking=frozenset(stems_of(asking)),
        known=_known(kind, forms, asking, nouns | counted | COUNTABLE_ANYWAY, stems),
        nouns=nouns,
        trigrams=frozenset(zip(stems, stems[1:], stems[2:], strict=False)),
        predicate=_predicate(asking),
        prepositions=_prepositions(asked, asking),
        negative="not" in asking,
    )


def words_of(tokens: list[str]) -> list[str]:
    """Keep the words, numbers and signs of what may be an answer; drop its punctuation."""
    return [token for token in tokens if token not in _PUNCTUATION]


_PUNCTUATION = frozenset([*".,;:!?\"'()[]\n", "..", "..."])


def stems_of(tokens: list[str]) -> tuple[str, ...]:
    """Return the stems of the words among ``tokens``, articles left out."""
    return tuple(stem(token) for token in tokens if token not in _PUNCTUATION and token not in ARTICLES)


def _exact(answer: str, aliases: tuple[str, ...], trap: str | None) -> dict[str, str]:
    exact = {trap.strip().lower().rstrip(" .!"): TRAP} if trap else {}
    return exact | {form.strip().lower().rstrip(" .!"): GOLD for form in (answer, *aliases)}


def _sorted_forms(forms: list[list[str]], kind: Kind) -> tuple[Values, set[tuple[str, ...]]]:
    """Part forms into right numbers, each with the units beside it, and phrases."""
    values: Values = {}
    phrases = set()
    for form in forms:
        value, beside = _numeric_form(form) if kind.is_numeric else (None, [])
        if value is not None:
            units = [unit_of(word) for word in [value.unit or "", *beside] if word]
            place = (value.form, value.number)
            values[place] = values.get(place, frozenset()) | frozenset(units or [None])
        elif kind is Kind.YES_NO and form[:1] in (["yes"], ["no"]):
            continue
        elif not (kind is Kind.LETTER and letter_of(form)):
            phrases.add(stems_of(form))
    return values, phrases


def _with_units(values: Values, counted: frozenset[str], asked: list[str]) -> Values:
    """Let a bare number take the units that the question counts in, and those units be left out."""
    omitted = counted | {UNIT_NAMES[sign] for sign in ("$", "€", "£") if sign in asked}
    filled = {}
    for number, units in values.items():
        bare = None in units or not omitted.isdisjoint(unit for unit in units if unit)
        filled[number] = units | counted | COUNTABLE_ANYWAY | {None} if bare else units
    return filled


def _numeric_form(form: list[str]) -> tuple[Value | None, list[str]]:
    if len(form) == 2 and form[0] in ("a", "an") and form[1] in TIMES:
        return Value("cardinal", 1), form[1:]
    items = [item for item in read_values(form) if item not in ARTICLES]
    beside = [item for item in items if isinstance(item, str) and item not in FUNCTION]
    if "no" in items and len(beside) == 2 and items[-2] == "no":  # there is no dirt
        return Value("cardinal", 0), beside[1:]
    values = [item for item in items if isinstance(item, Value)]
    only = len(values) == 1 and items[0] == values[0] and len(items) <= 3 and len(beside) == len(items) - 1
    return (values[0], beside) if only else (None, [])


def _tails(forms: list[list[str]]) -> set[tuple[str, ...]]:
    """Return what stands behind the yes or no of forms such as *no, he is dead*: it says nothing else."""
    return {stems_of(form[1:]) for form in forms if form[:1] in (["yes"], ["no"])}


def _by_first_stem(phrases: dict[str, set[tuple[str, ...]]]) -> dict[str, list[tuple[tuple[str, ...], str]]]:
    by_first: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for label, labelled in phrases.items():
        for phrase in labelled - {()}:
            by_first.setdefault(phrase[0], []).append((phrase, label))
    for found in by_first.values():
        found.sort(key=lambda entry: (-len(entry[0]), entry))
    return by_first


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
    places = [place for place, item in enumerate(items) if isinstance(item, Value)]
    counted = {word for place in places for word in _run_of_content(items[place + 1 :])}
    return frozenset(counted | {item.unit for item in items if isinstance(item, Value) and item.unit})


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


def _known(
    kind: Kind, forms: list[list[str]], asking: list[str], nouns: frozenset[str], asked: tuple[str, ...]
) -> frozenset[str]:
    if kind.is_numeric:
        return _KNOWN_OF_NUMBERS.union(nouns, stems_of(asking)) - _NEVER_KNOWN
    return _KNOWN.union(nouns, asked, *map(stems_of, forms)) - _NEVER_KNOWN


_KNOWN_OF_NUMBERS = frozenset(stem(word) for word in FUNCTION | ARTICLES | REMAINING)
_KNOWN = frozenset(stem(word) for word in FUNCTION | ARTICLES) | {"and", "letter"}
_NEVER_KNOWN = (
    word_set("'s not no or never neither nor either if but except without than maybe perhaps some any more less")
    | word_set("almost nearly hardly barely roughly approximately partly unlike opposite contrary")
    | REFUTATIONS
)
