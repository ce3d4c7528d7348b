"""The ways to sample that are compared: ours, `generate`, and the matmuls of the same steps alone."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gymnasium as gym
import torch
from peft import PeftModel
from torch import Tensor, nn
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerBase

import expit_env  # noqa: F401  (registers Riddle-v0)
from agents.policy import pick_device, prompt
from agents.sampling import LocalSampler, Prompt, Sampler, in_precision, sampling_dtype
from agents.sampling.rows import common_length, encode, end_tokens_of


@dataclass(frozen=True, slots=True)
class Setting:
    """How much to sample: riddles, samples of each, and tokens of each sample."""

    riddles: int = 8
    samples: int = 16
    tokens: int = 32

    @property
    def total(self) -> int:
        """How many tokens that is."""
        return self.riddles * self.samples * self.tokens


class Bench:
    """A model with prompts, and the ways to sample from it: each draws ``setting.tokens`` tokens, never fewer."""

    def __init__(self, folder: Path, setting: Setting, adapter: Path | None = None) -> None:
        self.folder, self.setting = folder, setting
        device = pick_device()
        loaded: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
        if adapter is not None:
            loaded = PeftModel.from_pretrained(loaded, str(adapter)).merge_and_unload()  # type: ignore[operator]
        self.model: Any = in_precision(loaded.to(device), sampling_dtype(device)).eval()
        self.tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(folder)
        self.prompts = riddles(setting.riddles)
        self.encoded = [encode(self.tokenizer, prompt) for prompt in self.prompts]
        self.endless = copy.deepcopy(self.tokenizer)
        self.endless.eos_token = None

    def ignore_end_tokens(self) -> None:
        """Let no token end an answer."""
        self.model.generation_config.eos_token_id = None

    def sampler(self) -> Sampler:
        """Make a sampler in this process whose answers have no end."""
        return LocalSampler(self.model, self.endless)

    def sample(self, sampler: Sampler) -> int:
        """Sample with one of our samplers, and return the number of tokens."""
        setting = self.setting
        completions = sampler.sample(
            self.prompts, setting.samples, temperature=1.0, top_p=1.0, max_new_tokens=setting.tokens, seed=0
        )
        return sum(len(completion.token_ids) for group in completions for completion in group)

    @torch.inference_mode()
    def generate(self) -> int:
        """Sample with transformers' own `generate`, and return the number of tokens."""
        ids, mask = left_padded(self.encoded, self.model.device)
        output = self.model.generate(
            input_ids=ids,
            attention_mask=mask,
            do_sample=True,
            temperature=1.0,
            top_p=1.0,
            top_k=0,
            num_return_sequences=self.setting.samples,
            max_new_tokens=self.setting.tokens,
            pad_token_id=self.tokenizer.pad_token_id,
        )
        return count_tokens(output[:, ids.shape[1] :], end_tokens_of(self.model, self.endless))

    @torch.inference_mode()
    def matmuls(self) -> int:
        """Run only the matmuls of the linear layers, in the shapes of the sampler: an upper bound."""
        head = self.model.get_output_embeddings()
        inner: list[nn.Module] = [m for m in self.model.modules() if isinstance(m, nn.Linear) and m is not head]
        rows = self.setting.riddles * self.setting.samples
        distinct = list(dict.fromkeys(self.encoded))
        common = common_length(distinct)
        multiply(inner, common + sum(len(ids) - common for ids in distinct))
        multiply([head], len(distinct))
        for _ in range(self.setting.tokens - 1):
            multiply([*inner, head], rows)
        return self.setting.total


def riddles(count: int) -> list[Prompt]:
    """Return prompts like those of a run."""
    env = gym.make("Riddle-v0", side="riddle")
    return [prompt(env.reset(seed=seed)[0]) for seed in range(count)]


def left_padded(encoded: list[tuple[int, ...]], device: torch.device) -> tuple[Tensor, Tensor]:
    """Return the prompts in one batch, padded on the left, and its attention mask."""
    longest = max(map(len, encoded))
    ids = torch.tensor([[0] * (longest - len(ids)) + list(ids) for ids in encoded], device=device)
    mask = torch.tensor([[0] * (longest - len(ids)) + [1] * len(ids) for ids in encoded], device=device)
    return ids, mask


def count_tokens(answers: Tensor, ends: frozenset[int]) -> int:
    """Return how many tokens the answers have, including their end tokens."""
    end = torch.isin(answers, torch.tensor(sorted(ends), dtype=answers.dtype, device=answers.device))
    ended = end.cumsum(-1)
    return int(((ended == 0) | ((ended == 1) & end)).sum())


def multiply(layers: list[nn.Module], rows: int) -> None:
    """Send random rows through the weights of linear layers."""
    inputs: dict[int, Tensor] = {}
    for layer in layers:
        weight = layer.weight
        assert isinstance(weight, Tensor)
        size = weight.shape[1]
        if size not in inputs:
            inputs[size] = torch.randn(rows, size, device=weight.device, dtype=weight.dtype)
        nn.functional.linear(inputs[size], weight)
