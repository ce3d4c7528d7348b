"""The baselines: agents that read nothing, learn nothing, or know too much (best-of-n)."""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import gymnasium as gym
import numpy as np

from agents.base import Agent, Budget, History, Metered, rollout, spawn_seeds
from agents.casebook import Casebook, study
from agents.conditions import Conditions
from agents.policy import Decoding, LanguageModelPolicy, PolicyAgent
from agents.registry import Setting
from agents.run import read_json, write_text
from agents.trajectory import Completion, Trajectory, TrajectoryStore
from agents.voting import majority

GUESSES = (
    "none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "all of them",
    "yes", "no", "neither", "both", "the same", "nowhere", "nobody", "an egg",
)  # fmt: skip
"""The answers of the random agent."""

CANDIDATES = 8
"""How many constant answers to try."""


class RandomAgent(Agent):
    """Answers at random from a fixed list."""

    def __init__(self, seed: int = 0) -> None:
        self._rng = np.random.default_rng(seed)

    def act(self, observations: Sequence[str]) -> list[Completion]:
        return [Completion(GUESSES[index]) for index in self._rng.integers(len(GUESSES), size=len(observations))]


class ConstantAgent(Agent):
    """Gives the same answer to every riddle, and learns which answer is right most often."""

    def __init__(self, answer: str = "none", seed: int = 0) -> None:
        self.answer, self._seed = answer, seed

    def act(self, observations: Sequence[str]) -> list[Completion]:
        return [Completion(self.answer)] * len(observations)

    def learn(self, env: gym.Env[str, str], budget: Budget) -> History:
        """Spend the budget on the search for the best constant answer."""
        candidates, metered = min(CANDIDATES, budget.episodes - 1), Metered(env, budget)
        seeds = spawn_seeds([self._seed, 0], budget.episodes // (1 + candidates))
        self.answer = best_constant(metered, seeds, candidates)
        return History(metered.spent)

    def save(self, path: Path) -> None:
        path.mkdir(parents=True, exist_ok=True)
        write_text(path / "constant.json", json.dumps({"answer": self.answer}))

    def load(self, path: Path) -> None:
        self.answer = read_json(path / "constant.json", lambda learned: learned["answer"])


def best_constant(env: gym.Env[str, str], seeds: Sequence[int], candidates: int = CANDIDATES) -> str:
    """Find the answer that is right most often.

    Each riddle is played once to reveal its answer. The most frequent answers are then tried on all riddles, because
    the environment may accept one answer for another ("none" for "0"): ``len(seeds) * (1 + candidates)`` episodes.
    """
    revealed = Counter(str(trajectory.answer) for trajectory in rollout(ConstantAgent(""), env, seeds))
    tried = [answer for answer, _ in revealed.most_common(candidates)]
    solved = {answer: sum(t.solved for t in rollout(ConstantAgent(answer), env, seeds)) for answer in tried}
    return max(solved, key=solved.__getitem__) if solved else next(iter(revealed))


class MajorityAgent(Agent):
    """Draws N answers and gives the most frequent one; needs no verifier, so it can be deployed."""

    def __init__(
        self, policy: LanguageModelPolicy, decoding: Decoding, samples: int, seed: Sequence[int] = (0,)
    ) -> None:
        self._sampler, self._samples = PolicyAgent(policy, decoding, seed), samples

    def act(self, observations: Sequence[str]) -> list[Completion]:
        drawn = iter(self._sampler.act([observation for observation in observations for _ in range(self._samples)]))
        groups = [list(itertools.islice(drawn, self._samples)) for _ in observations]
        return [group[majority([answer.text for answer in group])] for group in groups]


class FewShotAgent(PolicyAgent):
    """The base model with worked examples in the prompt: it studies riddles as agents that learn do, and no more."""

    examples = 1.0

    def __init__(self, policy: LanguageModelPolicy, conditions: Conditions) -> None:
        super().__init__(policy, _greedy(conditions))
        self._conditions = conditions
        self._studied: list[Trajectory] = []

    def learn(self, env: gym.Env[str, str], budget: Budget) -> History:
        metered, shared = Metered(env, budget), self._conditions
        self._remember(study(metered, shared.worked_pairs, shared.seed, budget.episodes // 4))
        return History(metered.spent)

    def save(self, path: Path) -> None:
        path.mkdir(parents=True, exist_ok=True)
        write_text(path / "studied.jsonl", "".join(one.to_json() + "\n" for one in self._studied))

    def load(self, path: Path) -> None:
        self._remember(list(TrajectoryStore(path / "studied.jsonl")))

    def _remember(self, studied: list[Trajectory]) -> None:
        self._studied = studied
        self.solved = Casebook.of(studied, self._conditions.reasons, self._conditions.worked_pairs).nearest


class BestOfN(PolicyAgent):
    """Draws N answers, from which the environment's verifier picks a right one.

    This takes knowledge of the answer, so it is an upper bound for N samples, measured as pass@N. It is no bound for
    greedy answers: if a policy rambles when it samples, its greedy answer can be right more often.
    """

    upper_bound = True


MAKE: Mapping[str, Callable[[Setting], Agent]] = {
    "base": lambda setting: PolicyAgent(setting.policy, _greedy(setting.conditions)),
    "few-shot": lambda setting: FewShotAgent(setting.policy, setting.conditions),
    "majority": lambda setting: MajorityAgent(
        setting.policy,
        setting.conditions.decoding(),
        setting.conditions.evaluation_samples,
        (setting.conditions.seed,),
    ),
    "best-of-n": lambda setting: BestOfN(setting.policy, setting.conditions.decoding(), (setting.conditions.seed,)),
    "random": lambda setting: RandomAgent(setting.conditions.seed),
    "constant": lambda setting: ConstantAgent(seed=setting.conditions.seed),
}
"""The baselines by name, as functions of a setting."""


def _greedy(conditions: Conditions) -> Decoding:
    return dataclasses.replace(conditions.decoding(), temperature=0.0)
