"""The policy: a chat model on a device, its LoRA adapter, and the prompts that it answers."""

from __future__ import annotations

import copy
import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError

from agents.base import Agent
from agents.run import broken
from agents.trajectory import Completion
from expit_env import ANSWER_FORMAT

# Imported only where tensors are used, because the command's help does not need them.
if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from agents.sampling import LocalSampler, Prompt, Sampler, WorkerSampler
    from agents.sampling.cluster import RaySampler

SYSTEM = "You answer riddles."

Solved = Sequence[tuple[str, str]]
"""Questions with their answers."""

FEW_SHOT: Solved = (
    ("How many eggs can you eat on an empty stomach?", "One."),
    ("Before Mount Everest was discovered, which mountain was the highest?", "Mount Everest."),
    ("How many sandwiches did Caesar eat on the moon?", "None."),
    ("A book of 300 pages lies open at page 120. On which page is it open?", "120."),
    ("Which is longer, a minute or sixty seconds?", "Neither."),
    ("Can a cow jump higher than a house?", "Yes."),
)
"""Riddles of no family, with answers, that a prompt may show before the question."""


@dataclass(frozen=True, slots=True)
class Decoding:
    """How answers are drawn.

    Attributes:
        temperature: divides the logits; 0 is greedy.
        top_p: the share of probability to draw from (nucleus sampling, https://arxiv.org/abs/1904.09751).
        max_new_tokens: the token limit of an answer; one that reaches it is unfinished.
        few_shot: how many of the solved examples `FEW_SHOT` the prompt shows first.
        system: the system prompt; if empty, there is none.
    """

    temperature: float = 1.0
    top_p: float = 1.0
    max_new_tokens: int = 24
    few_shot: int = 0
    system: str = SYSTEM


GREEDY = Decoding(temperature=0.0)


def prompt(observation: str, solved: Solved = (), system: str = SYSTEM) -> Prompt:
    """Write an observation as the chat that the model is given, after some solved examples.

    The form of a reply is in the system prompt, which all prompts begin with and a sampler reads once; without a system
    prompt it is behind each question.

    >>> [message["role"] for message in prompt("What is it?")]
    ['system', 'user']
    """
    messages = [{"role": "system", "content": f"{system} {ANSWER_FORMAT}"}] if system else []
    form = "" if system else f" {ANSWER_FORMAT}"
    for question, answer in solved:
        messages += [{"role": "user", "content": question + form}, {"role": "assistant", "content": answer}]
    return [*messages, {"role": "user", "content": observation + form}]


def pick_device(name: str | None = None) -> torch.device:
    """Return the device with that name; by default CUDA, MPS or the CPU, the first that is available.

    Raises:
        ValueError: if the device is not available.
    """
    import torch

    found = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    available = [kind for kind, is_available in found.items() if is_available]
    if name is not None and name.partition(":")[0] not in available:
        raise ValueError(f"there is no device {name!r} here; available: {', '.join(available)}")
    return torch.device(name or available[0])


def load_model(model: str | Path, device: str | None = None) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Load a chat model in fp32 and its tokenizer, as `LanguageModelPolicy.load` says."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()
    where = pick_device(device)
    if str(model).startswith((".", "/", "~")) and not Path(model).is_dir():
        raise FileNotFoundError(f"there is no folder {model} to load a model from")
    tokenizer: Any = AutoTokenizer.from_pretrained(model)
    if not tokenizer.chat_template:
        raise ValueError(f"{model} has no chat template: use an instruction-tuned model")
    base: Any = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32)
    return base.to(where).eval().requires_grad_(False), tokenizer


class LanguageModelPolicy:
    """A base model in fp32 with an optional adapter, sampled in bf16 where that is faster.

    Attributes:
        base: the model without any adapter; training starts from a copy of it.
        tokenizer: the model's tokenizer, with a chat template.
        source: "embedded", or the folder or Hub id that both were loaded from; None if they were made in another way.
        accelerate: a config file of accelerate, whose processes fine-tune; by default this process does.
    """

    source: str | None = None
    accelerate: Path | None = None

    def __init__(
        self,
        base: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        workers: WorkerSampler | RaySampler | None = None,
    ) -> None:
        self.base, self.tokenizer = base.eval().requires_grad_(False), tokenizer
        self._workers = workers
        self._adapter: Path | None = None

    @classmethod
    def load(cls, model: str | Path, device: str | None = None, cluster: str | None = None) -> LanguageModelPolicy:
        """Load a chat model from a local folder, or by its id on the Hugging Face Hub.

        It samples on the Ray cluster with that address, if there is one; else on a CPU in worker processes, and
        elsewhere in this one.

        Raises:
            OSError: if neither a folder nor the Hub has the model.
            ValueError: if the device is not available, or the tokenizer has no chat template.
        """
        import torch

        from agents.sampling import WorkerSampler, sampling_dtype

        base, tokenizer = load_model(model, device)
        workers: WorkerSampler | RaySampler | None = None
        if cluster is not None:
            from agents.sampling.cluster import RaySampler  # only a cluster needs the package ray

            workers = RaySampler(base, tokenizer, cluster, dtype=sampling_dtype(torch.device("cpu")))
        elif base.device.type == "cpu" and os.name == "posix":
            workers = WorkerSampler(base, tokenizer, dtype=sampling_dtype(base.device))
        policy = cls(base, tokenizer, workers)
        policy.source = str(model)
        return policy

    @cached_property
    def _sampler(self) -> Sampler:
        """What draws answers; made on first use, because a policy that is only trained needs none."""
        return self._workers or self._local(self.base)

    def use_adapter(self, folder: Path | None) -> None:
        """Switch to the adapter in ``folder``, or to the base model if None.

        The adapter is merged into a copy in fp32, and the result is rounded to the precision of sampling: merging in
        bf16 would lose small deltas.

        Raises:
            ValueError: if the adapter cannot be read.
        """
        from agents.sampling import give_back_memory

        if folder == self._adapter:
            return
        if self._workers:
            self._workers.load(self._merged(folder))
        else:
            self._sampler = self._local(self._merged(folder))
        self._adapter = folder
        give_back_memory()  # what training and merging took

    def _merged(self, folder: Path | None) -> PreTrainedModel:
        """Return the base model, with an adapter merged into a copy if there is one."""
        from peft import PeftModel

        if folder is None:
            return self.base
        try:
            adapted = PeftModel.from_pretrained(copy.deepcopy(self.base), str(folder))
        except (SafetensorError, ValueError, KeyError, TypeError, OSError) as error:
            raise broken(folder, error) from error
        return adapted.merge_and_unload().eval()  # type: ignore[operator]

    def _local(self, model: PreTrainedModel) -> LocalSampler:
        from agents.sampling import LocalSampler, in_precision, sampling_dtype

        return LocalSampler(in_precision(model, sampling_dtype(model.device)), self.tokenizer)

    def require_adapters(self) -> None:
        """Check, before any work, that `use_adapter` will work.

        Raises:
            RuntimeError: if it won't; the message says why and what to do.
        """

    def in_process(self) -> LanguageModelPolicy:
        """Return a policy with the same weights that samples in this process, and can be fine-tuned."""
        return self

    def sample(
        self,
        observations: Sequence[str],
        n: int | Sequence[int],
        decoding: Decoding,
        seed: Sequence[int] = (0,),
        progress: Callable[[int], None] | None = None,
        solved: Callable[[str], Solved] | None = None,
    ) -> list[list[Completion]]:
        """Draw ``n`` answers to each observation; ``n`` may differ between observations.

        ``solved`` gives the solved examples that are shown before an observation, in place of ``decoding.few_shot``.

        Returns:
            The answers, in the order of the observations.  # (len(observations), n)
        """
        examples = solved or (lambda _: FEW_SHOT[: decoding.few_shot])
        return self._sampler.sample(
            [prompt(observation, examples(observation), decoding.system) for observation in observations],
            n,
            temperature=decoding.temperature,
            top_p=decoding.top_p,
            max_new_tokens=decoding.max_new_tokens,
            seed=seed,
            progress=progress,
        )


class PolicyAgent(Agent):
    """Acts by sampling from a policy; equal observations are prefilled once.

    Args:
        policy: the model.
        decoding: how answers are drawn; greedily by default.
        seed: with the number of earlier calls, it determines the draws of a call.
        progress: called with the number of newly finished answers.
        solved: gives the solved examples that are shown before an observation.
    """

    def __init__(
        self,
        policy: LanguageModelPolicy,
        decoding: Decoding = GREEDY,
        seed: Sequence[int] = (0,),
        progress: Callable[[int], None] | None = None,
        solved: Callable[[str], Solved] | None = None,
    ) -> None:
        self.policy, self.decoding, self.progress, self.solved = policy, decoding, progress, solved
        self._seed, self._calls = tuple(seed), 0

    def act(self, observations: Sequence[str]) -> list[Completion]:
        distinct = Counter(observations)
        seed = (*self._seed, self._calls)
        self._calls += 1
        drawn = self.policy.sample(
            list(distinct), list(distinct.values()), self.decoding, seed, self.progress, self.solved
        )
        answers = {observation: iter(group) for observation, group in zip(distinct, drawn, strict=True)}
        return [next(answers[observation]) for observation in observations]
