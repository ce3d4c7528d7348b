"""Texts as frozen embeddings of a language model, for agents that learn on RiddleChoice-v0."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from agents.embedded import embedded_model_path
from agents.policy import load_model

KEPT = 65_536
"""How many texts' vectors are kept: options come again and again."""


class TextEmbedding:
    """Makes vectors of texts: ``gym.make("RiddleChoice-v0", embed=TextEmbedding.load())``.

    A text's vector is the mean of the model's last hidden states over its tokens, scaled to length 1. The model is
    frozen, so the same text has the same vector on one machine.

    Args:
        model: any causal language model.
        tokenizer: its tokenizer.
    """

    def __init__(self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> None:
        self._body: Any = model.base_model.eval()
        self._tokenizer = tokenizer
        self._kept = functools.lru_cache(maxsize=KEPT)(self._vector)

    @classmethod
    def load(cls, model: str | None = None, device: str | None = None) -> TextEmbedding:
        """Load a model by a folder or an id on the Hugging Face Hub; by default the embedded one."""
        return cls(*load_model(model or embedded_model_path(), device))

    def __call__(self, text: str) -> np.ndarray:
        """Return the vector of a text, float32 of shape (hidden_size,); all 0 for a text without tokens."""
        return self._kept(text).copy()

    @torch.inference_mode()
    def _vector(self, text: str) -> np.ndarray:
        ids = self._tokenizer(text, add_special_tokens=False, return_tensors="pt").input_ids
        if not ids.numel():
            return np.zeros(self._body.config.get_text_config().hidden_size, dtype=np.float32)
        states = self._body(input_ids=ids.to(self._body.device), use_cache=False).last_hidden_state
        mean = states[0].float().mean(0)  # (hidden_size,)
        return (mean / mean.norm()).cpu().numpy()
