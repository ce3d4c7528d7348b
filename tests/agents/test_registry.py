"""The contract of an agent, for every agent that is registered."""

import dataclasses
import json

import gymnasium as gym
import pytest
from support.tiny import terse_model, tiny_policy
from support.verifiers import even

import expit_env  # noqa: F401
from agents.base import Agent, Budget
from agents.conditions import Conditions, LoRA
from agents.registry import AGENTS, TRAINABLE, Setting, make_agent
from agents.run import RunConflictError, read_jsonl
from agents.trajectory import Completion

CONDITIONS = Conditions(LoRA(rank=2), max_new_tokens=8, validation_riddles=0, evaluation_samples=3, seed=3)
QUESTIONS = ["What has keys?", "How many birds are left?", "What has keys?"]
LEARNERS = {*TRAINABLE, "constant", "few-shot"}

by_name = pytest.mark.parametrize("name", AGENTS)


def make(name, folder=None, budget=21, **changes):
    conditions = dataclasses.replace(CONDITIONS, **changes)
    return make_agent(name, Setting(tiny_policy(terse_model()), conditions, budget, folder))


def learn(agent, episodes):
    """Learn from a verifier that a random model can please; return the history, and how often it was asked."""
    judged = []
    env = gym.make("Riddle-v0", verifier=lambda *asked: judged.append(asked) or even(*asked))
    return agent.learn(env, Budget(episodes)), len(judged)


@by_name
def test_it_gives_one_answer_to_each_observation_which_its_seed_decides(name):
    agent = make(name)
    assert isinstance(agent, Agent)
    answers = agent.act(QUESTIONS * 3)
    assert len(answers) == 9
    assert all(isinstance(answer, Completion) for answer in answers)
    assert make(name).act(QUESTIONS * 3) == answers
    assert agent.act([]) == []


@by_name
def test_it_learns_within_its_budget_reports_what_it_spent_and_saves_what_it_learned(name, tmp_path):
    agent = make(name, tmp_path / "run")
    history, judged = learn(agent, 21)
    assert history.spent.episodes == judged <= 21
    assert (history.spent.episodes > 0) == (name in LEARNERS)
    if name not in LEARNERS:
        with pytest.raises(NotImplementedError, match="learns nothing"):
            agent.save(tmp_path / "saved")
        return
    agent.save(tmp_path / "saved")
    loaded = make(name)
    loaded.load(tmp_path / "saved")
    assert loaded.act(QUESTIONS) == agent.act(QUESTIONS)
    if name in TRAINABLE:
        assert (agent.config.conditions, history.spent.gradient_tokens > 0) == (CONDITIONS, True)
        adapter = json.loads((agent.adapter / "adapter_config.json").read_text())
        assert (adapter["r"], adapter["lora_alpha"]) == (2, 32), "all adapters have the same shape"
        assert tuple(read_jsonl(tmp_path / "run" / "metrics.jsonl", json.loads)) == history.rounds
        assert learn(make(name, tmp_path / "run"), 21) == (history, 0), "a finished run is not run again"
        with pytest.raises(RunConflictError, match="max_new_tokens"):
            learn(make(name, tmp_path / "run", max_new_tokens=9), 21)


@pytest.mark.parametrize("episodes", [1, 2, 5, 9, 16, 100])
@pytest.mark.parametrize("name", ["constant", "few-shot", "random"])
def test_any_budget_is_kept(name, episodes):
    history, judged = learn(make(name), episodes)
    assert history.spent.episodes == judged <= episodes
    assert history.spent.tokens == 0
