"""A run folder: files are there whole or not at all, and no run is mixed with another."""

import errno
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors import SafetensorError
from support.processes import environment
from support.runs import make_agent, make_env

from agents.run import UNCOMPARED, RunConflictError, RunFolder, hold, read_json, read_jsonl, write_text


def test_a_stage_is_made_once_and_one_that_fails_leaves_nothing_and_is_made_again(tmp_path):
    run = RunFolder.open(tmp_path, {})

    def fail(path):
        path.mkdir()
        (path / "half").write_text("half")
        raise PermissionError("not yours")

    with pytest.raises(PermissionError, match="not yours"):
        run.stage("adapter", fail)
    assert not (tmp_path / "adapter").exists()
    for produce in (Path.mkdir, fail):
        assert not list(run.stage("adapter", produce).iterdir())


def test_another_config_is_refused_with_the_difference_and_another_machine_is_not(tmp_path):
    record = {"config": {"seed": 0, "rounds": 3}}
    for cores in (2, 4):
        RunFolder.open(tmp_path, record | {UNCOMPARED: {"cores": cores}})
    assert json.loads((tmp_path / "config.json").read_text())[UNCOMPARED] == {"cores": 2}
    with pytest.raises(RunConflictError, match=r"config\.seed: the run has 0, the request 1") as raised:
        RunFolder.open(tmp_path, record | {"config": {"seed": 1, "rounds": 3}})
    assert "rounds" not in str(raised.value)


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, ""), SafetensorError("No space left on device (os error 28)")])
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
        with pytest.raises(ValueError, match=f"rows is broken: .*{reason}.* Delete {path}, then"):
            read_json(path, lambda value: value["a"])
    path.write_text("1\n2\n[\n")
    (tmp_path / "DONE").touch()
    read = read_jsonl(path, json.loads)
    assert [next(read), next(read)] == [1, 2]
    with pytest.raises(ValueError, match=f"rows, line 3, is broken: .* Delete {path} and {tmp_path / 'DONE'}, then"):
        next(read)


def remove(paths):
    for path in paths:
        shutil.rmtree(path) if path.is_dir() else path.unlink()


@pytest.mark.parametrize(
    ("name", "gone"),
    [
        ("config.json", ()), ("base.json", ()), ("studied.jsonl", ()), ("round-001/validation.json", ()),
        ("round-001/adapter/adapter_config.json", ()), ("round-001/adapter/adapter_model.safetensors", ()),
        ("round-000/rows.jsonl", ("DONE", "adapter")),
        ("round-001/trajectories.jsonl", ("DONE", "metrics.json")),
    ],
)  # fmt: skip
def test_what_the_message_of_a_broken_file_says_to_delete_is_made_again(learned, tmp_path, name, gone):
    folder = shutil.copytree(learned.folder, tmp_path / "run")
    config = json.loads((folder / "config.json").read_text()) | {"model": str(tmp_path / "model")}
    (folder / "config.json").write_text(json.dumps(config))
    remove(folder / "round-001" / other for other in gone)
    os.truncate(folder / name, (folder / name).stat().st_size - 2)

    def use(folder):
        (agent := make_agent(folder)).learn(make_env())
        return agent.act(["Who?"])

    where = name.partition("/adapter_")[0]
    with pytest.raises(ValueError, match=rf"^[^\n]*{where}.* is broken: .*the command that[^\n]*$") as raised:
        use(folder)
    remove(map(Path, re.search("Delete (.*), then", str(raised.value))[1].split(" and ")))
    make_agent(folder).learn(make_env())
    use(folder)
    for whole in ("round-000/trajectories.jsonl", "round-001/trajectories.jsonl", "round-000/rows.jsonl"):
        assert (folder / whole).read_bytes() == (learned.folder / whole).read_bytes()


HOLD = "import sys, pathlib, agents.run as r; held = r.hold(pathlib.Path(sys.argv[1])); print(1, flush=True); input()"


def test_a_folder_is_held_by_one_process_and_freed_by_its_death(tmp_path):
    command = [sys.executable, "-c", HOLD, str(tmp_path / "run")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment({})) as holder:
        assert holder.stdout.readline() == b"1\n"
        with pytest.raises(RunConflictError, match=r"run is in use by another expit"):
            hold(tmp_path / "run")
        holder.kill()
    for _ in range(2):
        with hold(tmp_path / "run"):
            pass
