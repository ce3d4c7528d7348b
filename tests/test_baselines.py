"""The agents that do not learn, and the one that learns a constant."""

import gymnasium as gym
import numpy as np
import pytest
from tiny import tiny_model, tiny_tokenizer

import expit_env  # noqa: F401
from agents.base import Budget, rollout
from agents.baselines import GUESSES, ConstantAgent, MajorityAgent, RandomAgent, best_constant
from agents.evaluation import majority
from agents.policy import Decoding, LanguageModelPolicy, PolicyAgent


class Counting(gym.Wrapper):
    """Counts the calls of the verifier."""

    steps = 0

    def step(self, action):
        self.steps += 1
        return super().step(action)


def env():
    return Counting(gym.make("Riddle-v0", split="train"))


def texts(agent, count=50):
    return [completion.text for completion in agent.act(["?"] * count)]


def test_random_answers_are_those_of_the_seed():
    assert texts(RandomAgent(1)) == texts(RandomAgent(1)) != texts(RandomAgent(2))
    assert set(texts(RandomAgent(1), 1_000)) == set(GUESSES)


@pytest.mark.parametrize("episodes", [1, 2, 5, 9, 100])
def test_the_constant_is_learned_within_the_budget(episodes):
    counted = env()
    history = ConstantAgent().learn(counted, Budget(episodes))
    assert counted.steps == history.episodes <= episodes
    assert history.tokens == 0


def test_the_best_constant_is_no_worse_than_any_that_was_told():
    seeds = list(range(30))
    answer, _ = best_constant(env(), seeds)

    def solved(constant):
        return np.mean([t.solved for t in rollout(ConstantAgent(constant), env(), seeds)])

    told = [t.answer for t in rollout(ConstantAgent(""), env(), seeds)]
    assert answer in told
    assert solved(answer) == max(map(solved, sorted(set(told), key=told.count)[-8:]))


def test_a_constant_comes_back(tmp_path):
    ConstantAgent("seven").save(tmp_path)
    agent = ConstantAgent()
    agent.load(tmp_path)
    assert texts(agent, 2) == ["seven", "seven"]


@pytest.mark.parametrize(
    ("answers", "chosen"),
    [
        (["three", "None.", "none", "three, I think"], "None."),
        (["b", "a"], "b"),
        (["", " ", "two"], "two"),
        (["", "!"], ""),
        (
            ["They weigh the same.", "they  weigh the same", "iron", "iron", "THEY WEIGH THE SAME!"],
            "They weigh the same.",
        ),
    ],
)
def test_the_most_frequent_answer_is_given(answers, chosen):
    assert answers[majority(answers)] == chosen


def test_the_majority_agent_votes_over_its_samples():
    policy, decoding = LanguageModelPolicy(tiny_model(), tiny_tokenizer()), Decoding(max_new_tokens=1)
    questions = ["What has keys?", "How many are left?", "What has keys?"]
    drawn = PolicyAgent(policy, decoding).act([question for question in questions for _ in range(9)])
    groups = [drawn[start : start + 9] for start in (0, 9, 18)]
    expected = [group[majority([answer.text for answer in group])] for group in groups]
    assert MajorityAgent(policy, decoding, 9).act(questions) == expected
