"""Reading a clause of a reply to a riddle that counts."""

from __future__ import annotations

import itertools
from typing import NamedTuple

from expit_env.accepted import GOLD, TRAP
from expit_env.answer_key import AnswerKey, Mention
from expit_env.arithmetic import read_zeros, without_sum
from expit_env.beside import EACH, is_beside, is_of_another
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
    word_set,
)
from expit_env.text import stem
from expit_env.units import unit_known, units_attached
from expit_env.values import Value


class _Seen(NamedTuple):
    """What a clause holds: its words, the numbers that may be meant, whether the right one is among them."""

    items: list[Item]
    words: list[str]
    phrases: list[Mention]
    others: list[Value]
    gold: bool
    summed: bool
    signs_left: bool


def read_numbers(key: AnswerKey, clause: Clause, items: list[Item]) -> Reading:
    """Read one clause, its fillers taken off."""
    seen = _see(key, clause, items)
    said = _said(key, seen.others, seen.phrases)
    named = seen.gold or bool(seen.others or seen.phrases)
    if named and (clause.asks or _hedges(key, seen) or _approximates(key, seen.items)):
        excused = clause.lead in REASONS and "or" not in seen.words
        return Reading(Claim.OPAQUE if excused else Claim.HEDGES, said)
    if not NEGATIONS.isdisjoint(seen.words):
        denies = seen.gold and all(word in NEGATIONS or key.knows(word) for word in seen.words)
        negated = next(place for place, item in enumerate(seen.items) if item in NEGATIONS)
        at_once = seen.items[negated + 1 : negated + 2]
        denied = at_once and not isinstance(at_once[0], str)  # because it is not 9
        rivals = seen.gold and (clause.lead not in REASONS or bool(denied))
        return Reading(Claim.DENIES if denies else Claim.OPAQUE, said, rivals=rivals)
    if not _is_understood(key, seen):
        rivals = _rivals(key, clause, seen.others, seen.words) and not is_of_another(key, seen.items)
        return Reading(Claim.OPAQUE, said, rivals=rivals, echoes=seen.gold)
    return _claim(key, clause, seen, said)


def _hedges(key: AnswerKey, seen: _Seen) -> bool:
    """Whether a clause weighs answers; *1/4 or 25%* says one thing twice."""
    weighing = [word for word in seen.words if word in HEDGES]
    alike = weighing == ["or"] and seen.gold and not seen.others and not seen.phrases
    return bool(weighing) and not (alike and sum(isinstance(item, Value) for item in seen.items) > 1)


def _see(key: AnswerKey, clause: Clause, items: list[Item]) -> _Seen:
    items = read_zeros(key, _without_plurals(items))
    result, signs_left = without_sum(items)
    summed = len(result) < len(items)
    items = units_attached(key, result)
    words = [item for item in items if isinstance(item, str) and item not in ARTICLES]
    phrases = [item for item in items if isinstance(item, Mention)]
    live = _live(key, items, goes_on=clause.lead == "and")
    gold = any(key.accepts(value) for value in live) or any(phrase.label == GOLD for phrase in phrases)
    others = [value for value in live if not key.accepts(value)]
    return _Seen(items, words, phrases, others, gold, summed, signs_left)


def _without_plurals(items: list[Item]) -> list[Item]:
    """Read *3 r's* as *3 r*."""
    pairs = itertools.pairwise(["", *items])
    return [item for before, item in pairs if item != "'s" or len(word_of(before)) > 1]


def _is_understood(key: AnswerKey, seen: _Seen) -> bool:
    words = _without_measuring(key, seen)
    if words[-2:] in _IN_WATER and "water" in key.asking and _OUT_OF_WATER.isdisjoint(key.asking):
        words = words[:-2]
    if seen.signs_left or not all(key.knows(word) for word in words):
        return False
    if _adjacent(seen.items) or _went(seen.items) or is_beside(key, seen.items):
        return False
    return all(unit_known(key, item) for item in seen.items if isinstance(item, Value) and item.unit)


def _is_of_another_sentence(key: AnswerKey, item: Item) -> bool:
    """Whether a number is told of before the question, which has its own: all have 31 days, for how many have 28."""
    return (
        isinstance(item, Value)
        and not key.accepts(item)
        and item.number in key.asked_numbers
        and item.number not in key.asking_numbers
    )


def _without_measuring(key: AnswerKey, seen: _Seen) -> list[str]:
    """Leave out the verb of *he weighs 82 kg* and *the ball costs 5 cents*, if its subject is what is asked about."""
    subject, *rest = [item for item in seen.items if item not in ARTICLES] or [""]
    asked_about = isinstance(subject, str) and (subject in _PRONOUNS or stem(subject) in key.subjects)
    if asked_about and len(rest) > 1 and rest[0] in _MEASURING and isinstance(rest[1], Value):
        return [word for word in seen.words if word != rest[0]]
    return seen.words


_PRONOUNS = word_set("it he she they you we i")
_MEASURING = word_set("weigh weighs weighed cost costs measure measures last lasts lasted")
_IN_WATER = (["under", "water"], ["below", "water"])
_OUT_OF_WATER = word_set("not above over out dry visible under below")


def _claim(key: AnswerKey, clause: Clause, seen: _Seen, said: str | None) -> Reading:
    """Read a clause of which every word is understood."""
    if seen.gold and said:
        return Reading(Claim.HEDGES)
    whole_trap = len(seen.phrases) == 1 and all(item in ARTICLES or item == seen.phrases[0] for item in seen.items)
    if not whole_trap and _is_echo(key, seen.items, seen.gold):
        return Reading(Claim.NOTHING, said)
    if said:
        return Reading(Claim.OTHER, said, sum=seen.summed, aside=_is_aside(key, seen))
    if seen.gold and key.asking_numbers and any(_is_of_another_sentence(key, item) for item in seen.items):
        return Reading(Claim.OPAQUE, echoes=True)
    if seen.gold:
        listed = clause.lead == "and" and len(seen.items) == 1  # violet and 9
        return Reading(Claim.NOTHING if listed else Claim.GOLD)
    values = [item for item in seen.items if isinstance(item, Value)]
    if len(values) == 1 and len(seen.items) <= 2 and clause.lead != "and":
        return Reading(Claim.OTHER, _text(key, values[0]))
    return Reading(Claim.NOTHING, _text(key, values[-1]) if values else None)


def _is_aside(key: AnswerKey, seen: _Seen) -> bool:
    """Whether a claim may be a number of the question in an explanation: one that does not say what is left."""
    tempting = seen.phrases or any((value.form, value.number) in key.trap_values for value in seen.others)
    left = len(seen.items) < 3 or not REMAINING.isdisjoint(seen.words)
    return not tempting and not left and all(value.number in key.asked_numbers for value in seen.others)


_COPULAS = word_set("is are was were be been am have has had")


def _went(items: list[Item]) -> bool:
    """Whether *left* means went: none of them left."""
    if "left" not in items:
        return False
    place = len(items) - 1 - items[::-1].index("left")
    if items[place + 1 : place + 2] and items[place + 1] in ARTICLES:
        return True  # none left the pond
    return "of" in items and _COPULAS.isdisjoint(item for item in items if isinstance(item, str))


def _adjacent(items: list[Item]) -> bool:
    return any(not isinstance(a, str) and not isinstance(b, str) for a, b in itertools.pairwise(items))


_AWAY = word_set("of from for after than with to")


def _live(key: AnswerKey, items: list[Item], goes_on: bool) -> list[Value]:
    """Return the numbers that may be meant as the answer: not those that only repeat the question's."""
    live, seen_gold = [], False
    states = not _STATES.isdisjoint(item for item in items if isinstance(item, str))
    says_gold = states and any(
        isinstance(item, Mention) or key.accepts(item) for item in items if not isinstance(item, str)
    )
    for place, value in enumerate(items):
        if not isinstance(value, Value):
            continue
        if key.accepts(value):
            seen_gold = True
        elif (
            (len(items) > 2 or goes_on)
            and value.unit not in key.trap_values.get((value.form, value.number), ())
            and _repeats(key, items, place)
            and (seen_gold or place == 0 or value.unit not in key.units or _behind_preposition(items, place))
        ):
            continue
        tempts = (value.form, value.number) in key.trap_values
        if says_gold and not key.accepts(value) and value.number in key.asked_numbers and not tempts:
            continue  # one million has 6 zeros
        live.append(value)
    return live


_STATES = word_set("is are was were has have had make makes get gets take takes")


def _repeats(key: AnswerKey, items: list[Item], place: int) -> bool:
    """Whether a number stands beside what it stands beside in the question."""
    value = items[place]
    assert isinstance(value, Value)
    if place == 0 and items[1:2] == ["is"] and value.number in key.asked_numbers:
        return True  # 25 is half of 50
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
    return any(_weakens(key, items, place) for place in range(len(items)))


def _weakens(key: AnswerKey, items: list[Item], place: int) -> bool:
    if items[place] not in APPROXIMATIONS and items[place] not in _COMPARISONS:
        return False
    before, behind = place - 1, place + 1
    while behind < len(items) and items[behind] in _BETWEEN:
        behind += 1
    if behind < len(items) and _is_new(key, items, behind):
        return True
    if before > 0 and items[before] in ("at", "or"):
        before -= 1
    return before >= 0 and isinstance(items[before], Value) and items[place] in _BEHIND


def _is_new(key: AnswerKey, items: list[Item], place: int) -> bool:
    value = items[place]
    if not isinstance(value, Value) or _repeats(key, items, place):
        return False
    return key.accepts(value) or value.number not in key.asked_numbers


_BETWEEN = word_set("than to a an the of as")
_BEHIND = word_set("more less fewer most least max min maximum minimum ish")
_COMPARISONS = frozenset(["~", "≈", "<", ">", "≤", "≥", "±"])


def _rivals(key: AnswerKey, clause: Clause, others: list[Value], words: list[str]) -> bool:
    """Whether a clause that is not understood names another number, and not to say where the others went."""
    went = any(value.unit in DEPARTURES for value in others) or not DEPARTURES.isdisjoint(words)
    excused = clause.lead in REASONS or went or not EACH.isdisjoint(words)
    return not excused and any(value.number not in key.asked_numbers and not _is_side(value) for value in others)


def _is_side(value: Value) -> bool:
    return value.number == 1 and value.unit in ("side", "end", "hand")  # 8 on one side


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
