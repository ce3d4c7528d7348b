"""Reading an answer: numbers in words, ordinals, phrases, choices."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """How an answer is read."""

    NUMBER = "number"
    ORDINAL = "ordinal"
    QUANTITY = "quantity"
    FRACTION = "fraction"
    YES_NO = "yes_no"
    LETTER = "letter"
    CHOICE = "choice"
    PHRASE = "phrase"


def infer_kind(answer: str, question: str = "") -> Kind:
    """Return how ``answer`` is to be read."""
    return Kind.NUMBER if answer.strip().isdigit() else Kind.PHRASE
