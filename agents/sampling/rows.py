"""The rows of a batch: unfinished completions, on which the decoding loops work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from agents.sampling.draw import draw
from agents.sampling.sampler import Prompt, SamplingParameters
from agents.trajectory import Completion


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


def row_uniforms(seed: int | Sequence[int], prompt: int, sample: int, count: int) -> np.ndarray:
    """Return the random numbers of one completion; they depend on its place only, not on when it is drawn."""
    parts = [seed] if isinstance(seed, int) else list(seed)
    return np.random.default_rng(np.random.SeedSequence([*parts, prompt, sample])).random(count)


def extend(rows: Sequence[Row], logits: Tensor, parameters: SamplingParameters, end_tokens: frozenset[int]) -> None:
    """Draw the next token of each row from ``logits`` (R, V), which are overwritten."""
    temperatures = {row.temperature for row in rows}
    for temperature in temperatures:
        places = [place for place, row in enumerate(rows) if row.temperature == temperature]
        some = [rows[place] for place in places]
        uniform = torch.tensor([row.uniforms[len(row.token_ids)] for row in some], dtype=torch.float64)
        own = logits if len(temperatures) == 1 else logits[places]
        tokens, logprobs = draw(own, uniform.to(logits.device), temperature, parameters.top_p)
        for row, token, logprob in zip(some, tokens.tolist(), logprobs.tolist(), strict=True):
            row.token_ids.append(token)
            row.logprobs.append(logprob)
            row.finished = token in end_tokens


def encode(tokenizer: PreTrainedTokenizerBase, prompt: Prompt) -> tuple[int, ...]:
    """Apply the chat template, up to where the answer begins."""
    messages = [dict(message) for message in prompt]
    text = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    return tuple(tokenizer(str(text), add_special_tokens=False).input_ids)


def encode_all(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, prompts: Sequence[Prompt], max_new_tokens: int
) -> list[tuple[int, ...]]:
    """Encode prompts.

    Raises:
        ValueError: if a prompt with its answer is longer than the model's context.
    """
    encoded = [encode(tokenizer, prompt) for prompt in prompts]
    context = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    for i, prompt_ids in enumerate(encoded):
        if context is not None and len(prompt_ids) + max_new_tokens > context:
            raise ValueError(
                f"prompt {i} has {len(prompt_ids)} tokens; with {max_new_tokens} new ones that is more than the "
                f"model's context of {context}"
            )
    return encoded


def complete(tokenizer: PreTrainedTokenizerBase, row: Row) -> Completion:
    """Turn a full row into a completion, whose text has no special tokens."""
    text = tokenizer.decode(row.token_ids, skip_special_tokens=True)
    return Completion(str(text), tuple(row.token_ids), tuple(row.logprobs), row.finished)


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
