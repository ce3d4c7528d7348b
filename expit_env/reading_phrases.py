"""Reading a clause of a reply to a riddle whose answer is a letter, an option or a phrase."""

from __future__ import annotations

from expit_env.accepted import ECHO, GOLD, TRAP
from expit_env.answer_key import AnswerKey, Mention
from expit_env.answers import Kind
from expit_env.claims import Claim, Reading, word_of
from expit_env.clauses import Clause, Item
from expit_env.lexicon import (
    ARTICLES,
    CARDINALS,
    EXPLAINING,
    FUNCTION,
    HEDGES,
    NEGATIONS,
    PREPOSITIONS,
    REASONS,
    RISKY_PREPOSITIONS,
    is_number,
    word_set,
)
from expit_env.sameness import says_same
from expit_env.text import stem, tokenise

_LETTERS = frozenset("bcdefghjklmnopqrstuvwxyz")


def letters_marked(key: AnswerKey, items: list[Item]) -> list[Item]:
    """Mark single letters; *a* and *I* with a word behind them, not a letter, are an article and a pronoun."""
    marked: list[Item] = []
    for place, item in enumerate(items):
        last = place + 1 == len(items)
        behind = "" if last else items[place + 1]
        last = last or behind in ("and", "or", "for", "is") or (isinstance(behind, str) and behind in _LETTERS)
        single = isinstance(item, str) and len(item) == 1 and item.isascii() and item.isalpha()
        if single and (last or item not in ("a", "i")):
            marked.append(Mention(GOLD if item in key.letters else TRAP, str(item)))
        else:
            marked.append(item)
    return marked


def read_phrases(key: AnswerKey, clause: Clause, items: list[Item]) -> Reading:
    items = [item for item in items if item not in ARTICLES]
    if (key.options or key.lettered) and "than" in items:
        items = items[: items.index("than")]
    if key.options and "before" in items[1:] and "first" in key.asking:
        items = items[: items.index("before")]
    words = [item for item in items if isinstance(item, str)]
    gold = [place for place, item in enumerate(items) if isinstance(item, Mention) and item.label == GOLD]
    said = _wrong_phrase(key, items, bool(gold))
    unknown = [word for word in words if not key.knows(word)]
    if unknown and gold:
        unknown = [word for word in unknown if not _is_neutral(key, items, gold, word)]
    named = bool(gold) or said is not None
    explains = not EXPLAINING.isdisjoint(words) or any(isinstance(i, Mention) and i.label == ECHO for i in items)
    if (says_same(key, items) or _denies_alike(key, items)) and not clause.asks:
        return Reading(Claim.GOLD)
    if (named and clause.asks) or (not HEDGES.isdisjoint(words) and (named or len(unknown) <= 3)):
        return Reading(Claim.HEDGES, said)
    if not NEGATIONS.isdisjoint(words):
        denies = gold and all(word in NEGATIONS for word in unknown)
        negated = next(place for place, item in enumerate(items) if item in NEGATIONS)
        denies = denies and not (items[negated] == "without" and gold[0] < negated)  # a clock runs without legs
        rivals = bool(gold) and (clause.lead not in REASONS or negated + 1 in gold)
        return Reading(Claim.DENIES if denies else Claim.OPAQUE, rivals=rivals)
    if unknown:
        about = not _ABOUT_RIDDLE.isdisjoint(words)  # this is a classic riddle
        fragment = (not explains or _names(items)) and key.kind is not Kind.LETTER and not about
        rivals = said is not None and clause.lead not in REASONS
        other = " ".join(word_of(item) for item in (items[2:] if tuple(items[:2]) in _NAMING else items))
        fragment &= items[0] not in _BESIDE
        if fragment and not gold and not clause.asks and clause.lead not in REASONS and _is_short(items):
            return Reading(Claim.OTHER, said or other, explains=explains, firm=False)
        return Reading(Claim.OPAQUE, said, rivals=rivals, echoes=bool(gold), explains=explains)
    if gold and said:
        return Reading(Claim.HEDGES)
    if said:
        return Reading(Claim.OTHER, said)
    if gold and (_adds_option(key, items) or any(_is_bare_number(items, place) for place in range(len(items)))):
        return Reading(Claim.HEDGES)
    if gold and items[0] in _ASKS and (len(items) == 2 or gold[-1] != len(items) - 1):
        return Reading(Claim.OPAQUE, echoes=True)  # what a clock has
    if gold and all(_stands_free(key, items, place) for place in gold) and not _repeated(items, gold):
        return Reading(Claim.GOLD)
    return Reading(Claim.OPAQUE if gold else Claim.NOTHING, explains=explains)


_BESIDE = word_set("by with during despite")
"""Words that begin a remark on an answer, never another one: *lead, by 2 tonnes*."""


def _is_neutral(key: AnswerKey, items: list[Item], gold: list[int], word: str) -> bool:
    """Whether a word that no riddle asks with says nothing against the answer it stands beside.

    *A notepad gets smaller with time*, *she should go for the red tunnel*, *Mary's hat is red*.
    """
    if word in PREPOSITIONS and gold == [0] and key.kind is Kind.CHOICE:
        return True
    if gold != [len(items) - 1]:
        return False
    place = items.index(word)
    owner, owned = items[max(0, place - 1)], items[place + 1]
    owns = word == "'s" and isinstance(owner, str) and isinstance(owned, str) and key.knows(owner) and key.knows(owned)
    return owns or word in _CHOOSING or (word == "for" and owner == "go")


_CHOOSING = word_set("pick picks choose chooses select selects go goes called named")


def _denies_alike(key: AnswerKey, items: list[Item]) -> bool:
    """Whether a clause denies what a right form denies: *you would not bury them* for *you don't bury survivors*."""
    words = [stem(word) for item in items for word in word_of(item).split()]
    if words.count("not") != 1:
        return False
    said = [word for word in words if word not in FUNCTION and word != "not"]
    for form in key.whole:
        if form.count("not") == 1 and words[-1] != "not":
            denied = [word for word in form if word not in FUNCTION and word != "not"]
            missing = len(denied) - len(said)
            rest = iter(denied)
            if said and all(word in rest for word in said) and missing <= len(_STANDING_IN.intersection(words)):
                return True
    return False


_STANDING_IN = word_set("it they them he she")


def _adds_option(key: AnswerKey, items: list[Item]) -> bool:
    """Whether another option stands beside the right one, and nothing tells them apart: *a cat a piano*."""
    words = [stem(item) for item in items if isinstance(item, str)]
    named = {word for option in key.options if option.isdisjoint(_gold_stems(key)) for word in option}
    return not named.isdisjoint(words) and named.issuperset(set(words) - {"and"})


def _is_bare_number(items: list[Item], place: int) -> bool:
    """Whether a number counts nothing and stands beside an answer as if it were another: *cockroach and 9*."""
    item, behind, before = items[place], items[place + 1 : place + 2], items[max(0, place - 1) : place]
    beside = [one for one in (*before, *behind) if one != "and"]
    return isinstance(item, str) and is_number(item) and all(isinstance(one, Mention) for one in beside)


def _repeated(items: list[Item], gold: list[int]) -> bool:
    return any(place + 1 in gold for place in gold)


def _wrong_phrase(key: AnswerKey, items: list[Item], gold: bool) -> str | None:
    """Return the trap, or the one option of the question, that a clause names."""
    traps = [item.text for item in items if isinstance(item, Mention) and item.label == TRAP]
    words = [item for item in items if isinstance(item, str)] + [word for text in traps for word in text.split()]
    stems = {stem(word) for word in words}
    named = [option for option in key.options if not option.isdisjoint(stems)]
    apart = not any(option & _gold_stems(key) for option in key.options)
    if gold and apart and len(named) == len(key.options) > 1:
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


def _is_short(items: list[Item]) -> bool:
    return len(items) <= (5 if "of" in items or _names(items) else 3)


_NOT_NAMES = word_set("how why what when where to so very too used called made known not no")


def _stands_free(key: AnswerKey, items: list[Item], place: int) -> bool:
    """Whether a phrase is not part of a bigger thing: piano keys, on a towel."""
    before = items[place - 1] if place else ""
    if before == "of" and _is_other_amount(key, items[max(0, place - 3) : place + 1]):
        return False
    if before == "after" and "after" not in key.asking:
        return False
    if key.kind is not Kind.PHRASE:
        return key.kind is not Kind.LETTER or before not in RISKY_PREPOSITIONS or before in key.prepositions
    behind = items[place + 1] if place + 1 < len(items) else ""
    somewhere = behind in _SOMEWHERE and items[place + 2 : place + 3] != ["all"]
    if somewhere and "not" in tokenise(word_of(items[place])):
        return False  # you do not bury them in Spain
    if behind == "to" or (before and len(items) == 2 and word_of(before) not in FUNCTION and before not in _ADVERBS):
        return False  # stick to it, blue green
    if before in RISKY_PREPOSITIONS and before not in key.prepositions and not _is_place(key):
        return False
    stem_before = stem(word_of(before)) if before else ""
    if word_of(items[place]).split()[0] in _SUBJECTS and before and before not in _BEFORE_SENTENCES:
        return False
    free_before = (
        isinstance(before, Mention)
        or not before
        or before in FUNCTION
        or (stem_before in key.asking and stem_before not in key.nouns)
        or stem_before in _gold_stems(key)
    )
    free_behind = (
        isinstance(behind, Mention)
        or not behind
        or all(isinstance(item, str) and _is_asked(key, item) for item in items[place + 1 :])
        or behind in FUNCTION | PREPOSITIONS | _ADVERBS
        or stem(word_of(behind)) == key.predicate
    )
    return free_before and free_behind


def _is_other_amount(key: AnswerKey, items: list[Item]) -> bool:
    """Whether *5 pounds of feathers* is not what the question has so much of."""
    number = str(CARDINALS.get(word_of(items[0]), items[0]))
    amount = (number, *(stem(word) for item in items[1:] for word in word_of(item).split()))
    asked = [str(CARDINALS.get(word, word)) for word in key.stems]
    runs = (tuple(asked[at : at + len(amount)]) for at in range(len(asked)))
    return number.isdigit() and amount not in runs


def _is_asked(key: AnswerKey, word: str) -> bool:
    return word in FUNCTION or word in ("one", "who", "that") or stem(word) in key.asking


_ASKS = word_set("what which who whom whose where when how why")
_SOMEWHERE = word_set("in on at near by")
_SUBJECTS = word_set("they it he she you we there both")
_BEFORE_SENTENCES = word_set("that is because since as and then well")
_ABOUT_RIDDLE = word_set("riddle question puzzle trick joke pun wordplay brainteaser teaser classic")
_ADVERBS = word_set("first last next now then")


def _is_place(key: AnswerKey) -> bool:
    return any(word in key.stems for word in ("where", "way", "far", "when"))
