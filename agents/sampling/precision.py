"""The number format to sample in on a device."""

from __future__ import annotations

import torch


def sampling_dtype(device: torch.device) -> torch.dtype:
    """Return bf16 where the device multiplies it in hardware, else fp32.

    Merge an adapter in fp32 before the model is cast: small deltas are lost in bf16.
    """
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
    if device.type == "cpu" and hasattr(torch.cpu, "get_capabilities"):
        found = torch.cpu.get_capabilities()
        return torch.bfloat16 if found.get("amx_bf16") or found.get("avx512_bf16") else torch.float32
    return torch.float32
