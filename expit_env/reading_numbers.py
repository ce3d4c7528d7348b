"""Reading a clause of a reply to a riddle that counts."""

from __future__ import annotations

import itertools

from expit_env.answer_key import GOLD, TRAP, AnswerKey, Mention
from expit_env.answers import Kind
from expit_env.claims import Claim, Reading, word_of
from expit_env.clauses import Clause, Item
from expit_env.lexicon import (
    APPROXIMATIONS,
    ARTICLES,
    DEPARTURES,
    FUNCTION,
    HEDGES,
    NEGATIONS,
    PREPOSITIONS,
    REASONS,
    REMAINING,
    TIMES,
    UNIT_NAMES,
    word_set,
)
from expit_env.numbers import Value
from expit_env.text import stem, unit_of


def read_numbers(key: AnswerKey, clause: Clause, items: list[Item]) -> Reading:
    items = _zeros_read(key, items)
    whole_length = len(items)
    items, summed = _without_sum(items)
    has_sum = len(items) < whole_length
    items = _units_attached(key, items)
    values = [item for item in items if isinstance(item, Value)]
    words = [item for item in items if isinstance(item, str) and item not in ARTICLES]
    phrases = [item for item in items if isinstance(item, Mention)]
    understood = all(key.knows(word) for word in words) and not _adjacent(items) and summed
    understood = understood and not _went(items) and not _is_beside(key, items)
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
        if gold and all(key.knows(word) for word in rest):
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
        item = Value("cardinal", 1) if _is_a_single(key, items, place) else item
        attached.append(item)
        place += 1
        if not isinstance(item, Value) or item.unit is not None or place == len(items):
            continue
        behind = items[place]
        if isinstance(behind, str) and _is_unit(key, behind):
            attached[-1] = item._replace(unit=unit_of(behind))
            place += 1
    return attached


def _is_a_single(key: AnswerKey, items: list[Item], place: int) -> bool:
    """Whether an article counts: an hour is 1 hour, and so is a pair where one pair is right."""
    behind = items[place + 1] if place + 1 < len(items) else ""
    if items[place] not in ("a", "an") or not isinstance(behind, str):
        return False
    return behind in TIMES or unit_of(behind) in key.values.get(("cardinal", 1), ())


def _is_unit(key: AnswerKey, word: str) -> bool:
    unit = unit_of(word)
    if unit in key.units or word in UNIT_NAMES:
        return True
    if word == "am":
        return True
    if word in FUNCTION or word in REMAINING or word in PREPOSITIONS:
        return False
    if word in NEGATIONS | HEDGES | _EQUALS or (word in _SIGNS and word != "times") or not word.isalpha():
        return False
    return not key.knows(word) or stem(word) in key.nouns


def _unit_known(key: AnswerKey, value: Value) -> bool:
    return value.unit in key.units or value.unit in key.nouns or value.unit in UNIT_NAMES.values()


_COUNTS = word_set("number amount count total")
_FAR_ENDS = word_set("last end bottom back")


def _is_beside(key: AnswerKey, items: list[Item]) -> bool:
    """Whether what is meant stands beside the number: the number after 9, third from the end."""
    if key.kind is Kind.ORDINAL:
        return not _FAR_ENDS.isdisjoint(item for item in items if isinstance(item, str))
    for before, item, behind in zip(items, items[1:], items[2:], strict=False):
        if before in _COUNTS and item == "of" and isinstance(behind, str) and unit_of(behind) not in key.units:
            return True  # the number of hunters
    for before, item in itertools.pairwise(items):
        if before == "after" and isinstance(item, Value) and item.unit is None and "after" not in key.asking:
            return True
    return False


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
    return _behind_preposition(items, place) or (word_of(before), value.number) in key.asked_behind


def _behind_preposition(items: list[Item], place: int) -> bool:
    while place and items[place - 1] in ARTICLES | {"all", "these", "those"}:
        place -= 1
    return place > 0 and items[place - 1] in _AWAY


def _approximates(key: AnswerKey, items: list[Item]) -> bool:
    """Whether a number that is not the question's own is only a bound or a guess: at least 9, 9 or more, 8 to 9."""
    if items[-1] == "+":
        return True
    for at, item in enumerate(items[1:-1], 1):
        if item == "to" and isinstance(items[at - 1], Value) and isinstance(items[at + 1], Value):
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
    words = tuple(stem(word) for item in items if item not in ARTICLES for word in word_of(item).split())
    bare = words[1:] if words[:1] and words[0] in PREPOSITIONS else words
    if len(words) < 2 or bare in key.whole or (len(words) == 2 and not gold):
        return False
    if gold and all(not isinstance(item, str) or item in FUNCTION or stem(item) in key.asking for item in items):
        return False
    return any(key.stems[at : at + len(words)] == words for at in range(len(key.stems) - len(words) + 1))


def _said(key: AnswerKey, others: list[Value], phrases: list[Mention]) -> str | None:
    if others:
        value = others[-1]
        trap = (value.form, value.number) in key.trap_values and key.trap
        return trap or _text(key, value)
    return next((phrase.text for phrase in phrases if phrase.label == TRAP), None)


def _text(key: AnswerKey, value: Value) -> str:
    return f"{value} {value.unit}" if value.unit and value.unit not in key.units else str(value)
