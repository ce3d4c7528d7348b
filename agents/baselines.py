"""The baselines: agents that read nothing, learn nothing, or know too much (best-of-n)."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import gymnasium as gym
import numpy as np

from agents.base import Agent, Budget, History, rollout, spawn_seeds
from agents.evaluation import majority
from agents.policy import Decoding, LanguageModelPolicy, PolicyAgent
from agents.registry import Setting
from agents.run import read_json, write_text
from agents.trajectory import Completion

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
        candidates = min(CANDIDATES, budget.episodes - 1)
        seeds = spawn_seeds([self._seed, 0], budget.episodes // (1 + candidates))
        self.answer, episodes = best_constant(env, seeds, candidates)
        return History(episodes, 0)

    def save(self, path: Path) -> None:
        path.mkdir(parents=True, exist_ok=True)
        write_text(path / "constant.json", json.dumps({"answer": self.answer}))

    def load(self, path: Path) -> None:
        self.answer = read_json(path / "constant.json", lambda learned: learned["answer"])


def best_constant(env: gym.Env[str, str], seeds: Sequence[int], candidates: int = CANDIDATES) -> tuple[str, int]:
    """Find the answer that is right most often.

    Each riddle is played once to reveal its answer. The most frequent answers are then tried on all riddles, because
    the environment may accept one answer for another ("none" for "0").

    Returns:
        The answer, and the number of episodes spent: at most ``len(seeds) * (1 + candidates)``.
    """
    revealed = Counter(str(trajectory.answer) for trajectory in rollout(ConstantAgent(""), env, seeds))
    tried = [answer for answer, _ in revealed.most_common(candidates)]
    solved = {answer: sum(t.solved for t in rollout(ConstantAgent(answer), env, seeds)) for answer in tried}
    best = max(solved, key=solved.__getitem__) if solved else next(iter(revealed))
    return best, len(seeds) * (1 + len(tried))


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


class BestOfN(PolicyAgent):
    """Draws N answers, from which the environment's verifier picks a right one.

    This takes knowledge of the answer, so it is an upper bound for N samples, measured as pass@N. It is no bound for
    greedy answers: if a policy rambles when it samples, its greedy answer can be right more often.
    """


def make_random(setting: Setting) -> Agent:
    """Make the agent that answers at random."""
    return RandomAgent(setting.config.seed)


def make_constant(setting: Setting) -> Agent:
    """Make the agent that always gives the same answer."""
    return ConstantAgent(seed=setting.config.seed)


def make_base(setting: Setting) -> Agent:
    """Make the base model's greedy agent."""
    return PolicyAgent(setting.policy, _decoding(setting, greedy=True))


def make_few_shot(setting: Setting) -> Agent:
    """Make the base model's greedy agent with solved examples in the prompt."""
    return PolicyAgent(setting.policy, _decoding(setting, greedy=True, few_shot=True))


def make_majority(setting: Setting) -> Agent:
    """Make the agent that takes a majority vote among N answers."""
    seed = (setting.config.seed,)
    return MajorityAgent(setting.policy, _decoding(setting), setting.config.evaluation_samples, seed)


def make_best_of_n(setting: Setting) -> Agent:
    """Make the agent whose best of N answers counts."""
    return BestOfN(setting.policy, _decoding(setting), (setting.config.seed,))


def _decoding(setting: Setting, greedy: bool = False, few_shot: bool = False) -> Decoding:
    config = setting.config
    return Decoding(0.0 if greedy else config.temperature, config.top_p, config.max_new_tokens, few_shot)
