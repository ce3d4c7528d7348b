"""A person answers riddles in the terminal."""

from __future__ import annotations

import gymnasium as gym
from rich.console import Console
from rich.text import Text

from agents.progress import plain
from expit_env import ANSWER_FORMAT, Outcome


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
