"""What is seen in the terminal: the text of others as it is, and the progress of a stage in few lines."""

import io
import json

import gymnasium as gym
import pytest
from rich.console import Console
from support.tiny import tiny_policy

from agents import checks, lesson, report
from agents.play import play
from agents.policy import LanguageModelPolicy
from agents.progress import SECONDS_BETWEEN_LINES, stage
from agents.trajectory import Completion

FOREIGN = "[/] [blank] \\[x] \x1b[31mred\x07\r"
SHOWN = "[/] [blank] \\[x] \N{REPLACEMENT CHARACTER}[31mred"
"""What a model or a file may say, and what of it the terminal shows."""


def results(folder, recorded, **_):
    base = json.loads((recorded / "base.json").read_text()) | {"split": "test"}
    base["riddles"] = [riddle | {"question": FOREIGN, "greedy": FOREIGN} for riddle in base["riddles"][:1]]
    (folder / "evaluation-test.json").write_text(json.dumps({"base": base, "trained": base}))
    report.print_results(Console(width=500), folder)


def tables(**_):
    checks.show(Console(width=120), [checks.Sheet("Table", ("text",), [(FOREIGN,)])])


def game(written, monkeypatch, **_):
    source = written({"question": f"{n} {FOREIGN}?", "answer": f"a {SHOWN}", "split": "train"} for n in range(3))
    make, replies = gym.make, iter(["no", ""])
    monkeypatch.setattr(gym, "make", lambda name, **kwargs: make(name, **kwargs, source=source))
    monkeypatch.setattr("builtins.input", lambda *_: next(replies))
    play(Console(width=120), "train", (), None, 1, 0, 0)


def answers(expit, recorded, monkeypatch, **_):
    monkeypatch.setattr(LanguageModelPolicy, "load", lambda *_: tiny_policy())
    monkeypatch.setattr(
        LanguageModelPolicy, "sample", lambda self, questions, n, *_: [[Completion(FOREIGN)] * n for _ in questions]
    )
    expit("ask", recorded, "Who?")
    lesson.teach(tiny_policy(), Console(width=120), 6, False, 0)


def error(expit, folder, **_):
    with pytest.raises(SystemExit) as raised:
        expit("ask", folder / FOREIGN, "Who?")
    print(raised.value)


@pytest.mark.parametrize("show", [results, tables, game, answers, error])
def test_foreign_text_is_never_markup_and_never_controls_the_terminal(
    show, tmp_path, recorded, written, expit, monkeypatch, capsys
):
    folder = tmp_path / FOREIGN.replace("/", "")
    folder.mkdir()
    show(folder=folder, recorded=recorded, written=written, expit=expit, monkeypatch=monkeypatch)
    shown = capsys.readouterr().out
    assert SHOWN in shown
    assert not set("\x1b\x07\r") & set(shown)


def test_a_file_or_a_pipe_gets_a_line_at_the_start_the_end_and_now_and_then(monkeypatch):
    clock = iter([0.0, 1.0, SECONDS_BETWEEN_LINES, SECONDS_BETWEEN_LINES + 1, 70.0])
    monkeypatch.setattr("agents.progress.time.monotonic", lambda: next(clock))
    console = Console(file=io.StringIO(), width=30)
    with stage(console, "round 1: search", 1_200) as progress:
        for units in (10, 590, 100):
            progress(units)
    said = [" ...", ": 600 of 1,200, about 30 s left", ": 70 s"]
    assert console.file.getvalue().splitlines() == [f"round 1: search{text}" for text in said]
