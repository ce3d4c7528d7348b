"""The interface of sampling: N completions for each of P prompts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from agents.trajectory import Completion

Message = Mapping[str, str]
"""A chat message with the keys ``role`` and ``content``."""

Prompt = Sequence[Message]
"""The messages before an answer. Only the sampler applies the chat template."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to sample, checked; see `Sampler.sample`."""

    prompts: Sequence[Prompt]  # (P,)
    counts: Sequence[int]  # (P,)
    temperature: float
    top_p: float
    max_new_tokens: int
    seed: tuple[int, ...]


class Sampler(ABC):
    """Anything that draws completions from a policy: in this process, in workers, over HTTP."""

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
            prompts: what to answer; equal ones are read once.  # (P,)
            n: how many answers to each prompt, one number for all or one for each.
            temperature: divides the logits; 0 is greedy.
            top_p: the nucleus to draw from, the smallest set of tokens with at least this probability.
            max_new_tokens: where an answer is cut off.
            seed: sample j of prompt i is a function of the policy, the prompt and ``(*seed, i, j)``, regardless of what
                else is sampled with it.
            progress: called with the number of newly finished completions.

        Returns:
            The completions in the order of the prompts.  # (P, N)

        Raises:
            ValueError: if a parameter is out of range.
        """
        if not (temperature >= 0 and 0 < top_p <= 1 and max_new_tokens >= 1):
            found = f"{temperature}, {top_p} and {max_new_tokens}"
            raise ValueError(f"needs temperature >= 0, 0 < top_p <= 1 and max_new_tokens >= 1, not {found}")
        counts = [n] * len(prompts) if isinstance(n, int) else list(n)
        if len(counts) != len(prompts) or not all(count >= 0 for count in counts):
            raise ValueError(f"n must be one number >= 0, or one for each of the {len(prompts)} prompts, not {n}")
        seeds = (seed,) if isinstance(seed, int) else tuple(seed)
        request = Request(prompts, counts, temperature, top_p, max_new_tokens, seeds)
        return self._draw(request, progress or (lambda _: None))

    @abstractmethod
    def _draw(self, request: Request, progress: Callable[[int], None]) -> list[list[Completion]]:
        """Draw the completions of a request."""
