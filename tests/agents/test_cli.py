"""The expit command: its help, its errors in one line each, and runs opened again."""

import importlib.metadata
import json
import sys

import pytest
from support.data import rows
from support.processes import python
from support.tiny import load_without_workers

from agents.evaluation import MEASURES
from agents.registry import AGENTS, TRAINABLE
from agents.run import hold
from expit_env.riddles import FAMILIES, GROUPS

HELP = """
import sys
from agents import cli
for command in sys.argv[1:]:
    sys.argv[1:] = [command, "--help"]
    try:
        cli.main()
    except SystemExit as ended:
        assert not ended.code, ended
sys.argv[1:] = ["families"]
cli.main()
heavy = {"torch", "transformers", "trl", "peft", "datasets", "scipy", "matplotlib"} & sys.modules.keys()
assert not heavy, heavy
assert sys.stdout.line_buffering, "what is printed into a pipe is not seen at once"
"""


def test_evaluate_prints_one_json_object(recorded, expit, capsys, monkeypatch):
    monkeypatch.setattr("agents.sampling.workers.MOST_WORKERS", 1)
    expit("evaluate", recorded, "--split", "test", "--riddles", 2, "--samples", 2, "--json")
    printed = json.loads(capsys.readouterr().out)
    assert (printed["split"], printed["riddles"], printed["samples"]) == ("test", 2, 2)
    for name in ("base", "trained"):
        assert set(printed[name]) == {*MEASURES, "consistency"}


def test_a_folder_without_a_run_is_an_error_that_names_the_runs_next_to_it(recorded, expit):
    (recorded.parent / "untrained").mkdir(exist_ok=True)
    (recorded.parent / "untrained" / "config.json").write_text("{}")
    with pytest.raises(SystemExit, match=rf"holds no run.*{recorded.name}") as raised:
        expit("ask", recorded.parent / "nothing", "Who?")
    assert "untrained" not in str(raised.value)


def test_a_broken_record_is_an_error_that_names_what_is_missing(tmp_path, expit):
    (tmp_path / "round-000" / "adapter").mkdir(parents=True)
    (tmp_path / "round-000" / "DONE").touch()
    (tmp_path / "config.json").write_text('{"model": "x", "environment": {"id": "Riddle-v0", "kwargs": {}}}')
    with pytest.raises(SystemExit, match=r"config\.json is broken: it has no 'config'"):
        expit("ask", tmp_path, "Who?")


NONSENSE = {
    "train": "rounds=0 riddles=0 samples=0 temperature=0 top-p=1.1 top-p=0"
    " max-new-tokens=0 few-shot-share=-1 worked-pairs=-1 answers-per-riddle=0 validation-riddles=-1"
    " evaluation-samples=0 seed=-1 batch-size=0 layers=0 budget=0 test-riddles=0",
    "compare": "riddles=0 samples=0 budget=0", "evaluate here": "riddles=-5 samples=0", "lesson": "samples=0 seed=-1",
    "benchmark": "riddles=0 samples=0 temperature=0 max-new-tokens=0 concurrency=0 few-shot=-1",
    "play": "attempts=0 hints=-1", "audit": "riddles=0", "splits": "riddles=0",
}  # fmt: skip


@pytest.mark.parametrize(
    ("words", "flag", "value"),
    [(words, *each.split("=")) for words, flags in NONSENSE.items() for each in flags.split()],
)
def test_a_number_that_makes_no_sense_is_one_line_that_names_its_flag(expit, words, flag, value):
    with pytest.raises(SystemExit, match=rf"^expit: --{flag} must be (at least|above) [^\n]*, not {value}[.0]*$"):
        expit(*words.split(), f"--{flag}", value)


@pytest.mark.parametrize("asked", rows("wrong_commands.jsonl"), ids=lambda asked: asked["words"])
def test_a_wrong_request_is_one_line_that_says_what_exists(tmp_path, monkeypatch, expit, asked):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match=rf"^expit: [^\n]*{asked['message']}[^\n]*$"):
        expit(*asked["words"].split())


@pytest.mark.parametrize("command", ["train", "compare"])
def test_a_folder_that_is_in_use_is_refused(tmp_path, expit, command):
    with hold(tmp_path), pytest.raises(SystemExit, match="is in use by another expit"):
        expit(command, "--model", "/no/such/folder", "--out", tmp_path)
    with pytest.raises(SystemExit, match=r"no folder /no/such/folder|No such file"):
        expit(command, "--model", "/no/such/folder", "--out", tmp_path)


def test_ask_answers_with_base_and_trained(recorded, expit, capsys, monkeypatch):
    load_without_workers(monkeypatch)
    expit("ask", recorded, "How many birds are left?")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("base:")
    assert any(line.startswith("trained:") for line in lines)


def test_a_flag_of_another_agent_is_refused_with_where_the_flags_of_this_one_are(expit, capsys):
    with pytest.raises(SystemExit, match=r"^2$"):
        expit("train", "--agent", "grpo", "--epochs", "9")
    shown = capsys.readouterr().err
    assert "--epochs" in shown
    assert "expit train --agent grpo --help" in shown


def test_help_imports_nothing_heavy_and_names_what_exists():
    commands = "train compare evaluate benchmark rescore ask play lesson audit splits gallery families".split()
    done = python("-c", HELP, *commands, COLUMNS="300")
    assert done.returncode == 0, done.stderr
    for name in (*AGENTS, *GROUPS, *FAMILIES, "bank"):
        assert name in done.stdout
    assert f"who learns: {', '.join(TRAINABLE)}" in done.stdout
    assert "FIRST_GROUPS" not in done.stdout
    assert "(default: )" not in done.stdout


@pytest.mark.parametrize("module", ["agents", "agents.cli"])
def test_the_command_is_also_a_module_and_has_the_version_of_the_distribution(module):
    done = python("-m", module, "--version")
    assert (done.returncode, done.stdout) == (0, f"expit-env {importlib.metadata.version('expit-env')}\n")


@pytest.mark.parametrize("missing", ["tyro", "rich", "filelock"])
def test_without_the_extra_the_command_says_in_one_line_what_to_install(missing):
    done = python("-c", f"import sys; sys.modules[{missing!r}] = None; from agents.cli import main; main()", "play")
    assert done.returncode == 1
    assert missing in done.stderr
    assert 'pip install -e ".[agents]"' in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_missing_package_for_a_server_is_an_error_that_says_what_to_install(expit, monkeypatch):
    monkeypatch.setitem(sys.modules, "openai", None)
    monkeypatch.delitem(sys.modules, "agents.sampling.http", raising=False)
    with pytest.raises(SystemExit, match=r'pip install -e "\.\[http\]"'):
        expit("lesson", "--sampler", "http://127.0.0.1:9/v1")


@pytest.mark.parametrize(
    ("command", "target"), [("train", "agents.training.train"), ("audit", "expit_env.audit.audit.audit")]
)
def test_an_interrupted_command_says_whether_it_can_be_resumed(expit, monkeypatch, command, target):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(target, interrupted)
    resume = " Give the same command again to resume from the last whole stage." * (command == "train")
    with pytest.raises(SystemExit, match=rf"^\nInterrupted\.{resume}$"):
        expit(command)
