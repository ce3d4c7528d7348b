"""How fast Riddle-v0 is: full episodes a second on one core, through RiddleVectorEnv and through SyncVectorEnv.

python -m benchmarks.environment [--json]
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable

import gymnasium as gym

from expit_env import Outcome, Riddle, Verdict, verify

NUM_ENVS = 256
STEPS = 4
REPEATS = 5

WRONG = Verdict(Outcome.NO_ANSWER, None, "not judged")

ANSWERS = {"bare": "7", "sentence": "The answer is 7.", "tagged": "Nobody told me, so I guess.\nAnswer: 7"}


def episodes_per_second(env: gym.vector.VectorEnv, answer: str, seed: int) -> float:
    """Return the median over some runs of one answer given to every riddle; each riddle is one that was not seen."""
    env.reset(seed=seed)
    actions = (answer,) * env.num_envs
    env.step(actions)
    rates = []
    for _ in range(REPEATS):
        start = time.process_time()
        for _ in range(STEPS):
            env.step(actions)
        rates.append(STEPS * env.num_envs / (time.process_time() - start))
    return statistics.median(rates)


def measure(answer: str, verifier: Callable[[Riddle, str], Verdict], split: str) -> dict[str, float]:
    """Return episodes a second of both vector environments, and their ratio."""
    ours = gym.make_vec("Riddle-v0", num_envs=NUM_ENVS, split=split, verifier=verifier)
    sync = gym.make_vec(
        "Riddle-v0",
        num_envs=NUM_ENVS,
        vectorization_mode="sync",
        vector_kwargs={"autoreset_mode": "SameStep"},
        split=split,
        verifier=verifier,
    )
    rates = {  # of different seeds: a riddle that was drawn once is remembered
        "vector": episodes_per_second(ours, answer, seed=0),
        "sync": episodes_per_second(sync, answer, seed=1_000_000),
    }
    return rates | {"ratio": rates["vector"] / rates["sync"]}


def unjudged(riddle: Riddle, response: str) -> Verdict:
    return WRONG


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one object instead of a table")
    parser.add_argument("--split", default="train")
    arguments = parser.parse_args()
    results = {"unjudged": measure("7", unjudged, arguments.split)}
    results |= {name: measure(answer, verify, arguments.split) for name, answer in ANSWERS.items()}
    if arguments.json:
        print(json.dumps(results))
        return
    print(
        f"{'answer':10} {'vector':>10} {'sync':>10} {'ratio':>6}   episodes a second of processor time, {NUM_ENVS} envs"
    )
    for name, rates in results.items():
        print(f"{name:10} {rates['vector']:10.0f} {rates['sync']:10.0f} {rates['ratio']:6.2f}")


if __name__ == "__main__":
    main()
