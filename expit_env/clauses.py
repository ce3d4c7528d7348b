"""Splitting a reply into clauses: which words belong together, and what joins them to what came before."""

from __future__ import annotations

from typing import NamedTuple

from expit_env.accepted import ECHO, TRAP
from expit_env.answer_key import AnswerKey, Mention
from expit_env.answers import Kind
from expit_env.lexicon import (
    ARTICLES,
    CONDITIONS,
    CONSEQUENCE_PHRASES,
    CONSEQUENCES,
    CONTRASTS,
    FUNCTION,
    REASONS,
    word_set,
)
from expit_env.text import stem
from expit_env.values import Value

Item = str | Mention | Value


class Clause(NamedTuple):
    """A piece of a reply.

    Attributes:
        lead: the word that joins it to what came before: so, because, but, if; or nothing.
        mark: the punctuation or the word that it begins behind.
        items: its words, with the riddle's own phrases as mentions.
        opens: whether it is the first of its sentence.
        asks: whether its sentence ends in a question mark.
    """

    lead: str
    mark: str
    items: list[Item]
    opens: bool
    asks: bool


_ENDS = frozenset([".", "!", "?", "\n", "..", "...", ";"])
_BREAKS = frozenset([",", ":", "(", ")", "[", "]"])
_OPERATORS = frozenset(["+", "-", "*", "/", "="])
_DROPPED = frozenset("\"'")
_ALL_BUT = word_set("all nothing none anything everything everyone nobody any not last next")
_COMPARED = word_set("same such well equal equally much many long heavy as far old tall big")
_AS_SUBJECTS = word_set("they the it all you he she we there only each every both no a")


def mark_phrases(key: AnswerKey, tokens: list[str]) -> list[Item]:
    """Put a Mention in the place of each right or tempting phrase, and of each echo of three words or more."""
    stems = [stem(token) for token in tokens]
    items: list[Item] = []
    place = 0
    echoes = key.kind is Kind.PHRASE  # the other kinds have no use for them
    while place < len(tokens):
        if not echoes and stems[place] not in key.phrases:
            items.append(tokens[place])
            place += 1
            continue
        label, end = _phrase_at(key, tokens, stems, place)
        echo = _echo_end(key, tokens, stems, place) if echoes else 0
        if echo > end and not _hides_answer(key, tokens, stems, place, echo):
            label, end = ECHO, echo
        items.append(Mention(label, " ".join(tokens[place:end])) if label else tokens[place])
        place = max(end, place + 1)
    return items


def _phrase_at(key: AnswerKey, tokens: list[str], stems: list[str], place: int) -> tuple[str, int]:
    for phrase, label in key.phrases.get(stems[place], ()):
        end = _match(phrase, tokens, stems, place)
        alone = len(phrase) == 1 and stems[place] in FUNCTION
        if end and not alone and not (label == TRAP and _goes_on(key, stems, end)):
            return label, end
    return "", place


def _goes_on(key: AnswerKey, stems: list[str], end: int) -> bool:
    """Whether a phrase is the beginning of a bigger thing of the question: the red of the Red Sea."""
    return end < len(stems) and stems[end] in key.nouns and (stems[end - 1], stems[end]) in key.bigrams


def _match(phrase: tuple[str, ...], tokens: list[str], stems: list[str], place: int) -> int:
    """Return where ``phrase`` ends in the text if it begins at ``place``, articles skipped; else 0."""
    for wanted in phrase:
        while place < len(tokens) and tokens[place] in ARTICLES and stems[place] != wanted:
            place += 1
        if place == len(tokens) or stems[place] != wanted:
            return 0
        place += 1
    return place


def _hides_answer(key: AnswerKey, tokens: list[str], stems: list[str], place: int, end: int) -> bool:
    """Whether a short echo holds an answer further on, as *is white* does where all else is white."""
    if end - place >= 7:
        return False
    return any(_phrase_at(key, tokens, stems, at)[0] for at in range(place + 1, end)) or (
        _phrase_at(key, tokens, stems, place)[0] == TRAP
    )


def _echo_end(key: AnswerKey, tokens: list[str], stems: list[str], place: int) -> int:
    """Return where a run of the question's own words ends, or 0."""
    run: list[str] = []
    end = 0
    for at in range(place, len(tokens)):
        if tokens[at] in ARTICLES:
            if not run:
                return 0
            continue
        run.append(stems[at])
        if len(run) >= 3:
            if tuple(run[-3:]) not in key.trigrams:
                return end
            end = at + 1
    return end


def split(items: list[Item], keeps_and: bool) -> list[Clause]:
    """Split at punctuation and at the words that join clauses."""
    open_clauses = _Clauses()
    place = 0
    while place < len(items):
        item, length = items[place], 1
        if not isinstance(item, str):
            open_clauses.words.append(item)
        elif item in _ENDS:
            open_clauses.end_sentence(item)
        elif item in _BREAKS:
            open_clauses.bracket_or_break(item)
        elif item in ("-", "–"):
            open_clauses.dash(items[place + 1] if place + 1 < len(items) else "")
        elif item not in _DROPPED:
            joint, length = _joint(items, place, open_clauses, keeps_and)
            if joint:
                open_clauses.close(joint, joint)
            else:
                open_clauses.words.append(item)
        place += length
    open_clauses.end_sentence("")
    return open_clauses.done


class _Clauses:
    """The clauses read so far, and the one that is being read."""

    def __init__(self) -> None:
        self.done: list[Clause] = []
        self.words: list[Item] = []
        self.lead = self.mark = ""
        self.before = self.first = self.depth = 0

    def close(self, mark: str, lead: str = "") -> None:
        """End a clause. A joining word with nothing behind it yet (so, ...) leads the next one."""
        if self.words:
            self.done.append(Clause(self.lead, self.mark, self.words, len(self.done) == self.first, False))
            self.lead, self.words = "", []
        contrasts = self.lead in CONTRASTS and lead in REASONS  # but since
        self.mark, self.lead = mark, self.lead if contrasts else lead or self.lead

    def bracket_or_break(self, mark: str) -> None:
        """End a clause, unless a bracket belongs to a sum: 90 / (45 + 45)."""
        if mark == "(" and self.words and self.words[-1] in _OPERATORS:
            self.depth += 1
        elif mark == ")" and self.depth:
            self.depth -= 1
        else:
            self.close(mark)

    def end_sentence(self, mark: str) -> None:
        self.close(mark)
        if self.first < len(self.done):
            self.before, self.first = self.first, len(self.done)
        if mark == "?":
            self.done[self.before :] = [clause._replace(asks=True) for clause in self.done[self.before :]]
        self.lead, self.depth = "", 0

    def dash(self, behind: Item) -> None:
        """A dash before a number is a sign, not a break."""
        if isinstance(behind, Value) or (isinstance(behind, str) and behind[:1].isdigit()):
            self.words.append("-")
        else:
            self.close("–")


def _joint(items: list[Item], place: int, so_far: _Clauses, keeps_and: bool) -> tuple[str, int]:
    """Return the joining word at ``place``, if there is one, and how many items it takes."""
    item, before = str(items[place]), so_far.words[-1] if so_far.words else ""
    behind = items[place + 1] if place + 1 < len(items) else ""
    for phrase in CONSEQUENCE_PHRASES:
        if item == phrase[0] and tuple(items[place : place + len(phrase)]) == phrase:
            return "so", len(phrase)
    if item in ("means", "implies") and so_far.words and before not in ("by", "no", "what"):
        return "so", 1
    if item == "if" and behind in ("so", "not"):
        return "otherwise", 2
    if item in CONSEQUENCES:
        return ("because" if behind in ("that", "many", "much", "far", "called") else "so"), 1
    if item == "else" and before in _WITH_ELSE:
        return "", 1
    if (item, behind) in (("instead", "of"), ("because", "if")):
        return "because", 2
    if item in REASONS or item in CONDITIONS:
        return item, 1
    if item in CONTRASTS and before not in _ALL_BUT:
        return item, 1
    if item == "for" and not so_far.words and so_far.mark == ",":
        return "because", 1
    if item == "as" and behind in _AS_SUBJECTS and before and not _compares(so_far.words):
        return "because", 1
    listed = len(so_far.words) == 1 and isinstance(before, Value)  # 5 and 6 make 11
    return ("and", 1) if item == "and" and so_far.words and not keeps_and and not listed else ("", 1)


_WITH_ELSE = word_set(
    "everyone everybody nobody someone somebody anyone anybody all something nothing anything everything what who where"
    " somewhere nowhere"
)


def _compares(words: list[Item]) -> bool:
    """Whether an *as* behind these words compares: the same as, as heavy as."""
    last = words[-1]
    return "as" in words or last in _COMPARED or (isinstance(last, Mention) and last.text.endswith(("same", "equal")))
