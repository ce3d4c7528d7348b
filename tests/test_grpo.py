"""GRPO behind the agent's door: a real trl step on the real environment, its budget, and a run that is killed."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import gymnasium as gym
import pytest
from safetensors.numpy import load_file
from tiny import tiny_model, tiny_tokenizer

import expit_env
from agents.base import Budget
from agents.expert_iteration import ExpertIterationConfig
from agents.fine_tuning import FineTuning
from agents.grpo import GRPO, GRPOAgentConfig, Plan, _last_checkpoint
from agents.policy import LanguageModelPolicy
from agents.run import RunConflictError
from agents.trajectory import TrajectoryStore

HERE = Path(__file__).parent
CONFIG = GRPOAgentConfig(
    generations=4, riddles_per_step=2, max_new_tokens=4, learning_rate=1e-2, save_steps=1, validation_riddles=2,
    evaluation_samples=2, fine_tuning=FineTuning(rank=2),
)  # fmt: skip

KILLED = """
import os, signal, sys
from pathlib import Path
import test_grpo
from agents import grpo

class Killing(grpo._Steps):
    def on_step_begin(self, args, state, control, **_):
        if state.global_step == 2:
            with (Path(args.output_dir).parent / "trajectories.jsonl").open("a") as file:
                file.write('{"half a line')
            os.kill(os.getpid(), signal.SIGKILL)

grpo._Steps = Killing
test_grpo.agent(Path(sys.argv[1]), validation_riddles=0).learn(test_grpo.lenient_env(), test_grpo.Budget(35))
"""


judged = []


def lenient(riddle, response):
    """A verifier that a random model can please, so that there is something to learn."""
    judged.append(response)
    correct = sum(map(ord, response)) % 2 == 0
    return expit_env.Verdict(
        expit_env.Outcome.CORRECT if correct else expit_env.Outcome.WRONG, response, "parity of its characters"
    )


def lenient_env():
    return gym.make("Riddle-v0", split="train", verifier=lenient)


def policy():
    return LanguageModelPolicy(tiny_model(), tiny_tokenizer())


def agent(folder=None, **changes):
    return GRPO(policy(), dataclasses.replace(CONFIG, **changes), folder)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A whole run of four steps."""
    learner = agent(tmp_path_factory.mktemp("grpo"), validation_riddles=0)
    return learner, learner.learn(lenient_env(), Budget(35))


def test_every_completion_is_an_episode_and_the_budget_is_not_passed(run):
    learner, history = run
    trajectories = list(TrajectoryStore(learner.folder / "trajectories.jsonl"))
    assert history.episodes == len(trajectories) == 32
    assert history.tokens == sum(len(t.completions[0].token_ids) for t in trajectories) > 32
    assert [len(set(t.start for t in trajectories[i : i + 4])) for i in range(0, 32, 4)] == [1] * 8
    assert len({t.riddle_id for t in trajectories}) == 8


def test_the_reward_is_the_environments(run):
    trajectories = list(TrajectoryStore(run[0].folder / "trajectories.jsonl"))
    assert all(t.solved == (sum(map(ord, t.text)) % 2 == 0) for t in trajectories)
    steps = [json.loads(line) for line in (run[0].folder / "steps.jsonl").read_text().splitlines()]
    rewards = [sum(t.rewards[0] for t in trajectories[i : i + 8]) / 8 for i in range(0, 32, 8)]
    assert [step["reward"] for step in steps] == pytest.approx(rewards)


def test_an_answer_is_finished_when_its_turn_ended(run):
    trajectories = list(TrajectoryStore(run[0].folder / "trajectories.jsonl"))
    end = tiny_tokenizer().eos_token_id
    assert all(t.completions[0].finished == (t.completions[0].token_ids[-1] == end) for t in trajectories)


def test_the_adapter_learned_and_comes_back(run, tmp_path):
    learner, _ = run
    weights = load_file(learner.folder / "adapter" / "adapter_model.safetensors")
    assert any(abs(weight).max() > 0 for name, weight in weights.items() if "lora_B" in name)
    learner.save(tmp_path / "saved")
    other = agent()
    other.load(tmp_path / "saved")
    questions = ["How many birds are left?", "What has keys?"]
    assert other.act(questions) == learner.act(questions)


def test_validation_is_measured_before_and_after(tmp_path):
    history = agent(tmp_path).learn(gym.make("Riddle-v0", split="train"), Budget(8))
    assert json.loads((tmp_path / "base.json").read_text())["split"] == "validation"
    (metrics,) = history.rounds
    assert {"system1_accuracy", "system2_accuracy", "episodes", "tokens", "learn_seconds"} <= metrics.keys()


def test_a_finished_run_is_not_run_again(run, monkeypatch):
    learner, history = run
    monkeypatch.setattr(GRPO, "_train", None)
    assert agent(learner.folder, validation_riddles=0).learn(lenient_env(), Budget(35)) == history


def test_another_request_is_refused(run):
    with pytest.raises(RunConflictError, match="learning_rate"):
        agent(run[0].folder, validation_riddles=0, learning_rate=1e-3).learn(lenient_env(), Budget(35))


@pytest.mark.parametrize(
    ("episodes", "plan"), [(4, (1, 1, 4)), (7, (1, 1, 4)), (8, (1, 2, 4)), (100, (25, 1, 4)), (1_000, (125, 2, 4))]
)
def test_a_plan_spends_whole_steps(episodes, plan):
    assert Plan.of(CONFIG, Budget(episodes)) == Plan(*plan)


@pytest.mark.parametrize(
    ("episodes", "plan"), [(96, (2, 6, 8)), (1_536, (24, 8, 8)), (72, (1, 8, 8)), (100, (2, 6, 8))]
)
def test_a_plan_leaves_little_of_the_budget(episodes, plan):
    assert Plan.of(GRPOAgentConfig(), Budget(episodes)) == Plan(*plan)


@pytest.mark.parametrize(
    ("budget", "kwargs", "message"),
    [
        (Budget(3), {}, "more than the budget of 3"),
        (Budget(8, tokens=100), {}, "cannot limit tokens"),
        (Budget(8), {"max_attempts": 2}, "max_attempts=1"),
    ],
)
def test_what_cannot_be_done_is_refused(budget, kwargs, message):
    with pytest.raises(ValueError, match=message):
        agent().learn(gym.make("Riddle-v0", **kwargs), budget)


def test_by_default_it_may_spend_what_expert_iteration_may():
    assert GRPOAgentConfig().episodes == ExpertIterationConfig().episodes


@pytest.mark.parametrize("asked", [{"max_new_tokens": 0}, {"temperature": 0.0}, {"top_p": 2.0}, {"episodes": 0}])
def test_a_config_that_makes_no_sense_is_refused_by_its_flag(asked):
    with pytest.raises(ValueError, match="--" + next(iter(asked)).replace("_", "-")):
        GRPOAgentConfig(**asked)


def test_a_killed_run_ends_with_the_same_trajectories(run, tmp_path):
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path)],
        cwd=HERE.parent, env=os.environ | {"PYTHONPATH": str(HERE)}, capture_output=True, text=True, timeout=400,
        check=False,
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert not (tmp_path / "adapter").exists()
    assert (tmp_path / "trajectories.jsonl").read_text().endswith("half a line")
    judged.clear()
    agent(tmp_path, validation_riddles=0).learn(lenient_env(), Budget(35))
    assert len(judged) == 16, "the two steps before the kill are not taken again"
    unbroken = run[0].folder
    assert (tmp_path / "trajectories.jsonl").read_bytes() == (unbroken / "trajectories.jsonl").read_bytes()
    weights = "adapter/adapter_model.safetensors"
    assert (tmp_path / weights).read_bytes() == (unbroken / weights).read_bytes()


def test_a_checkpoint_cut_off_in_the_middle_is_passed_over(tmp_path):
    for step, whole in ((1, True), (2, True), (3, False)):
        (tmp_path / f"checkpoint-{step}").mkdir()
        if whole:
            (tmp_path / f"checkpoint-{step}" / "WHOLE").touch()
    assert _last_checkpoint(tmp_path) == (tmp_path / "checkpoint-2", 2)
    assert not (tmp_path / "checkpoint-3").exists()
