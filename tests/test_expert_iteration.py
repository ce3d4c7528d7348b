"""Tests of agents.expert_iteration: the loop on a tiny model, its budget, and a real SIGKILL at every stage."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import gymnasium as gym
import pytest
from tiny import tiny_model, tiny_tokenizer

from agents import Budget, Completion, ExpertIteration, ExpertIterationConfig, FineTuning, LanguageModelPolicy
from agents.expert_iteration import NoVerifiedAnswerError, select
from agents.run import RunConflictError
from agents.trajectory import Trajectory, TrajectoryStore
from expit_env import Outcome, Verdict

CONFIG = ExpertIterationConfig(
    rounds=2, riddles=3, samples=4, extra_samples=6, max_new_tokens=5, few_shot_rounds=0, validation_riddles=2,
    evaluation_samples=2, fine_tuning=FineTuning(rank=2, epochs=1),
)  # fmt: skip


def with_a_vowel(riddle, response):
    """A verifier that a random model can please."""
    right = any(vowel in response for vowel in "aeiou")
    return Verdict(Outcome.CORRECT if right else Outcome.WRONG, response, "vowel")


def never(riddle, response):
    return Verdict(Outcome.WRONG, response, "never")


def make_env(verifier=with_a_vowel):
    return gym.make("expit_env:Riddle-v0", verifier=verifier, level=1)


def make_agent(folder, config=CONFIG):
    model = tiny_model()
    # A random model hardly ever ends its turn: here every third token does.
    model.generation_config.eos_token_id = list(range(0, model.config.vocab_size, 3))
    return ExpertIteration(LanguageModelPolicy(model, tiny_tokenizer()), config, folder)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "unbroken"
    return folder, make_agent(folder).learn(make_env())


def test_every_stage_leaves_its_file(finished):
    folder, history = finished
    assert len(history.rounds) == 2
    for name in ("round-000", "round-001"):
        assert {path.name for path in (folder / name).iterdir()} == {
            "trajectories.jsonl", "sft.jsonl", "adapter", "metrics.json", "DONE",
        }  # fmt: skip
    trajectories = [
        t for name in ("round-000", "round-001") for t in TrajectoryStore(folder / name / "trajectories.jsonl")
    ]
    assert history.episodes == len(trajectories) <= CONFIG.episodes
    assert history.tokens == sum(trajectory.num_tokens for trajectory in trajectories)
    assert not list(folder.rglob("*.part"))


def test_only_unsolved_riddles_get_further_answers(finished):
    folder, _ = finished
    answers = {}
    for trajectory in TrajectoryStore(folder / "round-000" / "trajectories.jsonl"):
        answers.setdefault(trajectory.start, []).append(trajectory.solved)
    assert len(answers) == CONFIG.riddles
    for solved in answers.values():
        assert len(solved) == 4 or not any(solved[:4])
        assert len(solved) <= 10


def test_a_finished_run_is_not_run_again(finished):
    folder, history = finished
    stamps = {path: path.stat().st_mtime_ns for path in folder.glob("round-*/*")}
    assert make_agent(folder).learn(make_env()) == history
    assert stamps == {path: path.stat().st_mtime_ns for path in folder.glob("round-*/*")}


def test_a_run_that_was_asked_for_something_else_is_refused(finished):
    folder, _ = finished
    with pytest.raises(RunConflictError, match="environment"):
        make_agent(folder).learn(make_env(never))


@pytest.mark.parametrize("stage", ["trajectories.jsonl", "adapter", "metrics.json"])
def test_a_killed_run_ends_with_the_same_trajectories(finished, tmp_path, stage):
    unbroken, _ = finished
    command = [sys.executable, __file__, str(tmp_path / "run")]
    killed = subprocess.run([*command, stage], cwd=Path(__file__).parent, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert not (tmp_path / "run" / "round-001" / "DONE").exists()
    subprocess.run(command, cwd=Path(__file__).parent, check=True)
    for name in ("round-000", "round-001"):
        there = (tmp_path / "run" / name / "trajectories.jsonl").read_bytes()
        assert there == (unbroken / name / "trajectories.jsonl").read_bytes()
    assert not list((tmp_path / "run").rglob("*.part"))


def test_the_budget_is_never_passed(tmp_path):
    history = make_agent(tmp_path / "run").learn(make_env(), Budget(7))
    assert history.episodes == 7


def test_a_round_without_a_right_answer_says_what_to_do(tmp_path):
    with pytest.raises(NoVerifiedAnswerError, match="--samples"):
        make_agent(tmp_path / "run").learn(make_env(never))


def test_save_and_load_give_the_same_answers(finished, tmp_path):
    folder, _ = finished
    one, other = make_agent(folder), make_agent(None)
    one.learn(make_env())
    one.save(tmp_path / "adapter")
    other.load(tmp_path / "adapter")
    questions = ["How many birds are left?", "Who is it?"]
    assert [c.text for c in one.act(questions)] == [c.text for c in other.act(questions)]


def trajectory(question, text, solved=True, finished=True):
    return Trajectory(
        0, "f/train/0", "f", 1, "train", None, (question,), (Completion(text, finished=finished),), (float(solved),),
        "correct" if solved else "wrong", text, "0", False,
    )  # fmt: skip


def test_what_is_learned_is_verified_finished_different_and_short():
    rows = select(
        [
            trajectory("q", "No birds are left."),
            trajectory("q", "3", solved=False),
            trajectory("q", "None of them is", finished=False),
            trajectory("q", "None."),
            trajectory("q", " None. "),
            trajectory("q", "None are left."),
            trajectory("p", "9"),
        ],
        answers_per_riddle=2,
    )
    assert [(row.question, row.answer) for row in rows] == [("q", "None."), ("q", "None are left."), ("p", "9")]


def _main(folder, stage=None):
    """Learn, and die by SIGKILL where the second round's ``stage`` is written but not yet renamed."""
    rename = Path.rename

    def die(path, target):
        if stage and str(target).endswith(f"round-001/{stage}"):
            os.kill(os.getpid(), signal.SIGKILL)
        return rename(path, target)

    Path.rename = die
    make_agent(Path(folder)).learn(make_env())


if __name__ == "__main__":
    _main(*sys.argv[1:])
