"""Reading one clause: what it claims about the riddle's answer, if every word of it is understood."""

from __future__ import annotations

import itertools
from enum import StrEnum
from typing import NamedTuple

from expit_env.answer_key import ECHO, GOLD, TRAP, AnswerKey, Mention
from expit_env.answers import Kind, Value, stem, unit_of
from expit_env.clauses import Clause, Item
from expit_env.lexicon import (
    APPROXIMATIONS,
    ARTICLES,
    DEPARTURES,
    EXPLAINING,
    FILLERS,
    FUNCTION,
    HEDGES,
    NEGATIONS,
    NO,
    PREPOSITIONS,
    REASONS,
    REMAINING,
    RISKY_PREPOSITIONS,
    TIMES,
    UNIT_NAMES,
    YES,
    word_set,
)
from expit_env.text import UNREADABLE


class Claim(StrEnum):
    """What a clause claims."""

    GOLD = "gold"  # asserts the right answer
    OTHER = "other"  # asserts another one
    DENIES = "denies"  # denies the right answer
    HEDGES = "hedges"  # names an answer without standing by it, or several
    NOTHING = "nothing"  # understood, and claims no answer
    OPAQUE = "opaque"  # not understood


class Reading(NamedTuple):
    """A clause as it was read.

    Attributes:
        claim: what it claims.
        said: the wrong answer that it names, if it names one.
        rivals: whether it is not understood and names a wrong answer for which it has no excuse.
        explains: whether it is a sentence, not merely the next item of a list.
        sum: whether it is the result of a sum, which a later one may go on from.
    """

    claim: Claim
    said: str | None = None
    rivals: bool = False
    explains: bool = True
    sum: bool = False


def read_clause(key: AnswerKey, clause: Clause) -> Reading:
    """Read one clause by the riddle's kind."""
    items = without_fillers(clause.items)
    if not items:
        return Reading(Claim.NOTHING)
    if clause.lead == "or" or items[0] == "or":
        return Reading(Claim.HEDGES)
    if _is_whole(key, items):
        return Reading(Claim.HEDGES if clause.asks else Claim.GOLD)
    if key.kind.is_numeric:
        return _read_numbers(key, clause, items)
    if key.kind is Kind.YES_NO:
        return _read_yes_no(key, clause, items)
    if key.kind is Kind.LETTER:
        items = _letters_marked(key, items)
    return _read_phrases(key, clause, items)


_FILLER_PHRASES = {tuple(phrase.split()) for phrase in FILLERS}
_LAST_FILLERS = {
    ("of", "course"), ("i", "think"), ("i", "believe"), ("i", "guess"), ("in", "total"), ("in", "all"), ("at", "all"),
    ("in", "the", "end"), ("at", "the", "end"), ("as", "well"), ("for", "sure"),
}  # fmt: skip
_FILLER_LENGTHS = sorted({len(phrase) for phrase in _FILLER_PHRASES}, reverse=True)


_FIRST_OF_FILLERS = {phrase[0] for phrase in _FILLER_PHRASES}
_LAST_OF_FILLERS = {phrase[-1] for phrase in _LAST_FILLERS}


def without_fillers(items: list[Item]) -> list[Item]:
    """Take fillers (I think, of course) off both ends."""
    while items and (items[0] in _FIRST_OF_FILLERS or items[-1] in _LAST_OF_FILLERS):
        for length in _FILLER_LENGTHS:
            if tuple(items[:length]) in _FILLER_PHRASES:
                items = items[length:]
                break
            if tuple(items[-length:]) in _LAST_FILLERS:
                items = items[:-length]
                break
        else:
            return items
    return items


_ANSWER_FRAMES = {("answer", "is"), ("it", "is"), ("that", "is"), ("answer", "would", "be")}


def _is_whole(key: AnswerKey, items: list[Item]) -> bool:
    """Whether a clause is one of the right forms and nothing else, but for *the answer is*."""
    if any(isinstance(item, Value) for item in items):
        return False
    stems = [stem(word) for item in items for word in _word(item).split() if word not in ARTICLES]
    if tuple(stems) in key.whole:
        return True
    return any(tuple(stems[: len(f)]) == f and tuple(stems[len(f) :]) in key.whole for f in _ANSWER_FRAMES)


# Numbers


def _read_numbers(key: AnswerKey, clause: Clause, items: list[Item]) -> Reading:
    items = _zeros_read(key, items)
    whole_length = len(items)
    items, summed = _without_sum(items)
    has_sum = len(items) < whole_length
    items = _units_attached(key, items)
    values = [item for item in items if isinstance(item, Value)]
    words = [item for item in items if isinstance(item, str) and item not in ARTICLES]
    phrases = [item for item in items if isinstance(item, Mention)]
    understood = all(stem(word) in key.known for word in words) and not _adjacent(items) and summed
    understood = understood and not _went(items)
    understood = understood and all(value.unit is None or _unit_known(key, value) for value in values)
    live = _live(key, items, goes_on=clause.lead == "and")
    gold = any(key.accepts(value) for value in live) or any(phrase.label == GOLD for phrase in phrases)
    others = [value for value in live if not key.accepts(value)]
    said = _said(key, others, phrases)
    if (live or phrases) and (clause.asks or not HEDGES.isdisjoint(words) or _approximates(key, items)):
        excused = clause.lead in REASONS and "or" not in words
        return Reading(Claim.OPAQUE if excused else Claim.HEDGES, said)
    if not NEGATIONS.isdisjoint(words):
        rest = [word for word in words if word not in NEGATIONS]
        if gold and all(stem(word) in key.known for word in rest):
            return Reading(Claim.DENIES)
        return Reading(Claim.OPAQUE, said if values else None, rivals=gold)
    if not understood:
        return Reading(Claim.OPAQUE, said, rivals=_rivals(key, clause, others, words, gold))
    if gold and said:
        return Reading(Claim.HEDGES)
    if _is_echo(key, items, gold):
        return Reading(Claim.NOTHING, said)
    if said:
        return Reading(Claim.OTHER, said, sum=has_sum)
    if gold:
        return Reading(Claim.GOLD)
    if len(values) == 1 and not gold and len(items) <= 2 and clause.lead != "and":
        return Reading(Claim.OTHER, _text(key, values[0]))
    return Reading(Claim.NOTHING, _text(key, values[-1]) if values else None)


def _zeros_read(key: AnswerKey, items: list[Item]) -> list[Item]:
    """Read *no birds*, *not any*, *not a single one*, *no one* as zero."""
    read: list[Item] = []
    place = 0
    while place < len(items):
        length, unit = _zero_at(key, items, place)
        read.append(_ZERO._replace(unit=unit) if length else items[place])
        place += length or 1
    return read


_ZERO = Value("cardinal", 0)
_NO = (("no", "longer", "any"), ("no", "more"), ("no",))
_NOT_ANY = (("not", "a", "single"), ("not", "any", "more"), ("not", "any"), ("not", "even"), ("not",))
_VERBS_BETWEEN = word_set("have has be get")


def _zero_at(key: AnswerKey, items: list[Item], place: int) -> tuple[int, str | None]:
    if items[place] not in ("no", "not"):
        return 0, None
    for opening in (*_NO, *_NOT_ANY):
        end = place + len(opening)
        if tuple(items[place:end]) != opening:
            continue
        behind = items[end] if end < len(items) else ""
        if opening[-1] in ("any", "more", "single", "no") and isinstance(behind, str):
            if unit_of(behind) in key.units or behind == "one":
                return end + 1 - place, None if behind == "one" else unit_of(behind)
            if opening[-1] == "any" and (not behind or behind in REMAINING):
                return end - place, None
        if opening[0] == "not" and opening[-1] in ("not", "even", "single") and _is_one(behind):
            return end + 1 - place, None
        if opening == ("not",) and _is_verb(key, behind) and items[end + 1 : end + 2] == ["any"]:
            return _zero_behind_verb(key, items, place, end + 2)
    return 0, None


def _is_verb(key: AnswerKey, word: Item) -> bool:
    return word in _VERBS_BETWEEN or (
        isinstance(word, str) and stem(word) in key.asking and stem(word) not in key.nouns
    )


def _is_one(item: Item) -> bool:
    return item == "one" or (isinstance(item, Value) and item.form == "cardinal" and item.number == 1)


def _zero_behind_verb(key: AnswerKey, items: list[Item], place: int, end: int) -> tuple[int, str | None]:
    """Read *do not have any birds*."""
    behind = items[end] if end < len(items) else ""
    if isinstance(behind, str) and unit_of(behind) in key.units:
        return end + 1 - place, unit_of(behind)
    return (end - place, None) if not behind or behind in REMAINING else (0, None)


_SIGNS = frozenset(["+", "-", "–", "*", "/", "x", "plus", "minus", "times", "(", ")"])
_EQUALS = frozenset(["=", "equals", "equal"])
_DOUBTS = NEGATIONS | HEDGES | APPROXIMATIONS


def _without_sum(items: list[Item]) -> tuple[list[Item], bool]:
    """Leave of ``5 - 2 = 3`` the 3; return also whether no sign is left over."""
    signs = [place for place, item in enumerate(items) if _is_sign(items, place)]
    results = [place for place, item in enumerate(items) if item in _EQUALS]
    if not results and signs:
        results = [place for place, item in enumerate(items) if item in ("is", "makes", "leaves") and place > signs[-1]]
    if not results:
        return items, not signs
    end = results[-1]
    if any(place > end for place in signs):
        return items, False
    kept: list[Item] = []
    for before, item in itertools.pairwise(["", *items[:end]]):
        counted = isinstance(before, Value) and isinstance(item, str) and item.isalpha() and item not in _DOUBTS
        if not counted and not isinstance(item, Value) and item not in _SIGNS | _EQUALS | {"of"}:
            kept.append(item)
    return [*kept, *items[end + 1 :]], len(results) == 1


def _is_sign(items: list[Item], place: int) -> bool:
    behind = items[place + 1] if place + 1 < len(items) else ""
    if items[place] == "times" and not isinstance(behind, Value):
        return False  # it is right 2 times
    return items[place] in _SIGNS or _is_part_of(items, place)


def _is_part_of(items: list[Item], place: int) -> bool:
    """Whether an *of* multiplies: half of 12."""
    parts = items[place - 1 : place + 2]
    if items[place] != "of" or len(parts) < 3:
        return False
    part, whole = parts[0], parts[2]
    return isinstance(part, Value) and isinstance(whole, Value) and part.number.denominator > 1


def _units_attached(key: AnswerKey, items: list[Item]) -> list[Item]:
    """Attach to each number the thing that it counts."""
    attached: list[Item] = []
    place = 0
    while place < len(items):
        item = items[place]
        one = item in ("a", "an") and items[place + 1 : place + 2] and items[place + 1] in TIMES
        item = Value("cardinal", 1) if one else item
        attached.append(item)
        place += 1
        if not isinstance(item, Value) or item.unit is not None or place == len(items):
            continue
        behind = items[place]
        if isinstance(behind, str) and _is_unit(key, behind):
            attached[-1] = item._replace(unit=unit_of(behind))
            place += 1
    return attached


def _is_unit(key: AnswerKey, word: str) -> bool:
    unit = unit_of(word)
    if unit in key.units or word in UNIT_NAMES:
        return True
    if word in FUNCTION or word in REMAINING or word in PREPOSITIONS:
        return False
    if word in NEGATIONS | HEDGES | _EQUALS or (word in _SIGNS and word != "times") or not word.isalpha():
        return False
    return stem(word) not in key.known or stem(word) in key.nouns


def _unit_known(key: AnswerKey, value: Value) -> bool:
    return value.unit in key.units or value.unit in key.nouns or value.unit in UNIT_NAMES.values()


_COPULAS = word_set("is are was were be been am have has had")


def _went(items: list[Item]) -> bool:
    """Whether *left* means went: none of them left."""
    return "left" in items and "of" in items and _COPULAS.isdisjoint(item for item in items if isinstance(item, str))


def _adjacent(items: list[Item]) -> bool:
    return any(not isinstance(a, str) and not isinstance(b, str) for a, b in itertools.pairwise(items))


_AWAY = word_set("of from for after than with to")


def _live(key: AnswerKey, items: list[Item], goes_on: bool) -> list[Value]:
    """Return the numbers that may be meant as the answer: not those that only repeat the question's."""
    live, seen_gold = [], False
    for place, value in enumerate(items):
        if not isinstance(value, Value):
            continue
        if key.accepts(value):
            seen_gold = True
        elif (
            (len(items) > 2 or goes_on)
            and _repeats(key, items, place)
            and (seen_gold or value.unit not in key.units or _behind_preposition(items, place))
        ):
            continue
        live.append(value)
    return live


def _repeats(key: AnswerKey, items: list[Item], place: int) -> bool:
    """Whether a number stands beside what it stands beside in the question."""
    value = items[place]
    assert isinstance(value, Value)
    if value.unit is not None:
        return (value.number, value.unit) in key.asked_pairs
    if value.number not in key.asked_numbers:
        return False
    before = items[place - 1] if place else ""
    return _behind_preposition(items, place) or (_word(before), value.number) in key.asked_behind


def _behind_preposition(items: list[Item], place: int) -> bool:
    while place and items[place - 1] in ARTICLES | {"all", "these", "those"}:
        place -= 1
    return place > 0 and items[place - 1] in _AWAY


def _approximates(key: AnswerKey, items: list[Item]) -> bool:
    """Whether a number that is not the question's own is only a bound or a guess: at least 9, 9 or more."""
    if items[-1] == "+":
        return True
    for place, item in enumerate(items):
        if item in APPROXIMATIONS or item in _COMPARISONS:
            behind = next((at for at in range(place, len(items)) if isinstance(items[at], Value)), None)
            if behind is None or not _repeats(key, items, behind):
                return True
    return False


_COMPARISONS = frozenset(["~", "≈", "<", ">", "≤", "≥", "±"])


def _rivals(key: AnswerKey, clause: Clause, others: list[Value], words: list[str], gold: bool) -> bool:
    """Whether a clause that is not understood names another number, and not to say where the others went."""
    rivals = [value for value in others if value.number not in key.asked_numbers]
    excused = clause.lead in REASONS or not DEPARTURES.isdisjoint(words)
    return (bool(rivals) or gold) and not excused


def _is_echo(key: AnswerKey, items: list[Item], gold: bool) -> bool:
    """Whether a clause only repeats a run of the question, and is not what its last sentence asks for."""
    words = tuple(stem(_word(item)) for item in items if item not in ARTICLES)
    bare = words[1:] if words[:1] and words[0] in PREPOSITIONS else words
    if len(words) < 2 or bare in key.whole or (len(words) == 2 and not gold):
        return False
    if gold and all(not isinstance(item, str) or item in FUNCTION or stem(item) in key.asking for item in items):
        return False
    return any(key.stems[at : at + len(words)] == words for at in range(len(key.stems) - len(words) + 1))


def _word(item: Item) -> str:
    if isinstance(item, str):
        return item
    return item.text if isinstance(item, Mention) else " ".join([str(item.number), *([item.unit] if item.unit else [])])


def _said(key: AnswerKey, others: list[Value], phrases: list[Mention]) -> str | None:
    if others:
        value = others[-1]
        trap = (value.form, value.number) in key.trap_values and key.trap
        return trap or _text(key, value)
    return next((phrase.text for phrase in phrases if phrase.label == TRAP), None)


def _text(key: AnswerKey, value: Value) -> str:
    return f"{value} {value.unit}" if value.unit and value.unit not in key.units else str(value)


# Yes and no

_SHORT_ANSWERS = word_set("sir madam it they he she you we i that this there because since the a not")


def _read_yes_no(key: AnswerKey, clause: Clause, items: list[Item]) -> Reading:
    words = [word for item in items for word in _word(item).split()]
    if UNREADABLE in words or not words:
        return Reading(Claim.OPAQUE)
    if len(items) == 1 and isinstance(items[0], Mention) and items[0].label == ECHO:
        return Reading(Claim.NOTHING)
    polarity = _polarity(key, words)
    if polarity is None:
        phrase = next((item for item in items if isinstance(item, Mention)), None)
        if phrase and len(items) == 1 and not clause.asks:
            return Reading(Claim.GOLD) if phrase.label == GOLD else Reading(Claim.OTHER, key.trap)
        named = not YES.isdisjoint(words) or words[-1] in NO
        return Reading(Claim.HEDGES if named else Claim.OPAQUE)
    if clause.asks:
        return Reading(Claim.HEDGES)
    gold = fold_yes_no(key.gold)
    if polarity == gold:
        return Reading(Claim.GOLD)
    return Reading(Claim.OTHER, key.trap if key.trap and fold_yes_no(key.trap) == polarity else polarity)


def fold_yes_no(text: str) -> str:
    """Return ``yes``, ``no`` or the text itself."""
    first = text.strip().lower().partition(",")[0].rstrip(".! ")
    return "yes" if first in YES else "no" if first in NO else first


def _polarity(key: AnswerKey, words: list[str]) -> str | None:
    """Return what a clause answers: by its first word, or by saying or denying what the question asks."""
    for frame in (["answer", "is"], ["it", "is", "a"], ["answer", "would", "be"]):
        start = 1 if words[0] in ("the", "my") else 0
        if words[start : start + len(frame)] == frame and words[start + len(frame) :]:
            words = words[start + len(frame) :]
    first, rest = words[0], words[1:]
    if words in (["not"], ["not", "really"], ["no", "way"]):
        return "no"
    said = _statement(key, rest if first in YES | NO else words)
    if first in YES or first in NO:
        polarity = "yes" if first in YES else "no"
        if (rest and rest[0] not in _SHORT_ANSWERS) or not HEDGES.isdisjoint(rest):
            return None
        return polarity if said in (None, polarity) and not (set(rest) & (YES | NO)) else None
    return said


def _statement(key: AnswerKey, words: list[str]) -> str | None:
    """Return yes or no for *a bat is (not) a bird* where the question is *is a bat a bird*."""
    stems = [stem(word) for word in words if word not in ARTICLES]
    content = [word for word in stems if word != "not"]
    if not (YES | NO).isdisjoint(content):
        return None
    auxiliary = [word for word in content if word in _AUXILIARIES]
    if key.negative or not auxiliary or any(word not in key.stems and word not in _PRONOUNS for word in content):
        return None
    if not any(word in key.stems for word in auxiliary) or not (set(content) & _PRONOUNS or content[0] in key.nouns):
        return None
    return "no" if stems.count("not") == 1 else "yes" if "not" not in stems else None


_AUXILIARIES = word_set("is are was were do can could will would must should have be")
_PRONOUNS = word_set("it they he she you we i him her them there that this")


# Letters, choices and phrases


def _letters_marked(key: AnswerKey, items: list[Item]) -> list[Item]:
    """Mark single letters; *a* and *I* with a word behind them are an article and a pronoun."""
    marked: list[Item] = []
    for place, item in enumerate(items):
        last = place + 1 == len(items)
        behind = "" if last else items[place + 1]
        last = last or behind in ("and", "or")
        single = isinstance(item, str) and len(item) == 1 and item.isascii() and item.isalpha()
        if single and (last or item not in ("a", "i")):
            marked.append(Mention(GOLD if item in key.letters else TRAP, str(item)))
        else:
            marked.append(item)
    return marked


def _read_phrases(key: AnswerKey, clause: Clause, items: list[Item]) -> Reading:
    items = [item for item in items if item not in ARTICLES]
    if key.options and "than" in items:
        items = items[: items.index("than")]
    words = [item for item in items if isinstance(item, str)]
    gold = [place for place, item in enumerate(items) if isinstance(item, Mention) and item.label == GOLD]
    said = _wrong_phrase(key, items, bool(gold))
    unknown = [word for word in words if stem(word) not in key.known]
    named = bool(gold) or said is not None
    explains = not EXPLAINING.isdisjoint(words) or any(isinstance(i, Mention) and i.label == ECHO for i in items)
    if (named and clause.asks) or (not HEDGES.isdisjoint(words) and (named or len(unknown) <= 3)):
        return Reading(Claim.HEDGES, said)
    if not NEGATIONS.isdisjoint(words):
        denies = gold and all(word in NEGATIONS for word in unknown)
        return Reading(Claim.DENIES if denies else Claim.OPAQUE, rivals=bool(gold))
    if unknown:
        fragment = (not explains or _names(items)) and key.kind is not Kind.LETTER
        rivals = named and clause.lead not in REASONS
        other = " ".join(_word(item) for item in items)
        if fragment and not gold and not clause.asks and clause.lead not in REASONS and len(items) <= 6:
            return Reading(Claim.OTHER, said or other, explains=explains)
        return Reading(Claim.OPAQUE, said, rivals=rivals, explains=explains)
    if gold and said:
        return Reading(Claim.HEDGES)
    if said:
        return Reading(Claim.OTHER, said)
    if gold and all(_stands_free(key, items, place) for place in gold) and not _repeated(items, gold):
        return Reading(Claim.GOLD)
    return Reading(Claim.OPAQUE if gold else Claim.NOTHING, explains=explains)


def _repeated(items: list[Item], gold: list[int]) -> bool:
    return any(place + 1 in gold for place in gold)


def _wrong_phrase(key: AnswerKey, items: list[Item], gold: bool) -> str | None:
    """Return the trap, or the one option of the question, that a clause names."""
    traps = [item.text for item in items if isinstance(item, Mention) and item.label == TRAP]
    words = [item for item in items if isinstance(item, str)] + [word for text in traps for word in text.split()]
    stems = {stem(word) for word in words}
    named = [option for option in key.options if not option.isdisjoint(stems)]
    if gold and len(named) == len(key.options) > 1:
        return None  # iron and wool weigh the same
    if traps:
        return key.trap if key.trap and key.kind is not Kind.LETTER else traps[0]
    if not named or any(option & _gold_stems(key) for option in named):
        return None
    return " ".join(sorted(named[0]))


def _gold_stems(key: AnswerKey) -> frozenset[str]:
    return frozenset(word for form in key.whole for word in form)


_NAMING = {(name, "is") for name in ("it", "that", "this", "answer", "name")} | {("they", "are"), ("these", "are")}


def _names(items: list[Item]) -> bool:
    """Whether a clause has the shape *it is X*: an X that is not understood is another answer."""
    start = 1 if items[0] in ("her", "his", "my", "its", "their") else 0
    named = items[start + 2 :]
    short = 0 < len(named) <= 3 and all(item not in EXPLAINING and item not in _NOT_NAMES for item in named)
    return short and tuple(items[start : start + 2]) in _NAMING


_NOT_NAMES = word_set("how why what when where to so very too used called made known not no")


def _stands_free(key: AnswerKey, items: list[Item], place: int) -> bool:
    """Whether a phrase is not part of a bigger thing: piano keys, on a towel."""
    if key.kind is not Kind.PHRASE:
        return True
    before = items[place - 1] if place else ""
    behind = items[place + 1] if place + 1 < len(items) else ""
    if before in RISKY_PREPOSITIONS and before not in key.prepositions and not _is_place(key):
        return False
    free_before = (
        isinstance(before, Mention) or not before or before in FUNCTION or stem(_word(before)) not in key.nouns
    )
    free_behind = (
        isinstance(behind, Mention)
        or not behind
        or behind in FUNCTION | PREPOSITIONS | _ADVERBS
        or stem(_word(behind)) == key.predicate
    )
    return free_before and free_behind


_ADVERBS = word_set("first last next now then")


def _is_place(key: AnswerKey) -> bool:
    return any(word in key.stems for word in ("where", "way", "far", "when"))
