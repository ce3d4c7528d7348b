"""The weights to sample from: their number format, and one copy of them for several processes."""

from __future__ import annotations

import copy
import ctypes
import gc
import mmap
import os
import tempfile
from typing import IO

import torch
from torch import nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase

for _cache in ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "LRU_CACHE_CAPACITY"):
    # In these two torch keeps 1,024 compiled matmuls by shape, half a megabyte each. Shapes change at every step, so
    # that each process would grow by half a gigabyte; a step needs some twenty. They are read at the first matmul.
    os.environ.setdefault(_cache, "128")


def sampling_dtype(device: torch.device) -> torch.dtype:
    """Return bf16 if the device multiplies it in hardware (fp16 on a GPU that does not), else fp32.

    With AVX512-BF16 the matmuls of a decoding step were measured to be twice as fast in bf16 (benchmarks/README.md).
    """
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
    if device.type == "cpu" and hasattr(torch.cpu, "get_capabilities"):
        found = torch.cpu.get_capabilities()
        return torch.bfloat16 if found.get("amx_bf16") or found.get("avx512_bf16") else torch.float32
    return torch.float32


def in_precision(model: PreTrainedModel, dtype: torch.dtype) -> PreTrainedModel:
    """Return the model with weights of that type: a copy, or the model itself if it has them already.

    Merge an adapter in fp32 before, because small deltas are lost in bf16. Buffers are unchanged, because rotary
    frequencies need their precision.
    """
    weights = list(model.parameters())
    if all(weight.dtype == dtype for weight in weights):
        return model
    # The memo gives the copy these weights, so that the old ones are not copied first.
    return copy.deepcopy(
        model, {id(weight): nn.Parameter(weight.to(dtype), weight.requires_grad) for weight in weights}
    )


def give_back_memory() -> None:
    """Return what was freed to the system, for other processes: glibc keeps gigabytes of it."""
    gc.collect()
    if os.name == "posix" and hasattr(libc := ctypes.CDLL(None), "malloc_trim"):
        libc.malloc_trim(0)


class SharedModel:
    """A model and its tokenizer in a file that worker processes, which inherit its descriptor, map into memory.

    On Linux the file is in memory only and disappears with the last process that has it open, even after a crash.

    Args:
        model: a causal language model on the CPU.
        tokenizer: its tokenizer.
        dtype: the type of its weights in the file; by default unchanged.
    """

    def __init__(
        self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, dtype: torch.dtype | None = None
    ) -> None:
        if hasattr(os, "memfd_create"):
            self.file: IO[bytes] = os.fdopen(os.memfd_create("expit"), "w+b")
            self.path = f"/dev/fd/{self.file.fileno()}"
        else:
            # By name, because other systems' /dev/fd has one offset for all, and workers read at the same time.
            self.file = tempfile.NamedTemporaryFile()  # noqa: SIM115
            self.path = self.file.name
        torch.save((in_precision(model, dtype) if dtype else model, tokenizer), self.file)
        self.file.flush()
        self._mapped = open_shared(self.path)[0]

    @torch.no_grad()
    def load(self, model: PreTrainedModel) -> None:
        """Copy the weights of ``model`` in place: processes that map the file see them at once.

        Raises:
            ValueError: if they have other names or shapes than those of the first model.
        """
        ours, theirs = dict(self._mapped.named_parameters()), dict(model.named_parameters())
        if {name: weight.shape for name, weight in ours.items()} != {
            name: weight.shape for name, weight in theirs.items()
        }:
            raise ValueError("the model has other weights, by name or shape, than the one this was made for")
        for name, weight in ours.items():
            weight.copy_(theirs[name])


def open_shared(path: str) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Return the model and tokenizer in the file of a `SharedModel`, whose weights stay in the file's memory."""
    with torch.serialization.set_default_mmap_options(mmap.MAP_SHARED):
        return torch.load(path, mmap=True, weights_only=False)
