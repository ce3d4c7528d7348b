"""A person answers riddles in the terminal."""

from __future__ import annotations

import gymnasium as gym
from rich.console import Console
from rich.text import Text

from agents.progress import plain


def play(
    console: Console, split: str, families: tuple[str, ...], level: int | None, attempts: int, hints: int,
    seed: int | None,
) -> None:  # fmt: skip
    """Ask riddles until an empty line, the end of the input or Ctrl-C, and print the score.

    Raises:
        ValueError: if the environment cannot be made so; the message says what exists.
    """
    env = gym.make(
        "expit_env:Riddle-v0", split=split, families=families or "all", level=level, max_attempts=attempts, hints=hints
    )
    console.print("Answer each riddle; an empty line ends the game.", style="dim")
    right = asked = 0
    observation, _ = env.reset(seed=seed)
    while answer := _read(console, observation):
        observation, reward, terminated, _, info = env.step(answer)
        if not terminated:
            continue
        right, asked = right + int(float(reward)), asked + 1
        console.print(_result(float(reward), info))
        observation, _ = env.reset()
    console.print(f"\n{right} of {asked} right.", highlight=False)


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
