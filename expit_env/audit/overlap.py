"""The overlap of the splits: questions that are in two of them, and near copies.

Two questions are near copies if the Jaccard similarity of their word sets is at least 0.8. All pairs are compared: a
question can only be near one in a block (a family in a split) if the block has 0.8 of its words, which leaves few
blocks, and each of those is compared by one matrix product. Memory is linear in the number of questions.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from expit_env.riddle import normalise
from expit_env.riddles import splits

NEAR = 0.8
ALLOWED_NEAR = {("validation", "train"): "they share wordings, and differ in nouns and numbers"}
"""The pairs of splits, the later one first, that may have near copies, each with the reason."""

_ROWS = 1_024
"""How many questions are compared with a block at a time."""

_ROUNDING = 1e-4


@dataclass(frozen=True)
class Block:
    """The questions of a family in a split, each once, as rows of a matrix of its own words.

    Attributes:
        family, split: whose questions.
        questions: normalised, without openings, so that none can hide a copy.
        words: the words of all of them, sorted numbers of shape (num_words,).
        holds: which question holds which word, 0 or 1, shape (num_questions, num_words).
    """

    family: str
    split: str
    questions: tuple[str, ...]
    words: np.ndarray
    holds: np.ndarray

    @functools.cached_property
    def sizes(self) -> np.ndarray:
        """How many words each question has, shape (num_questions,)."""
        return self.holds.sum(axis=1)

    @functools.cached_property
    def known(self) -> frozenset[str]:
        """The questions as a set."""
        return frozenset(self.questions)


@dataclass(frozen=True, slots=True)
class Overlap:
    """What two blocks have in common.

    Attributes:
        families, splits: of the two, the later split first.
        exact: questions that both have.
        near: questions of the first that are near copies of one in the second, but not in it.
        example: a question of the first that is in the second, or a near copy of one in it.
    """

    families: tuple[str, str]
    splits: tuple[str, str]
    exact: int
    near: int
    example: str


def overlaps(blocks: Sequence[Block]) -> list[Overlap]:
    """Return what each block shares with each block of an earlier split; pairs that share nothing are left out."""
    known = _vocabularies(blocks)
    order = {split: place for place, split in enumerate(splits.SPLITS)}
    return [
        overlap
        for one in blocks
        for place, other in enumerate(blocks)
        if order[one.split] > order[other.split] and (overlap := _compare(one, other, known[place][one.words]))
    ]


def complaints(found: Iterable[Overlap]) -> list[str]:
    """Describe what is wrong: copies, and near copies that are not allowed."""
    found = list(found)
    exact = sum(overlap.exact for overlap in found)
    wrong = [f"{exact} questions are in two splits; none may be"] if exact else []
    for pair in dict.fromkeys(overlap.splits for overlap in found):
        near = sum(overlap.near for overlap in found if overlap.splits == pair)
        if near and pair not in ALLOWED_NEAR:
            wrong.append(f"{near} questions of {pair[0]} are near to one of {pair[1]}; none may be")
    return wrong


def sample(riddles: int) -> list[Block]:
    """Draw about ``riddles`` riddles, equally many of each family and split, with their contrasts.

    Raises:
        ValueError: if ``riddles`` is not positive.
    """
    if riddles < 1:
        raise ValueError(f"the splits are compared on at least 1 riddle, not {riddles}")
    places = [(family, split) for split in splits.SPLITS for family in splits.families_of(split)]
    each = min(-(-riddles // len(places)), splits.INDEX_COUNT)
    ids: dict[str, int] = {}
    return [make_block(family, split, _questions(family, split, each), ids) for family, split in places]


def make_block(family: str, split: str, questions: Iterable[str], ids: dict[str, int]) -> Block:
    """Return the questions of a family in a split as a block. ``ids`` numbers the words; new ones are added to it."""
    distinct = tuple(sorted({normalise(question) for question in questions}))
    rows = [[ids.setdefault(word, len(ids)) for word in set(question.split())] for question in distinct]
    words = np.unique(np.concatenate([np.array(row) for row in rows]))
    holds = np.zeros((len(rows), len(words)), dtype=np.float32)
    for row, numbers in enumerate(rows):
        holds[row, np.searchsorted(words, numbers)] = 1
    return Block(family, split, distinct, words, holds)


def _questions(family: str, split: str, count: int) -> Iterator[str]:
    for index in range(count):
        yield from splits.bare_questions(family, split, index)


def _vocabularies(blocks: Sequence[Block]) -> np.ndarray:
    """Return which block has which word, shape (num_blocks, num_words)."""
    size = 1 + max(int(block.words[-1]) for block in blocks)
    known = np.zeros((len(blocks), size), dtype=bool)
    for row, block in enumerate(blocks):
        known[row, block.words] = True
    return known


def _compare(one: Block, other: Block, known: np.ndarray) -> Overlap | None:
    """Compare every question of one block with every question of the other.

    Args:
        one: the block whose questions are counted.
        other: the block that is searched.
        known: which words of ``one`` are in ``other``, shape (num_words,).
    """
    candidates = np.flatnonzero(one.holds @ known.astype(np.float32) >= NEAR * one.sizes - _ROUNDING)
    if not len(candidates):
        return None
    _, mine, its = np.intersect1d(one.words, other.words, assume_unique=True, return_indices=True)
    there = np.ascontiguousarray(other.holds[:, its].T)  # (num_common, num_other)
    exact = near = 0
    example = None
    for start in range(0, len(candidates), _ROWS):
        rows = candidates[start : start + _ROWS]
        shared = one.holds[np.ix_(rows, mine)] @ there  # (num_rows, num_other)
        likeness = shared / (one.sizes[rows, None] + other.sizes - shared)
        for row, most in zip(rows, likeness.max(axis=1), strict=True):
            if most >= NEAR - _ROUNDING:
                same = one.questions[row] in other.known
                exact, near = exact + same, near + (not same)
                example = example or one.questions[row]
    return Overlap((one.family, other.family), (one.split, other.split), exact, near, example) if example else None
