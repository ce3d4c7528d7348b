"""The program that accelerate runs, in fp32 on every processor: rounding in bf16 would hide a mistake."""

import runpy

import torch

import agents.sampling

if __name__ == "__main__":
    agents.sampling.sampling_dtype = lambda device: torch.float32
    runpy.run_module("agents.fine_tuning", run_name="__main__")
