"""How the throughput of the sampler grows with samples, riddles and prompt length, as a picture.

python -m benchmarks.growth [--out benchmarks/throughput.png] [--repeats 3]
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path

from tqdm import tqdm

from agents.embedded import embedded_model_path
from agents.policy import prompt
from agents.sampling import Prompt
from agents.sampling.rows import encode
from benchmarks.ways import Bench, Setting, riddles


def growth(bench: Bench, repeats: int) -> dict[str, dict[int, float]]:
    """Return tokens per second by samples, riddles and prompt length, the other two fixed, for answers of 16 tokens."""
    bench.ignore_end_tokens()
    sampler = bench.sampler()
    points: dict[str, dict[int, tuple[list[Prompt], int]]] = {
        "samples N (P = 8)": {n: (riddles(8), n) for n in (1, 2, 4, 8, 16, 32, 64, 128)},
        "riddles P (N = 16)": {count: (riddles(count), 16) for count in (1, 2, 4, 8, 16, 32, 64)},
        "prompt length (8 x 16)": {length: (prompts_of(bench, 8, length), 16) for length in (64, 128, 256, 512, 1024)},
    }

    def measure(prompts: list[Prompt], n: int) -> float:
        start = time.perf_counter()
        sampler.sample(prompts, n, temperature=1.0, top_p=1.0, max_new_tokens=16, seed=0)
        done.update(len(prompts) * n)
        return len(prompts) * n * 16 / (time.perf_counter() - start)

    answers = sum(len(prompts) * n for curve in points.values() for prompts, n in curve.values())
    with tqdm(desc="answers", total=128 + repeats * answers) as done:
        measure(riddles(8), 16)  # to warm up
        return {
            name: {x: statistics.median(measure(*point) for _ in range(repeats)) for x, point in curve.items()}
            for name, curve in points.items()
        }


def prompts_of(bench: Bench, count: int, length: int) -> list[Prompt]:
    """Return different prompts of about ``length`` tokens each, including the chat template."""
    around = len(encode(bench.tokenizer, prompt("")))
    return [prompt(f"{number}" + " so" * (length - around - 1)) for number in range(count)]


def draw(curves: dict[str, dict[int, float]], file: Path) -> None:
    """Draw one panel for each curve."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, len(curves), figsize=(12, 3.5), sharey=True, layout="constrained")
    for axis, (name, curve) in zip(axes, curves.items(), strict=True):
        axis.plot(list(curve), list(curve.values()), marker="o")
        axis.set_xscale("log", base=2)
        axis.set_ylim(bottom=0)
        axis.set_xlabel(name)
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("tokens a second")
    figure.savefig(file, dpi=120)


def main() -> None:
    """Measure, print the numbers as one JSON object, and draw them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", type=Path, help="a model's folder; by default the embedded one")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/throughput.png"), help="the picture")
    parser.add_argument("--repeats", type=int, default=3, help="of each point; the median is drawn")
    args = parser.parse_args()
    curves = growth(Bench(args.model or embedded_model_path(), Setting()), args.repeats)
    print(json.dumps(curves))
    draw(curves, args.out)


if __name__ == "__main__":
    main()
