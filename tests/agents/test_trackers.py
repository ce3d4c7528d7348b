"""Trackers: what the libraries' writers are given. None of them is installed for the tests."""

import re
import sys
from types import SimpleNamespace

import pytest

from agents.trackers import open_log

ROUNDS = [{"round": 0, "accuracy": 0.25}, {"round": 1, "accuracy": 0.5}]


@pytest.mark.parametrize("tracker", ["trackio", "wandb"])
def test_a_run_and_its_rounds_are_logged_under_the_name_of_its_folder(tracker, tmp_path, monkeypatch):
    calls = []
    library = SimpleNamespace(
        init=lambda **arguments: calls.append(arguments), log=lambda metrics, step: calls.append((step, metrics))
    )
    monkeypatch.setitem(sys.modules, tracker, library)
    log = open_log(tracker, tmp_path / "birds", {"rounds": 2})
    for metrics in ROUNDS:
        log(metrics)
    assert calls == [{"project": "expit", "name": "birds", "config": {"rounds": 2}}, *enumerate(ROUNDS)]


def test_tensorboard_gets_a_scalar_for_each_metric(tmp_path, monkeypatch):
    written = []
    writer = SimpleNamespace(add_scalar=lambda *scalar: written.append(scalar), flush=lambda: written.append("flushed"))
    library = SimpleNamespace(SummaryWriter=lambda folder: written.append(folder) or writer)
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", library)
    log = open_log("tensorboard", tmp_path, {})
    log(ROUNDS[1])
    assert written == [str(tmp_path / "tensorboard"), ("round", 1, 1), ("accuracy", 0.5, 1), "flushed"]


@pytest.mark.parametrize(
    ("tracker", "module"), [("wandb", "wandb"), ("trackio", "trackio"), ("tensorboard", "torch.utils.tensorboard")]
)
def test_a_library_that_is_missing_is_named_with_what_installs_it(tracker, module, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ModuleNotFoundError, match=re.escape(f"--log {tracker} needs that package: pip install")):
        open_log(tracker, tmp_path, {})
