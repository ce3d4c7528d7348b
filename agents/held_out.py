"""The riddles that agents are evaluated on: fixed ones of another split of the same environment."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import gymnasium as gym
from rich.console import Console

from agents.base import spawn_seeds
from agents.progress import QUIET

_SEED = 20_261_124


def evaluation_riddles(env: gym.Env[str, str], count: int, console: Console = QUIET) -> list[str]:
    """Return the ids of the fixed riddles of ``env``'s split that every agent is evaluated on.

    They are drawn without replacement, and questions with the same words count as one riddle. The search for new ones
    stops, with a message on the console, after ``20 * found + 100`` draws in a row without any: if one more riddle
    existed, all equally likely, that many draws would miss it once in 10**8.
    """
    split = str(env.reset(seed=0)[1]["split"])
    found: dict[str, str] = {}  # ids by question
    repeats, seeds = 0, _seeds(split)
    while len(found) < count and repeats < 20 * len(found) + 100:
        question, info = env.reset(seed=next(seeds))
        words = " ".join(re.findall(r"\w+", question.casefold())) or question
        repeats = repeats + 1 if words in found else 0
        found.setdefault(words, str(info["riddle_id"]))
    if len(found) < count:
        console.print(f"only {len(found)} riddles in the split {split}; asked for {count}", highlight=False)
    return list(found.values())


def split_env(env: gym.Env[str, str], split: str) -> gym.Env[str, str]:
    """Make the same environment for another split, to draw riddles, whose contrasts are known by id.

    Transfer always has all of its families.

    Raises:
        ValueError: if ``env`` was not made with ``gymnasium.make``.
    """
    spec = env.unwrapped.spec
    if spec is None:
        raise ValueError("the environment has no spec: make it with gymnasium.make")
    changes: dict[str, Any] = {"split": split, **({"families": "all"} if split == "transfer" else {})}
    return gym.make(spec, **changes, side="riddle")


def _seeds(split: str) -> Iterator[int]:
    """Yield the seeds of a split's fixed riddles, without end."""
    seeds: list[int] = []
    while True:
        done, seeds = len(seeds), spawn_seeds([_SEED, *split.encode()], 2 * len(seeds) or 1_000)
        yield from seeds[done:]
