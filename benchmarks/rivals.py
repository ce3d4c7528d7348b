"""How fast other text environments draw and score: run by benchmarks.environment, with an interpreter that has them.

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
"""Tasks of reasoning-gym with a question about a few sentences or numbers, and a word or a number as the answer."""

ROUNDS, REPEATS = 100, 5


def microseconds(act: Callable[[int], Any]) -> float:
    """Return the mean processor time of a call, which gets its number: the best of several repeats."""
    spent = []
    for first in range(0, REPEATS * ROUNDS, ROUNDS):
        start = time.process_time()
        for number in range(first, first + ROUNDS):
            act(number)
        spent.append((time.process_time() - start) / ROUNDS * 1e6)
    return min(spent)


def reasoning_gym() -> dict[str, float]:
    """Return the medians over tasks: to draw a question, and to score its right answer."""
    import reasoning_gym  # pyright: ignore[reportMissingImports]

    draw, score = [], []
    for task in TASKS:
        data = reasoning_gym.create_dataset(task, size=2 * REPEATS * ROUNDS, seed=1)
        data[0]
        draw.append(microseconds(lambda i, data=data: data[i + 1]))
        entries = [data[i] for i in range(REPEATS * ROUNDS)]
        score.append(microseconds(lambda i, data=data, es=entries: data.score_answer(es[i]["answer"], es[i])))
    return {"draw": statistics.median(draw), "score": statistics.median(score)}


def gem() -> dict[str, float]:
    """Return the medians over tasks: of a reset, and of a step with a boxed answer, as GEM expects it."""
    import gem  # pyright: ignore[reportMissingImports]

    draw, score = [], []
    for task in TASKS:
        env = gem.make(f"rg:{task}", seed=1)
        env.reset()
        draw.append(microseconds(lambda _, env=env: env.reset()))
        score.append(microseconds(lambda _, env=env: env.step("\\boxed{7}")))  # an ended episode still scores
    return {"draw": statistics.median(draw), "score": statistics.median(score)}


def measured(package: str, measure: Callable[[], dict[str, float]]) -> dict[str, Any] | None:
    """Measure a package, or return None if it is not installed."""
    try:
        return {"version": importlib.metadata.version(package)} | measure()
    except ImportError:
        return None


if __name__ == "__main__":
    print(json.dumps({"reasoning-gym": measured("reasoning-gym", reasoning_gym), "gem-llm": measured("gem-llm", gem)}))
