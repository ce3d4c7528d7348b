"""The output head in blocks of the vocabulary: on a CPU, a matmul with a result beyond the caches is half as fast."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

BLOCK = 2_048
"""Tokens per matmul. For 128 rows and 49,152 tokens in fp32, two AVX2 cores took 120 ms in one matmul, 75 ms so."""


@contextmanager
def head_in_blocks(model: PreTrainedModel) -> Iterator[None]:
    """Within the context, compute the output head of ``model`` in blocks; outside autograd only.

    A head that is not a plain fp32 layer on the CPU is left as it is: elsewhere the library picks its own blocks.
    """
    head: Any = model.get_output_embeddings()
    plain = type(head) is nn.Linear and head.bias is None
    if not plain or head.weight.device.type != "cpu" or head.weight.dtype != torch.float32:
        yield
        return
    head.forward = partial(_linear_in_blocks, head.weight)
    try:
        yield
    finally:
        del head.forward


def _linear_in_blocks(weight: Tensor, input: Tensor) -> Tensor:
    rows = input.reshape(-1, input.shape[-1])
    logits = rows.new_empty(len(rows), len(weight))
    for part, block in zip(weight.split(BLOCK), logits.split(BLOCK, dim=-1), strict=True):
        torch.mm(rows, part.t(), out=block)
    return logits.view(*input.shape[:-1], -1)
