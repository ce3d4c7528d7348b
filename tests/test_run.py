"""Tests of agents.run: files are there whole or not at all, and a run is never mixed with another."""

import json

import pytest

from agents.run import UNCOMPARED, RunConflictError, RunFolder


def test_a_stage_is_produced_once(tmp_path):
    run, calls = RunFolder.open(tmp_path, {"seed": 0}), []

    def produce(path):
        calls.append(path)
        path.write_text("whole")

    assert run.stage("round-000/file", produce).read_text() == "whole"
    assert run.stage("round-000/file", produce).read_text() == "whole"
    assert len(calls) == 1


def test_what_fails_half_way_is_not_there_and_is_made_again(tmp_path):
    run = RunFolder.open(tmp_path, {})

    def fail(path):
        path.mkdir()
        (path / "half").write_text("half")
        raise OSError("No space left on device")

    with pytest.raises(OSError, match="No space left"):
        run.stage("adapter", fail)
    assert not (tmp_path / "adapter").exists()
    assert run.stage("adapter", lambda path: path.mkdir()).is_dir()
    assert not list((tmp_path / "adapter").iterdir())


def test_another_config_is_refused_with_the_difference(tmp_path):
    RunFolder.open(tmp_path, {"config": {"seed": 0, "rounds": 3}})
    RunFolder.open(tmp_path, {"config": {"seed": 0, "rounds": 3}})
    with pytest.raises(RunConflictError, match=r"config\.seed: it has 0, asked for is 1") as raised:
        RunFolder.open(tmp_path, {"config": {"seed": 1, "rounds": 3}})
    assert "rounds" not in str(raised.value)


def test_another_machine_is_recorded_first_and_refused_never(tmp_path):
    RunFolder.open(tmp_path, {"seed": 0, UNCOMPARED: {"cores": 2}})
    RunFolder.open(tmp_path, {"seed": 0, UNCOMPARED: {"cores": 4}})
    assert json.loads((tmp_path / "config.json").read_text())[UNCOMPARED] == {"cores": 2}
