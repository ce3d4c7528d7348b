"""Tests of the expit command, its lesson, its game and its report, on a tiny model."""

import dataclasses
import io
import json
import os
import subprocess
import sys

import pytest
from rich.console import Console
from test_expert_iteration import CONFIG, make_agent, make_env
from tiny import save_tiny, tiny_model, tiny_tokenizer

from agents import cli, lesson, report
from agents.evaluation import MEASURES, Comparison
from agents.policy import FEW_SHOT, LanguageModelPolicy, pick_device
from agents.sampling import LocalSampler
from agents.training import TrainRequest, train
from agents.trajectory import Completion

ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}


def run_command(monkeypatch, *words):
    monkeypatch.setattr(sys, "argv", ["expit", *map(str, words)])
    cli.main()


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run of a tiny model, recorded as ``expit train`` records one."""
    folder = tmp_path_factory.mktemp("cli")
    save_tiny(folder / "model")
    agent = make_agent(folder / "run")
    agent.provenance = {"model": str(folder / "model")}
    agent.learn(make_env())
    config = json.loads((folder / "run" / "config.json").read_text())
    del config["environment"]["kwargs"]["verifier"]
    (folder / "run" / "config.json").write_text(json.dumps(config))
    return folder / "run"


def test_evaluate_prints_one_json_object(run, monkeypatch, capsys):
    run_command(monkeypatch, "evaluate", run, "--split", "test", "--riddles", 2, "--samples", 2, "--json")
    told = json.loads(capsys.readouterr().out)
    assert (told["split"], told["riddles"], told["samples"]) == ("test", 2, 2)
    for name in ("base", "trained"):
        assert set(told[name]) == set(MEASURES)
        assert all(0 <= value <= 1 for value in told[name].values())


def test_ask_answers_with_base_and_trained(run, monkeypatch, capsys):
    run_command(monkeypatch, "ask", run, "How many birds are left?")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("base:")
    assert any(line.startswith("trained:") for line in lines)


def test_a_folder_without_a_run_is_told_with_those_beside_it(run, monkeypatch):
    (run.parent / "untrained").mkdir(exist_ok=True)
    (run.parent / "untrained" / "config.json").write_text("{}")
    with pytest.raises(SystemExit, match=r"holds no run.*run") as raised:
        run_command(monkeypatch, "ask", run.parent / "nothing", "Who?")
    assert "untrained" not in str(raised.value)


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ('{"model": "x"', r"config\.json is no record of a run"),
        ("[]", r"config\.json is no record of a run"),
        ('{"model": "x", "environment": {"id": "Riddle-v0", "kwargs": {}}}', r"config\.json .*it has no 'config'"),
    ],
)
def test_a_broken_record_is_told_with_its_file_and_what_is_missing(tmp_path, monkeypatch, record, message):
    (tmp_path / "adapter").mkdir()
    (tmp_path / "config.json").write_text(record)
    with pytest.raises(SystemExit, match=message):
        run_command(monkeypatch, "ask", tmp_path, "Who?")


def test_what_is_printed_into_a_pipe_is_seen_at_once():
    code = "import sys; from agents import cli; cli.app.cli = lambda **_: print(sys.stdout.line_buffering); cli.main()"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=ENVIRONMENT)
    assert told.stdout == "True\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--families", "birds-on-wire"), "Did you mean"),
        (("--level", "9"), "level"),
        (("--agent", "grop"), "grpo"),
        (("--device", "foo"), "no device 'foo' here; there is: .*cpu"),
        (("--model", "/no/such/folder"), "no folder /no/such/folder"),
        (("--budget", "0"), "--budget must be at least 1, not 0"),
        (("--test-riddles", "0"), "--test-riddles must be at least 1"),
    ],
)
def test_a_wrong_request_is_one_clear_message(run, tmp_path, monkeypatch, words, message):
    with pytest.raises(SystemExit, match=message):
        run_command(monkeypatch, "train", "--model", run.parent / "model", "--out", tmp_path, *words)


def test_a_number_that_makes_no_sense_is_told_by_its_flag(run, monkeypatch, capsys):
    with pytest.raises(SystemExit):
        run_command(monkeypatch, "train", "--model", run.parent / "model", "--samples", 0)
    assert "--samples must be at least 1" in " ".join(capsys.readouterr().err.replace("│", "").split())


def test_a_model_that_finds_nothing_is_reported_with_the_options(run, tmp_path):
    config = dataclasses.replace(CONFIG, validation_riddles=0, riddles=2, samples=2, extra_samples=0)
    request = TrainRequest(model=str(run.parent / "model"), out=tmp_path / "run", config=config)
    with pytest.raises(RuntimeError, match="another --out"):
        train(request, Console(quiet=True))


def test_the_report_shows_both_splits_and_escapes_answers(run):
    base = json.loads((run / "base.json").read_text())
    base["riddles"][0]["greedy"] = "<script>alert(1)</script>"
    for split in ("test", "transfer"):
        both = {"base": base | {"split": split}, "trained": base | {"split": split}}
        (run / f"evaluation-{split}.json").write_text(json.dumps(both))
    report.write_report(run)
    page = (run / "report.html").read_text()
    assert "<h2>test</h2>" in page
    assert "<h2>transfer</h2>" in page
    assert "<script>" not in page
    assert (run / "curve.png").read_bytes().startswith(b"\x89PNG")
    console = Console(file=io.StringIO(), width=120)
    report.print_results(console, run)
    assert "System 1" in console.file.getvalue()
    assert len(report.examples(Comparison.read(run / "evaluation-test.json"))) >= 1


def test_a_run_without_validation_riddles_is_reported_without_a_curve(run, tmp_path):
    base = json.loads((run / "base.json").read_text()) | {"split": "test"}
    (tmp_path / "evaluation-test.json").write_text(json.dumps({"base": base, "trained": base}))
    report.write_report(tmp_path)
    page = (tmp_path / "report.html").read_text()
    assert "<h2>test</h2>" in page
    assert "curve.png" not in page
    console = Console(file=io.StringIO(), width=120)
    report.print_results(console, tmp_path)
    assert "System 1" in console.file.getvalue()
    assert "curve" not in console.file.getvalue()


def test_a_device_that_is_not_there_is_told(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(ValueError, match="no device 'cuda' here"):
        pick_device("cuda")


class Scripted(LocalSampler):
    """Says what the test wants said."""

    def __init__(self, answers):
        self.answers = answers

    def sample(self, prompts, n, **how):
        count = n if isinstance(n, int) else n[0]
        return [[Completion(self.answers[i % len(self.answers)]) for i in range(count)] for _ in prompts]


def teach(answers, hint=False):
    # Its tokens are nearly bytes: the few-shot prompt is long.
    policy = LanguageModelPolicy(tiny_model(max_position_embeddings=2_048), tiny_tokenizer())
    policy._sampler = Scripted(answers)
    console = Console(file=io.StringIO(), width=120)
    return lesson.teach(policy, console, samples=6, hint=hint, seed=0), console.file.getvalue()


def test_the_lesson_never_invents_the_answer():
    result, told = teach(["3", "Three.", "1", "It is not zero."])
    assert (result.gold, result.after) == (None, None)
    assert "expit lesson --hint" in told


def test_the_lesson_learns_what_the_search_found():
    result, told = teach(["3", "None.", "None.", "0"])
    assert result.before == "3"
    assert result.gold == "None."
    assert result.after is not None
    assert "10 steps" in told
    assert told.count(f"shows {len(FEW_SHOT)} solved examples first") == 1


def test_a_person_plays_and_is_scored(monkeypatch, capsys):
    replies = iter(["0", "no idea", "nothing I know", ""])
    monkeypatch.setattr("builtins.input", lambda *_: next(replies))
    run_command(monkeypatch, "play", "--families", "birds-on-a-wire", "--attempts", 2, "--seed", 1)
    told = capsys.readouterr().out
    assert "Right." in told
    assert "The answer is: 0." in told
    assert "1 of 2 right." in told
