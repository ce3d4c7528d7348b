"""The majority among answers, which needs no verifier."""

from __future__ import annotations

import string
from collections.abc import Sequence


def majority(answers: Sequence[str]) -> int:
    """Return the index of the first of the most frequent answers; empty answers have no vote.

    Answers are equal up to case, punctuation and spaces, and no further: a verifier accepts more spellings, but only
    because it knows the right answer, and a vote must not.
    """
    votes: dict[str, list[int]] = {}
    for index, answer in enumerate(answers):
        votes.setdefault(_vote(answer), []).append(index)
    empty = votes.pop("", [])
    return max(votes.values(), key=len)[0] if votes else empty[0]


def _vote(text: str) -> str:
    answer = text.casefold().rpartition("answer:")[2]  # what stands before it is reasoning
    words = (word.strip(string.punctuation) for word in answer.split())
    return " ".join(word for word in words if word)
