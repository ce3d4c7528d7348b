"""A person answers riddles in the terminal."""

from __future__ import annotations

from pathlib import Path

import gymnasium as gym
import numpy as np
from rich.console import Console
from rich.text import Text

from agents.benchmark_run import Results
from agents.benchmarking import LISTS, fixed_list, judge_pairs
from agents.progress import plain
from agents.run import hold_file
from agents.side_by_side import print_results
from agents.trajectory import Completion, Trajectory, TrajectoryStore
from expit_env import ANSWER_FORMAT, Outcome

_RECORDED, _SIDES_SEED = 100, 20_261_204


def play(
    console: Console, split: str, families: tuple[str, ...], level: int | None, attempts: int, hints: int,
    seed: int | None,
) -> None:  # fmt: skip
    """Ask riddles until an empty line, the end of the input or Ctrl-C, and print the score.

    A reply that is no answer is not counted as an attempt: the riddle is asked again.

    Raises:
        ValueError: if the environment cannot be made so; the message says what exists.
    """
    env = gym.make(
        "expit_env:Riddle-v0", split=split, families=families or "all", level=level, max_attempts=attempts, hints=hints
    )
    console.print(f"{ANSWER_FORMAT} An empty line ends the game.", style="dim", highlight=False)
    right = asked = 0
    attempts_made: list[str] = []
    observation, _ = env.reset(seed=seed)
    while answer := _read(console, observation):
        observation, reward, terminated, _, info = env.step(answer)
        if info["outcome"] == Outcome.NO_ANSWER:
            console.print(f"That is no answer ({info['rule']}). {ANSWER_FORMAT}", style="yellow", highlight=False)
            observation = _replayed(env, info["riddle_id"], attempts_made)
            continue
        attempts_made.append(answer)
        if terminated:
            right, asked = right + int(float(reward)), asked + 1
            console.print(_result(float(reward), info))
            attempts_made.clear()
            observation, _ = env.reset()
    console.print(f"\n{right} of {asked} right.", highlight=False)


def record(console: Console, path: Path, split: str) -> None:
    """Ask the riddles of the benchmark that are not in a file yet, until an empty line, and keep the replies there.

    The file is one of ``expit benchmark``, for a human baseline. Whether a riddle or its contrast comes first is drawn,
    and no answer is revealed. After a reply that is no answer, the riddle is asked again.

    Raises:
        ValueError: if the split has no list.
        RunConflictError: if the file holds something else, or is in use.
    """
    listed, env, results = fixed_list(split, _RECORDED), gym.make("expit_env:Riddle-v0"), Results.at(path)
    settings = {"model": "a person", "lists": LISTS, "samples": 1}
    with hold_file(results.summary):
        stored = results.resume(settings)
        results.write(settings, stored)
        console.print(f"{ANSWER_FORMAT} An empty line ends it; the same command resumes it.", style="dim")
        for riddle_id in _shuffled_sides(listed):
            if riddle_id in {reply.riddle_id for reply in stored}:
                continue
            reply = _answer_to(console, env, riddle_id)
            if reply is None:
                break
            TrajectoryStore(results.lines).extend([reply])
            stored.append(reply)
        measured = results.write(settings, stored)
    if measured:
        print_results(console, results, measured)


def _shuffled_sides(listed: list[str]) -> list[str]:
    """Put about half of the contrasts before their riddles."""
    words = np.random.SeedSequence(_SIDES_SEED).generate_state(len(listed) // 2).tolist()
    return [listed[2 * k + (word + side) % 2] for k, word in enumerate(words) for side in (0, 1)]


def _answer_to(console: Console, env: gym.Env[str, str], riddle_id: str) -> Trajectory | None:
    """Ask one riddle until there is an answer; return None after an empty line."""
    observation, _ = env.reset(options={"riddle_id": riddle_id})
    while said := _read(console, observation):
        (reply,) = judge_pairs(env, [riddle_id], [Completion(said)])
        if reply.outcome != Outcome.NO_ANSWER:
            return reply
        console.print(f"That is no answer ({reply.rule}). {ANSWER_FORMAT}", style="yellow", highlight=False)
    return None


def _replayed(env: gym.Env[str, str], riddle_id: str, attempts: list[str]) -> str:
    """Return the observation of a riddle after some wrong attempts."""
    observation, _ = env.reset(options={"riddle_id": riddle_id})
    for attempt in attempts:
        observation = env.step(attempt)[0]
    return observation


def _read(console: Console, observation: str) -> str:
    console.print()
    console.print(plain(observation, "bold"))
    try:
        return console.input("> ").strip()
    except (EOFError, KeyboardInterrupt):
        return ""


def _result(reward: float, info: dict) -> Text:
    if reward:
        return Text("Right.", "green")
    trap = " You fell into the trap." if info["fell_for_trap"] else ""
    return Text.assemble(("Wrong.", "red"), plain(f"{trap} The answer is: {info['answer']}."))
