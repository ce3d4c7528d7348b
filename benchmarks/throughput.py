"""How fast the sampler is: against `generate`, against its matmuls alone, against vLLM; and training, against trl.

    python -m benchmarks.throughput [--json] [--adapter runs/riddles/round-002/adapter] [--vllm /path/to/its/python]
    python -m benchmarks.throughput --picture benchmarks/throughput.png

All ratios are from one run.
What is compared is interleaved, so that a machine's mood falls on all alike, and every ratio is one of medians.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gymnasium as gym
import torch
from peft import PeftModel
from torch import Tensor, nn
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerBase

import expit_env  # noqa: F401  (registers Riddle-v0)
from agents.embedded import embedded_model_path
from agents.policy import pick_device, prompt
from agents.sampling import LocalSampler, Prompt, Sampler, WorkerSampler, in_precision, sampling_dtype
from agents.sampling.rows import common_length, encode
from agents.sampling.workers import usable_cores
from benchmarks.sft import training_speeds
from benchmarks.vllm import VllmServer

REPEATS = 5


@dataclass(frozen=True, slots=True)
class Setting:
    """What is sampled."""

    riddles: int = 8
    samples: int = 16
    tokens: int = 32

    @property
    def total(self) -> int:
        return self.riddles * self.samples * self.tokens


class Bench:
    """A model with prompts, and the ways to sample from it: each draws ``setting.tokens`` tokens, never fewer."""

    def __init__(self, folder: Path, setting: Setting, adapter: Path | None = None) -> None:
        self.folder, self.setting = folder, setting
        device = pick_device()
        loaded: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
        if adapter is not None:
            loaded = PeftModel.from_pretrained(loaded, str(adapter)).merge_and_unload()  # type: ignore[operator]
        self.model: Any = in_precision(loaded.to(device), sampling_dtype(device)).eval()
        self.tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(folder)
        self.prompts = riddles(setting.riddles)
        self.encoded = [encode(self.tokenizer, prompt) for prompt in self.prompts]
        self.endless = copy.deepcopy(self.tokenizer)
        self.endless.eos_token = None

    def never_ending(self) -> None:
        """Let no token end an answer."""
        self.model.generation_config.eos_token_id = None

    def sampler(self) -> Sampler:
        return LocalSampler(self.model, self.endless)

    def sample(self, sampler: Sampler) -> int:
        """Sample the setting, and return how many tokens that were."""
        setting = self.setting
        completions = sampler.sample(
            self.prompts, setting.samples, temperature=1.0, top_p=1.0, max_new_tokens=setting.tokens, seed=0
        )
        return sum(len(completion.token_ids) for group in completions for completion in group)

    @torch.inference_mode()
    def generate(self) -> int:
        """Sample it as transformers does."""
        ids, mask = left_padded(self.encoded, self.model.device)
        output = self.model.generate(
            input_ids=ids,
            attention_mask=mask,
            do_sample=True,
            temperature=1.0,
            top_p=1.0,
            top_k=0,
            num_return_sequences=self.setting.samples,
            max_new_tokens=self.setting.tokens,
            pad_token_id=self.tokenizer.pad_token_id,
        )
        return count_tokens(output[:, ids.shape[1] :], self.model.generation_config.eos_token_id)

    @torch.inference_mode()
    def matmuls(self) -> int:
        """Only the matmuls of the linear layers, in the shapes that the sampler has them: a bound."""
        head = self.model.get_output_embeddings()
        inner: list[nn.Module] = [m for m in self.model.modules() if isinstance(m, nn.Linear) and m is not head]
        rows = self.setting.riddles * self.setting.samples
        distinct = list(dict.fromkeys(self.encoded))
        common = common_length(distinct)
        multiply(inner, common + sum(len(ids) - common for ids in distinct))
        multiply([head], len(distinct))
        for _ in range(self.setting.tokens - 1):
            multiply([*inner, head], rows)
        return self.setting.total


def riddles(count: int) -> list[Prompt]:
    """Draw prompts as a run has them."""
    env = gym.make("Riddle-v0")
    return [prompt(env.reset(seed=seed)[0]) for seed in range(count)]


def left_padded(encoded: list[tuple[int, ...]], device: torch.device) -> tuple[Tensor, Tensor]:
    longest = max(map(len, encoded))
    ids = torch.tensor([[0] * (longest - len(ids)) + list(ids) for ids in encoded], device=device)
    mask = torch.tensor([[0] * (longest - len(ids)) + [1] * len(ids) for ids in encoded], device=device)
    return ids, mask


def count_tokens(answers: Tensor, end: int | None) -> int:
    """How many tokens are in answers up to their ends, which count."""
    if end is None:
        return answers.numel()
    ended = (answers == end).cumsum(-1)
    return int(((ended == 0) | ((ended == 1) & (answers == end))).sum())


def multiply(layers: list[nn.Module], rows: int) -> None:
    """Send random rows through the weights of linear layers."""
    inputs: dict[int, Tensor] = {}
    for layer in layers:
        weight = layer.weight
        assert isinstance(weight, Tensor)
        size = weight.shape[1]
        if size not in inputs:
            inputs[size] = torch.randn(rows, size, device=weight.device, dtype=weight.dtype)
        nn.functional.linear(inputs[size], weight)


def speeds(ways: Mapping[str, Callable[[], int]], repeats: int) -> dict[str, float]:
    """Time each way in turn, ``repeats`` times after one to warm up, and return the median tokens a second."""
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
    """Measure all ways, and return their tokens a second and the ratios.

    All are in the number format that the sampler takes on this machine, but vLLM, which is in bf16.
    """
    stopping = natural_stopping(natural, repeats)
    training = training_speeds(bench.folder)
    bench.never_ending()
    local = bench.sampler()
    ways = {"local": lambda: bench.sample(local), "generate": bench.generate, "matmuls": bench.matmuls}
    workers = WorkerSampler(bench.model, bench.endless) if bench.model.device.type == "cpu" else None
    server = VllmServer(vllm, bench.folder) if vllm else None
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
        "dtype": str(bench.model.dtype).removeprefix("torch."),
        "cores": usable_cores(),
        **{f"{name}_tokens_per_second": speed for name, speed in found.items()},
        "generate_ratio": ours / found["generate"],
        "local_generate_ratio": found["local"] / found["generate"],
        "vllm_ratio": ours / found["vllm"] if "vllm" in found else None,
        # Of one process both, with all its threads: workers are not held against a bound that they can beat.
        "bound_ratio": found["local"] / found["matmuls"],
        "workers_bound_ratio": found["workers"] / found["matmuls"] if workers else None,
        **{f"natural_{name}_tokens_per_second": speed for name, speed in stopping.items()},
        "natural_ratio": stopping["ours"] / stopping["generate"],
        **{f"sft_{name}_tokens_per_second": speed for name, speed in training.items()},
        "sft_ratio": training["ours"] / training["trl"],
        "memory_ratio": peak_memory(bench, "local") / generated,
        "workers_memory_ratio": peak_memory(bench, "workers") / generated if workers else None,
    }


def peak_memory(bench: Bench, way: str) -> float:
    """The most memory, in bytes, that a process of its own and its workers hold while they sample.

    It is the sum of the proportional set sizes, in which pages that are shared count once.
    """
    setting = bench.setting
    numbers = map(str, (setting.riddles, setting.samples, setting.tokens))
    command = [sys.executable, "-m", "benchmarks.throughput", "--model", str(bench.folder), "--peak-memory", way]
    return float(subprocess.run([*command, "--setting", *numbers], check=True, stdout=subprocess.PIPE).stdout)


def print_peak_memory(bench: Bench, way: str) -> None:
    """Print what `peak_memory` reads."""
    bench.never_ending()
    sampler = WorkerSampler(bench.model, bench.endless) if way == "workers" else bench.sampler()
    done, held = threading.Event(), [0]

    def watch() -> None:
        while not done.wait(0.02):
            held.append(sum(map(proportional_set_size, family_of(os.getpid()))))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        if way == "generate":
            bench.generate()
        else:
            bench.sample(sampler)
    finally:
        done.set()
        watcher.join()
    print(max(held))


def family_of(pid: int) -> list[int]:
    """Return a process and all that it started."""
    children = [
        int(child)
        for task in Path(f"/proc/{pid}/task").glob("*/children")
        for child in task.read_text(encoding="ascii").split()
    ]
    return [pid, *(member for child in children for member in family_of(child))]


def proportional_set_size(pid: int) -> int:
    """Return the bytes that a process holds, of shared pages its share; 0 if it has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def growth(bench: Bench) -> dict[str, dict[int, float]]:
    """Tokens a second by samples, riddles and prompt length, each with the other two held fixed; 16 tokens each."""
    bench.never_ending()
    sampler = bench.sampler()
    curves: dict[str, dict[int, float]] = {
        "samples N (P = 8)": {},
        "riddles P (N = 16)": {},
        "prompt length (8 x 16)": {},
    }

    def measure(prompts: list[Prompt], n: int) -> float:
        start = time.perf_counter()
        sampler.sample(prompts, n, temperature=1.0, top_p=1.0, max_new_tokens=16, seed=0)
        return len(prompts) * n * 16 / (time.perf_counter() - start)

    by_samples, by_riddles, by_length = curves.values()
    measure(riddles(8), 16)
    for n in (1, 2, 4, 8, 16, 32, 64, 128):
        by_samples[n] = statistics.median(measure(riddles(8), n) for _ in range(REPEATS))
    for count in (1, 2, 4, 8, 16, 32, 64):
        by_riddles[count] = statistics.median(measure(riddles(count), 16) for _ in range(REPEATS))
    for length in (32, 64, 128, 256, 512, 1024):
        by_length[length] = statistics.median(measure(prompts_of(bench, 8, length), 16) for _ in range(REPEATS))
    return curves


def prompts_of(bench: Bench, count: int, length: int) -> list[Prompt]:
    """Different prompts of about ``length`` tokens each, the chat template's included."""
    around = len(encode(bench.tokenizer, prompt("")))
    return [prompt(f"{number}" + " so" * (length - around - 1)) for number in range(count)]


def draw_growth(curves: dict[str, dict[int, float]], file: Path) -> None:
    """Draw one panel for each curve."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, len(curves), figsize=(12, 3.5), sharey=True, layout="constrained")
    for axis, (name, curve) in zip(axes, curves.items(), strict=True):
        axis.plot(list(curve), list(curve.values()), marker="o")
        axis.set_xscale("log", base=2)
        axis.set_ylim(bottom=0)
        axis.set_xlabel(name)
    axes[0].set_ylabel("tokens a second")
    figure.savefig(file, dpi=120)


def main() -> None:
    """Measure, and print a table or one JSON object."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", type=Path, help="a model's folder; by default the embedded one")
    parser.add_argument("--setting", type=int, nargs=3, default=(8, 16, 32), metavar=("P", "N", "TOKENS"))
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--json", action="store_true", help="print one object")
    parser.add_argument("--adapter", type=Path, help="what answers where they may end by themselves; else the model")
    parser.add_argument("--vllm", metavar="PYTHON", help="the interpreter of an environment that has vLLM")
    parser.add_argument("--picture", type=Path, help="only draw how throughput grows, to this file")
    parser.add_argument("--peak-memory", choices=("local", "workers", "generate"), help=argparse.SUPPRESS)
    args = parser.parse_args()

    bench = Bench(args.model or embedded_model_path(), Setting(*args.setting))
    if args.peak_memory:
        print_peak_memory(bench, args.peak_memory)
    elif args.picture:
        draw_growth(growth(bench), args.picture)
    else:
        natural = Bench(bench.folder, bench.setting, args.adapter)
        found = compare(bench, natural, args.repeats, args.vllm)
        print(json.dumps(found) if args.json else "\n".join(f"{name:32} {value}" for name, value in found.items()))


if __name__ == "__main__":
    main()
