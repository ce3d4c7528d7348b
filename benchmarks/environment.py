"""How fast Riddle-v0 is on one core: episodes, verdicts, import; beside SyncVectorEnv and other text environments.

taskset -c 1 python -m benchmarks.environment [--json] [--rivals PYTHON]
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import gymnasium as gym

from expit_env import Outcome, Riddle, Verdict, verify
from expit_env.riddles import splits

NUM_ENVS = 256
STEPS = 4
REPEATS = 7

BARE = ("{}", "{}.")
SENTENCES = ("The answer is {}.", "It is {}.", "{}, because that is how it is.", "Let me think.\nAnswer: {}")
REPLIES: dict[str, tuple[str, ...]] = {
    "bare answers": BARE,
    "half of them in sentences": (*BARE, *BARE, *SENTENCES),
    "sentences": SENTENCES,
    "one fixed sentence": ("The answer is 7.",),
}
"""Into what the answers are put. Two fifths of them are right, two fifths the trap, one fifth another riddle's."""

WRONG = Verdict(Outcome.NO_ANSWER, None, "not judged")


def replies(riddles: Sequence[Riddle], frames: Sequence[str], rng: random.Random) -> list[str]:
    """Answer each riddle: before the clock runs."""
    answers = []
    for riddle in riddles:
        other = rng.choice(riddles).answer
        answer = rng.choice((riddle.answer, riddle.answer, riddle.trap or other, riddle.trap or other, other))
        answers.append(rng.choice(frames).format(answer))
    return answers


def episodes_per_second(envs: dict[str, gym.vector.VectorEnv], frames: Sequence[str]) -> dict[str, float]:
    """Return the best of some repeats, in turn, by processor time; every riddle is one that was not posed before."""
    rng, rates = random.Random(0), {name: [] for name in envs}
    asked = {name: env.reset(seed=1_000_000 * number)[1] for number, (name, env) in enumerate(envs.items())}
    for repeat in range(REPEATS + 1):
        for name, env in envs.items():
            spent = 0.0
            for _ in range(STEPS):
                riddles = [splits.riddle(address) for address in asked[name]["riddle_id"]]
                actions = tuple(replies(riddles, frames, rng))
                start = time.process_time()
                *_, asked[name] = env.step(actions)
                spent += time.process_time() - start
            if repeat:  # the first is to warm up
                rates[name].append(STEPS * NUM_ENVS / spent)
    return {name: max(found) for name, found in rates.items()}


def measure(frames: Sequence[str], verifier: Callable[[Riddle, str], Verdict], split: str) -> dict[str, float]:
    """Return episodes a second of both vector environments, and their ratio."""
    kwargs: dict[str, Any] = {"num_envs": NUM_ENVS, "split": split, "verifier": verifier}
    same_step = {"autoreset_mode": "SameStep"}
    envs = {
        "vector": gym.make_vec("Riddle-v0", **kwargs),
        "sync": gym.make_vec("Riddle-v0", vectorization_mode="sync", vector_kwargs=same_step, **kwargs),
    }
    rates = episodes_per_second(envs, frames)
    return rates | {"ratio": rates["vector"] / rates["sync"]}


def unjudged(riddle: Riddle, response: str) -> Verdict:
    return WRONG


def verdicts(frames: Sequence[str], split: str) -> dict[str, float]:
    """Return the median and mean microseconds of a verdict on a riddle that was not seen, and the median on it again.

    The mean is what an episode pays: a few replies must be read as prose, and they take a hundred times as long.
    """
    families = splits.families_of(split)
    riddles = splits.riddles_at(split, [(families[i % len(families)], 500_000 + i) for i in range(2_000)])
    pairs = list(zip(riddles, replies(riddles, frames, random.Random(0)), strict=True))
    new, again = ([_timed(*pair) for pair in pairs] for _ in range(2))
    return {"new riddle": statistics.median(new), "mean": statistics.fmean(new), "same again": statistics.median(again)}


def _timed(riddle: Riddle, reply: str) -> float:
    start = time.perf_counter_ns()
    verify(riddle, reply)
    return (time.perf_counter_ns() - start) / 1_000


def posing(split: str) -> float:
    """Return the microseconds of processor time for a new riddle, of 256 drawn together: the best of some repeats."""
    families, spent = splits.families_of(split), []
    for start in range(600_000, 600_000 + 256 * REPEATS, 256):
        addresses = [(families[i % len(families)], i) for i in range(start, start + 256)]
        before = time.process_time()
        splits.riddles_at(split, addresses)
        spent.append((time.process_time() - before) / 256 * 1e6)
    return min(spent)


def import_seconds() -> float:
    """Return the median seconds of ``import expit_env`` where gymnasium is imported already."""
    code = "import time, gymnasium; start = time.perf_counter(); import expit_env; print(time.perf_counter() - start)"
    return statistics.median(float(_output(sys.executable, "-c", code)) for _ in range(5))


def scoring(split: str) -> float:
    """Return the microseconds of processor time for a verdict on a riddle's own answer: the best of some repeats."""
    families, spent = splits.families_of(split), []
    for start in range(700_000, 700_000 + 256 * REPEATS, 256):
        posed = splits.riddles_at(split, [(families[i % len(families)], i) for i in range(start, start + 256)])
        before = time.process_time()
        for riddle in posed:
            verify(riddle, riddle.answer)
        spent.append((time.process_time() - before) / 256 * 1e6)
    return min(spent)


def beside_others(split: str, python: str, turns: int = 3) -> dict[str, Any]:
    """Return the microseconds for posing and scoring, ours and those of other libraries, each the best of its turns."""
    script = str(Path(__file__).with_name("rivals.py"))
    found: dict[str, Any] = {}
    for _ in range(turns):
        ours = {"pose": posing(split), "score": scoring(split)}
        for name, times in {"expit_env": ours, **json.loads(_output(python, script).splitlines()[-1])}.items():
            best = found.setdefault(name, times)
            for what in ("pose", "score") if times else ():
                best[what] = min(best[what], times[what])
    return found


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one object instead of tables")
    parser.add_argument("--split", default="train")
    parser.add_argument("--rivals", default=sys.executable, metavar="PYTHON", help="an interpreter that has them")
    arguments = parser.parse_args()
    split = arguments.split
    episodes = {"not judged": measure(BARE, unjudged, split)}
    episodes |= {name: measure(frames, verify, split) for name, frames in REPLIES.items()}
    results: dict[str, Any] = {
        "episodes a second": episodes,
        "verdict, microseconds": {name: verdicts(frames, split) for name, frames in REPLIES.items()},
        "import, seconds": import_seconds(),
        "beside others, microseconds": beside_others(split, arguments.rivals),
    }
    print(json.dumps(results) if arguments.json else _table(results))


def _table(results: dict[str, Any]) -> str:
    lines = []
    for name, value in results.items():
        lines += ["", f"{name}: {_shown(value)}"] if not isinstance(value, dict) else ["", name]
        rows = value.items() if isinstance(value, dict) else ()
        for row, cells in rows:
            told = cells.items() if isinstance(cells, dict) else ()
            lines.append(f"  {row:26}" + (", ".join(f"{k} {_shown(v)}" for k, v in told) or "not installed"))
    return "\n".join(lines[1:])


def _shown(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:,.3g}" if value < 100 else f"{value:,.0f}"


if __name__ == "__main__":
    main()
