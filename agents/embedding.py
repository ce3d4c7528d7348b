"""Text embeddings from a frozen language model, for agents that learn on RiddleChoice-v0."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from agents.embedded import embedded_model_path
from agents.policy import load_model

CACHE_SIZE = 65_536
"""How many vectors are cached: the same options occur again and again."""


class TextEmbedding:
    """Embeds texts as vectors: ``gym.make("RiddleChoice-v0", embed=TextEmbedding.load())``.

    The vector of a text is the mean of the model's last hidden states over its tokens, scaled to length 1. The model is
    frozen, so on one machine the same text always has the same vector.

    Args:
        model: any causal language model.
        tokenizer: its tokenizer.
    """

    def __init__(self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> None:
        self._body: Any = model.base_model.eval()
        self._tokenizer = tokenizer
        self._cached = functools.lru_cache(maxsize=CACHE_SIZE)(self._vector)

    @classmethod
    def load(cls, model: str | None = None, device: str | None = None) -> TextEmbedding:
        """Load a model from a folder or by its id on the Hugging Face Hub; by default the embedded model.

        Raises:
            OSError: if neither a folder nor the Hub has the model.
            ValueError: if the device does not exist, or the tokenizer has no chat template.
        """
        return cls(*load_model(model or embedded_model_path(), device))

    def __call__(self, text: str) -> np.ndarray:
        """Return the vector of a text, float32 of shape (hidden_size,); all 0 for a text without tokens."""
        return self._cached(text).copy()

    @torch.inference_mode()
    def _vector(self, text: str) -> np.ndarray:
        ids = self._tokenizer(text, add_special_tokens=False, return_tensors="pt").input_ids
        if not ids.numel():
            return np.zeros(self._body.config.get_text_config().hidden_size, dtype=np.float32)
        states = self._body(input_ids=ids.to(self._body.device), use_cache=False).last_hidden_state
        mean = states[0].float().mean(0)  # (hidden_size,)
        return (mean / mean.norm()).cpu().numpy()
