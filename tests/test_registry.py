"""The contract of an agent, for every agent there is: what a new one is held to."""

import gymnasium as gym
import pytest
from tiny import VOCABULARY, tiny_model, tiny_tokenizer

import expit_env
from agents.adapter_agent import AdapterAgent
from agents.base import Agent, Budget
from agents.expert_iteration import ExpertIterationConfig
from agents.fine_tuning import FineTuning
from agents.policy import LanguageModelPolicy
from agents.registry import AGENTS, Setting, make_agent
from agents.trajectory import Completion

CONFIG = ExpertIterationConfig(
    rounds=2, riddles=6, samples=4, extra_samples=4, max_new_tokens=8, validation_riddles=0, evaluation_samples=3,
    fine_tuning=FineTuning(rank=2, epochs=1), seed=3,
)  # fmt: skip
QUESTIONS = ["What has keys?", "How many birds are left?", "What has keys?"]
LEARNERS = {"expert-iteration", "grpo", "constant"}


class Lenient:
    """A verifier that a random model can please; it counts its calls, each of which is an episode."""

    def __init__(self):
        self.calls = 0

    def __call__(self, riddle, response):
        self.calls += 1
        correct = sum(map(ord, response)) % 2 == 0
        outcome = expit_env.Outcome.CORRECT if correct else expit_env.Outcome.WRONG
        return expit_env.Verdict(outcome, response, "parity of its characters")


def make(name, folder=None):
    model = tiny_model(max_position_embeddings=2_048)  # the few-shot prompt is long in tokens that are nearly bytes
    # Any of a quarter of all tokens ends an answer: a random model hardly ever finds the one.
    model.generation_config.eos_token_id = list(range(2, VOCABULARY, 4))
    return make_agent(name, Setting(LanguageModelPolicy(model, tiny_tokenizer()), CONFIG, folder))


def env(verifier=None):
    return gym.make("Riddle-v0", split="train", verifier=verifier)


@pytest.mark.parametrize("name", AGENTS)
def test_it_gives_one_answer_to_each_observation(name):
    agent = make(name)
    assert isinstance(agent, Agent)
    answers = agent.act(QUESTIONS)
    assert len(answers) == len(QUESTIONS)
    assert all(isinstance(answer, Completion) for answer in answers)
    assert agent.act([]) == []


@pytest.mark.parametrize("name", AGENTS)
def test_the_seed_decides_its_answers(name):
    assert make(name).act(QUESTIONS * 3) == make(name).act(QUESTIONS * 3)


@pytest.mark.parametrize("episodes", [16, 21])
@pytest.mark.parametrize("name", AGENTS)
def test_it_learns_within_its_budget_and_says_what_it_spent(name, episodes, tmp_path):
    verifier = Lenient()
    history = make(name, tmp_path).learn(env(verifier), Budget(episodes))
    assert history.episodes == verifier.calls <= episodes
    assert (history.episodes > 0) == (name in LEARNERS)


@pytest.mark.parametrize("name", sorted(LEARNERS))
def test_what_it_learned_is_saved_and_loaded(name, tmp_path):
    learned = make(name, tmp_path / "run")
    learned.learn(env(Lenient()), Budget(16))
    learned.save(tmp_path / "saved")
    loaded = make(name)
    loaded.load(tmp_path / "saved")
    assert loaded.act(QUESTIONS) == learned.act(QUESTIONS)


@pytest.mark.parametrize("name", sorted(LEARNERS))
def test_without_a_folder_it_learns_too(name):
    agent = make(name)
    assert agent.learn(env(Lenient()), Budget(16)).episodes > 0
    assert len(agent.act(QUESTIONS)) == 3


@pytest.mark.parametrize("name", sorted(AGENTS.keys() - LEARNERS))
def test_who_learns_nothing_has_nothing_to_save(name, tmp_path):
    with pytest.raises(NotImplementedError, match="learns nothing"):
        make(name).save(tmp_path)


def test_the_adapter_has_the_same_shape_for_all(tmp_path):
    shapes = []
    for name in ("expert-iteration", "grpo"):
        agent = make(name, tmp_path / name)
        assert isinstance(agent, AdapterAgent)
        shapes.append(agent.config.fine_tuning.lora(agent.policy.base).to_dict())
        assert (agent.config.temperature, agent.config.max_new_tokens, agent.config.seed) == (1.0, 8, 3)
    assert shapes[0] == shapes[1]


def test_an_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(ValueError, match="Did you mean 'expert-iteration'"):
        make("expert-iterations")
