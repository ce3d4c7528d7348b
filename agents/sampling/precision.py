"""The number format to sample in on a device."""

from __future__ import annotations

import copy

import torch
from transformers import PreTrainedModel


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
    if all(weight.dtype == dtype for weight in model.parameters()):
        return model
    cast = copy.deepcopy(model)
    for weight in cast.parameters():
        weight.data = weight.data.to(dtype)
    return cast
