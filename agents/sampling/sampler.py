"""The interface of sampling: N completions for each of P prompts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from agents.trajectory import Completion

Number = TypeVar("Number", int, float)

Message = Mapping[str, str]
"""A chat message with the keys ``role`` and ``content``."""

Prompt = Sequence[Message]
"""The messages before an answer. Only the sampler applies the chat template."""


class Sampler(Protocol):
    """Anything that draws completions from a policy: in this process, in workers, over HTTP."""

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
            seed: sample j of prompt i is a function of the policy, the prompt and ``(*seed, i, j)``, regardless of what
                else is sampled with it.
            progress: called with the number of newly finished completions.

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


def per_prompt(prompts: Sequence[Prompt], name: str, value: Number | Sequence[Number]) -> list[Number]:
    """Return a parameter as one number for each prompt.

    Raises:
        ValueError: if a number is negative, or there are more or fewer of them than prompts.
    """
    values = [value] * len(prompts) if isinstance(value, int | float) else list(value)
    if len(values) != len(prompts) or not all(one >= 0 for one in values):
        raise ValueError(f"{name} must be one number >= 0, or one for each of the {len(prompts)} prompts, not {value}")
    return values
