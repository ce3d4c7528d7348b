"""How sampling on a cluster scales: two processes against one, measured; and thousands of them, simulated.

    python -m benchmarks.scaling --out benchmarks/scaling.png

The simulation is calibrated by what is measured here: how long shards take, what a round's weights weigh, and what the
driver does for each shard (to hand it out, take it back, judge and write it). It assumes what can't be measured on one
machine: 64 processes a machine, a network of 10 Gbit/s, and that a machine which has the weights passes them on.
"""

from __future__ import annotations

import argparse
import heapq
import json
import math
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import ray
import torch

import expit_env  # noqa: F401  (registers Riddle-v0)
from agents.base import judge
from agents.conditions import LoRA
from agents.embedded import embedded_model_path
from agents.policy import load_model, prompt
from agents.sampling import sampling_dtype
from agents.sampling.cluster import ROWS, RaySampler, fill_shard
from agents.sampling.rows import Row, encode
from agents.trajectory import Completion, TrajectoryStore

SHARDS, TOKENS = 8, 32
PER_MACHINE, BYTES_A_SECOND = 64, 1.25e9
WORKERS = (8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096)


def timed(stored: Sequence[Any], rows: list[Row], top_p: float) -> float:
    """Fill a shard in a process of the cluster, and return the seconds that it took."""
    start = time.perf_counter()
    fill_shard(stored, rows, top_p)
    return time.perf_counter() - start


def unchanged(rows: list[Row]) -> list[tuple[list[int], list[float], bool]]:
    """Return what a shard's tokens look like, without drawing any: what only handing it out and back takes."""
    return [([0] * TOKENS, [0.0] * TOKENS, True) for _ in rows]


def measure(repeats: int) -> dict[str, Any]:
    """Draw the same shards with one process and with two, and time everything that the simulation needs."""
    model, tokenizer = load_model(embedded_model_path(), "cpu")
    env = gym.make("Riddle-v0", level=1)
    starts = [seed for seed in range(SHARDS * ROWS // 8) for _ in range(8)]
    questions = [env.reset(seed=seed)[0] for seed in starts]
    rng = np.random.default_rng(0)

    def rows() -> list[list[Row]]:
        found = [Row(encode(tokenizer, prompt(question)), rng.random(TOKENS), 0.7) for question in questions]
        return [found[first : first + ROWS] for first in range(0, len(found), ROWS)]

    rates: dict[int, list[float]] = {1: [], 2: []}
    shards: dict[int, list[float]] = {1: [], 2: []}
    found: dict[str, Any] = {}
    for workers in (1, 2):
        ray.init("local", num_cpus=workers, log_to_driver=False, include_dashboard=False)
        sampler = RaySampler(model, tokenizer, "local", dtype=sampling_dtype(torch.device("cpu")))
        task = ray.remote(num_cpus=1)(timed)
        ray.get([task.remote(sampler.stored, shard[:8], 1.0) for shard in rows()[: 2 * workers]])  # to warm up
        for _ in range(repeats):
            start = time.perf_counter()
            shards[workers] += ray.get([task.remote(sampler.stored, shard, 1.0) for shard in rows()])
            rates[workers].append(len(starts) / (time.perf_counter() - start))
        empty, some = ray.remote(num_cpus=1)(unchanged), rows()
        ray.get(empty.remote(some[0]))
        start = time.perf_counter()
        ray.get([empty.remote(shard) for shard in some for _ in range(10)])
        found["hand_out_seconds"] = (time.perf_counter() - start) / (10 * len(some))
        ray.shutdown()
    said = [Completion("Let me see.\nAnswer: none", tuple(range(TOKENS)), (-0.5,) * TOKENS) for _ in starts]
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        TrajectoryStore(Path(folder) / "trajectories.jsonl").extend(judge(env, starts, said))
        found["judge_and_write_seconds"] = (time.perf_counter() - start) / len(starts)
    adapted = [weight for name, weight in model.named_parameters() if ".layers." in name and weight.ndim == 2]
    per_weight = sampling_dtype(torch.device("cpu")).itemsize
    found["changed_bytes"] = LoRA().layers * per_weight * sum(weight.numel() for weight in adapted)
    rate = {workers: statistics.median(each) for workers, each in rates.items()}
    return {
        "replies_a_second": rate,
        "a_worker_of_two_against_one_alone": rate[2] / 2 / rate[1],
        "shard_seconds": shards[2],
        **found,
    }


def round_seconds(workers: int, replies: int, measured: Mapping[str, Any], driver: float, stragglers: float) -> float:
    """Simulate a round: the weights spread, processes take shards in turn, and one driver takes them back.

    Args:
        workers: processes that sample.
        replies: to draw.
        measured: what `measure` returned.
        driver: seconds that the driver is busy with each shard.
        stragglers: the share of shards that take ten times as long.
    """
    machines = math.ceil(workers / PER_MACHINE)
    spread = measured["changed_bytes"] / BYTES_A_SECOND * math.ceil(math.log2(machines + 1))
    rng, shards = np.random.default_rng(0), math.ceil(replies / ROWS)
    took = rng.choice(measured["shard_seconds"], shards) * np.where(rng.random(shards) < stragglers, 10, 1)
    free, ended, done = [spread] * workers, [], 0.0
    for seconds in took.tolist():
        ended.append(heapq.heappop(free) + seconds)
        heapq.heappush(free, ended[-1])
    for end in sorted(ended):
        done = max(done, end) + driver
    return done


def simulate(measured: Mapping[str, Any]) -> dict[str, dict[int, float]]:
    """Return replies a second by workers: as it is built, and with one thing changed at a time."""
    out, judged = measured["hand_out_seconds"], ROWS * measured["judge_and_write_seconds"]
    ways = {
        "as built, rounds of 10^7 replies": (10**7, out + judged, 0.0),
        "rounds of 10^5": (10**5, out + judged, 0.0),
        "one shard of 1,000 takes ten times as long": (10**7, out + judged, 0.001),
        "judged and written where it is drawn (not built)": (10**7, out, 0.0),
        "nothing but sampling": (10**7, 0.0, 0.0),
    }
    return {
        name: {each: replies / round_seconds(each, replies, measured, driver, share) for each in WORKERS}
        for name, (replies, driver, share) in ways.items()
    }


def draw(curves: Mapping[str, Mapping[int, float]], file: Path) -> None:
    """Draw replies a second by workers."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    for name, curve in curves.items():
        axes.plot(list(curve), list(curve.values()), marker="o", markersize=3, label=name)
    axes.set(xscale="log", yscale="log", xlabel="processes (simulated)", ylabel="replies a second")
    axes.set_xticks(WORKERS, [f"{each:,}" for each in WORKERS], rotation=45)
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small", frameon=False)
    figure.savefig(file, dpi=120)


def main() -> None:
    """Measure, simulate, print one JSON object, and draw it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3, help="of each measurement; the median counts")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/scaling.png"), help="the picture")
    args = parser.parse_args()
    measured = measure(args.repeats)
    curves = simulate(measured)
    days = {each: 10**9 / curve / 86_400 for each, curve in curves["as built, rounds of 10^7 replies"].items()}
    print(json.dumps({"measured": measured, "simulated": curves, "days_for_a_billion_replies": days}, indent=2))
    draw(curves, args.out)


if __name__ == "__main__":
    main()
