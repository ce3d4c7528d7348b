"""The interface of all agents, the loop that they share, and the budget that they are compared on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import gymnasium as gym
import numpy as np

from agents.trajectory import Completion, Trajectory


@dataclass(frozen=True, slots=True)
class Budget:
    """What an agent may spend on learning. Each answer is one episode and one call of the verifier.

    Attributes:
        episodes: the most answers that may be judged, including wrong ones.
        tokens: the most tokens that may be generated, including those of wrong answers; None for no limit. The limit is
            checked before each batch of answers, so the last batch may exceed it.

    Raises:
        ValueError: if a limit is not positive.
    """

    episodes: int
    tokens: int | None = None

    def __post_init__(self) -> None:
        if self.episodes < 1 or (self.tokens is not None and self.tokens < 1):
            raise ValueError(f"a budget needs at least one episode and one token, not {self}")

    def minus(self, episodes: int, tokens: int) -> Budget | None:
        """Return what is left after spending this much, or None if the budget is used up."""
        left = None if self.tokens is None else self.tokens - tokens
        spent = episodes >= self.episodes or (left is not None and left < 1)
        return None if spent else Budget(self.episodes - episodes, left)


@dataclass(frozen=True, slots=True)
class Spending:
    """What was spent so far.

    Attributes:
        episodes: answers judged; each is one call of the verifier.
        tokens: tokens generated, those of wrong answers included.
        gradient_tokens: tokens that the optimiser processed, prompts and repeated epochs included.
    """

    episodes: int = 0
    tokens: int = 0
    gradient_tokens: int = 0

    @classmethod
    def on(cls, trajectories: Sequence[Trajectory], gradient_tokens: int = 0) -> Spending:
        """Return what some trajectories took."""
        return cls(len(trajectories), sum(trajectory.num_tokens for trajectory in trajectories), gradient_tokens)

    def __add__(self, other: Spending) -> Spending:
        return Spending(
            self.episodes + other.episodes,
            self.tokens + other.tokens,
            self.gradient_tokens + other.gradient_tokens,
        )


class BudgetSpentError(RuntimeError):
    """An agent asked for more than its budget allows."""


class Metered(gym.Wrapper[str, str, str, str]):
    """An environment that counts what is spent in it, and stops whoever asks for more than the budget.

    Args:
        env: the environment, whose episodes take one answer each.
        budget: the limits.

    Attributes:
        spent: what was spent; an agent that resumes a run sets it to what the run had spent.
    """

    def __init__(self, env: gym.Env[str, str], budget: Budget) -> None:
        super().__init__(env)
        self.budget, self.spent = budget, Spending()

    @property
    def left(self) -> Budget | None:
        """What is left of the budget; None if it is used up."""
        return self.budget.minus(self.spent.episodes, self.spent.tokens)

    def step(self, action: str) -> tuple[str, float, bool, bool, dict[str, Any]]:
        """Judge an answer.

        Raises:
            BudgetSpentError: if the budget has no episode left.
            ValueError: if an episode takes several answers: a budget counts answers, and each would be counted again.
        """
        if self.spent.episodes >= self.budget.episodes:
            raise BudgetSpentError(f"the budget of {self.budget.episodes} episodes is spent")
        observation, reward, terminated, truncated, info = self.env.step(action)
        self.spent += Spending(episodes=1)
        if not (terminated or truncated):
            raise ValueError("agents learn from one answer an episode: make the environment with max_attempts=1")
        return observation, float(reward), terminated, truncated, info


@dataclass(frozen=True, slots=True)
class History:
    """What an agent spent on learning, and its metrics: one mapping per round."""

    spent: Spending = Spending()
    rounds: tuple[Mapping[str, float], ...] = ()


class NothingToLearnError(RuntimeError):
    """An agent found nothing that it could learn from.

    Attributes:
        history: what was spent, and how long it took.
    """

    def __init__(self, message: str, history: History) -> None:
        super().__init__(message)
        self.history = history


class Agent(ABC):
    """An agent answers observations, and may learn from an environment.

    Attributes:
        upper_bound: whether the environment's verifier picks among its answers, which nobody can do in earnest.
        examples: the share of its learning, or of its answers, in which the prompt shows solved examples.
    """

    upper_bound: ClassVar[bool] = False
    examples: float = 0.0

    @abstractmethod
    def act(self, observations: Sequence[str]) -> list[Completion]:
        """Return one completion for each observation, in order; equal observations are answered independently."""

    def learn(self, env: gym.Env[str, str], budget: Budget) -> History:
        """Learn by acting in ``env`` within ``budget``. By default an agent learns nothing and spends nothing."""
        return History()

    def save(self, path: Path) -> None:
        """Write what was learned to a folder; raises NotImplementedError if the agent does not learn."""
        raise NotImplementedError(f"{type(self).__name__} learns nothing, so it cannot be saved")

    def load(self, path: Path) -> None:
        """Read what ``save`` wrote; raises NotImplementedError if the agent does not learn."""
        raise NotImplementedError(f"{type(self).__name__} learns nothing, so it cannot be loaded")


def rollout(agent: Agent, env: gym.Env[str, str], starts: Sequence[int | str]) -> list[Trajectory]:
    """Run one episode per start, all in one batch.

    An episode is determined by its start and its actions. With several attempts, it is replayed up to the next one, so
    one environment can run any number of episodes in parallel.

    Args:
        agent: the agent; it gets the observations of all open episodes at once.
        env: an environment with text observations and actions.
        starts: the seed or riddle id that each episode is reset with. Equal ones are copies of one riddle.

    Returns:
        The trajectories, in the order of ``starts``.  # (len(starts),)
    """
    episodes = [_Episode(start, env) for start in starts]
    while waiting := [episode for episode in episodes if not episode.over]:
        _judge(env, waiting, agent.act([episode.observations[-1] for episode in waiting]))
    return [episode.trajectory() for episode in episodes]


def judge(env: gym.Env[str, str], starts: Sequence[int | str], completions: Sequence[Completion]) -> list[Trajectory]:
    """Let the environment judge one completion for each start: `rollout` for an agent that has already acted.

    Args:
        env: an environment with text observations and actions, whose episodes take one answer.
        starts: what each episode is reset with, a seed or a riddle id. Equal ones are copies of one riddle.
        completions: the answer to each.  # (len(starts),)

    Returns:
        The trajectories, in the order of ``starts``.  # (len(starts),)
    """
    episodes = [_Episode(start, env) for start in starts]
    _judge(env, episodes, completions)
    return [episode.trajectory() for episode in episodes]


def _judge(env: gym.Env[str, str], episodes: Sequence[_Episode], completions: Sequence[Completion]) -> None:
    if isinstance(env, Metered):  # also for answers that are not judged any more: they were generated
        env.spent += Spending(tokens=sum(completion.num_tokens for completion in completions))
    for episode, completion in zip(episodes, completions, strict=True):
        episode.step(completion, env)


def spawn_seeds(entropy: Sequence[int], count: int) -> list[int]:
    """Derive ``count`` distinct environment seeds from a path of integers, such as (run seed, round)."""
    seeds: dict[int, None] = {}
    for word in np.random.SeedSequence(entropy).generate_state(count + 64, np.uint32).tolist():
        seeds.setdefault(int(word) >> 1)
    return list(seeds)[:count]


class _Episode:
    def __init__(self, start: int | str, env: gym.Env[str, str]) -> None:
        self.start, self.over = start, False
        observation, self.info = _reset(env, start)
        self.observations = [observation]
        self.completions: list[Completion] = []
        self.rewards: list[float] = []

    def step(self, completion: Completion, env: gym.Env[str, str]) -> None:
        _reset(env, self.start)
        for earlier in self.completions:
            env.step(earlier.text)
        observation, reward, terminated, truncated, info = env.step(completion.text)
        self.completions.append(completion)
        self.rewards.append(float(reward))
        self.info = {**self.info, **info}
        self.over = terminated or truncated
        if not self.over:
            self.observations.append(observation)

    def trajectory(self) -> Trajectory:
        names = ("riddle_id", "family", "split", "contrast_id", "outcome", "extracted", "answer", "rule",
                 "explanation")  # fmt: skip
        fields: dict[str, Any] = {name: self.info.get(name) for name in names}
        return Trajectory(
            start=self.start,
            observations=tuple(self.observations),
            completions=tuple(self.completions),
            rewards=tuple(self.rewards),
            fell_for_trap=bool(self.info.get("fell_for_trap", False)),
            level=self.info.get("level"),
            **{name: None if value is None else str(value) for name, value in fields.items()},
        )


def _reset(env: gym.Env[str, str], start: int | str) -> tuple[str, dict[str, Any]]:
    return env.reset(options={"riddle_id": start}) if isinstance(start, str) else env.reset(seed=start)
