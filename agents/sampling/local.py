"""Sampling in this process: each prompt is prefilled once, and its samples are decoded together."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from agents.sampling.attention import longest_shared, shared_prefix_attention
from agents.sampling.expanded import fill_expanded
from agents.sampling.output_head import head_in_blocks
from agents.sampling.rows import Row, common_length, complete, encode_all, end_tokens_of, extend, row_uniforms
from agents.sampling.sampler import Prompt, SamplingParameters, per_prompt
from agents.sampling.shared_prefix import SharedPrefixCache
from agents.trajectory import Completion

PREFILL_TOKENS = 4096
"""Prompts are prefilled together up to this many tokens, which limits the memory of their activations."""

REFILL = 0.25
"""Waiting rows are admitted when this share of the batch is free."""


class LocalSampler:
    """Draws completions from a model in this process, on any device.

    The log-probabilities are those of the sampling policy, after temperature and top-p; greedy ones are 0. The model's
    weights may change between calls.

    Args:
        model: any causal language model; those that use transformers' attention interface are fast.
        tokenizer: its tokenizer, with a chat template.
        max_batch: how many completions are decoded together.
    """

    def __init__(self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, *, max_batch: int = 128) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._max_batch = max_batch
        self._end_tokens = end_tokens_of(model, tokenizer)
        self._longest_shared: int | None = None

    def sample(
        self,
        prompts: Sequence[Prompt],
        n: int | Sequence[int],
        *,
        temperature: float | Sequence[float],
        top_p: float,
        max_new_tokens: int,
        seed: int | Sequence[int],
        progress: Callable[[int], None] | None = None,
    ) -> list[list[Completion]]:
        """Draw ``n`` completions for each prompt, as `agents.sampling.Sampler` says.

        Raises:
            ValueError: if a parameter is out of range, or a prompt with its answer does not fit the model's context.
        """
        parameters = SamplingParameters(top_p, max_new_tokens)
        encoded = encode_all(self._model, self._tokenizer, prompts, max_new_tokens)
        counts, temperatures = per_prompt(prompts, "n", n), per_prompt(prompts, "temperature", temperature)
        rows = [
            [Row(ids, row_uniforms(seed, i, j, max_new_tokens), temperatures[i]) for j in range(counts[i])]
            for i, ids in enumerate(encoded)
        ]
        self.fill([row for group in rows for row in group], parameters, progress or (lambda _: None))
        return [[complete(self._tokenizer, row) for row in group] for group in rows]

    @torch.inference_mode()
    def fill(self, rows: Sequence[Row], parameters: SamplingParameters, progress: Callable[[int], None]) -> None:
        """Draw the tokens of these rows in place."""
        with _evaluating(self._model), head_in_blocks(self._model):
            if self._longest_shared is None:
                self._longest_shared = longest_shared(self._model)
            longest = self._longest_shared - parameters.max_new_tokens
            shared = [row for row in rows if len(row.prompt_ids) <= longest]
            others = [row for row in rows if len(row.prompt_ids) > longest]
            if shared:
                with shared_prefix_attention(self._model):
                    _Decoding(self._model, shared, self._max_batch, parameters, self._end_tokens).run(progress)
            fill_expanded(self._model, others, self._max_batch, parameters, self._end_tokens, progress)


class _Decoding:
    """A batch in progress: the rows being decoded, one per slot of the cache, and the rows that wait."""

    def __init__(
        self,
        model: PreTrainedModel,
        rows: Sequence[Row],
        max_batch: int,
        parameters: SamplingParameters,
        end_tokens: frozenset[int],
    ) -> None:
        self._model = model
        self._parameters = parameters
        self._end_tokens = end_tokens
        self._capacity = min(max_batch, len(rows))
        # Sorted, so that equal prompts are admitted together.
        self._waiting = deque(sorted(rows, key=lambda row: row.prompt_ids))
        # The common beginning, such as a system prompt and solved examples, is prefilled once.
        ends = (self._waiting[0].prompt_ids, self._waiting[-1].prompt_ids)
        self._common = common_length(ends) if ends[0] != ends[1] else 0
        self._rows: list[Row] = []
        self._prompts: list[tuple[int, ...]] = []  # by group of the cache
        self._first_logits: dict[tuple[int, ...], Tensor] = {}  # (V,) after each resident prompt
        self._cache = SharedPrefixCache(
            self._capacity, parameters.max_new_tokens, model.device, model.dtype, self._common
        )

    def run(self, progress: Callable[[int], None]) -> None:
        """Decode until all rows are full."""
        while self._waiting or self._rows:
            if self._waiting and self._capacity - len(self._rows) >= self._capacity * REFILL:
                progress(self._admit())
            if self._rows:
                self._step()
                progress(self._retire())

    def _admit(self) -> int:
        """Admit waiting rows, and return how many of them were full after their first token."""
        rows = [self._waiting.popleft() for _ in range(min(self._capacity - len(self._rows), len(self._waiting)))]
        self._forget_prompts({row.prompt_ids for row in rows})
        new = [prompt for prompt in dict.fromkeys(row.prompt_ids for row in rows) if prompt not in self._first_logits]
        for prompts in _split(new, PREFILL_TOKENS):
            self._prefill(prompts)
        extend(
            rows, torch.stack([self._first_logits[row.prompt_ids] for row in rows]), self._parameters, self._end_tokens
        )
        for row in rows:
            if not row.full:
                self._cache.clear_row(len(self._rows))
                self._rows.append(row)
        return sum(row.full for row in rows)

    def _forget_prompts(self, coming: set[tuple[int, ...]]) -> None:
        needed = coming | {row.prompt_ids for row in self._rows}
        kept = [group for group, prompt in enumerate(self._prompts) if prompt in needed]
        if len(kept) < len(self._prompts):
            self._cache.keep_prefixes(kept)
            self._prompts = [self._prompts[group] for group in kept]
            self._first_logits = {prompt: self._first_logits[prompt] for prompt in self._prompts}

    def _prefill(self, prompts: Sequence[tuple[int, ...]]) -> None:
        leading = self._cache.add_prefixes([len(prompt) for prompt in prompts])
        rests = [range(self._common, len(prompt)) for prompt in prompts]
        tokens = [*(prompts[0][k] for k in leading), *(prompts[i][k] for i, rest in enumerate(rests) for k in rest)]
        positions = [*leading, *(k for rest in rests for k in rest)]
        last = len(leading) + torch.tensor([len(rest) for rest in rests]).cumsum(0) - 1
        logits = self._forward(torch.tensor([tokens]), torch.tensor([positions]), last.to(self._model.device))[0]
        self._cache.finish_prefill()
        self._prompts += prompts
        self._first_logits |= dict(zip(prompts, logits, strict=True))

    def _step(self) -> None:
        group = {prompt: group for group, prompt in enumerate(self._prompts)}
        self._cache.begin_step([group[row.prompt_ids] for row in self._rows])
        tokens = torch.tensor([row.token_ids[-1:] for row in self._rows])
        positions = torch.tensor([[row.position] for row in self._rows])
        extend(self._rows, self._forward(tokens, positions, 1)[:, -1], self._parameters, self._end_tokens)

    def _forward(self, ids: Tensor, positions: Tensor, logits_to_keep: int | Tensor) -> Tensor:
        device = self._model.device
        return self._model(
            input_ids=ids.to(device),
            position_ids=positions.to(device),
            use_cache=False,
            logits_to_keep=logits_to_keep,
            shared_prefix=self._cache,
        ).logits

    def _retire(self) -> int:
        """Remove full rows; the last row moves into the free slot, which keeps the batch contiguous."""
        full = [slot for slot, row in enumerate(self._rows) if row.full]
        for slot in reversed(full):
            last = self._rows.pop()
            if slot < len(self._rows):
                self._cache.move_row(len(self._rows), slot)
                self._rows[slot] = last
        return len(full)


def _split(prompts: Sequence[tuple[int, ...]], tokens: int) -> Iterator[list[tuple[int, ...]]]:
    """Split into runs of at most this many tokens, or of one prompt."""
    some: list[tuple[int, ...]] = []
    for prompt in prompts:
        if some and sum(map(len, some)) + len(prompt) > tokens:
            yield some
            some = []
        some.append(prompt)
    if some:
        yield some


@contextmanager
def _evaluating(model: PreTrainedModel) -> Iterator[None]:
    """Turn off dropout within the context."""
    training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(training)
