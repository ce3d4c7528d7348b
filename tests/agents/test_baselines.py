"""The agents that do not learn, and the one that learns a constant."""

import gymnasium as gym
import numpy as np
from support.tiny import tiny_policy

import expit_env  # noqa: F401
from agents.base import rollout
from agents.baselines import ConstantAgent, MajorityAgent, best_constant
from agents.evaluation import majority
from agents.policy import Decoding, PolicyAgent


def test_the_best_constant_is_no_worse_than_any_answer_that_was_seen():
    env, seeds = gym.make("Riddle-v0"), list(range(30))
    answer, _ = best_constant(env, seeds)

    def solved(constant):
        return np.mean([t.solved for t in rollout(ConstantAgent(constant), env, seeds)])

    seen = [t.answer for t in rollout(ConstantAgent(""), env, seeds)]
    assert answer in seen
    assert solved(answer) == max(map(solved, sorted(set(seen), key=seen.count)[-8:]))


def test_the_most_frequent_answer_is_given_in_its_first_spelling():
    for answers, chosen in (
        (["three", "None.", "none", "three, I think"], "None."), (["b", "a"], "b"), (["", " ", "two"], "two"),
        (["", "!"], ""), (["They are equal.", "they  are equal", "iron", "iron", "THEY ARE EQUAL!"], "They are equal."),
    ):  # fmt: skip
        assert answers[majority(answers)] == chosen


def test_the_majority_agent_votes_over_its_samples():
    policy, decoding = tiny_policy(), Decoding(max_new_tokens=1)
    questions = ["What has keys?", "How many are left?", "What has keys?"]
    drawn = PolicyAgent(policy, decoding).act([question for question in questions for _ in range(9)])
    groups = [drawn[start : start + 9] for start in (0, 9, 18)]
    expected = [group[majority([answer.text for answer in group])] for group in groups]
    assert MajorityAgent(policy, decoding, 9).act(questions) == expected
