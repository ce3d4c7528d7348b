"""How fast the sampler is: against `generate`, against its matmuls alone, against vLLM; and training, against trl.

    python -m benchmarks.throughput [--json] [--adapter runs/riddles/round-002/adapter] [--vllm /path/to/its/python]

All ratios are from one run, and each is a ratio of medians. The measurements are interleaved, so that changes in the
machine's load affect all of them alike.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from transformers import PreTrainedModel

from agents.embedded import embedded_model_path
from agents.sampling import LocalSampler, WorkerSampler
from agents.sampling.workers import usable_cores
from benchmarks.memory import watching
from benchmarks.sft import training_speeds
from benchmarks.vllm import VllmServer
from benchmarks.ways import Bench, Setting

REPEATS = 5


def speeds(ways: Mapping[str, Callable[[], int]], repeats: int) -> dict[str, float]:
    """Time each way in turn, ``repeats`` times after one to warm up, and return the median tokens per second."""
    found: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(repeats + 1):
        for name, way in ways.items():
            start = time.perf_counter()
            tokens = way()
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            if turn:
                found[name].append(tokens / (time.perf_counter() - start))
    return {name: statistics.median(several) for name, several in found.items()}


def natural_stopping(bench: Bench, repeats: int) -> dict[str, float]:
    """Measure with answers as long as the model makes them."""
    ways: dict[str, Callable[[], int]] = {"generate": bench.generate}
    if bench.model.device.type == "cpu":
        with WorkerSampler(bench.model, bench.tokenizer) as workers:
            return speeds(ways | {"ours": lambda: bench.sample(workers)}, repeats)
    local = LocalSampler(bench.model, bench.tokenizer)
    return speeds(ways | {"ours": lambda: bench.sample(local)}, repeats)


def compare(bench: Bench, natural: Bench, repeats: int, vllm: str | None) -> dict[str, float | str | None]:
    """Measure all ways, and return their tokens per second and the ratios.

    All samplers, vLLM included, use the number format that ours chooses on this machine: bf16 if the processor has it,
    else fp32, because bf16 would be many times slower. Fine-tuning with trl's own trainer is in fp32.
    """
    stopping = natural_stopping(natural, repeats)
    training = training_speeds(bench.folder)
    bench.ignore_end_tokens()
    local = bench.sampler()
    ways = {"local": lambda: bench.sample(local), "generate": bench.generate, "matmuls": bench.matmuls}
    workers = WorkerSampler(bench.model, bench.endless) if bench.model.device.type == "cpu" else None
    server = VllmServer(vllm, bench.folder, dtype_name(bench.model)) if vllm else None
    try:
        if workers:
            ways["workers"] = lambda: bench.sample(workers)
        if server:
            ways["vllm"] = lambda: server.sample(bench.encoded, bench.setting.samples, bench.setting.tokens)
        found = speeds(ways, repeats)
    finally:
        for one in (workers, server):
            if one:
                one.close()
    ours = max(found["local"], found.get("workers", 0.0))
    generated = peak_memory(bench, "generate")
    return {
        "dtype": dtype_name(bench.model),
        "cores": usable_cores(),
        **{f"{name}_tokens_per_second": speed for name, speed in found.items()},
        "generate_ratio": ours / found["generate"],
        "local_generate_ratio": found["local"] / found["generate"],
        "vllm_ratio": ours / found["vllm"] if "vllm" in found else None,
        # Both of one process with all its threads; workers can be faster than that bound.
        "bound_ratio": found["local"] / found["matmuls"],
        "workers_bound_ratio": found["workers"] / found["matmuls"] if workers else None,
        **{f"natural_{name}_tokens_per_second": speed for name, speed in stopping.items()},
        "natural_ratio": stopping["ours"] / stopping["generate"],
        **{f"sft_{name}_tokens_per_second": speed for name, speed in training.items()},
        "sft_ratio": training["ours"] / training["trl"],
        "memory_ratio": peak_memory(bench, "local") / generated,
        "workers_memory_ratio": peak_memory(bench, "workers") / generated if workers else None,
    }


def dtype_name(model: PreTrainedModel) -> str:
    """Return the number format of a model's weights, as bfloat16."""
    return str(model.dtype).removeprefix("torch.")


def peak_memory(bench: Bench, way: str) -> float:
    """Return the peak memory, in bytes, of a separate process and its workers while they sample.

    It is the sum of the proportional set sizes, in which shared pages count once.
    """
    setting = bench.setting
    numbers = map(str, (setting.riddles, setting.samples, setting.tokens))
    command = [sys.executable, "-m", "benchmarks.throughput", "--model", str(bench.folder), "--peak-memory", way]
    return float(subprocess.run([*command, "--setting", *numbers], check=True, stdout=subprocess.PIPE).stdout)


def print_peak_memory(bench: Bench, way: str) -> None:
    """Print what `peak_memory` reads."""
    bench.ignore_end_tokens()
    sampler = WorkerSampler(bench.model, bench.endless) if way == "workers" else bench.sampler()
    with watching(os.getpid(), seconds=0.02) as held:
        if way == "generate":
            bench.generate()
        else:
            bench.sample(sampler)
    print(max(held))


def main() -> None:
    """Measure, and print a table or one JSON object."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", type=Path, help="a model's folder; by default the embedded one")
    parser.add_argument("--setting", type=int, nargs=3, default=(8, 16, 32), metavar=("P", "N", "TOKENS"))
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--json", action="store_true", help="print one object")
    parser.add_argument("--adapter", type=Path, help="used where answers may end on their own; none by default")
    parser.add_argument("--vllm", metavar="PYTHON", help="the interpreter of an environment with vLLM")
    parser.add_argument("--peak-memory", choices=("local", "workers", "generate"), help=argparse.SUPPRESS)
    args = parser.parse_args()

    bench = Bench(args.model or embedded_model_path(), Setting(*args.setting))
    if args.peak_memory:
        print_peak_memory(bench, args.peak_memory)
    else:
        natural = Bench(bench.folder, bench.setting, args.adapter)
        found = compare(bench, natural, args.repeats, args.vllm)
        print(json.dumps(found) if args.json else "\n".join(f"{name:32} {value}" for name, value in found.items()))


if __name__ == "__main__":
    main()
