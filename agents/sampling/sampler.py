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
        temperature: float | Sequence[float],
        top_p: float,
        max_new_tokens: int,
        seed: int | Sequence[int],
        progress: Callable[[int], None] | None = None,
    ) -> list[list[Completion]]:
        """Draw completions.

        Args:
            prompts: what to answer; equal ones are read once.  # (P,)
            n: how many answers to each prompt, one number for all or one for each.
            temperature: divides the logits, one number for all prompts or one for each; 0 is greedy.
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
    """How all tokens are drawn; see `Sampler.sample`."""

    top_p: float
    max_new_tokens: int

    def __post_init__(self) -> None:
        if not 0 < self.top_p <= 1 or self.max_new_tokens < 1:
            raise ValueError(f"needs 0 < top_p <= 1 and max_new_tokens >= 1, not {self}")


def counts_per_prompt(prompts: Sequence[Prompt], n: int | Sequence[int]) -> list[int]:
    """Spell out ``n`` as one number for each prompt, and refuse what is not."""
    counts = [n] * len(prompts) if isinstance(n, int) else list(n)
    if len(counts) != len(prompts) or any(count < 0 for count in counts):
        raise ValueError(f"n must be one number >= 0, or one for each of the {len(prompts)} prompts, not {n}")
    return counts


def temperature_per_prompt(prompts: Sequence[Prompt], temperature: float | Sequence[float]) -> list[float]:
    """Spell out ``temperature`` as one number for each prompt, and refuse what is not."""
    one_for_all = isinstance(temperature, int | float)
    several: list[float] = [temperature] * len(prompts) if one_for_all else list(temperature)
    if len(several) != len(prompts) or not all(one >= 0 for one in several):
        wanted = f"one number >= 0, or one for each of the {len(prompts)} prompts"
        raise ValueError(f"temperature must be {wanted}, not {temperature}")
    return several
