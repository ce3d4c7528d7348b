"""Tests of the expit command, its lesson, its game and its report, on a tiny model."""

import dataclasses
import importlib.metadata
import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import gymnasium as gym
import pytest
from rich.console import Console
from test_expert_iteration import CONFIG, make_agent, make_env
from tiny import save_tiny, tiny_model, tiny_tokenizer

from agents import checks, cli, lesson, report
from agents.evaluation import MEASURES, Comparison
from agents.play import play
from agents.policy import FEW_SHOT, LanguageModelPolicy, pick_device
from agents.progress import SECONDS_BETWEEN_LINES, stage
from agents.registry import AGENTS, TRAINABLE
from agents.run import hold
from agents.sampling import LocalSampler
from agents.training import TrainRequest, train
from agents.trajectory import Completion
from expit_env.riddles import FAMILIES, GROUPS

FOREIGN = "[/] [blank] \\[x] \x1b[31mred\x07\r"
SHOWN = "[/] [blank] \\[x] \N{REPLACEMENT CHARACTER}[31mred"
"""What a model or a file may say, and what of it the terminal shows."""

ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}


def run_command(monkeypatch, *words):
    monkeypatch.setattr(sys, "argv", ["expit", *map(str, words)])
    cli.main()


def resume(folder):
    """Learn in a run folder, where what is whole is not done again."""
    agent = make_agent(folder)
    agent.provenance, agent.console = {"model": str(folder.parent / "model")}, Console(file=io.StringIO(), width=60)
    agent.learn(make_env())
    return agent.console.file.getvalue()


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    """A run of a tiny model, and what it printed."""
    folder = tmp_path_factory.mktemp("cli")
    save_tiny(folder / "model")
    return folder / "learned", resume(folder / "learned")


@pytest.fixture(scope="module")
def run(learned):
    """A run of a tiny model, recorded as ``expit train`` records one."""
    folder = learned[0].parent
    shutil.copytree(learned[0], folder / "run")
    config = json.loads((folder / "run" / "config.json").read_text())
    del config["environment"]["kwargs"]["verifier"]
    (folder / "run" / "config.json").write_text(json.dumps(config))
    return folder / "run"


def test_evaluate_prints_one_json_object(run, monkeypatch, capsys):
    run_command(monkeypatch, "evaluate", run, "--split", "test", "--riddles", 2, "--samples", 2, "--json")
    printed = json.loads(capsys.readouterr().out)
    assert (printed["split"], printed["riddles"], printed["samples"]) == ("test", 2, 2)
    for name in ("base", "trained"):
        assert set(printed[name]) == set(MEASURES)
        assert all(0 <= value <= 1 for value in printed[name].values())


def test_ask_answers_with_base_and_trained(run, monkeypatch, capsys):
    run_command(monkeypatch, "ask", run, "How many birds are left?")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("base:")
    assert any(line.startswith("trained:") for line in lines)


def test_a_folder_without_a_run_is_an_error_with_the_runs_next_to_it(run, monkeypatch):
    (run.parent / "untrained").mkdir(exist_ok=True)
    (run.parent / "untrained" / "config.json").write_text("{}")
    with pytest.raises(SystemExit, match=r"holds no run.*run") as raised:
        run_command(monkeypatch, "ask", run.parent / "nothing", "Who?")
    assert "untrained" not in str(raised.value)


@pytest.mark.parametrize(
    ("name", "gone"),
    [
        ("config.json", ()),
        ("base.json", ()),
        ("metrics.jsonl", ()),
        ("round-000/sft.jsonl", ("round-001/DONE", "round-001/adapter")),
        ("round-001/trajectories.jsonl", ("round-001/DONE", "round-001/metrics.json")),
        ("round-001/metrics.json", ()),
        ("round-001/adapter/adapter_model.safetensors", ()),
        ("round-001/adapter/adapter_config.json", ()),
    ],
)
def test_a_broken_file_is_one_message_and_what_it_says_to_delete_is_made_again(learned, tmp_path, name, gone):
    folder = tmp_path / "run"
    shutil.copytree(learned[0], folder)
    (tmp_path / "model").mkdir()
    config = json.loads((folder / "config.json").read_text()) | {"model": str(tmp_path / "model")}
    (folder / "config.json").write_text(json.dumps(config))
    for other in gone:
        shutil.rmtree(folder / other) if (folder / other).is_dir() else (folder / other).unlink()
    os.truncate(folder / name, (folder / name).stat().st_size - 2)

    def use():
        if name == "metrics.jsonl":
            report.write_report(folder)
        resume(folder)

    with pytest.raises(
        ValueError, match=rf"{name.partition('/adapter_')[0]}.* is broken: .*the command that"
    ) as raised:
        use()
    assert "\n" not in str(raised.value)
    for path in map(Path, re.search("Delete (.*), then", str(raised.value))[1].split(" and ")):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    resume(folder)
    use()
    for whole in ("round-000/trajectories.jsonl", "round-001/trajectories.jsonl", "round-000/sft.jsonl"):
        assert (folder / whole).read_bytes() == (learned[0] / whole).read_bytes()


def test_a_broken_evaluation_is_one_message(run, tmp_path):
    (tmp_path / "evaluation-test.json").write_text('{"base": {"split": "test"}}')
    with pytest.raises(ValueError, match=r"evaluation-test\.json is broken: it has no 'samples'\. Delete .*test\.json"):
        report.print_results(Console(quiet=True), tmp_path)


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ('{"model": "x"', r"config\.json is broken: Expecting"),
        ("[]", r"config\.json is broken"),
        ('{"model": "x", "environment": {"id": "Riddle-v0", "kwargs": {}}}', r"config\.json .*it has no 'config'"),
    ],
)
def test_a_broken_record_is_an_error_that_names_what_is_missing(tmp_path, monkeypatch, record, message):
    (tmp_path / "adapter").mkdir()
    (tmp_path / "config.json").write_text(record)
    with pytest.raises(SystemExit, match=message):
        run_command(monkeypatch, "ask", tmp_path, "Who?")


def test_what_is_printed_into_a_pipe_is_seen_at_once():
    code = "import sys; from agents import cli; cli.app.cli = lambda **_: print(sys.stdout.line_buffering); cli.main()"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=ENVIRONMENT)
    assert printed.stdout == "True\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--families", "birds-on-wire"), "Did you mean"),
        (("--level", "9"), "level"),
        (("--agent", "grop"), "grpo"),
        (("--device", "foo"), "no device 'foo' here; available: .*cpu"),
        (("--model", "/no/such/folder"), "no folder /no/such/folder"),
        (("--budget", "0"), "--budget must be at least 1, not 0"),
        (("--test-riddles", "0"), "--test-riddles must be at least 1"),
    ],
)
def test_a_wrong_request_is_one_clear_message(run, tmp_path, monkeypatch, words, message):
    with pytest.raises(SystemExit, match=message):
        run_command(monkeypatch, "train", "--model", run.parent / "model", "--out", tmp_path, *words)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("train --rounds 0", "--rounds must be at least 1, not 0"),
        ("train --batch-size 0", "--batch-size must be at least 1, not 0"),
        ("compare --riddles 0", "--riddles must be at least 1, not 0"),
        ("compare --seeds -1", "one or more --seeds that are at least 0"),
        ("evaluate here --riddles -5", "--riddles must be at least 1, not -5"),
        ("evaluate here --samples 0", "--samples must be at least 1, not 0"),
        ("lesson --samples 0", "--samples must be at least 1, not 0"),
        ("lesson --seed -1", "--seed must be at least 0, not -1"),
        ("play --attempts 0", "--attempts must be at least 1, not 0"),
        ("play --hints -1", "--hints must be at least 0, not -1"),
        ("play --level 9", "no level 9; the levels are 1, 2, 3, 4, 5"),
        ("audit --riddles 0", "--riddles must be at least 1, not 0"),
        ("splits --riddles 0", "--riddles must be at least 1, not 0"),
    ],
)
def test_a_number_that_makes_no_sense_is_one_message_that_names_its_flag(monkeypatch, words, message):
    with pytest.raises(SystemExit, match=f"^expit: .*{message}") as raised:
        run_command(monkeypatch, *words.split())
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("command", ["train", "compare"])
def test_a_folder_that_is_in_use_is_refused(tmp_path, monkeypatch, command):
    with hold(tmp_path), pytest.raises(SystemExit, match="is in use by another expit"):
        run_command(monkeypatch, command, "--model", "/no/such/folder", "--out", tmp_path)
    with pytest.raises(SystemExit, match=r"no folder /no/such/folder|No such file"):
        run_command(monkeypatch, command, "--model", "/no/such/folder", "--out", tmp_path)


def test_a_model_that_finds_nothing_is_an_error_with_the_options(run, tmp_path):
    config = dataclasses.replace(CONFIG, validation_riddles=0, riddles=2, samples=2, extra_samples=0)
    request = TrainRequest(model=str(run.parent / "model"), out=tmp_path / "run", config=config)
    with pytest.raises(RuntimeError, match=r"^round 1 found no right answer.*Options:"):
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


def test_a_device_that_is_not_there_is_an_error(monkeypatch):
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
    result, printed = teach(["3", "Three.", "1", "It is not zero."])
    assert (result.gold, result.after) == (None, None)
    assert "expit lesson --hint" in printed


def test_the_lesson_learns_what_the_search_found():
    result, printed = teach(["3", "None.", "None.", "0"])
    assert result.before == "3"
    assert result.gold == "None."
    assert result.after is not None
    assert "10 steps" in printed
    assert printed.count(f"shows {len(FEW_SHOT)} solved examples first") == 1


def test_foreign_text_is_never_markup_and_controls_no_terminal(run, tmp_path, monkeypatch, capsys):
    base = json.loads((run / "base.json").read_text()) | {"split": "test"}
    base["riddles"] = [riddle | {"question": FOREIGN, "greedy": FOREIGN} for riddle in base["riddles"][:1]]
    folder = tmp_path / FOREIGN.replace("/", "")
    folder.mkdir()
    (folder / "evaluation-test.json").write_text(json.dumps({"base": base, "trained": base}))
    report.print_results(Console(width=500), folder)
    console = Console(width=120)
    checks.show(console, [checks.Sheet("Table", ("text",), [(FOREIGN,)])])

    source, make = tmp_path / "foreign.jsonl", gym.make
    rows = (json.dumps({"question": f"{n} {FOREIGN}?", "answer": f"a {SHOWN}", "split": "train"}) for n in range(3))
    source.write_text("\n".join(rows))
    monkeypatch.setattr(gym, "make", lambda name, **kwargs: make(name, **kwargs, source=str(source)))
    replies = iter(["no", ""])
    monkeypatch.setattr("builtins.input", lambda *_: next(replies))
    play(console, "train", (), None, 1, 0, 0)
    monkeypatch.undo()

    monkeypatch.setattr(LanguageModelPolicy, "sample", lambda *_: [[Completion(FOREIGN)]])
    run_command(monkeypatch, "ask", run, "Who?")
    result, taught = teach([FOREIGN, "None."])
    with pytest.raises(SystemExit) as raised:
        run_command(monkeypatch, "ask", tmp_path / FOREIGN, "Who?")
    shown = capsys.readouterr().out
    assert result.before == FOREIGN.strip()
    assert shown.count(SHOWN) >= 8
    assert taught.count(SHOWN) >= 2
    assert SHOWN in str(raised.value)
    assert not set("\x1b\x07\r") & set(shown + taught + str(raised.value))


def test_a_file_or_a_pipe_gets_a_line_at_the_start_the_end_and_now_and_then(monkeypatch):
    clock = iter([0.0, 1.0, SECONDS_BETWEEN_LINES, SECONDS_BETWEEN_LINES + 1, 70.0])
    monkeypatch.setattr("agents.progress.time.monotonic", lambda: next(clock))
    console = Console(file=io.StringIO(), width=30)
    with stage(console, "round 1: search", 1_200) as progress:
        for units in (10, 590, 100):
            progress(units)
    assert console.file.getvalue().splitlines() == [
        "round 1: search ...",
        "round 1: search: 600 of 1,200, about 30 s left",
        "round 1: search: 70 s",
    ]


def test_people_count_rounds_from_1_and_folders_from_0(learned):
    folder, printed = learned
    lines = printed.splitlines()
    for line in ("base model ...", "round 1: search ...", "round 1: distil ...", "round 2: evaluate ..."):
        assert line in lines
    assert [line[:7] for line in lines if "| coverage" in line] == ["round 1", "round 2"]
    assert "round 0" not in printed
    assert (folder / "round-000").is_dir()


HELP = """
import sys
from agents import cli
for command in sys.argv[1].split():
    sys.argv[1:] = [command, "--help"]
    try:
        cli.main()
    except SystemExit as ended:
        assert not ended.code, ended
sys.argv[1:] = ["families"]
cli.main()
heavy = {"torch", "transformers", "trl", "peft", "datasets", "scipy", "matplotlib"} & sys.modules.keys()
assert not heavy, heavy
"""


def test_help_is_light_and_names_what_there_is():
    commands = "train compare evaluate ask play lesson audit splits gallery families"
    code = [sys.executable, "-c", HELP, commands]
    done = subprocess.run(code, capture_output=True, text=True, check=False, env=ENVIRONMENT | {"COLUMNS": "300"})
    assert done.returncode == 0, done.stderr
    for name in (*AGENTS, *GROUPS, *FAMILIES):
        assert name in done.stdout
    assert f"who learns: {' or '.join(TRAINABLE)}" in done.stdout
    assert "FIRST_GROUPS" not in done.stdout
    assert "(default: )" not in done.stdout


def test_every_family_is_listed_under_its_group_with_a_question(monkeypatch, capsys):
    run_command(monkeypatch, "families")
    group, listed = "", {}
    for line in capsys.readouterr().out.splitlines():
        if line.startswith("  "):
            name, question = line.split(maxsplit=1)
            listed[name] = group
            assert len(question) > 10
        else:
            group = line
    for name, family in FAMILIES.items():
        assert listed[name] == f"{family.group} ({'transfer' if family.transfer else 'train, validation, test'})"
    assert set(listed) == {*FAMILIES, "bank"}


@pytest.mark.parametrize("module", ["agents", "agents.cli"])
def test_the_command_is_a_module_too(module):
    code = [sys.executable, "-m", module, "play", "--attempts", "0"]
    done = subprocess.run(code, capture_output=True, text=True, check=False, env=ENVIRONMENT)
    assert (done.returncode, done.stderr) == (1, "expit: --attempts must be at least 1, not 0\n")


def test_the_version_is_that_of_the_distribution(monkeypatch, capsys):
    monkeypatch.setattr(importlib.metadata, "version", {"expit-env": "1.2.3"}.__getitem__)
    run_command(monkeypatch, "--version")
    assert capsys.readouterr().out == "expit-env 1.2.3\n"


@pytest.mark.parametrize("missing", ["tyro", "rich", "filelock"])
def test_the_base_install_says_what_the_command_needs(missing):
    code = f"import sys; sys.modules[{missing!r}] = None; from agents.cli import main; main()"
    command = [sys.executable, "-c", code, "play"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=ENVIRONMENT)
    assert done.returncode == 1
    assert missing in done.stderr
    assert 'pip install -e ".[agents]"' in done.stderr
    assert len(done.stderr.splitlines()) == 1


def interrupted(*_, **__):
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("command", "target", "resumes"),
    [
        ("train", "agents.training.train", True),
        ("compare", "agents.comparison.compare", True),
        ("audit", "expit_env.audit.audit.audit", False),
        ("splits", "expit_env.audit.overlap.sample", False),
    ],
)
def test_an_interrupted_command_says_whether_it_can_be_resumed(monkeypatch, command, target, resumes):
    monkeypatch.setattr(target, interrupted)
    with pytest.raises(SystemExit) as raised:
        run_command(monkeypatch, command)
    resume = " Give the same command again to resume from the last whole stage." * resumes
    assert str(raised.value) == f"\nInterrupted.{resume}"


@pytest.mark.parametrize("end", [KeyboardInterrupt, EOFError])
def test_an_interrupted_game_ends_with_its_score(monkeypatch, capsys, end):
    replies = iter(["0"])
    monkeypatch.setattr("builtins.input", lambda *_: next(replies, None) or exec("raise end", {"end": end}))
    run_command(monkeypatch, "play", "--families", "birds-on-a-wire", "--seed", 1)
    assert "1 of 1 right." in capsys.readouterr().out


def test_a_person_plays_and_is_scored(monkeypatch, capsys):
    replies = iter(["0", "no idea", "nothing I know", ""])
    monkeypatch.setattr("builtins.input", lambda *_: next(replies))
    run_command(monkeypatch, "play", "--families", "birds-on-a-wire", "--attempts", 2, "--seed", 1)
    printed = capsys.readouterr().out
    assert "Right." in printed
    assert "The answer is: 0." in printed
    assert "1 of 2 right." in printed
