"""Tests of agents.training: what a request makes its environment of."""

import json

import gymnasium as gym
import pytest

from agents.comparison import CompareRequest
from agents.evaluation import split_env
from agents.run import UNCOMPARED
from agents.sampling.workers import usable_cores
from agents.training import FIRST_GROUPS, TrainRequest
from expit_env.splits import GENERATOR_VERSION


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


def test_without_a_source_the_first_groups_are_trained_on_or_what_is_asked_for():
    request = TrainRequest()
    assert request.final_splits() == ("test", "transfer")
    assert request.environment().spec.kwargs == {"split": "train", "families": FIRST_GROUPS, "level": 1}
    asked = TrainRequest(families=("all",), level=None).environment()
    assert asked.spec.kwargs == {"split": "train", "families": ("all",), "level": None}


def test_a_source_without_the_splits_that_training_needs_is_refused_at_once(tmp_path):
    source = write(tmp_path / "mine.jsonl", 3, cluster="one")
    with pytest.raises(ValueError, match="has no riddles in the split"):
        TrainRequest(source=source).environment()


def test_the_record_tells_the_versions_and_the_machine():
    record = TrainRequest(model="here", sampler="http://localhost:8000/v1").provenance()
    assert record["generator_version"] == GENERATOR_VERSION
    assert record["versions"]["expit"]
    assert record[UNCOMPARED] == {"cores": usable_cores(), "workers": 0}
    here = TrainRequest(model="here", device="cpu").provenance()
    assert here[UNCOMPARED] == {"cores": usable_cores(), "workers": usable_cores()}
