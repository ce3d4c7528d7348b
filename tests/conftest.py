"""What all tests share: no limits on time, and fixtures for files of riddles, the command and a model server."""

import json
import os
import sys

os.environ["OMP_NUM_THREADS"] = "1"  # tiny models are slower on several threads; read when torch is imported

import pytest
from hypothesis import settings
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
