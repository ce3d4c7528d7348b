"""The one door of sampling: N completions for each of P prompts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from agents.trajectory import Completion

Message = Mapping[str, str]
"""A chat message with the keys ``role`` and ``content``."""

Prompt = Sequence[Message]
"""The messages that an answer follows. The sampler applies the chat template, and nothing else does."""


class Sampler(Protocol):
    """Whatever draws completions from a policy: in this process, in workers, over HTTP."""

    def sample(
        self,
        prompts: Sequence[Prompt],
        n: int | Sequence[int],
        *,
        temperature: float,
        top_p: float,
        max_new_tokens: int,
        seed: int | Sequence[int],
        progress: Callable[[int], None] | None = None,
    ) -> list[list[Completion]]:
        """Draw completions.

        Args:
            prompts: what to answer.  # (P,)
            n: how many answers to each prompt, one number for all or one for each.
            temperature: divides the logits; 0 is greedy.
            top_p: the nucleus to draw from, the smallest set of tokens with at least this probability.
            max_new_tokens: where an answer is cut off.
            seed: sample j of prompt i is a function of the policy, the prompt and ``(*seed, i, j)``, whatever else is
                sampled beside it.
            progress: told how many more completions are done.

        Returns:
            The completions in the order of the prompts.  # (P, N)
        """
        ...


@dataclass(frozen=True, slots=True)
class SamplingParameters:
    """How tokens are drawn; see `Sampler.sample`."""

    temperature: float
    top_p: float
    max_new_tokens: int

    def __post_init__(self) -> None:
        if self.temperature < 0 or not 0 < self.top_p <= 1 or self.max_new_tokens < 1:
            raise ValueError(f"needs temperature >= 0, 0 < top_p <= 1 and max_new_tokens >= 1, not {self}")


def counts_per_prompt(prompts: Sequence[Prompt], n: int | Sequence[int]) -> list[int]:
    """Spell out ``n`` as one number for each prompt, and refuse what is not."""
    counts = [n] * len(prompts) if isinstance(n, int) else list(n)
    if len(counts) != len(prompts) or any(count < 0 for count in counts):
        raise ValueError(f"n must be one number >= 0, or one for each of the {len(prompts)} prompts, not {n}")
    return counts
