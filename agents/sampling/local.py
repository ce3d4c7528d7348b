"""Sampling in this process: each prompt is prefilled once, and its samples are decoded together."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby

import torch
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from agents.sampling.rows import Report, Row, RowSampler, common_length, end_tokens_of, extend
from agents.sampling.shared_prefix import SharedPrefixCache, longest_shared, shared_prefix_attention

PREFILL_TOKENS = 4096
"""Prompts are prefilled together up to this many tokens, which limits the memory of their activations."""

WORTHWHILE = 128
"""Rows whose prompts begin alike for this many tokens more than all of them are decoded together: it is read once."""

REFILL = 0.25
"""Waiting rows are admitted when this share of the batch is free."""


class LocalSampler(RowSampler):
    """Draws completions from a model in this process, on any device.

    The log-probabilities are those of the sampling policy, after temperature and top-p; greedy ones are 0. The model's
    weights may change between calls.

    Args:
        model: any causal language model; those that use transformers' attention interface are fast.
        tokenizer: its tokenizer, with a chat template.
        max_batch: how many completions are decoded together.
    """

    def __init__(self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, *, max_batch: int = 128) -> None:
        super().__init__(model, tokenizer)
        self._max_batch = max_batch
        self._end_tokens = end_tokens_of(model, tokenizer)
        self._longest_shared: int | None = None

    @torch.inference_mode()
    def fill(self, rows: Sequence[Row], top_p: float, report: Report) -> None:
        """Draw the tokens of these rows in place, and report those that have become full, each once."""
        with _evaluating(self._model):
            if self._longest_shared is None:
                self._longest_shared = longest_shared(self._model)
            shared = [row for row in rows if len(row.prompt_ids) + len(row.uniforms) <= self._longest_shared]
            others = [row for row in rows if len(row.prompt_ids) + len(row.uniforms) > self._longest_shared]
            for some in _families(shared):
                with shared_prefix_attention(self._model):
                    _Decoding(self._model, some, self._max_batch, top_p, self._end_tokens).run(report)
            for _, group in groupby(sorted(others, key=lambda row: row.prompt_ids), lambda row: row.prompt_ids):
                same = list(group)
                for start in range(0, len(same), self._max_batch):
                    self._fill_expanded(same[start : start + self._max_batch], top_p)
                    report(same[start : start + self._max_batch])

    def _fill_expanded(self, rows: list[Row], top_p: float) -> None:
        """Fill rows of one prompt with the model's own cache, repeated for each: for what cannot share a prefix."""
        device = self._model.device
        output = self._model(
            input_ids=torch.tensor([rows[0].prompt_ids], device=device), use_cache=True, logits_to_keep=1
        )
        cache, logits = output.past_key_values, output.logits[:, -1].repeat(len(rows), 1)
        cache.batch_repeat_interleave(len(rows))
        while True:
            extend(rows, logits, top_p, self._end_tokens)
            kept = [index for index, row in enumerate(rows) if not row.full]
            if not kept:
                return
            if len(kept) < len(rows):
                cache.batch_select_indices(torch.tensor(kept, device=device))
                rows = [rows[index] for index in kept]
            tokens = torch.tensor([row.token_ids[-1:] for row in rows], device=device)
            positions = torch.tensor([[row.position] for row in rows], device=device)
            logits = self._model(
                input_ids=tokens, position_ids=positions, past_key_values=cache, use_cache=True, logits_to_keep=1
            ).logits[:, -1]


class _Decoding:
    """A batch in progress: the rows being decoded, one per slot of the cache, and the rows that wait."""

    def __init__(
        self,
        model: PreTrainedModel,
        rows: Sequence[Row],
        max_batch: int,
        top_p: float,
        end_tokens: frozenset[int],
    ) -> None:
        self._model = model
        self._top_p = top_p
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
        columns = max(len(row.uniforms) for row in rows)
        self._cache = SharedPrefixCache(self._capacity, columns, model.device, self._common)

    def run(self, report: Report) -> None:
        """Decode until all rows are full."""
        while self._waiting or self._rows:
            if self._waiting and self._capacity - len(self._rows) >= self._capacity * REFILL:
                self._admit()
            else:
                self._step()
            if full := self._retire():
                report(full)

    def _admit(self) -> None:
        rows = [self._waiting.popleft() for _ in range(min(self._capacity - len(self._rows), len(self._waiting)))]
        self._forget_prompts({row.prompt_ids for row in rows})
        new = [prompt for prompt in dict.fromkeys(row.prompt_ids for row in rows) if prompt not in self._first_logits]
        many = max(1, PREFILL_TOKENS // max(map(len, new), default=1))
        for start in range(0, len(new), many):
            self._prefill(new[start : start + many])
        first_logits = torch.stack([self._first_logits[row.prompt_ids] for row in rows])
        extend(rows, first_logits, self._top_p, self._end_tokens)
        for row in rows:
            self._cache.clear_row(len(self._rows))
            self._rows.append(row)

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
        extend(self._rows, self._forward(tokens, positions, 1)[:, -1], self._top_p, self._end_tokens)

    def _forward(self, ids: Tensor, positions: Tensor, logits_to_keep: int | Tensor) -> Tensor:
        device = self._model.device
        return self._model(
            input_ids=ids.to(device),
            position_ids=positions.to(device),
            use_cache=False,
            logits_to_keep=logits_to_keep,
            shared_prefix=self._cache,
        ).logits

    def _retire(self) -> list[Row]:
        """Remove full rows; the last row moves into the free slot, which keeps the batch contiguous."""
        slots = [slot for slot, row in enumerate(self._rows) if row.full]
        full = [self._rows[slot] for slot in slots]
        for slot in reversed(slots):
            last = self._rows.pop()
            if slot < len(self._rows):
                self._cache.move_row(len(self._rows), slot)
                self._rows[slot] = last
        return full


def _families(rows: Sequence[Row]) -> list[list[Row]]:
    """Split rows by the long beginnings that their prompts share, such as solved examples; the rest stays together."""
    if not rows:
        return []
    ordered = sorted(rows, key=lambda row: row.prompt_ids)
    least = common_length((ordered[0].prompt_ids, ordered[-1].prompt_ids)) + WORTHWHILE
    found = [[ordered[0]]]
    for row in ordered[1:]:
        if common_length((found[-1][0].prompt_ids, row.prompt_ids)) < least:
            found.append([])
        found[-1].append(row)
    large = [some for some in found if some[0].prompt_ids != some[-1].prompt_ids]
    rest = [row for some in found if some[0].prompt_ids == some[-1].prompt_ids for row in some]
    return [*large, rest] if rest else large


@contextmanager
def _evaluating(model: PreTrainedModel) -> Iterator[None]:
    """Turn off dropout within the context."""
    training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(training)
