"""The environment that a request makes, the record of a run, and a run that is killed again and again."""

import dataclasses
import hashlib
import io
import json
import signal
from pathlib import Path

import gymnasium as gym
import pytest
from rich.console import Console
from support.killed_run import WHERE, run
from support.processes import python
from support.tiny import load_without_workers, save_tiny

from agents.comparison import CompareRequest
from agents.held_out import split_env
from agents.policy import Decoding
from agents.requests import FIRST_GROUPS
from agents.run import UNCOMPARED, RunConflictError, RunFolder
from agents.sampling.workers import usable_cores
from agents.training import TrainedRun, TrainRequest, compare_with_base, print_rows
from expit_env.riddles import FAMILIES
from expit_env.riddles.splits import GENERATOR_VERSION, digest


@pytest.fixture
def source(written):
    """A file of 24 riddles in three splits, of two families and four levels."""
    splits = ["train"] * 12 + ["validation"] * 4 + ["test"] * 8
    return written(
        {"question": f"Who is {n}?", "answer": "I", "split": split, "level": 1 + n % 4, "family": f"f{n % 2}"}
        for n, split in enumerate(splits)
    )


def printed_rows(request):
    console = Console(file=io.StringIO())
    print_rows(request.environment(), console)
    return console.file.getvalue()


def test_a_source_is_trained_on_and_evaluated_on_its_own_splits(source, written):
    request = TrainRequest(source=source)
    env = request.environment()
    assert request.final_splits() == ("test",)
    for split in ("train", "validation", "test"):
        assert split_env(env, split).reset(seed=0)[1]["split"] == split
    again = gym.make(gym.envs.registration.EnvSpec.from_json(env.spec.to_json()))
    assert again.reset(seed=1) == env.reset(seed=1)
    few = written(({"question": f"Who is {n}?", "answer": "I", "cluster": "one"} for n in range(3)), "few.jsonl")
    with pytest.raises(ValueError, match="has no riddles in the split"):
        TrainRequest(source=few).environment()


def test_without_a_source_the_first_groups_are_trained_on_unless_others_are_asked_for():
    every = TrainRequest(families=("all",), level="all")
    for request, families, level in ((TrainRequest(), FIRST_GROUPS, 1), (every, ("all",), None)):
        assert request.final_splits() == ("test", "transfer")
        assert request.environment().spec.kwargs == {"split": "train", "families": families, "level": level}
        assert not printed_rows(request)


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        ({}, "train 12, validation 4, test 8"),
        ({"level": "all"}, "train 12, validation 4, test 8"),
        ({"level": 1}, "train 3 of 12 rows (9 of other levels), validation 1 of 4 rows (3 of other levels)"),
        ({"families": ("f1",)}, "train 6 of 12 rows (6 of other families), validation 2 of 4"),
    ],
)
def test_a_source_is_used_at_all_levels_unless_asked_and_what_is_left_out_is_printed(source, asked, line):
    request = TrainRequest(source=source, **asked)
    assert printed_rows(request).startswith(f"{source}: {line}")
    compared = CompareRequest(source=source, **asked)
    assert (compared.source, compared.resolved_level()) == (source, request.resolved_level())


def test_the_record_has_the_version_of_a_library_that_makes_the_riddles(monkeypatch):
    monkeypatch.setattr("agents.requests.open_source", lambda _: object())
    monkeypatch.setattr("importlib.metadata.version", lambda name: f"version of {name}")
    record = TrainRequest(model="here", source="reasoning-gym:leg_counting").provenance()
    assert record["source_version"] == "version of reasoning-gym"


@pytest.mark.filterwarnings("ignore:.*bad rows were left out")
def test_bad_rows_are_refused_or_left_out_as_asked(source):
    with open(source, "a", encoding="utf-8") as file:
        file.write('{"question": "Who?"}\n')
    with pytest.raises(ValueError, match=r"mine.jsonl.*25"):
        TrainRequest(source=source).environment()
    for request in (TrainRequest(source=source, skip_bad=True), CompareRequest(source=source, skip_bad=True)):
        assert request.environment().spec.kwargs["source"] == f"{source}?skip_bad"
        assert printed_rows(request).endswith("bad rows left out: 1\n")


def test_the_record_has_the_content_of_a_file_or_dataset(source, written, tmp_path):
    def record(source):
        return TrainRequest(model="here", source=source).provenance()

    assert record(source)["source_sha256"] == hashlib.sha256(Path(source).read_bytes()).hexdigest()
    pytest.importorskip("datasets")
    contents = []
    for name, count in (("one", 60), ("same", 60), ("other", 61)):
        (tmp_path / name / "mine").mkdir(parents=True)
        written(({"question": f"Who is {n}?", "answer": "I"} for n in range(count)), f"{name}/mine/train.jsonl")
        contents.append(record(f"hf:{tmp_path / name / 'mine'}")["source_sha256"])
    assert contents[0] == contents[1] != contents[2]


def test_the_record_has_the_versions_and_the_machine():
    served = TrainRequest(model="here", sampler="http://localhost:8000/v1")
    record = served.provenance()
    assert (record["generator_version"], record["train_digest"]) == (GENERATOR_VERSION, digest())
    assert record["versions"]["expit-env"]
    nothing = {"cores": usable_cores(), "sampler": None, "cluster": None, "accelerate": ""}
    assert record[UNCOMPARED] == nothing | {"sampler": served.sampler}
    here = TrainRequest(model="here", device="cpu", accelerate=Path(__file__)).provenance()
    assert here[UNCOMPARED] == nothing | {"accelerate": __file__}


def test_a_run_may_be_resumed_with_other_servers_but_not_without_one(tmp_path):
    urls = "http://one:8000/v1", "http://two:8000/v1"
    for sampler in (",".join(urls), *urls):
        RunFolder.open(tmp_path, TrainRequest(model="here", sampler=sampler).provenance())
    with pytest.raises(RunConflictError, match="served: the run has True"):
        RunFolder.open(tmp_path, TrainRequest(model="here", device="cpu").provenance())


def test_a_run_is_not_resumed_on_other_riddles(tmp_path, monkeypatch):
    request = TrainRequest(model="here", device="cpu")
    RunFolder.open(tmp_path, request.provenance())
    wordings = FAMILIES["all-but"].wordings[:3]
    monkeypatch.setitem(FAMILIES, "all-but", dataclasses.replace(FAMILIES["all-but"], wordings=wordings))
    with pytest.raises(RunConflictError, match="train_digest: the run has"):
        RunFolder.open(tmp_path, request.provenance())


def test_accelerate_is_refused_where_the_agent_does_not_distil():
    with pytest.raises(ValueError, match="grpo does not fine-tune by accelerate"):
        TrainRequest(agent="grpo", accelerate=Path(__file__))


def test_a_trained_run_is_opened_without_its_source_which_only_its_riddles_need(tmp_path, monkeypatch):
    load_without_workers(monkeypatch)
    save_tiny(tmp_path / "model")
    environment = {"id": "Riddle-v0", "kwargs": {"split": "train", "source": str(tmp_path / "moved.jsonl")}}
    config = {"conditions": {"temperature": 0.5, "top_p": 1.0, "max_new_tokens": 3}}
    record = {"model": str(tmp_path / "model"), "environment": environment, "config": config}
    (tmp_path / "round-000" / "adapter").mkdir(parents=True)
    (tmp_path / "round-000" / "DONE").touch()
    (tmp_path / "config.json").write_text(json.dumps(record))
    opened = TrainedRun.open(tmp_path, "cpu")
    assert opened.decoding == Decoding(0.5, 1.0, 3)
    with pytest.raises(ValueError, match=r"there is no file .*moved\.jsonl"):
        compare_with_base(opened, "test", 1, 1, Console(quiet=True))


def test_a_run_killed_before_during_and_after_the_rounds_ends_as_one_that_never_was(tmp_path):
    killed, unbroken = tmp_path / "killed", tmp_path / "unbroken"
    absent = {"before": "base.json", "search": "round-001/trajectories.jsonl", "after": "evaluation-test.json"}
    for where in WHERE:
        dead = python("-m", "support.killed_run", killed, where)
        assert dead.returncode == -signal.SIGKILL, dead.stderr
        assert not (killed / absent[where]).exists()
    assert (killed / "round-001" / "DONE").exists()
    for folder in (killed, unbroken):
        run(folder)
    names = [f"round-{index:03d}/{name}" for index in range(2) for name in ("trajectories.jsonl", "rows.jsonl")]
    for name in (*names, "studied.jsonl", "base.json", "evaluation-test.json", "evaluation-transfer.json"):
        assert (killed / name).read_bytes() == (unbroken / name).read_bytes(), name
    assert not list(killed.rglob("*.part"))
    assert json.loads((killed / "config.json").read_text())["test_riddles"] == 2, "another number is refused"
