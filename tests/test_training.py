"""Tests of agents.training: the environment that a request makes, the record, and a whole run that is killed."""

import hashlib
import importlib.metadata
import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import gymnasium as gym
import pytest
from rich.console import Console
from test_expert_iteration import CONFIG, make_env
from tiny import save_tiny, tiny_model, tiny_tokenizer

from agents.comparison import CompareRequest
from agents.evaluation import split_env
from agents.run import UNCOMPARED
from agents.sampling.workers import usable_cores
from agents.training import FIRST_GROUPS, TrainedRun, TrainRequest, compare_with_base, print_rows, train
from expit_env.riddles.splits import GENERATOR_VERSION

SPLITS = {"train": 12, "validation": 4, "test": 8}


def write(path, count, **fields):
    rows = ({"question": f"What number {n} has a neck?", "answer": "a bottle", **fields} for n in range(count))
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def test_a_source_is_trained_on_and_evaluated_on_its_own_splits(tmp_path):
    request = TrainRequest(source=write(tmp_path / "mine.jsonl", 60))
    env = request.environment()
    assert request.final_splits() == ("test",)
    assert env.reset(seed=0)[1]["riddle_id"].startswith("mine/train/")
    for split in ("validation", "test"):
        assert split_env(env, split).reset(seed=0)[1]["split"] == split
    again = gym.make(gym.envs.registration.EnvSpec.from_json(env.spec.to_json()))
    assert again.reset(seed=1) == env.reset(seed=1)


def test_a_comparison_trains_on_the_source_too(tmp_path):
    source = write(tmp_path / "mine.jsonl", 60)
    assert CompareRequest(source=source).training().source == source


@pytest.mark.filterwarnings("ignore:.*bad rows were left out")
def test_bad_rows_are_refused_or_left_out_as_asked(tmp_path):
    source = write(tmp_path / "mine.jsonl", 60)
    with (tmp_path / "mine.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"question": "Who?"}\n')
    with pytest.raises(ValueError, match=r"mine.jsonl.*61"):
        TrainRequest(source=source).environment()
    for request in (
        TrainRequest(source=source, skip_bad=True),
        CompareRequest(source=source, skip_bad=True).training(),
    ):
        assert request.environment().spec.kwargs["source"] == f"{source}?skip_bad"
    with pytest.raises(ValueError, match="--skip-bad goes with --source"):
        TrainRequest(skip_bad=True)


def test_without_a_source_the_first_groups_are_trained_on_or_what_is_asked_for():
    request = TrainRequest()
    assert request.final_splits() == ("test", "transfer")
    assert request.environment().spec.kwargs == {"split": "train", "families": FIRST_GROUPS, "level": 1}
    asked = TrainRequest(families=("all",), level="all").environment()
    assert asked.spec.kwargs == {"split": "train", "families": ("all",), "level": None}


def test_a_source_is_used_at_all_levels_unless_one_is_asked_for(tmp_path):
    rows = [{"split": split, "level": 1 + n % 4} for split, count in SPLITS.items() for n in range(count)]
    path = tmp_path / "mine.jsonl"
    path.write_text(
        "".join(json.dumps({"question": f"Who is {n}?", "answer": "I"} | row) + "\n" for n, row in enumerate(rows))
    )
    assert CompareRequest(source=str(path)).training().resolved_level() is None
    assert CompareRequest().training().resolved_level() == 1
    for level, expected in (
        (None, "train 12, validation 4, test 8"),
        ("all", "train 12, validation 4, test 8"),
        (1, "train 3 of 12 rows (9 of other levels), validation 1 of 4 rows (3 of other levels), test 2 of 8 rows"),
    ):
        assert expected in printed_rows(TrainRequest(source=str(path), level=level))


def printed_rows(request):
    console = Console(file=io.StringIO())
    print_rows(request.environment(), console)
    return console.file.getvalue()


@pytest.mark.filterwarnings("ignore:.*bad rows were left out")
def test_rows_of_other_families_and_bad_ones_are_counted(tmp_path):
    path = tmp_path / "mine.jsonl"
    rows = [{"split": split, "family": f"f{n % 2}"} for split, count in SPLITS.items() for n in range(count)]
    good = [json.dumps({"question": f"Who is {n}?", "answer": "I"} | row) for n, row in enumerate(rows)]
    path.write_text("\n".join([*good, "{}"]))
    line = printed_rows(TrainRequest(source=str(path), families=("f1",), skip_bad=True))
    assert line.startswith(f"{path}: train 6 of 12 rows (6 of other families), validation 2 of 4")
    assert line.endswith("bad rows left out: 1\n")
    assert not printed_rows(TrainRequest())


def content(source):
    return TrainRequest(model="here", source=source).provenance()["source_sha256"]


def test_the_record_has_the_content_of_a_file(tmp_path):
    source = write(tmp_path / "mine.jsonl", 60)
    assert content(source) == hashlib.sha256((tmp_path / "mine.jsonl").read_bytes()).hexdigest()


def test_the_record_has_the_content_of_a_dataset(tmp_path):
    pytest.importorskip("datasets")
    contents = []
    for name, count in (("one", 60), ("same", 60), ("other", 61)):
        (tmp_path / name / "mine").mkdir(parents=True)
        write(tmp_path / name / "mine" / "train.jsonl", count)
        contents.append(content(f"hf:{tmp_path / name / 'mine'}"))
    assert contents[0] == contents[1] != contents[2]


def test_the_record_has_the_version_of_reasoning_gym():
    pytest.importorskip("reasoning_gym")
    record = TrainRequest(model="here", source="reasoning-gym:leg_counting").provenance()
    assert record["source_version"] == importlib.metadata.version("reasoning-gym")


def test_a_trained_run_is_opened_without_its_source(tmp_path):
    save_tiny(tmp_path / "model")
    environment = {"id": "Riddle-v0", "kwargs": {"split": "train", "source": str(tmp_path / "moved.jsonl")}}
    record = {"model": str(tmp_path / "model"), "environment": environment, "config": {"max_new_tokens": 3}}
    (tmp_path / "adapter").mkdir()
    (tmp_path / "config.json").write_text(json.dumps(record))
    opened = TrainedRun.open(tmp_path, "cpu")
    assert opened.max_new_tokens == 3
    with pytest.raises(ValueError, match=r"there is no file .*moved\.jsonl"):
        compare_with_base(opened, "test", 2, 1, Console(quiet=True))


def test_a_source_without_the_splits_that_training_needs_is_refused_at_once(tmp_path):
    source = write(tmp_path / "mine.jsonl", 3, cluster="one")
    with pytest.raises(ValueError, match="has no riddles in the split"):
        TrainRequest(source=source).environment()


def test_the_record_tells_the_versions_and_the_machine():
    record = TrainRequest(model="here", sampler="http://localhost:8000/v1").provenance()
    assert record["generator_version"] == GENERATOR_VERSION
    assert record["versions"]["expit-env"]
    assert record[UNCOMPARED] == {"cores": usable_cores(), "workers": 0}
    here = TrainRequest(model="here", device="cpu").provenance()
    assert here[UNCOMPARED] == {"cores": usable_cores(), "workers": usable_cores()}


KILLED = """
import os, signal, sys
from pathlib import Path
import test_training
from agents.evaluation import Comparison
from agents.sampling import WorkerSampler

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def sample(self, *prompts, seed, progress, **how):
    return original(self, *prompts, seed=seed, progress=die if seed[:2] == (0, 1) else progress, **how)

def write(self, path):
    path.write_text("half")
    die()

original = WorkerSampler.sample
if sys.argv[2] == "search":
    WorkerSampler.sample = sample
else:
    Comparison.write = write
test_training.run(Path(sys.argv[1]))
"""
"""A run that dies by SIGKILL while workers answer in its second search, or before an evaluation is whole."""


class Lenient(TrainRequest):
    """Asks for riddles whose verifier a random model can please."""

    def environment(self):
        return make_env()


def run(folder):
    """Train the tiny model beside a folder, as ``expit train`` does, with one worker to save time."""
    request = Lenient(model=str(folder.parent / "model"), device="cpu", out=folder, test_riddles=2, config=CONFIG)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("agents.sampling.workers.usable_cores", lambda: 1)
        return train(request, Console(quiet=True))


def test_a_run_that_is_killed_twice_ends_as_one_that_never_was(tmp_path):
    model = tiny_model()
    # A random model hardly ever ends its turn: here every third token does.
    model.generation_config.eos_token_id = list(range(0, model.config.vocab_size, 3))
    model.save_pretrained(tmp_path / "model")
    tiny_tokenizer().save_pretrained(tmp_path / "model")
    for stage, absent in (("search", "round-001/trajectories.jsonl"), ("evaluation", "evaluation-test.json")):
        killed = subprocess.run(
            [sys.executable, "-c", KILLED, str(tmp_path / "killed"), stage],
            env=os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])},
            check=False,
        )
        assert killed.returncode == -signal.SIGKILL
        assert not (tmp_path / "killed" / absent).exists()
    assert (tmp_path / "killed" / "round-001" / "DONE").exists()
    killed, unbroken = run(tmp_path / "killed"), run(tmp_path / "unbroken")
    names = [f"round-{index:03d}/{name}" for index in range(2) for name in ("trajectories.jsonl", "sft.jsonl")]
    for name in (*names, "base.json", "evaluation-test.json", "evaluation-transfer.json"):
        assert (killed / name).read_bytes() == (unbroken / name).read_bytes(), name
    assert not list(killed.rglob("*.part"))
    assert json.loads((killed / "config.json").read_text())["test_riddles"] == 2, "another number is refused"
