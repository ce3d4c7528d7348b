"""What all tests share: no limits on time, files of riddles, the command, a model server, and a run to look at."""

import io
import json
import os
import shutil
import sys
from pathlib import Path
from typing import NamedTuple

os.environ["OMP_NUM_THREADS"] = "1"  # tiny models are slower on several threads; read when torch is imported
os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "0" * 64, "RAY_worker_niceness": "0"}  # read by import ray

import pytest
from hypothesis import settings
from rich.console import Console
from support.stub_server import StubServer

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture
def written(tmp_path):
    """Write rows to a JSONL file and return its path as a string."""

    def write(rows, name="mine.jsonl"):
        (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return str(tmp_path / name)

    return write


@pytest.fixture
def expit(monkeypatch):
    """Run the expit command in this process."""
    from agents import cli

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["expit", *map(str, words)])
        cli.main()

    return run


@pytest.fixture
def server(monkeypatch):
    """A model server on loopback that the test can make misbehave."""
    pytest.importorskip("openai")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    stub = StubServer()
    stub.start()
    yield stub
    stub.die()


class Learned(NamedTuple):
    folder: Path
    history: object
    printed: str


@pytest.fixture(scope="session")
def learned(tmp_path_factory) -> Learned:
    from support.runs import make_agent, make_env
    from support.tiny import save_tiny

    folder = tmp_path_factory.mktemp("learned") / "run"
    save_tiny(folder.parent / "model")
    console = Console(file=io.StringIO(), width=60)
    history = make_agent(folder, console=console).learn(make_env())
    return Learned(folder, history, console.file.getvalue())


@pytest.fixture(scope="session")
def recorded(learned) -> Path:
    """The same run, recorded as one of the usual environment, so that the command can open it."""
    folder = learned.folder.with_name("recorded")
    shutil.copytree(learned.folder, folder)
    config = json.loads((folder / "config.json").read_text())
    del config["environment"]["kwargs"]["verifier"]
    (folder / "config.json").write_text(json.dumps(config))
    return folder
