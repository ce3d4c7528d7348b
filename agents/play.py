"""A person answers riddles in the terminal."""

from __future__ import annotations

from pathlib import Path

import gymnasium as gym
import numpy as np
from rich.console import Console
from rich.text import Text

from agents.base import judge
from agents.benchmark_run import SPLITS, Results, measured_in, measures_table
from agents.benchmarking import Deliver, answer, fixed_list, version, whole_pairs
from agents.progress import plain
from agents.run import hold_file
from agents.trajectory import Completion
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
    """Ask a person the riddles of the benchmark that are not in a file yet, until an empty line, and keep the replies.

    The file is one of ``expit benchmark``, for a human baseline. Which of a riddle and its contrast comes first is
    drawn, and no answer is revealed. A reply that is no answer is not kept: the riddle is asked again.

    Raises:
        ValueError: if the split has no list.
        RunConflictError: if the file holds something else, or is in use.
    """
    if split not in SPLITS:
        raise ValueError(f"--record needs the riddles of {' or '.join(SPLITS)}: give one of them as --split")
    env, results = gym.make("expit_env:Riddle-v0", split=split), Results.at(path)
    settings = {"model": "a person", "lists": {each: version(each) for each in SPLITS}, "samples": 1}
    listed = fixed_list(env, _RECORDED)
    for place, word in enumerate(np.random.SeedSequence(_SIDES_SEED).generate_state(_RECORDED)):
        listed[2 * place : 2 * place + 2] = listed[2 * place : 2 * place + 2][:: 1 if word % 2 else -1]
    with hold_file(results.summary):
        there = {reply.riddle_id for reply in results.resume(settings)}
        missing = [riddle_id for riddle_id in listed if riddle_id not in there]

        def ask(observations: list[str], deliver: Deliver) -> None:
            for place, observation in enumerate(observations):
                while said := _read(console, observation):
                    (judged,) = judge(env, [missing[place]], [Completion(said)])
                    if judged.outcome != Outcome.NO_ANSWER:
                        break
                    console.print(f"That is no answer ({judged.rule}). {ANSWER_FORMAT}", style="yellow")
                if not said:
                    return
                deliver(place, [Completion(said)])

        console.print(f"{ANSWER_FORMAT} An empty line ends it; the same command resumes it.", style="dim")
        answer(env, [(riddle_id, 0) for riddle_id in missing], ask, lambda new: results.append(new, settings))
        replies = results.replies() if results.lines.exists() else []
        measured = measured_in(replies, settings["lists"]) if whole_pairs(replies) else {}
        results.write(settings, measured)
    if measured:
        console.print(measures_table("a person", {one.version: one for one in measured.values()}))


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
