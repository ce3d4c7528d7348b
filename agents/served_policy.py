"""A policy that samples from a model server; its weights are loaded in this process only for training."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from transformers import PreTrainedModel, PreTrainedTokenizerBase

from agents.embedded import model_source
from agents.policy import LanguageModelPolicy, load_model
from agents.sampling.http import HTTPSampler


class ServedPolicy(LanguageModelPolicy):
    """A model on a server, with the same weights for training in this process.

    Args:
        sampler: the model on the server.
        weights: the same model for this process: "embedded", a local folder, or an id on the Hugging Face Hub.
        device: the device for the weights, as in `LanguageModelPolicy.load`.
    """

    source: str

    def __init__(self, sampler: HTTPSampler, weights: str, device: str | None = None) -> None:
        self.source, self._device = weights, device
        self._server = self._sampler = sampler

    @cached_property
    def _loaded(self) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
        return load_model(model_source(self.source), self._device)

    @property
    def base(self) -> PreTrainedModel:
        """The model in this process, loaded on first use."""
        return self._loaded[0]

    @property
    def tokenizer(self) -> PreTrainedTokenizerBase:
        """The model's tokenizer, loaded on first use."""
        return self._loaded[1]

    def use_adapter(self, folder: Path | None) -> None:
        """Switch to the adapter in ``folder``, which the server must see under the same path."""
        if folder is None:
            self._server.unload_adapter()
        else:
            self._server.load_adapter(folder, folder.resolve().parent.name)

    def require_adapters(self) -> None:
        self._server.require_adapters()

    def in_process(self) -> LanguageModelPolicy:
        return LanguageModelPolicy(self.base, self.tokenizer)
