"""The agents that do not learn, and the one that learns a constant."""

import gymnasium as gym
import numpy as np
import pytest
from support.tiny import tiny_policy

from agents import Budget, Conditions, FineTuning, LoRA, Spending
from agents.base import NothingToLearnError, rollout
from agents.baselines import ConstantAgent, FewShotAgent, MajorityAgent, best_constant
from agents.policy import SYSTEM, Decoding, PolicyAgent
from agents.sft import SFT, SFTAgentConfig
from agents.voting import majority
from expit_env import ANSWER_FORMAT


def test_the_best_constant_is_the_best_of_the_answers_seen_most_often():
    env, seeds = gym.make("Riddle-v0"), list(range(30))
    answer = best_constant(env, seeds)

    def solved(constant):
        return np.mean([t.solved for t in rollout(ConstantAgent(constant), env, seeds)])

    seen = [t.answer for t in rollout(ConstantAgent(""), env, seeds)]
    assert answer in seen
    assert solved(answer) == max(map(solved, sorted(dict.fromkeys(seen), key=seen.count, reverse=True)[:8]))


def test_the_most_frequent_answer_is_given_in_its_first_spelling():
    for answers, chosen in (
        (["three", "None.", "none", "three, I think"], "None."), (["b", "a"], "b"), (["", " ", "two"], "two"),
        (["", "!"], ""), (["They are equal.", "they  are equal", "iron", "iron", "THEY ARE EQUAL!"], "They are equal."),
    ):  # fmt: skip
        assert answers[majority(answers)] == chosen


def test_few_shot_studies_a_quarter_of_its_budget_and_shows_the_nearest_examples(monkeypatch):
    agent, asked = FewShotAgent(tiny_policy(), Conditions()), []
    assert agent.learn(gym.make("Riddle-v0"), Budget(40)).spent == Spending(10)
    monkeypatch.setattr(agent.policy._sampler, "sample", lambda prompts, *_, **how: asked.extend(prompts) or [[None]])
    agent.act(["How many?"])
    system, *shown, question = [message["content"] for message in asked[0]]
    assert (system, question) == (f"{SYSTEM} {ANSWER_FORMAT}", "How many?")
    assert shown == [text for example in agent.solved("How many?") for text in example]
    assert ["\nAnswer: " in text for text in shown] == [False, True] * 8


def test_sft_learns_what_it_has_studied_and_nothing_else(tmp_path):
    shared = Conditions(LoRA(rank=2), worked_pairs=1, validation_riddles=0, max_new_tokens=5)
    agent = SFT(tiny_policy(), SFTAgentConfig(shared, FineTuning(epochs=1)), tmp_path)
    history = agent.learn(gym.make("Riddle-v0"), Budget(40))
    assert (history.spent.episodes, history.spent.tokens, history.rounds[0]["rows"]) == (10, 0, 10)
    assert agent.learn(gym.make("Riddle-v0"), Budget(40)) == history
    with pytest.raises(NothingToLearnError, match="--worked-pairs"):
        SFT(tiny_policy(), agent.config).learn(gym.make("Riddle-v0"), Budget(7))


def test_the_majority_agent_votes_over_its_samples():
    policy, decoding = tiny_policy(), Decoding(max_new_tokens=1)
    questions = ["What has keys?", "How many are left?", "What has keys?"]
    drawn = PolicyAgent(policy, decoding).act([question for question in questions for _ in range(9)])
    groups = [drawn[start : start + 9] for start in (0, 9, 18)]
    expected = [group[majority([answer.text for answer in group])] for group in groups]
    assert MajorityAgent(policy, decoding, 9).act(questions) == expected
