"""Tests of agents.run: files are there whole or not at all, and a run is never mixed with another."""

import errno
import json
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors import SafetensorError

from agents.run import UNCOMPARED, RunConflictError, RunFolder, hold, read_json, read_jsonl, write_text


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
        raise PermissionError("not yours")

    with pytest.raises(PermissionError, match="not yours"):
        run.stage("adapter", fail)
    assert not (tmp_path / "adapter").exists()
    assert run.stage("adapter", lambda path: path.mkdir()).is_dir()
    assert not list((tmp_path / "adapter").iterdir())


def test_another_config_is_refused_with_the_difference(tmp_path):
    RunFolder.open(tmp_path, {"config": {"seed": 0, "rounds": 3}})
    RunFolder.open(tmp_path, {"config": {"seed": 0, "rounds": 3}})
    with pytest.raises(RunConflictError, match=r"config\.seed: the run has 0, the request 1") as raised:
        RunFolder.open(tmp_path, {"config": {"seed": 1, "rounds": 3}})
    assert "rounds" not in str(raised.value)


def test_another_machine_is_recorded_first_and_refused_never(tmp_path):
    RunFolder.open(tmp_path, {"seed": 0, UNCOMPARED: {"cores": 2}})
    RunFolder.open(tmp_path, {"seed": 0, UNCOMPARED: {"cores": 4}})
    assert json.loads((tmp_path / "config.json").read_text())[UNCOMPARED] == {"cores": 2}


FULL = (
    OSError(errno.ENOSPC, "No space left on device"),
    SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)"),
)


@pytest.mark.parametrize("error", FULL, ids=lambda error: type(error).__name__)
def test_a_full_disk_is_an_error_that_names_the_innermost_file(tmp_path, monkeypatch, error):
    run = RunFolder.open(tmp_path, {})

    def fail(path):
        raise error

    with pytest.raises(OSError, match=r"disk is full: .*adapter could not be written. Free some space"):
        run.stage("outer", lambda path: run.stage("adapter", fail))
    monkeypatch.setattr(Path, "write_text", lambda path, *_, **how: fail(path))
    with pytest.raises(OSError, match=r"disk is full: .*report.html could not be written"):
        write_text(tmp_path / "report.html", "page")


def test_a_broken_file_is_an_error_that_says_where_and_what_to_delete(tmp_path):
    path = tmp_path / "rows"
    for text, reason in ((b"", "Expecting value"), (b'{"b": 1}', "it has no 'a'"), (b"\xff", "utf-8"), (b"7", "int")):
        path.write_bytes(text)
        with pytest.raises(ValueError, match=f"rows is broken: .*{reason}.* Delete {path}, then") as raised:
            read_json(path, lambda value: value["a"])
        assert "DONE" not in str(raised.value)
    path.write_text("1\n2\n[\n")
    (tmp_path / "DONE").touch()
    read = read_jsonl(path, json.loads)
    assert [next(read), next(read)] == [1, 2]
    with pytest.raises(ValueError, match=f"rows, line 3, is broken: .* Delete {path} and {tmp_path / 'DONE'}, then"):
        next(read)


HOLDING = """
import sys
from pathlib import Path
from agents.run import hold
held = hold(Path(sys.argv[1]))
print("held", flush=True)
input()
"""
"""A process that holds a folder until it is killed."""


def test_a_folder_is_held_by_one_process_and_freed_by_its_death(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(tmp_path / "run")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parent.parent,
    ) as holder:  # fmt: skip
        holder.stdout.readline()
        with pytest.raises(RunConflictError, match=r"run is in use by another expit"):
            hold(tmp_path / "run")
        holder.kill()
    for _ in range(2):
        with hold(tmp_path / "run"):
            pass
