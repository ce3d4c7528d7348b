"""Sampling: N completions for each of P prompts."""

from agents.sampling.local import LocalSampler
from agents.sampling.sampler import Message, Prompt, Sampler
from agents.sampling.weights import in_precision, sampling_dtype
from agents.sampling.workers import WorkerSampler

__all__ = ["LocalSampler", "Message", "Prompt", "Sampler", "WorkerSampler", "in_precision", "sampling_dtype"]
