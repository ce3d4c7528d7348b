"""Sampling: N completions for each of P prompts."""

from agents.sampling.local import LocalSampler
from agents.sampling.sampler import Message, Prompt, Sampler
from agents.sampling.weights import give_back_memory, in_precision, sampling_dtype
from agents.sampling.workers import WorkerSampler

__all__ = [
    "LocalSampler",
    "Message",
    "Prompt",
    "Sampler",
    "WorkerSampler",
    "give_back_memory",
    "in_precision",
    "sampling_dtype",
]
