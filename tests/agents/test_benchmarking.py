"""The benchmark: fixed lists, honest measures, files that survive a kill, and results side by side."""

import hashlib
import json
import re
import subprocess
import sys
from collections import Counter, deque

import numpy as np
import pytest
from rich.console import Console
from scipy import stats
from support.processes import environment, wait_until
from support.stub_server import MISBEHAVIOUR, Handler, change
from support.tiny import load_without_workers, save_tiny, tiny_model, tiny_policy

import agents
from agents import Benchmark, Completion, LanguageModelPolicy, Trajectory
from agents.benchmark_run import BenchmarkRequest, Results, rescore, run
from agents.benchmarking import LISTS, MEASURES, bootstrap, fixed_list, intervals
from agents.play import record
from agents.policy import FEW_SHOT
from agents.progress import QUIET
from agents.run import RunConflictError
from agents.side_by_side import differences
from agents.training import trained_adapters
from expit_env import ANSWER_FORMAT
from expit_env.riddles.splits import riddle


def riddles_of(count, split):
    """The riddles of a list, and what is asked, by the questions of riddles and contrasts."""
    listed = [riddle(riddle_id) for riddle_id in fixed_list(split, count)]
    return {one.question: (listed[place & -2], one) for place, one in enumerate(listed)}


@pytest.fixture
def files(tmp_path):
    return Results.at(tmp_path / "tiny.json")


@pytest.fixture
def ask(server, files):
    server.says = lambda body, choice: "None."

    def asked(riddles=2, **changes):
        server.seen.clear()
        changes = {"sampler": server.url, "model": "tiny", "riddles": riddles, "out": files.summary} | changes
        return run(BenchmarkRequest(**changes), QUIET)

    return asked


@pytest.mark.parametrize(("split", "digest"), [("test", "9ab124d8f07333f4"), ("transfer", "17aab9619c30ac6f")])
def test_a_list_is_mixed_and_stays_what_its_version_says(split, digest):
    """A list that changes under its name would make old results lie: raise GENERATOR_VERSION."""
    listed = fixed_list(split, 200)
    assert listed[:40] == fixed_list(split, 20)
    families = Counter(name.partition("/")[0] for name in set(listed))
    assert max(families.values()) - min(families.values()) <= 2
    assert min(Counter(riddle(name).level for name in listed).values()) > 40
    texts = [f"{one.question} {one.answer}" for one in map(riddle, listed)]
    assert hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16] == digest
    assert LISTS[split] == f"Riddle-v0/{split}@4"


AGENTS = {
    "an oracle": (lambda trick, asked: f"Answer: {asked.answer}", (1, 1, 1, 0, 0, 0)),
    "the trick": (lambda trick, asked: f"Answer: {[trick.answer, *trick.aliases][-1]}", (0, 1, 0, 1, 0, 0)),
    "the literal answer": (lambda trick, asked: f"Answer: {trick.trap}", (0, 0, 0.95, 0, 1, 0)),
    "a parrot": (lambda trick, asked: f"You ask: {asked.question}", (0, 0, 0, 0, 0, 1)),
}


@pytest.mark.parametrize("split", LISTS)
@pytest.mark.parametrize("name", AGENTS)
def test_each_measure_is_what_its_name_says(name, split):
    says, shares = AGENTS[name]
    riddles = riddles_of(40, split)
    found = agents.benchmark(lambda questions: [says(*riddles[each]) for each in questions], split, riddles=40)
    names = ("pair_accuracy", "riddle_accuracy", "contrast_accuracy", "overapplied", "underapplied", "no_answer")
    assert tuple(getattr(found, name) for name in names) == shares
    assert (found.ambiguous, found.unfinished, sum(found.rules.values())) == (0, 0, 80 * shares[-1])
    assert sum(group["riddles"] for group in found.groups.values()) == found.riddles == 40


def test_completions_and_a_policy_are_measured_and_a_wrong_call_is_refused():
    found = agents.benchmark(lambda questions: [Completion("", (1, 2), finished=False)] * len(questions), riddles=3)
    assert (found.unfinished, found.tokens, found.rules) == (1, 12, {"empty": 6})
    found = agents.benchmark(tiny_policy(tiny_model(max_position_embeddings=4_096)), "transfer", riddles=2)
    assert (found.version, found.riddles, len(found.replies)) == ("Riddle-v0/transfer@4", 2, 4)
    with pytest.raises(ValueError, match="1 replies to 6 observations"):
        agents.benchmark(lambda questions: ["one"], riddles=3)


def reply(riddle_id, right):
    family, split, *_ = riddle_id.split("/")
    said, outcome = (Completion("9"),), "correct" if right else "wrong"
    return Trajectory(0, riddle_id, family, 1, split, None, ("?",), said, (float(right),), outcome, "9", "9", False)


def result(pattern, version="list"):
    """A benchmark whose pair number k is right where the pattern has a 1."""
    sides = [f"family-{place % 20}/test/{place}{side}" for place in range(len(pattern)) for side in ("", "/contrast")]
    return Benchmark.of(version, [reply(side, pattern[k // 2] == "1" or k % 2 == 1) for k, side in enumerate(sides)])


@pytest.mark.parametrize(("families", "variance"), [(1, 0.25 / 100), (10, 0.25 / 10)])
def test_intervals_are_over_families_and_pairs(families, variance):
    values, size = np.array([[1.0]] * 50 + [[0.0]] * 50), 100 // families
    low, high = bootstrap([f"family {place // size}" for place in range(100)], values)[0]
    assert (high - low) / 2 == pytest.approx(1.96 * np.sqrt(variance), rel=0.15)
    wilson = stats.binomtest(0, 40).proportion_ci(method="wilson")
    assert intervals(["birds"] * 40, np.zeros((40, 1)))[0].tolist() == [wilson.low, wilson.high]


def test_a_difference_is_said_in_words_with_mcnemars_p_of_the_pairs_that_both_answered():
    one, other = ("".join(map(str, row)) for row in np.random.default_rng(1).integers(2, size=(2, 120)))
    table = Counter(zip(one, other, strict=True))
    counts = table["0", "1"], table["1", "0"]
    exact = min(1, 2 * stats.binom.cdf(min(counts), sum(counts), 0.5))
    found = differences("test", ("A", result(one)), ("B", result(other + "1")))
    assert [(each.p, each.riddles) for each in found] == [(pytest.approx(p), 120) for p in (exact, exact, 1)]
    worse, better = ("A", result("0" * 150 + "1" * 50)), ("B", result("0" * 110 + "1" * 90))
    found, back = differences("test", worse, better)[0], differences("test", better, worse)[0]
    assert (found.mean, back.mean) == (pytest.approx(0.2), pytest.approx(-0.2))
    assert found.words == f"B is better by {100 * found.low:.0f} to {100 * found.high:.0f} points"
    assert re.fullmatch(r"B is better by (\d+) to (\d+) points", back.words)
    with pytest.raises(ValueError, match="A and C share no riddles: list and another list"):
        differences("test", worse, ("C", result("1", "another list")))


def test_json_is_one_object_with_every_measure(tmp_path, expit, capsys, monkeypatch):
    load_without_workers(monkeypatch)
    words = ("--model", save_tiny(tmp_path / "model"), "--riddles", 2, "--max-new-tokens", 5)
    expit("benchmark", *words, "--out", tmp_path / "out", "--json")
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads((tmp_path / "out.json").read_text())
    assert (printed["model"], set(printed["splits"])) == (str(tmp_path / "model"), {"test", "transfer"})
    for measured in printed["splits"].values():
        assert (measured["riddles"], measured["cost"]) == (2, None)
        assert all(0 <= measured[name] <= 1 for name in MEASURES)


def test_the_folder_of_a_run_is_its_trained_model(recorded, files, monkeypatch):
    used = []
    load_without_workers(monkeypatch)
    monkeypatch.setattr(LanguageModelPolicy, "use_adapter", lambda policy, folder: used.append(folder))
    request = BenchmarkRequest(model=str(recorded), riddles=1, max_new_tokens=2, out=files.summary)
    assert len(run(request, QUIET)["test"].replies) == 2
    assert used == trained_adapters(recorded)[:1]


def test_after_a_kill_the_same_command_asks_only_what_is_missing(server, files, expit):
    words = ["benchmark", "--sampler", server.url, "--model", "tiny", "--out", str(files.summary), "--riddles"]
    server.faults = deque([None] * 5 + ["hang"])
    command = [sys.executable, "-m", "agents", *words, "4", "--concurrency", "1"]
    with subprocess.Popen(command, env=environment({})) as process:
        wait_until(lambda: len(server.seen) == 6)
        process.kill()
    kept = files.lines.read_bytes()
    files.lines.write_bytes(kept + b'{"riddle_id": "birds-on')
    server.models = ["other"]
    with pytest.raises(SystemExit, match=re.escape(f"{server.url} has no model 'tiny'")):
        expit(*words, 4)
    server.models, server.seen = ["tiny"], []
    expit(*words, 4)
    assert (len(server.seen), files.lines.read_bytes()[: len(kept)]) == (16 - 5, kept)
    expit(*words, 5)
    assert len(server.seen) == 16 - 5 + 4, "of a longer list, only what is new is asked"
    assert set(Counter(one.riddle_id for one in files.replies()).values()) == {1}


def test_samples_are_averaged_and_missing_ones_drawn_with_seeds_of_their_own(ask, server, files):
    server.says = lambda body, choice: f"{body['seed']}"
    ask(samples=3, temperature=0.5)
    files.lines.write_text("".join(files.lines.read_text().splitlines(keepends=True)[:5]))
    assert ask(samples=3, temperature=0.5)["test"].samples == 3
    assert (len(server.seen), len({one.text for one in files.replies()})) == (24 - 5, 24)
    rows = [reply("a/test/0", True), reply("a/test/0", False), reply("b/test/0", True)]
    found = Benchmark.of("list", [*rows, *[reply("a/test/0/contrast", True)] * 2])
    assert (found.riddle_accuracy, found.contrast_accuracy, found.pair_accuracy, found.riddles) == (0.5, 1, 0.5, 1)


def test_other_settings_and_another_list_are_refused(ask, files):
    ask()
    for name, value in {"system": "Think.", "few_shot": 1, "samples": 2, "max_new_tokens": 9, "model": "a"}.items():
        with pytest.raises(RunConflictError, match=rf"{name}: the run has .*, the request {value!r}"):
            ask(**{name: value})
    files.summary.write_text(files.summary.read_text().replace("test@4", "test@3"))
    for again in (ask, lambda: rescore(files.summary)):
        with pytest.raises(ValueError, match="Riddle-v0/test@3"):
            again()
    files.lines.write_text("")
    with pytest.raises(RunConflictError, match="Riddle-v0/test@3"):
        ask()
    files.lines.write_text("nothing\n")
    with pytest.raises(ValueError, match=r"line 1, is broken: .* Delete that line"):
        files.replies()


def test_a_run_without_a_reply_does_not_fix_the_settings(ask, server):
    server.models = ["other"]
    with pytest.raises(RuntimeError, match="has no model 'tiny'"):
        ask(few_shot=1)
    server.models = ["tiny"]
    assert ask()["test"].riddles == 2


def test_thoughts_are_paid_for_and_not_read_and_the_prompt_is_what_was_asked_for(ask, server, monkeypatch, tmp_path):
    thoughts = {"role": "assistant", "content": None, "reasoning_content": "Answer: none"}
    monkeypatch.setitem(MISBEHAVIOUR, "thinks", change(message=thoughts))
    server.faults = deque(["thinks"] * 8)
    assert [(one.no_answer, one.tokens, one.rules) for one in ask().values()] == [(1, 4 * 3, {"empty": 4})] * 2
    server.finish_reason, server.says = "length", lambda body, choice: "<think>Answer: nobody</think>Answer: 917"
    completion, usage = Handler.completion, {"completion_tokens": 50, "prompt_tokens": 100}
    monkeypatch.setattr(Handler, "completion", lambda self, body: completion(self, body) | {"usage": usage})
    server.token_ids, files = False, Results.at(tmp_path / "other")
    found = ask(out=files.summary, price=(10.0, 20.0), system="", few_shot=2)["test"]
    assert (found.unfinished, {reply.extracted for reply in found.replies}) == (1, {"917"})
    assert (found.prompt_tokens, found.tokens) == (400, 200)
    assert json.loads(files.summary.read_text())["splits"]["test"]["cost"] == (400 * 10 + 200 * 20) / 1e6
    contents = [message["content"] for message in server.seen[0]["messages"]]
    assert contents[2:4] == [f"{FEW_SHOT[1][0]} {ANSWER_FORMAT}", FEW_SHOT[1][1]]


def test_rescore_lists_the_verdicts_that_flip_and_writes_them_when_asked(ask, server, files, expit, capsys):
    server.says = lambda body, choice: "[/] \x1b[31mred\nAnswer: 917"
    ask()
    rows = files.lines.read_text()
    lenient = rows.replace('"outcome": "wrong"', '"outcome": "correct"', 2)
    files.lines.write_text(lenient)
    expit("rescore", files.lines)
    shown = capsys.readouterr().out
    reply = "[/] \N{REPLACEMENT CHARACTER}[31mred Answer: 917"
    for text in (files.replies()[0].question, reply, "correct (answer line) is now wrong", "2 verdicts flip"):
        assert text in shown
    assert files.lines.read_text() == lenient
    assert [(old.outcome, new.outcome) for old, new in rescore(files.summary, write=True)] == [("correct", "wrong")] * 2
    assert (files.lines.read_text(), rescore(files.summary)) == (rows, [])


def test_results_of_different_sizes_are_shown_side_by_side(ask, server, files, expit, capsys, tmp_path):
    riddles = {question: one for split in LISTS for question, one in riddles_of(9, split).items()}
    ask(9)
    server.says = lambda body, choice: riddles[body["messages"][-1]["content"]][0].answer
    ask(8, out=tmp_path / "trick.json")
    expit("benchmark", files.summary, tmp_path / "trick.json")
    shown = capsys.readouterr().out
    assert "test, riddle accuracy, tiny and trick: trick is better by" in shown
    assert "test, pair accuracy, tiny and trick: no difference can be told with 8 riddles" in shown
    expit("benchmark", files.summary, tmp_path / "trick.jsonl", "--json")
    printed = json.loads(capsys.readouterr().out)
    assert printed["splits"]["test"]["trick"]["overapplied"] == 1
    assert [each["riddles"] for each in printed["differences"]] == [8] * 6


def test_a_person_is_asked_in_any_order_and_kept_as_a_model_is(monkeypatch, files):
    def person(*replies):
        console, lines = Console(record=True, width=200, quiet=False), iter([*replies, ""])
        monkeypatch.setattr(console, "input", lambda prompt: next(lines))
        record(console, files.lines, "test")
        return console.export_text()

    shown = person("Answer: 917", "I think that this is so hard that I do not know", "Answer: 918", "Answer: 919")
    for text in ("That is no answer (no final answer).", "pair accuracy", "test: 2 replies, 0 tokens", "tiny.jsonl"):
        assert shown.count(text) == 1
    person(*["Answer: 920"] * 37)
    assert {reply.riddle_id for reply in files.replies()} == set(fixed_list("test", 20))
    assert 4 < sum(reply.riddle_id.endswith("/contrast") for reply in files.replies()[::2]) < 16
