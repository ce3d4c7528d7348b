"""The loop on a tiny model: its stages, its budget, and that it resumes where it was interrupted."""

import dataclasses
import json
from pathlib import Path

import pytest
from support.runs import CONFIG, make_agent, make_env
from support.verifiers import never, verdict

from agents import Budget, Completion
from agents.base import spawn_seeds
from agents.expert_iteration import NoVerifiedAnswerError, select, shortest
from agents.fine_tuning import Row
from agents.policy import prompt
from agents.run import RunConflictError
from agents.shared_prompt import encode_group
from agents.trajectory import Trajectory, TrajectoryStore

STAGES = ("trajectories.jsonl", "sft.jsonl", "adapter", "metrics.json", "DONE")
ROUNDS = ("round-000", "round-001")
FIRST_SEED = spawn_seeds([CONFIG.seed, 0], 1)[0]
"""What the first riddle of the first round is reset with."""


def never_the_first(riddle, response):
    """A verifier that passes no answer to the first riddle, and every answer to another."""
    return verdict(riddle.riddle_id != make_env().reset(seed=FIRST_SEED)[1]["riddle_id"], response)


def unvalidated(**changes):
    return dataclasses.replace(CONFIG, validation_riddles=0, **changes)


def trajectories_of(folder):
    return [t for path in sorted(folder.glob("round-*/trajectories.jsonl")) for t in TrajectoryStore(path)]


def test_every_stage_leaves_its_file(learned):
    assert len(learned.history.rounds) == 2
    for name in ROUNDS:
        assert {path.name for path in (learned.folder / name).iterdir()} == {*STAGES, "seconds.json"}
    trajectories = trajectories_of(learned.folder)
    assert learned.history.episodes == len(trajectories) <= CONFIG.episodes
    assert learned.history.tokens == sum(trajectory.num_tokens for trajectory in trajectories)
    printed = [line[:7] for line in learned.printed.splitlines() if "| coverage" in line]
    assert printed == ["round 1", "round 2"], "people count from 1"
    for line in (learned.folder / "metrics.jsonl").read_text().splitlines():
        assert {"search_seconds", "distil_seconds", "evaluate_seconds"} <= json.loads(line).keys()


def test_a_run_interrupted_at_every_stage_ends_as_one_that_never_was(learned, tmp_path, monkeypatch):
    rename, interrupted = Path.rename, []

    def interrupt(path, target):
        name = str(target.relative_to(tmp_path / "run"))
        if name not in interrupted:
            interrupted.append(name)
            raise KeyboardInterrupt
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", interrupt)
    for _ in range(1 + 2 * len(STAGES)):
        with pytest.raises(KeyboardInterrupt):
            make_agent(tmp_path / "run").learn(make_env())
    assert make_agent(tmp_path / "run").learn(make_env()).episodes == learned.history.episodes
    assert interrupted == ["base.json", *(f"{name}/{stage}" for name in ROUNDS for stage in STAGES)]
    for name in ("base.json", *(f"{name}/{stage}" for name in ROUNDS for stage in STAGES[:2])):
        assert (tmp_path / "run" / name).read_bytes() == (learned.folder / name).read_bytes()
    assert not list((tmp_path / "run").rglob("*.part"))


def test_a_finished_run_is_not_run_again_and_another_request_is_refused(learned):
    stamps = {path: path.stat().st_mtime_ns for path in learned.folder.glob("round-*/*")}
    assert make_agent(learned.folder).learn(make_env()) == learned.history
    assert stamps == {path: path.stat().st_mtime_ns for path in learned.folder.glob("round-*/*")}
    with pytest.raises(RunConflictError, match="environment"):
        make_agent(learned.folder).learn(make_env(never))


def test_only_unsolved_riddles_get_further_answers(tmp_path):
    make_agent(tmp_path, unvalidated(rounds=1)).learn(make_env(never_the_first))
    answers = {}
    for trajectory in trajectories_of(tmp_path):
        answers.setdefault(trajectory.start, []).append(trajectory)
    assert len(answers) == CONFIG.riddles
    assert len(answers.pop(FIRST_SEED)) == CONFIG.samples + CONFIG.extra_samples
    assert {len(several) for several in answers.values()} == {CONFIG.samples}


def test_the_first_round_shows_examples_and_further_batches_are_hotter(tmp_path, monkeypatch):
    agent, drawn, learned = make_agent(tmp_path, unvalidated(few_shot_rounds=1, extra_temperature=1.5)), {}, []
    sample, encode = agent.policy.sample, "agents.shared_prompt.encode_group"
    monkeypatch.setattr(agent.policy, "sample", lambda *a: drawn.update({a[3][1:3]: a[2]}) or sample(*a))
    monkeypatch.setattr(encode, lambda *a: learned.append(a[1]) or encode_group(*a))
    agent.learn(make_env(never_the_first))
    assert {(0, 0), (0, 1), (0, 2), (1, 0)} <= drawn.keys()  # by round and batch
    for (round_, batch), how in drawn.items():
        assert (how.few_shot, how.temperature) == (round_ == 0, 1.5 if batch else 1.0)
    assert all(len(messages) == len(prompt("?")) for messages in learned)


def test_a_budget_of_episodes_is_never_passed_and_one_of_tokens_ends_the_search_after_a_batch(tmp_path):
    def learn(name, *budget):
        return make_agent(tmp_path / name).learn(make_env(never_the_first), Budget(*budget))

    assert learn("episodes", 7).episodes == 7
    batch = learn("batch", 1_000, 20)
    assert (len(batch.rounds), batch.episodes) == (1, CONFIG.riddles * CONFIG.samples), "no further batch"
    assert batch.tokens > 20
    whole = learn("round", 1_000, batch.tokens + 1)
    assert len(whole.rounds) == 1
    assert whole.episodes > batch.episodes


def test_an_environment_of_several_attempts_is_refused_before_the_folder_is_made(tmp_path):
    with pytest.raises(ValueError, match=r"expert-iteration answers once.*max_attempts=1"):
        make_agent(tmp_path / "run").learn(make_env(max_attempts=2))
    assert not (tmp_path / "run").exists()


def test_learning_again_starts_from_the_base_model(tmp_path):
    agent = make_agent(None, unvalidated(rounds=1))
    for name in ("first", "second"):
        agent.folder = tmp_path / name
        agent.learn(make_env())
    assert trajectories_of(tmp_path / "first") == trajectories_of(tmp_path / "second") != []


def test_a_round_without_a_right_answer_is_an_error_that_gives_the_options(tmp_path):
    for level in (1, 2):
        with pytest.raises(NoVerifiedAnswerError, match=r"another --out.*--samples") as raised:
            make_agent(tmp_path / str(level), unvalidated()).learn(make_env(never, level=level))
        assert ("--level 1" in str(raised.value)) == (level == 2)


def trajectory(question, text, solved=True, finished=True):
    return Trajectory(
        0, "f/train/0", "f", 1, "train", None, (question,), (Completion(text, finished=finished),), (float(solved),),
        "correct" if solved else "wrong", text, "0", False,
    )  # fmt: skip


def test_only_verified_finished_different_and_short_answers_are_learned():
    found = [
        trajectory("q", "No birds are left."), trajectory("q", "3", solved=False),
        trajectory("q", "None of them is", finished=False), trajectory("q", "None."), trajectory("q", " None. "),
        trajectory("q", "None are left."), trajectory("p", "9"),
    ]  # fmt: skip
    assert select(found, answers_per_riddle=2) == [Row("q", "None."), Row("q", "None are left."), Row("p", "9")]
    rows = [Row("q", "None."), Row("q", "None at all."), Row("p", "9"), Row("q", "0"), Row("q", "None.")]
    assert shortest(rows, 2) == [Row("q", "0"), Row("q", "None."), Row("p", "9")]
