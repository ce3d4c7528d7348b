"""How fast Riddle-v0 is on one core: riddles, verdicts, episodes and import, compared with other text environments.

taskset -c 1 python -m benchmarks.environment [--json] [--rivals PYTHON]
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import gymnasium as gym

from expit_env import Riddle, verify
from expit_env.riddles import splits

RIDDLES = 2_000
TURNS = 5
MEGABYTE = 1_000_000

FORMS: dict[str, tuple[str, ...]] = {
    "bare answers": ("{}", "{}."),
    "behind a mark": (
        "The answer is {}.",
        "Let me think.\nAnswer: {}",
        "So <answer>{}</answer>",
        "So $\\boxed{{{}}}$.",
    ),
    "in prose": ("It is {}, because that is how it is.", "I think that {} is the right one here, of all the others."),
}
"""How replies are written. Two fifths of them give the right answer, two fifths the trap, one fifth another answer."""

PIECES = (
    "x", " ", "\n", ".", "*", "é", "İ", "0 ", "not ", "answer: ", "the answer is 0. ", "<answer>", "<answer>0</answer>",
    "\\boxed{", "\\boxed{0}", "{}", "<think>", "$", "a**", "A) ", "\u0300",
)  # fmt: skip
"""The texts that are repeated to make a megabyte."""


_drawn = itertools.count(600_000)
"""The next riddle's index, for all measurements: a text that was read before is in the caches."""


def fresh_riddles(split: str) -> Iterable[Riddle]:
    """Yield riddles of all families of a split that were not drawn before."""
    families = splits.families_of(split)
    return (splits.riddle_at(families[i % len(families)], split, i) for i in itertools.islice(_drawn, RIDDLES))


def replies(riddles: Sequence[Riddle], forms: Sequence[str]) -> list[str]:
    """Return a reply to each riddle."""
    rng, answered = random.Random(0), []
    for riddle in riddles:
        other = rng.choice(riddles).answer
        answer = rng.choice((riddle.answer, riddle.answer, riddle.trap or other, riddle.trap or other, other))
        answered.append(rng.choice(forms).format(answer))
    return answered


def microseconds(work: Callable[[], object], count: int) -> float:
    """Return the processor time of ``work``, divided by its ``count`` units."""
    start = time.process_time()
    work()
    return (time.process_time() - start) / count * 1e6


def drawing(split: str) -> float:
    """Return the mean microseconds to draw a new riddle: the best of several turns."""
    return min(microseconds(lambda: list(fresh_riddles(split)), RIDDLES) for _ in range(TURNS))


def verdicts(split: str, forms: Sequence[str]) -> float:
    """Return the mean microseconds of a verdict on a new riddle: the best of several turns."""
    means = []
    for _ in range(TURNS):
        riddles = list(fresh_riddles(split))
        pairs = list(zip(riddles, replies(riddles, forms), strict=True))
        means.append(microseconds(lambda pairs=pairs: [verify(*pair) for pair in pairs], RIDDLES))
    return min(means)


def episodes(split: str) -> float:
    """Return the episodes per second of one environment with a constant answer: the best of several turns."""
    env = gym.make("Riddle-v0", split=split, side="riddle")

    def play(seed: int) -> None:
        env.reset(seed=seed)
        for _ in range(RIDDLES):
            env.step("7")
            env.reset()

    return max(1e6 / microseconds(lambda seed=seed: play(seed), RIDDLES) for seed in range(TURNS))


def slowest_megabyte() -> dict[str, float]:
    """Return the seconds of the slowest verdict on a megabyte in reply or question, and the text it repeats."""
    slowest = {"seconds": 0.0}
    for piece in PIECES:
        text = piece * (MEGABYTE // len(piece))
        short, long = Riddle("How many?", "3"), Riddle(f"How many? {text}", "3")
        cases = [
            (short, text),
            (short, f"{text}\nAnswer: 3"),
            (short, f"\\boxed{{{text}"),
            (long, "3 dogs"),
            (long, "A)"),
        ]
        for riddle, response in cases:
            seconds = min(microseconds(lambda case=(riddle, response): verify(*case), 1) for _ in range(3)) / 1e6
            if seconds > slowest["seconds"]:
                slowest = {"seconds": seconds, repr(piece): len(text)}
    return slowest


def import_seconds() -> float:
    """Return the median seconds of ``import expit_env`` after gymnasium is imported."""
    code = "import time, gymnasium; start = time.perf_counter(); import expit_env; print(time.perf_counter() - start)"
    return statistics.median(float(_output(sys.executable, "-c", code)) for _ in range(TURNS))


def compared(split: str, python: str) -> dict[str, Any]:
    """Return the microseconds to draw and to score, here and in other libraries: the best of several turns."""
    script, found = str(Path(__file__).with_name("rivals.py")), {}
    for _ in range(3):
        ours = {"draw": drawing(split), "score": verdicts(split, ("{}",))}
        for name, times in {"expit_env": ours, **json.loads(_output(python, script).splitlines()[-1])}.items():
            best = found.setdefault(name, times)
            for what in ("draw", "score") if times else ():
                best[what] = min(best[what], times[what])
    return found


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def main() -> None:
    """Measure everything, and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one object instead of lines")
    parser.add_argument("--split", default="train")
    parser.add_argument(
        "--rivals", default=sys.executable, metavar="PYTHON", help="an interpreter with the other environments"
    )
    arguments = parser.parse_args()
    split = arguments.split
    results: dict[str, Any] = {
        "a new riddle, microseconds": drawing(split),
        **{f"verdict, {name}, microseconds": verdicts(split, forms) for name, forms in FORMS.items()},
        "episodes a second": episodes(split),
        "slowest verdict on a megabyte": slowest_megabyte(),
        "import, seconds": import_seconds(),
        "compared with others, microseconds": compared(split, arguments.rivals),
    }
    print(json.dumps(results) if arguments.json else "\n".join(f"{name}: {value}" for name, value in results.items()))


if __name__ == "__main__":
    main()
