"""Tests of agents.expert_iteration: the loop on a tiny model, its budget, and a real SIGKILL at every stage."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import gymnasium as gym
import pytest
from tiny import tiny_model, tiny_tokenizer

from agents import Budget, Completion, ExpertIteration, ExpertIterationConfig, FineTuning, LanguageModelPolicy
from agents.base import spawn_seeds
from agents.evaluation import Evaluation
from agents.expert_iteration import NoVerifiedAnswerError, select, shortest
from agents.fine_tuning import Row
from agents.policy import prompt
from agents.run import RunConflictError
from agents.shared_prompt import encode_group
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


FIRST_SEED = spawn_seeds([CONFIG.seed, 0], 1)[0]
"""What the first riddle of the first round is reset with."""


def never_the_first(riddle, response):
    """A verifier that passes no answer to the first riddle."""
    first = make_env().reset(seed=FIRST_SEED)[1]["riddle_id"]
    return (never if riddle.riddle_id == first else with_a_vowel)(riddle, response)


def make_env(verifier=with_a_vowel, **kwargs):
    return gym.make("expit_env:Riddle-v0", verifier=verifier, **({"level": 1} | kwargs))


def make_agent(folder, config=CONFIG, **changes):
    model = tiny_model(**changes)
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
            "trajectories.jsonl", "sft.jsonl", "adapter", "metrics.json", "seconds.json", "DONE",
        }  # fmt: skip
    trajectories = [
        t for name in ("round-000", "round-001") for t in TrajectoryStore(folder / name / "trajectories.jsonl")
    ]
    assert history.episodes == len(trajectories) <= CONFIG.episodes
    assert history.tokens == sum(trajectory.num_tokens for trajectory in trajectories)
    assert not list(folder.rglob("*.part"))


def test_only_unsolved_riddles_get_further_answers(tmp_path):
    config = dataclasses.replace(CONFIG, rounds=1, validation_riddles=0)
    make_agent(tmp_path, config).learn(make_env(never_the_first))
    answers = {}
    for trajectory in TrajectoryStore(tmp_path / "round-000" / "trajectories.jsonl"):
        answers.setdefault(trajectory.start, []).append(trajectory)
    assert len(answers) == CONFIG.riddles
    assert len(answers.pop(FIRST_SEED)) == CONFIG.samples + CONFIG.extra_samples
    for several in answers.values():
        assert any(one.solved for one in several)
        assert len(several) < CONFIG.samples + CONFIG.extra_samples


def test_the_first_search_sees_examples_others_a_higher_temperature_and_the_plain_prompt_is_learned(
    tmp_path, monkeypatch
):
    # Its tokens are nearly bytes: the few-shot prompt is long.
    config = dataclasses.replace(CONFIG, few_shot_rounds=1, extra_temperature=1.5, validation_riddles=0)
    agent, drawn, learned = make_agent(tmp_path, config, max_position_embeddings=2_048), [], []
    sample, encode = agent.policy.sample, "agents.shared_prompt.encode_group"
    monkeypatch.setattr(agent.policy, "sample", lambda *a: drawn.append((a[2], a[3])) or sample(*a))
    monkeypatch.setattr(encode, lambda *a: learned.append((a[1], a[2])) or encode_group(*a))
    agent.learn(make_env(never_the_first))
    batches = {(round_, batch): how for how, (_, round_, batch, _) in drawn}
    assert {(0, 0), (0, 1), (0, 2), (1, 0)} <= set(batches)
    assert {batch for (_, batch), how in batches.items() if how.temperature == 1.0} == {0}
    assert {batch for (_, batch), how in batches.items() if how.temperature == 1.5} == {1, 2}
    assert {round_ for (round_, _), how in batches.items() if how.few_shot} == {0}
    assert {round_ for (round_, _), how in batches.items() if not how.few_shot} == {1}
    assert all(
        messages == prompt(messages[-1]["content"].removesuffix(prompt("")[-1]["content"])) for messages, _ in learned
    )


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
    for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines():
        assert {"search_seconds", "distil_seconds", "evaluate_seconds"} <= json.loads(line).keys()
    assert not list((tmp_path / "run").rglob("*.part"))


def test_validation_asks_each_riddle_of_a_small_split_once(tmp_path):
    splits = ["train"] * 3 + ["validation"] * 2
    rows = [{"question": f"What is {n}?", "answer": "it", "split": split} for n, split in enumerate(splits)]
    (tmp_path / "mine.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    env = make_env(source=str(tmp_path / "mine.jsonl"), level=None)
    make_agent(tmp_path / "run", dataclasses.replace(CONFIG, rounds=1, validation_riddles=20)).learn(env)
    base = Evaluation.from_dict(json.loads((tmp_path / "run" / "base.json").read_text()))
    assert sorted(base.riddle_ids) == ["mine/validation/4", "mine/validation/5"]


def test_the_budget_is_never_passed(tmp_path):
    history = make_agent(tmp_path / "run").learn(make_env(), Budget(7))
    assert history.episodes == 7


def test_a_budget_of_tokens_ends_the_search_after_a_batch_and_the_run_after_a_round(tmp_path):
    history = make_agent(tmp_path / "batch").learn(make_env(never_the_first), Budget(1_000, tokens=20))
    assert (len(history.rounds), history.episodes) == (1, CONFIG.riddles * CONFIG.samples), "no further batch"
    assert history.tokens > 20
    whole = make_agent(tmp_path / "round").learn(make_env(never_the_first), Budget(1_000, tokens=history.tokens + 1))
    assert len(whole.rounds) == 1
    assert whole.episodes > history.episodes


def test_an_environment_of_several_attempts_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"expert-iteration answers once.*max_attempts=1"):
        make_agent(tmp_path / "run").learn(make_env(max_attempts=2))
    assert not (tmp_path / "run").exists()


def test_learning_again_starts_from_the_base_model(tmp_path):
    agent = make_agent(tmp_path / "first", dataclasses.replace(CONFIG, rounds=1, validation_riddles=0))
    agent.learn(make_env())
    agent.folder = tmp_path / "second"
    agent.learn(make_env())
    first, second = (tmp_path / name / "round-000" / "trajectories.jsonl" for name in ("first", "second"))
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize(("level", "easier"), [(1, False), (2, True)])
def test_a_round_without_a_right_answer_says_what_to_do(tmp_path, level, easier):
    with pytest.raises(NoVerifiedAnswerError, match=r"another --out.*--samples") as raised:
        make_agent(tmp_path / "run", dataclasses.replace(CONFIG, validation_riddles=0)).learn(
            make_env(never, level=level)
        )
    assert ("--level 1" in str(raised.value)) is easier


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"rounds": 0}, "--rounds must be at least 1, not 0"),
        ({"riddles": 0}, "--riddles"),
        ({"samples": 0}, "--samples"),
        ({"extra_samples": -1}, "--extra-samples must be at least 0"),
        ({"temperature": 0.0}, "--temperature must be above 0"),
        ({"extra_temperature": float("nan")}, "--extra-temperature"),
        ({"top_p": 1.1}, "--top-p must be above 0 and at most 1"),
        ({"top_p": 0.0}, "--top-p"),
        ({"max_new_tokens": 0}, "--max-new-tokens"),
        ({"few_shot_rounds": -1}, "--few-shot-rounds"),
        ({"answers_per_riddle": 0}, "--answers-per-riddle"),
        ({"validation_riddles": -1}, "--validation-riddles"),
        ({"evaluation_samples": 0}, "--evaluation-samples"),
        ({"seed": -1}, "--seed"),
        ({"fine_tuning": FineTuning(batch_size=0)}, "--batch-size"),
        ({"fine_tuning": FineTuning(layers=0.0)}, "--layers must be above 0 and at most 1"),
    ],
)
def test_a_config_that_makes_no_sense_is_refused_by_its_flag(asked, message):
    with pytest.raises(ValueError, match=message):
        ExpertIterationConfig(**asked)


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


def test_the_cap_for_a_riddle_holds_over_rounds():
    rows = [Row("q", "None."), Row("q", "None at all."), Row("p", "9"), Row("q", "0"), Row("q", "None.")]
    assert shortest(rows, 2) == [Row("q", "0"), Row("q", "None."), Row("p", "9")]


def test_what_is_learned_of_all_rounds_is_capped(tmp_path, monkeypatch):
    monkeypatch.setattr("agents.expert_iteration.spawn_seeds", lambda path, count: spawn_seeds([0, *path[2:]], count))
    config = dataclasses.replace(CONFIG, answers_per_riddle=1, validation_riddles=0)
    history = make_agent(tmp_path, config).learn(make_env())
    assert history.rounds[-1]["rows"] <= CONFIG.riddles, "the rounds had the same riddles"


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
