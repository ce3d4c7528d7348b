"""The contract of an agent, for every agent that is registered."""

import gymnasium as gym
import pytest
from support.tiny import terse_model, tiny_policy
from support.verifiers import even

import expit_env  # noqa: F401
from agents.adapter_agent import AdapterAgent
from agents.base import Agent, Budget
from agents.expert_iteration import ExpertIterationConfig
from agents.fine_tuning import FineTuning
from agents.registry import AGENTS, Setting, make_agent
from agents.trajectory import Completion

CONFIG = ExpertIterationConfig(
    rounds=2, riddles=6, samples=4, extra_samples=4, max_new_tokens=8, validation_riddles=0, evaluation_samples=3,
    fine_tuning=FineTuning(rank=2, epochs=1), seed=3,
)  # fmt: skip
QUESTIONS = ["What has keys?", "How many birds are left?", "What has keys?"]
LEARNERS = {"expert-iteration", "grpo", "constant"}

by_name = pytest.mark.parametrize("name", AGENTS)


def make(name, folder=None):
    return make_agent(name, Setting(tiny_policy(terse_model()), CONFIG, folder))


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
    assert history.episodes == judged <= 21
    assert (history.episodes > 0) == (name in LEARNERS)
    if name not in LEARNERS:
        with pytest.raises(NotImplementedError, match="learns nothing"):
            agent.save(tmp_path / "saved")
        return
    agent.save(tmp_path / "saved")
    loaded = make(name)
    loaded.load(tmp_path / "saved")
    assert loaded.act(QUESTIONS) == agent.act(QUESTIONS)


@pytest.mark.parametrize("episodes", [1, 2, 5, 9, 16, 100])
@pytest.mark.parametrize("name", ["constant", "random"])
def test_any_budget_is_kept(name, episodes):
    history, judged = learn(make(name), episodes)
    assert history.episodes == judged <= episodes
    assert history.tokens == 0


def test_all_adapters_have_the_same_shape():
    shapes = []
    for name in ("expert-iteration", "grpo"):
        agent = make(name)
        assert isinstance(agent, AdapterAgent)
        assert learn(agent, 16)[0].episodes > 0, "it needs no folder"
        shapes.append(agent.config.fine_tuning.lora(agent.policy.base).to_dict())
        assert (agent.config.temperature, agent.config.max_new_tokens, agent.config.seed) == (1.0, 8, 3)
    assert shapes[0] == shapes[1]
