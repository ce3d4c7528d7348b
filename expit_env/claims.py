"""What a clause may claim about the riddle's answer."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from expit_env.answer_key import Mention
from expit_env.clauses import Item


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
        rivals: whether it is not understood, and names a wrong answer without an excuse or denies the right one.
        echoes: whether it is not understood and names the right answer, nobody knows to what end.
        aside: whether the wrong answer that it claims may be a number of the question in an explanation.
        firm: whether every word of it is understood.
        explains: whether it is a sentence, not merely the next item of a list.
        sum: whether it is the result of a sum, which a later one may go on from.
    """

    claim: Claim
    said: str | None = None
    rivals: bool = False
    echoes: bool = False
    aside: bool = False
    firm: bool = True
    explains: bool = True
    sum: bool = False


def word_of(item: Item) -> str:
    if isinstance(item, str):
        return item
    return item.text if isinstance(item, Mention) else " ".join([str(item.number), *([item.unit] if item.unit else [])])
