"""The agents that any other has to beat: they read nothing, or learn nothing, or know too much (best-of-n)."""

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
"""What the random agent answers."""

CANDIDATES = 8
"""How many constant answers are tried."""


class RandomAgent(Agent):
    """Answers at random, from a fixed list."""

    def __init__(self, seed: int = 0) -> None:
        self._rng = np.random.default_rng(seed)

    def act(self, observations: Sequence[str]) -> list[Completion]:
        return [Completion(GUESSES[index]) for index in self._rng.integers(len(GUESSES), size=len(observations))]


class ConstantAgent(Agent):
    """Gives one answer to everything; it learns which."""

    def __init__(self, answer: str = "none", seed: int = 0) -> None:
        self.answer, self._seed = answer, seed

    def act(self, observations: Sequence[str]) -> list[Completion]:
        return [Completion(self.answer)] * len(observations)

    def learn(self, env: gym.Env[str, str], budget: Budget) -> History:
        """Spend the budget on finding the best constant answer."""
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
    """Find the one answer that is right most often.

    Each riddle is played once to be told its answer; the most frequent answers are then tried on all riddles, for the
    environment may pass one answer in another's place ("none" for "0").

    Returns:
        The answer, and how many episodes were taken: at most ``len(seeds) * (1 + candidates)``.
    """
    told = Counter(str(trajectory.answer) for trajectory in rollout(ConstantAgent(""), env, seeds))
    tried = [answer for answer, _ in told.most_common(candidates)]
    solved = {answer: sum(t.solved for t in rollout(ConstantAgent(answer), env, seeds)) for answer in tried}
    best = max(solved, key=solved.__getitem__) if solved else next(iter(told))
    return best, len(seeds) * (1 + len(tried))


class MajorityAgent(Agent):
    """Draws N answers and gives the most frequent one: deployable, for it needs no verifier."""

    def __init__(
        self, policy: LanguageModelPolicy, decoding: Decoding, samples: int, seed: Sequence[int] = (0,)
    ) -> None:
        self._sampler, self._samples = PolicyAgent(policy, decoding, seed), samples

    def act(self, observations: Sequence[str]) -> list[Completion]:
        drawn = iter(self._sampler.act([observation for observation in observations for _ in range(self._samples)]))
        groups = [list(itertools.islice(drawn, self._samples)) for _ in observations]
        return [group[majority([answer.text for answer in group])] for group in groups]


class BestOfN(PolicyAgent):
    """Draws answers of which the environment's verifier picks a right one.

    Nobody can who does not know the answer: an upper bound on what N samples can do, measured as pass@N. It bounds no
    greedy answer: where a policy rambles when it samples, one greedy answer can be right more often.
    """


def make_random(setting: Setting) -> Agent:
    return RandomAgent(setting.config.seed)


def make_constant(setting: Setting) -> Agent:
    return ConstantAgent(seed=setting.config.seed)


def make_base(setting: Setting) -> Agent:
    return PolicyAgent(setting.policy, _decoding(setting, temperature=0))


def make_few_shot(setting: Setting) -> Agent:
    return PolicyAgent(setting.policy, _decoding(setting, temperature=0, few_shot=True))


def make_majority(setting: Setting) -> Agent:
    seed = (setting.config.seed,)
    return MajorityAgent(setting.policy, _decoding(setting), setting.config.evaluation_samples, seed)


def make_best_of_n(setting: Setting) -> Agent:
    return BestOfN(setting.policy, _decoding(setting), (setting.config.seed,))


def _decoding(setting: Setting, temperature: float | None = None, few_shot: bool = False) -> Decoding:
    config = setting.config
    warm = config.temperature if temperature is None else temperature
    return Decoding(warm, config.top_p, config.max_new_tokens, few_shot)
