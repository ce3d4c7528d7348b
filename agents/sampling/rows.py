"""The rows of a batch: unfinished completions, what fills them, and how their next tokens are drawn.

A token is drawn by inverting the cumulative distribution: one uniform number a row, and no sort of the vocabulary.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from agents.sampling.sampler import Prompt, Request, Sampler
from agents.trajectory import Completion

BLOCK = 256
"""The cumulative sum is taken over blocks of this many tokens first, then inside the one block that was hit."""

ROWS_AT_A_TIME = 16
"""For so many rows, the probabilities of a whole vocabulary fit in a processor's cache."""

NUCLEUS_SIZE = 256
"""How many of the likeliest tokens to try as the nucleus first; 16 times as many each time, until they are enough."""


@dataclass(slots=True, eq=False)
class Row:
    """An unfinished completion; ``uniforms`` has a random number for each token that it may get."""

    prompt_ids: tuple[int, ...]
    uniforms: np.ndarray
    temperature: float
    token_ids: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    finished: bool = False

    @property
    def full(self) -> bool:
        """Whether it gets no more tokens."""
        return self.finished or len(self.token_ids) == len(self.uniforms)

    @property
    def position(self) -> int:
        """The position of its last token."""
        return len(self.prompt_ids) + len(self.token_ids) - 1


Report = Callable[[Sequence[Row]], None]


class RowSampler(Sampler):
    """A sampler that fills rows with tokens, in this process or in others.

    Args:
        model: a causal language model.
        tokenizer: its tokenizer, with a chat template.
    """

    def __init__(self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> None:
        self._model, self._tokenizer = model, tokenizer

    @abstractmethod
    def fill(self, rows: Sequence[Row], top_p: float, report: Report) -> None:
        """Draw the tokens of these rows in place, and report those that have become full, each once."""

    def _draw(self, request: Request, progress: Callable[[int], None]) -> list[list[Completion]]:
        encoded = [encode(self._tokenizer, prompt) for prompt in request.prompts]
        self._check_lengths(encoded, request.max_new_tokens)
        rows = [
            [Row(ids, _uniforms(request, i, j), request.temperature) for j in range(request.counts[i])]
            for i, ids in enumerate(encoded)
        ]
        self.fill([row for group in rows for row in group], request.top_p, lambda full: progress(len(full)))
        return [[self._completion(row) for row in group] for group in rows]

    def _check_lengths(self, encoded: Sequence[tuple[int, ...]], max_new_tokens: int) -> None:
        context = getattr(self._model.config.get_text_config(), "max_position_embeddings", None)
        for i, prompt_ids in enumerate(encoded):
            if context is not None and len(prompt_ids) + max_new_tokens > context:
                raise ValueError(
                    f"prompt {i} has {len(prompt_ids)} tokens; with {max_new_tokens} new ones that is more than the "
                    f"model's context of {context}"
                )

    def _completion(self, row: Row) -> Completion:
        text = str(self._tokenizer.decode(row.token_ids, skip_special_tokens=True))
        return Completion(text, tuple(row.token_ids), tuple(row.logprobs), row.finished, prompt_ids=row.prompt_ids)


def _uniforms(request: Request, prompt: int, sample: int) -> np.ndarray:
    """Return the random numbers of a row, which depend on its place only, not on when or with what it is drawn."""
    return np.random.default_rng([*request.seed, prompt, sample]).random(request.max_new_tokens)


def encode(tokenizer: PreTrainedTokenizerBase, prompt: Prompt, start: bool = True) -> tuple[int, ...]:
    """Apply the chat template, with ``start`` up to where the answer begins."""
    messages = [dict(message) for message in prompt]
    text = tokenizer.apply_chat_template(messages, add_generation_prompt=start, tokenize=False)
    return tuple(tokenizer(str(text), add_special_tokens=False).input_ids)


def end_tokens_of(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> frozenset[int]:
    """Return all tokens that end an answer; a generation config may name several."""
    named = model.generation_config.eos_token_id if model.generation_config is not None else None
    several = named if isinstance(named, list) else [named]
    return frozenset(token for token in (*several, tokenizer.eos_token_id) if isinstance(token, int))


def common_length(prompts: Sequence[tuple[int, ...]]) -> int:
    """Return the length of the common beginning, without the last token of any prompt, whose logits are needed."""
    low, high = min(prompts), max(prompts)
    different = (k for k in range(min(map(len, prompts)) - 1) if low[k] != high[k])
    return next(different, min(map(len, prompts)) - 1)


def extend(rows: Sequence[Row], logits: Tensor, top_p: float, end_tokens: frozenset[int]) -> None:
    """Draw the next token of each row from ``logits`` of (R, V)."""
    if logits.device.type == "mps":
        logits = logits.cpu()  # because MPS has no doubles
    for start in range(0, len(rows), ROWS_AT_A_TIME):
        some = rows[start : start + ROWS_AT_A_TIME]
        uniform = torch.tensor([row.uniforms[len(row.token_ids)] for row in some], device=logits.device)
        tokens, logprobs = draw(logits[start : start + ROWS_AT_A_TIME], uniform, some[0].temperature, top_p)
        for row, token, logprob in zip(some, tokens.tolist(), logprobs.tolist(), strict=True):
            row.token_ids.append(token)
            row.logprobs.append(logprob)
            row.finished = token in end_tokens


def draw(logits: Tensor, uniform: Tensor, temperature: float, top_p: float) -> tuple[Tensor, Tensor]:
    """Draw one token for each row.

    Args:
        logits: of the next token.  # (R, V)
        uniform: from [0, 1), double.  # (R,)
        temperature: divides the logits; 0 takes the likeliest token.
        top_p: the nucleus to draw from, the smallest set of tokens with at least this probability.

    Returns:
        The tokens, and their log-probabilities after temperature and top-p (0 when greedy).  # (R,), (R,)
    """
    if temperature == 0:
        return logits.argmax(-1), torch.zeros_like(uniform)
    # Cast first: softmax's own cast is five times as slow for a whole vocabulary in bf16.
    probabilities = torch.softmax(logits.float() / temperature, dim=-1)
    if top_p < 1:
        return _draw_nucleus(probabilities, uniform, top_p)
    tokens = _invert(probabilities, uniform)
    return tokens, probabilities.gather(-1, tokens[:, None])[:, 0].double().log()


def _invert(weights: Tensor, uniform: Tensor) -> Tensor:
    """Return the first token at which the cumulative sum of ``weights`` exceeds ``uniform`` times the total."""
    if short := -weights.shape[-1] % BLOCK:
        weights = functional.pad(weights, (0, short))
    blocks = weights.view(len(weights), -1, BLOCK)
    sums = blocks.sum(-1)
    upto = sums.double().cumsum(-1)
    target = uniform * upto[:, -1]
    block = _first_above(upto, target)
    target = (target - (upto - sums).gather(-1, block[:, None])[:, 0]).clamp(min=0)
    inside = blocks[torch.arange(len(blocks), device=blocks.device), block]
    return block * BLOCK + _first_above(inside.double().cumsum(-1), target)


def _first_above(upto: Tensor, target: Tensor) -> Tensor:
    """Return the first column of each row of a cumulative sum above ``target``, never one that adds nothing to it."""
    column = torch.searchsorted(upto, target[:, None], right=True)
    # Rounding can put the target at or past the end: then the last column that adds something is right.
    last = torch.searchsorted(upto, upto[:, -1:].contiguous())
    return torch.minimum(column, last)[:, 0]


def _draw_nucleus(probabilities: Tensor, uniform: Tensor, top_p: float) -> tuple[Tensor, Tensor]:
    size, likeliest, ids = 0, probabilities[:, :0], uniform
    while size < probabilities.shape[-1] and not (likeliest.double().sum(-1) >= top_p).all():
        size = min(16 * size or NUCLEUS_SIZE, probabilities.shape[-1])
        likeliest, ids = probabilities.topk(size)
    likeliest = likeliest.double()
    kept = likeliest.masked_fill(likeliest.cumsum(-1) - likeliest >= top_p, 0).cumsum(-1)
    column = _first_above(kept, uniform * kept[:, -1])[:, None]
    return ids.gather(-1, column)[:, 0], (likeliest.gather(-1, column) / kept[:, -1:]).log()[:, 0]
