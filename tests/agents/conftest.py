"""A run of expert iteration that nothing interrupted, which several tests look at."""

import io
import json
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest
from rich.console import Console

from agents.base import History


class Learned(NamedTuple):
    folder: Path
    history: History
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
