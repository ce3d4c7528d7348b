"""How fast other text environments pose and score: run by benchmarks.environment, with an interpreter that has them.

python benchmarks/rivals.py    (pip install reasoning-gym gem-llm)
"""

from __future__ import annotations

import importlib.metadata
import json
import statistics
import time
from collections.abc import Callable
from typing import Any

TASKS = ("family_relationships", "calendar_arithmetic", "leg_counting", "letter_counting", "time_intervals",
         "number_sequence", "basic_arithmetic", "knights_knaves")  # fmt: skip
"""Of reasoning-gym: a few sentences or numbers are asked about, and the answer is a word or a number."""

ROUNDS, REPEATS = 100, 5


def microseconds(act: Callable[[int], Any]) -> float:
    """Return the mean processor time of one of some calls, numbered on, in the best of some repeats."""
    spent = []
    for first in range(0, REPEATS * ROUNDS, ROUNDS):
        start = time.process_time()
        for number in range(first, first + ROUNDS):
            act(number)
        spent.append((time.process_time() - start) / ROUNDS * 1e6)
    return min(spent)


def reasoning_gym() -> dict[str, float]:
    """Return the medians over tasks: of posing a question, and of scoring its right answer."""
    import reasoning_gym  # pyright: ignore[reportMissingImports]

    pose, score = [], []
    for task in TASKS:
        data = reasoning_gym.create_dataset(task, size=2 * REPEATS * ROUNDS, seed=1)
        data[0]
        pose.append(microseconds(lambda i, data=data: data[i + 1]))
        entries = [data[i] for i in range(REPEATS * ROUNDS)]
        score.append(microseconds(lambda i, data=data, es=entries: data.score_answer(es[i]["answer"], es[i])))
    return {"pose": statistics.median(pose), "score": statistics.median(score)}


def gem() -> dict[str, float]:
    """Return the medians over tasks: of a reset, and of a step with an answer in a box, as GEM wants it."""
    import gem  # pyright: ignore[reportMissingImports]

    pose, score = [], []
    for task in TASKS:
        env = gem.make(f"rg:{task}", seed=1)
        env.reset()
        pose.append(microseconds(lambda _, env=env: env.reset()))
        score.append(microseconds(lambda _, env=env: env.step("\\boxed{7}")))  # an ended episode scores once more
    return {"pose": statistics.median(pose), "score": statistics.median(score)}


def measured(package: str, measure: Callable[[], dict[str, float]]) -> dict[str, Any] | None:
    try:
        return {"version": importlib.metadata.version(package)} | measure()
    except ImportError:
        return None


if __name__ == "__main__":
    print(json.dumps({"reasoning-gym": measured("reasoning-gym", reasoning_gym), "gem-llm": measured("gem-llm", gem)}))
