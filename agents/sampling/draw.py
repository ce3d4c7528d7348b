"""Drawing the next token by inverting the cumulative distribution: one uniform a row, no sort of the vocabulary."""

from __future__ import annotations

import torch
from torch import Tensor

BLOCK = 256
"""The cumulative sum is taken over blocks of this many tokens first, then inside the one block that was hit."""

NUCLEUS_SIZES = (256, 4096)
"""How many of the likeliest tokens to try as the nucleus before all are sorted."""


def draw(logits: Tensor, uniform: Tensor, temperature: float, top_p: float) -> tuple[Tensor, Tensor]:
    """Draw one token for each row.

    Args:
        logits: of the next token; may be overwritten to save a copy.  # (R, V)
        uniform: from [0, 1), double.  # (R,)
        temperature: divides the logits; 0 takes the likeliest token.
        top_p: the nucleus to draw from, the smallest set of tokens with at least this probability.

    Returns:
        The tokens, and their log-probabilities after temperature and top-p (0 when greedy).  # (R,), (R,)
    """
    if temperature == 0:
        tokens = logits.argmax(-1)
        return tokens, torch.zeros_like(uniform)
    # Cast first: softmax's own cast is five times as slow for a whole vocabulary in bf16.
    scaled = logits.float() if temperature == 1 else logits.float().div_(temperature)
    probabilities = torch.softmax(scaled, dim=-1)
    if top_p >= 1:
        tokens = _invert(probabilities, uniform)
        return tokens, probabilities.gather(-1, tokens[:, None])[:, 0].double().log()
    return _draw_nucleus(probabilities, uniform, top_p)


def _invert(weights: Tensor, uniform: Tensor) -> Tensor:
    """Return the first token at which the cumulative sum of ``weights`` exceeds ``uniform`` times the total."""
    rows, vocabulary = weights.shape
    whole = vocabulary // BLOCK * BLOCK
    sums = weights[:, :whole].view(rows, -1, BLOCK).sum(-1)
    if whole < vocabulary:
        sums = torch.cat((sums, weights[:, whole:].sum(-1, keepdim=True)), dim=-1)
    upto = sums.double().cumsum(-1)
    target = uniform * upto[:, -1]
    block = _first_above(upto, target)
    target -= upto.gather(-1, block[:, None])[:, 0] - sums.gather(-1, block[:, None])[:, 0]
    tokens = block[:, None] * BLOCK + torch.arange(BLOCK, device=weights.device)
    inside = weights.gather(-1, tokens.clamp(max=vocabulary - 1)).double().masked_fill_(tokens >= vocabulary, 0)
    return block * BLOCK + _first_above(inside.cumsum(-1), target)


def _first_above(upto: Tensor, target: Tensor) -> Tensor:
    """Return the first column of each row of a cumulative sum above ``target``, never one that adds nothing to it."""
    column = torch.searchsorted(upto, target[:, None], right=True)
    # Rounding can put the target at or past the end: then the last column that adds something is right.
    last = torch.searchsorted(upto, upto[:, -1:].contiguous())
    return torch.minimum(column, last)[:, 0]


def _draw_nucleus(probabilities: Tensor, uniform: Tensor, top_p: float) -> tuple[Tensor, Tensor]:
    tokens = torch.empty(len(uniform), dtype=torch.long, device=uniform.device)
    logprobs = torch.empty_like(uniform)
    vocabulary = probabilities.shape[-1]
    rows = torch.arange(len(uniform), device=uniform.device)
    for size in (*(size for size in NUCLEUS_SIZES if size < vocabulary), vocabulary):
        likeliest, ids = probabilities[rows].topk(size, sorted=True)
        likeliest = likeliest.double()
        upto = likeliest.cumsum(-1)
        covered = (upto[:, -1] >= top_p) | (size == vocabulary)
        done, likeliest, upto = rows[covered], likeliest[covered], upto[covered]
        kept = likeliest.masked_fill(upto - likeliest >= top_p, 0).cumsum(-1)
        column = _first_above(kept, uniform[done] * kept[:, -1])[:, None]
        tokens[done] = ids[covered].gather(-1, column)[:, 0]
        logprobs[done] = (likeliest.gather(-1, column) / kept[:, -1:]).log()[:, 0]
        rows = rows[~covered]
        if not len(rows):
            break
    return tokens, logprobs
