"""How hard the levels are: the share of riddles that a model solves at each, greedily and among N samples.

python -m benchmarks.levels [--model PATH_OR_ID] [--adapter RUN/adapter] [--riddles 200] [--samples 8]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import gymnasium as gym
from rich.console import Console

from agents.embedded import embedded_model_path
from agents.evaluation import evaluate_policy, evaluation_riddles
from agents.policy import LanguageModelPolicy

LEVELS = (1, 2, 3, 4, 5)
MEASURES = ("system1_accuracy", "system2_accuracy", "trap_rate", "group_accuracy")
MAX_NEW_TOKENS = 12


def main() -> None:
    """Measure the levels, and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--model", help="a folder, or an id on the Hugging Face Hub; the embedded model by default")
    parser.add_argument("--adapter", type=Path, help="the adapter of a run; none by default")
    parser.add_argument("--riddles", type=int, default=200, help="of each level")
    parser.add_argument("--samples", type=int, default=8)
    parser.add_argument("--split", default="validation", choices=("train", "validation"))
    arguments = parser.parse_args()
    console = Console(stderr=True)
    policy = LanguageModelPolicy.load(arguments.model or embedded_model_path())
    policy.use_adapter(arguments.adapter)
    print(f"| level | {' | '.join(MEASURES)} |")
    for level in LEVELS:
        env = gym.make("expit_env:Riddle-v0", split=arguments.split, level=level)
        riddles = evaluation_riddles(env, arguments.riddles, console)
        measured = evaluate_policy(policy, env, riddles, arguments.samples, MAX_NEW_TOKENS, console)
        cells = []
        for measure in MEASURES:
            low, high = measured.interval(measure)
            cells.append(f"{100 * measured.mean(measure):.0f} [{100 * low:.0f}, {100 * high:.0f}] %")
        print(f"| {level} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
