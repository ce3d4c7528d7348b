"""Sampling with the model's own cache, repeated for each sample: for models that cannot share a prefix."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby

import torch
from transformers import PreTrainedModel

from agents.sampling.rows import Row, extend
from agents.sampling.sampler import SamplingParameters


def fill_expanded(
    model: PreTrainedModel,
    rows: Sequence[Row],
    max_batch: int,
    parameters: SamplingParameters,
    end_tokens: frozenset[int],
    progress: Callable[[int], None],
) -> None:
    """Fill the rows, one prompt at a time."""
    for prompt_ids, group in groupby(sorted(rows, key=lambda row: row.prompt_ids), lambda row: row.prompt_ids):
        several = list(group)
        for start in range(0, len(several), max_batch):
            some = several[start : start + max_batch]
            _fill_one_prompt(model, prompt_ids, some, parameters, end_tokens)
            progress(len(some))


def _fill_one_prompt(
    model: PreTrainedModel,
    prompt_ids: tuple[int, ...],
    rows: list[Row],
    parameters: SamplingParameters,
    end_tokens: frozenset[int],
) -> None:
    ids = torch.tensor([prompt_ids], device=model.device)
    output = model(input_ids=ids, use_cache=True, logits_to_keep=1)
    cache = output.past_key_values
    cache.batch_repeat_interleave(len(rows))
    extend(rows, output.logits[:, -1].repeat(len(rows), 1), parameters, end_tokens)
    while True:
        kept = [index for index, row in enumerate(rows) if not row.full]
        if not kept:
            return
        if len(kept) < len(rows):
            cache.batch_select_indices(torch.tensor(kept, device=model.device))
            rows = [rows[index] for index in kept]
        tokens = torch.tensor([row.token_ids[-1:] for row in rows], device=model.device)
        positions = torch.tensor([[row.position] for row in rows], device=model.device)
        output = model(
            input_ids=tokens, position_ids=positions, past_key_values=cache, use_cache=True, logits_to_keep=1
        )
        extend(rows, output.logits[:, -1], parameters, end_tokens)
