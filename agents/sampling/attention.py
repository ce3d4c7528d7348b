"""Attention through a `SharedPrefixCache`, for models that use transformers' attention interface, as most decoders do.

The cache reaches the attention as a keyword argument of the model's forward.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, PreTrainedModel

from agents.sampling.shared_prefix import SharedPrefixCache

NAME = "shared_prefix"

logger = logging.getLogger(__name__)


def _shared_prefix_attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    softcap: float | None = None,
    shared_prefix: SharedPrefixCache | None = None,
    **_: object,
) -> tuple[Tensor, None]:
    if shared_prefix is None:
        raise LookupError(f"{type(module).__name__} did not pass the cache to its attention")
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    return shared_prefix.attend(cast(int, module.layer_idx), query, key, value, scale, softcap), None


AttentionInterface.register(NAME, _shared_prefix_attention)


@contextmanager
def shared_prefix_attention(model: PreTrainedModel) -> Iterator[None]:
    """Within the context, make ``model`` attend through the `SharedPrefixCache` in its argument ``shared_prefix``."""
    before = model.config._attn_implementation or "eager"
    model.set_attn_implementation(NAME)
    try:
        yield
    finally:
        model.set_attn_implementation(before)


def longest_shared(model: PreTrainedModel) -> int:
    """Return how many tokens, prompt and answer together, ``model`` can attend to with a shared prefix; else 0."""
    if not getattr(model, "_supports_attention_backend", False) or not _agrees(model):
        return 0
    config = model.config.get_text_config()
    # Up to its length, a sliding window hides nothing and equals full attention.
    limits = [getattr(config, name, None) for name in ("sliding_window", "attention_chunk_size")]
    return min((limit for limit in limits if limit is not None), default=sys.maxsize)


def _agrees(model: PreTrainedModel) -> bool:
    """Return whether a prefill and a decoding step give the same logits as the model's own attention."""
    ids = torch.arange(4, device=model.device)[None]
    expected = model(input_ids=ids, use_cache=False).logits[0, -1].float()
    try:
        with shared_prefix_attention(model):
            found = _probe(model, ids).float()
    except (AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
        logger.info("%s cannot share prefixes: %s", type(model).__name__, error)
        return False
    # In 16 bits, on a trained model of 30 layers, right logits differ by 2 to 7 %, wrong ones by about 100 %.
    tolerance = 1e-3 if model.dtype == torch.float32 else 0.2
    return bool((found - expected).norm() <= tolerance * (expected - expected.mean()).norm())


def _probe(model: PreTrainedModel, ids: Tensor) -> Tensor:
    cache = SharedPrefixCache(rows=2, columns=2, device=ids.device, dtype=model.dtype)
    cache.add_prefixes([2, 1])
    positions = torch.tensor([[0, 1, 0]], device=ids.device)
    model(input_ids=ids[:, [0, 1, 0]], position_ids=positions, use_cache=False, shared_prefix=cache)
    cache.finish_prefill()
    for step in (2, 3):
        cache.begin_step([0, 0])
        positions = torch.full((2, 1), step, device=ids.device)
        logits = model(
            input_ids=ids[:, step].expand(2, 1), position_ids=positions, use_cache=False, shared_prefix=cache
        ).logits
    return logits[1, -1]
