"""Reading one clause: what it claims about the riddle's answer, if every word of it is understood."""

from __future__ import annotations

import itertools

from expit_env.answer_key import AnswerKey
from expit_env.answers import Kind
from expit_env.claims import Claim, Reading, word_of
from expit_env.clauses import Clause, Item, mark_phrases, split
from expit_env.lexicon import (
    ARTICLES,
    FILLERS,
    word_set,
)
from expit_env.reading_numbers import read_numbers
from expit_env.reading_phrases import letters_marked, read_phrases
from expit_env.reading_yes_no import read_yes_no
from expit_env.salad import slips
from expit_env.text import stem
from expit_env.values import Value, read_values


def read_reply(key: AnswerKey, tokens: list[str]) -> list[tuple[Clause, Reading]]:
    """Split a reply into clauses and read each."""
    tokens = _without_reference(tokens)
    if key.kind.is_numeric and "(" in tokens:
        tokens = _without_labels(tokens)
    items = mark_phrases(key, tokens)
    if key.kind.is_numeric:
        items = read_values(items)
    return [(clause, read_clause(key, clause)) for clause in split(items, keeps_and=not key.kind.is_numeric)]


def _without_labels(tokens: list[str]) -> list[str]:
    """Leave the labels out of a sum: *1 (you) + 6 (daughters) = 7*."""
    kept: list[str] = []
    place = 0
    while place < len(tokens):
        label = list(itertools.takewhile(str.isalpha, tokens[place + 1 : place + 4])) if tokens[place] == "(" else []
        closing, sign = (*tokens[place + 1 + len(label) : place + 3 + len(label)], "", "")[:2]
        if label and kept and kept[-1].isdecimal() and closing == ")" and sign in ("+", "-", "=", "*"):
            place += len(label) + 2
        else:
            kept.append(tokens[place])
            place += 1
    return kept


_REFERRED = ("riddle", "question", "puzzle", "problem")


def _without_reference(tokens: list[str]) -> list[str]:
    """Leave *to the riddle* out of *the answer to the riddle is*."""
    for noun in _REFERRED:
        if noun in tokens:
            place = tokens.index(noun)
            if tokens[place - 3 : place - 1] == ["answer", "to"]:
                tokens = [*tokens[: place - 2], *tokens[place + 1 :]]
    return tokens


def read_clause(key: AnswerKey, clause: Clause) -> Reading:
    """Read one clause by the riddle's kind."""
    items = without_fillers(clause.items)
    if not items:
        return Reading(Claim.NOTHING)
    if clause.lead == "or" or items[0] == "or":
        again = not clause.lead and len(items) < 5 and not clause.asks and _says_again(key, clause, items[1:])
        return Reading(Claim.HEDGES, key.gold if again else None)
    if _is_whole(key, items):
        reading = Reading(Claim.HEDGES if clause.asks else Claim.GOLD)
    else:
        reading = _read_sentence(key, clause, items)
    if reading.claim is Claim.GOLD and len(items) > 1 and _misstates(key, items):
        return Reading(Claim.OPAQUE, echoes=True)
    return reading


def _says_again(key: AnswerKey, clause: Clause, items: list[Item]) -> bool:
    return bool(items) and (_is_whole(key, items) or _read_sentence(key, clause, items).claim is Claim.GOLD)


def _read_sentence(key: AnswerKey, clause: Clause, items: list[Item]) -> Reading:
    if clause.opens and not clause.lead and items[0] in _ASKING and (len(items) > 2 or items[0] not in _COPULAS):
        clause = clause._replace(asks=True)  # is it 9
    reading = _read_by_kind(key, clause, items)
    if reading.claim is Claim.GOLD and len(items) > 2 and slips(key, [word_of(item) for item in items]) > 1:
        return Reading(Claim.OPAQUE, echoes=True)
    return reading


def _read_by_kind(key: AnswerKey, clause: Clause, items: list[Item]) -> Reading:
    if key.kind.is_numeric:
        return read_numbers(key, clause, items)
    if key.kind is Kind.YES_NO:
        return read_yes_no(key, clause, items)
    if key.kind is Kind.LETTER:
        items = letters_marked(key, items)
    return read_phrases(key, clause, items)


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


_COPULAS = word_set("is are was were")
_ASKING = _COPULAS | word_set("would could can does did will should might shall")
_ANSWER_FRAMES = {
    ("answer", "is"), ("final", "answer", "is"), ("correct", "answer", "is"), ("it", "is"), ("that", "is"),
    ("answer", "would", "be"),
}  # fmt: skip


_OF_SEVERAL = word_set("a an one another any some")
_POSSESSING = word_set("has had have having do does did get gets got getting take takes make makes made can")
_CUT_OFF = word_set("was were has had have be been would could can must should will")
_FIRST, _LAST = word_set("first sooner earlier earliest"), word_set("last later latest end")
_OPPOSITE_ENDS = ((_FIRST | {"before"}, _LAST), (_LAST, _FIRST))
_SUPPOSED = {("would", "have"), ("could", "have"), ("should", "have"), ("must", "have"), ("can", "be")}


def _misstates(key: AnswerKey, items: list[Item]) -> bool:
    """Whether a clause holds the right answer and does not say that it is the answer.

    *An answer is 0* leaves room for others, *the answer has 0* says something else, *0 was* is cut off, and *there
    would have been 0* is only supposed. What the question asks with may stand: *none were* where it asks how many were.
    """
    words = [item if isinstance(item, str) else "" for item in items]
    if words[-1] in _CUT_OFF and words[-1] not in key.tokens and stem(words[-1]) not in key.asking:
        return True
    asked = [opposite for end, opposite in _OPPOSITE_ENDS if not end.isdisjoint(key.asking)]
    if any(not (opposite - key.asking).isdisjoint(words) for opposite in asked):
        return True
    return any(
        (behind == "answer" and before in _OF_SEVERAL)
        or (before == "answer" and behind in _POSSESSING)
        or ((before, behind) in _SUPPOSED and before not in key.tokens)
        for before, behind in itertools.pairwise(words)
    )


def _is_whole(key: AnswerKey, items: list[Item]) -> bool:
    """Whether a clause is one of the right forms and nothing else, but for *the answer is*."""
    if any(isinstance(item, Value) for item in items):
        return False
    stems = [stem(word) for item in items for word in word_of(item).split() if word not in ARTICLES]
    if stems[-1:] == ["anywhere"] and "not" in stems:
        stems.pop()  # what does not roll anywhere does not roll
    if stems[-1:] == ["one"] and len(stems) > 1 and key.kind in (Kind.CHOICE, Kind.PHRASE):
        stems.pop()  # the red one
    if stems[-2:] == ["have", "none"] and len(stems) == 3:
        return any(form[:2] == (stems[0], "have") and form[2:3] == ("no",) and len(form) == 4 for form in key.whole)
    if tuple(stems) in key.whole:
        return True
    return any(tuple(stems[: len(f)]) == f and tuple(stems[len(f) :]) in key.whole for f in _ANSWER_FRAMES)
