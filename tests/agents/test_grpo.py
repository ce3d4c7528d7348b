"""GRPO as an agent: real trl steps on the real environment, its budget, and a run that is interrupted."""

import dataclasses
import json

import gymnasium as gym
import pytest
from safetensors.numpy import load_file
from support.tiny import tiny_policy, tiny_tokenizer
from support.verifiers import even, is_even

import expit_env  # noqa: F401
from agents.base import Budget
from agents.conditions import Conditions, LoRA
from agents.grpo import GRPO, GRPOAgentConfig, Plan
from agents.trajectory import TrajectoryStore

CONFIG = GRPOAgentConfig(
    Conditions(LoRA(rank=2), max_new_tokens=4, worked_pairs=1, validation_riddles=0, evaluation_samples=2),
    generations=4, riddles_per_step=2, learning_rate=1e-2, save_steps=1,
)  # fmt: skip
WEIGHTS = "round-000/adapter/adapter_model.safetensors"


def make(folder=None, **changes):
    return GRPO(tiny_policy(), dataclasses.replace(CONFIG, **changes), folder)


def learn(agent, budget=45, verifier=even):
    return agent.learn(gym.make("Riddle-v0", verifier=verifier), Budget(budget))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A whole run of four steps, after five pairs that were studied."""
    agent = make(tmp_path_factory.mktemp("grpo"))
    return agent, learn(agent)


def test_every_completion_is_an_episode_and_the_budget_is_not_passed(run):
    agent, history = run
    trajectories = list(TrajectoryStore(agent.folder / "round-000/trajectories.jsonl"))
    assert len(list(TrajectoryStore(agent.folder / "studied.jsonl"))) == 10
    assert history.spent.episodes - 10 == len(trajectories) == 32
    assert history.spent.tokens == sum(len(t.completions[0].token_ids) for t in trajectories) > 32
    assert [len({t.start for t in trajectories[i : i + 4]}) for i in range(0, 32, 4)] == [1] * 8
    assert len({t.riddle_id for t in trajectories}) == 8
    end = tiny_tokenizer().eos_token_id
    assert all(t.completions[0].finished == (t.completions[0].token_ids[-1] == end) for t in trajectories)


def test_the_reward_comes_from_the_environment_and_is_learned_from(run):
    trajectories = list(TrajectoryStore(run[0].folder / "round-000/trajectories.jsonl"))
    assert all(t.solved == is_even(t.text) for t in trajectories)
    steps = [json.loads(line) for line in (run[0].folder / "round-000/steps.jsonl").read_text().splitlines()]
    rewards = [sum(t.rewards[0] for t in trajectories[i : i + 8]) / 8 for i in range(0, 32, 8)]
    assert [step["reward"] for step in steps] == pytest.approx(rewards)
    tokens = [step["num_tokens"] for step in steps]
    assert tokens[1] > 2 * (tokens[3] - tokens[1]), "worked examples are in the prompts of the first third"
    weights = load_file(run[0].folder / WEIGHTS)
    assert any(abs(weight).max() > 0 for name, weight in weights.items() if "lora_B" in name)


def test_validation_is_measured_before_and_after_and_steps_are_logged(tmp_path):
    agent, logged = make(tmp_path, conditions=dataclasses.replace(CONFIG.conditions, validation_riddles=2)), []
    agent.log = logged.append
    history = learn(agent, 8)
    assert [line["step"] for line in logged] == [1, 1, 1]  # the step, trl's summary, and what was measured
    assert "reward" in logged[0]
    assert logged[2].items() <= history.rounds[0].items()
    assert json.loads((tmp_path / "base.json").read_text())["split"] == "validation"
    (metrics,) = history.rounds
    assert {"pair_accuracy", "pair_pass", "episodes", "tokens", "learn_seconds"} <= metrics.keys()


def test_an_interrupted_run_resumes_from_the_last_whole_step(run, tmp_path):
    judged, store = [], tmp_path / "round-000/trajectories.jsonl"

    def interrupted(riddle, response):
        judged.append(response)
        if len(judged) == 10 + 20:
            with store.open("a") as file:
                file.write('{"half a line')
            (tmp_path / "round-000/checkpoints/checkpoint-3").mkdir()  # one that was not written to its end
            raise KeyboardInterrupt
        return even(riddle, response)

    interrupted.__qualname__ = "even"  # what the record has of a verifier
    with pytest.raises(KeyboardInterrupt):
        learn(make(tmp_path), verifier=interrupted)
    assert not (tmp_path / "round-000/adapter").exists()
    assert store.read_text().endswith("half a line")
    learn(make(tmp_path), verifier=interrupted)
    assert len(judged) == 10 + 20 + 16, "neither studied nor the two whole steps taken again"
    for name in ("round-000/trajectories.jsonl", WEIGHTS):
        assert (tmp_path / name).read_bytes() == (run[0].folder / name).read_bytes()


def test_a_plan_spends_the_budget_in_whole_steps_and_leaves_little_of_it():
    small, usual = CONFIG, GRPOAgentConfig()
    for config, episodes, *plan in (
        (small, 4, 1, 1, 4), (small, 7, 1, 1, 4), (small, 8, 1, 2, 4), (small, 100, 25, 1, 4),
        (small, 1_000, 125, 2, 4), (usual, 96, 2, 6, 8), (usual, 1_536, 24, 8, 8), (usual, 72, 1, 8, 8),
        (usual, 100, 2, 6, 8),
    ):  # fmt: skip
        assert Plan.of(config, Budget(episodes)) == Plan(*plan)


def test_what_cannot_be_done_is_refused():
    for budget, attempts, message in (
        (Budget(3), 1, "more than the budget of 3"), (Budget(8, tokens=100), 1, "cannot limit tokens"),
        (Budget(8), 2, "max_attempts=1"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=message):
            make().learn(gym.make("Riddle-v0", max_attempts=attempts), budget)
