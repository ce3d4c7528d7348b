"""Texts as vectors: hashed word n-grams, the same on every machine, with nothing to download."""

from __future__ import annotations

import itertools
import re
import zlib

import numpy as np

_WORDS = re.compile(r"[^\W_]+")


def hashed_ngrams(text: str, size: int) -> np.ndarray:
    """Return a text's words and pairs of neighbouring words, hashed into a vector of length 1 (0 without words).

    Each n-gram adds +1 or -1, as its hash says, to one place (Weinberger et al. 2009, https://arxiv.org/abs/0902.2206):
    n-grams with the same place cancel out on average instead of adding up.
    """
    words = _WORDS.findall(text.lower())
    hashes = [zlib.crc32(gram.encode()) for gram in (*words, *map(" ".join, itertools.pairwise(words)))]
    vector = np.zeros(size, dtype=np.float32)  # (size,)
    for value in hashes:
        vector[(value >> 1) % size] += 1 if value & 1 else -1
    length = np.linalg.norm(vector)
    return vector / length if length else vector
