"""The benchmark: fixed lists, honest measures, files that survive a kill, and results side by side."""

import dataclasses
import hashlib
import io
import json
import re
import sys
from collections import Counter, deque

import gymnasium as gym
import numpy as np
import pytest
from rich.console import Console
from scipy import stats
from support.stub_server import MISBEHAVIOUR, Handler, StubServer, change
from support.tiny import save_tiny, tiny_model, tiny_tokenizer

import agents
from agents import Agent, Benchmark, Completion, LanguageModelPolicy, cli, rollout
from agents.base import judge
from agents.benchmark_run import BenchmarkRequest, Results, run
from agents.benchmarking import MEASURES, Reply, bootstrap, fixed_list, intervals, version
from agents.play import record
from agents.policy import FEW_SHOT
from agents.rescoring import print_flips, rescore
from agents.run import RunConflictError, hold_file
from agents.sampling import failures
from agents.side_by_side import differences
from expit_env import ANSWER_FORMAT
from expit_env.riddles.splits import riddle

pytest.importorskip("openai")

SPLITS = ("test", "transfer")
FOREIGN, SHOWN = "[/] [blank] \x1b[31mred", "[/] [blank] \N{REPLACEMENT CHARACTER}[31mred"
QUIET = Console(quiet=True)


def make_env(split="test"):
    return gym.make("expit_env:Riddle-v0", split=split)


def pairs_of(count, split="test"):
    """The riddles and contrasts of the list, by the question of either."""
    listed = [riddle(riddle_id) for riddle_id in fixed_list(make_env(split), count)]
    return {one.question: pair for pair in zip(listed[::2], listed[1::2], strict=True) for one in pair}


def run_command(monkeypatch, *words):
    monkeypatch.setattr(sys, "argv", ["expit", *map(str, words)])
    cli.main()


def lines_of(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(failures, "FIRST_WAIT", 0.01)
    monkeypatch.setattr(failures, "LONGEST_WAIT", 0.1)
    stub = StubServer()
    stub.says = lambda body, choice: "None."
    stub.start()
    yield stub
    stub.die()


@pytest.fixture
def ask(server, tmp_path):
    """Run the benchmark on the stub server, with the results in a folder of the test."""

    def asked(riddles=2, **changes):
        changes = {"sampler": server.url, "model": "tiny", "riddles": riddles, "out": tmp_path / "tiny.json"} | changes
        return run(BenchmarkRequest(**changes), QUIET)[0]

    return asked


class TestTheLists:
    @pytest.mark.parametrize("split", SPLITS)
    def test_a_shorter_list_is_the_beginning_of_a_longer_one(self, split):
        longer = fixed_list(make_env(split), 200)
        assert longer[:40] == fixed_list(make_env(split), 20)
        assert len(set(longer)) == 400
        assert longer[1::2] == [f"{riddle_id}/contrast" for riddle_id in longer[::2]]

    @pytest.mark.parametrize("split", SPLITS)
    def test_families_and_levels_are_mixed(self, split):
        env = make_env(split)
        families = [name.partition("/")[0] for name in fixed_list(env, 300)[::2]]
        number = len(env.get_wrapper_attr("families"))
        assert len(set(families[:number])) == number
        counts = Counter(families).values()
        assert max(counts) - min(counts) <= 1
        levels = Counter(riddle(riddle_id).level for riddle_id in fixed_list(env, 300)[::2])
        assert min(levels.values()) > 40

    @pytest.mark.parametrize(("split", "digest"), [("test", "9ab124d8f07333f4"), ("transfer", "17aab9619c30ac6f")])
    def test_the_lists_stay_what_their_version_says(self, split, digest):
        """A list that changes under its name would make old results lie: raise GENERATOR_VERSION."""
        asked = [f"{one.question} {one.answer}" for one in map(riddle, fixed_list(make_env(split), 200))]
        assert version(split) == f"Riddle-v0/{split}@4"
        assert hashlib.sha256("\n".join(asked).encode()).hexdigest()[:16] == digest


class TestMeasures:
    def test_an_oracle_gets_everything(self):
        pairs = pairs_of(70)
        right = {question: next(one for one in pair if one.question == question) for question, pair in pairs.items()}
        found = agents.benchmark(lambda questions: [f"Answer: {right[each].answer}" for each in questions], riddles=70)
        assert (found.riddle_accuracy, found.contrast_accuracy, found.pair_accuracy) == (1, 1, 1)
        assert (found.overapplied, found.underapplied, found.no_answer, found.unfinished) == (0, 0, 0, 0)
        low, high = found.intervals["pair_accuracy"]
        assert 0.9 < low < high == 1
        assert sum(group["riddles"] for group in found.groups.values()) == found.riddles == 70

    @pytest.mark.parametrize("split", SPLITS)
    def test_the_trick_where_there_is_none_is_overapplied(self, split):
        pairs = pairs_of(40, split)
        found = agents.benchmark(lambda questions: [pairs[each][0].answer for each in questions], split, riddles=40)
        assert (found.overapplied, found.riddle_accuracy, found.contrast_accuracy) == (1, 1, 0)
        assert (found.pair_accuracy, found.underapplied) == (0, 0)

    def test_the_trick_is_overapplied_in_any_wording_that_passes_for_the_riddle(self):
        pairs = pairs_of(40)
        assert sum(bool(trick.aliases) for trick, _ in pairs.values()) > 20
        said = {question: [trick.answer, *trick.aliases][-1] for question, (trick, _) in pairs.items()}
        found = agents.benchmark(lambda questions: [f"Answer: {said[each]}" for each in questions], riddles=40)
        assert (found.overapplied, found.riddle_accuracy) == (1, 1)

    def test_the_literal_answer_to_the_riddle_is_underapplied(self):
        pairs = pairs_of(40)
        found = agents.benchmark(lambda questions: [str(pairs[each][0].trap) for each in questions], riddles=40)
        assert (found.underapplied, found.riddle_accuracy, found.overapplied) == (1, 0, 0)

    def test_a_parrot_gives_no_answer_and_the_rule_is_counted(self):
        found = agents.benchmark(lambda questions: [f"You ask: {question}" for question in questions], riddles=20)
        assert (found.no_answer, found.ambiguous, found.pair_accuracy) == (1, 0, 0)
        assert sum(found.rules.values()) == 40

    def test_an_agent_and_a_policy_may_be_measured(self):
        class Silent(Agent):
            def act(self, observations):
                return [Completion("", (1, 2), finished=False) for _ in observations]

        found = agents.benchmark(Silent(), riddles=3)
        assert (found.unfinished, found.tokens, found.rules) == (1, 12, {"empty": 6})
        policy = LanguageModelPolicy(tiny_model(max_position_embeddings=4_096), tiny_tokenizer())
        found = agents.benchmark(policy, "transfer", riddles=2)
        assert (found.version, found.riddles) == ("Riddle-v0/transfer@4", 2)
        assert 4 <= found.tokens <= 4 * 64

    @pytest.mark.parametrize(
        ("agent", "arguments", "message"),
        [
            (lambda questions: ["one"], {}, "1 replies to 6 observations"),
            (lambda questions: questions, {"split": "tests"}, "'tests'"),
            (lambda questions: questions, {"riddles": 0}, "--riddles must be at least 1"),
        ],
    )
    def test_a_wrong_call_is_refused(self, agent, arguments, message):
        with pytest.raises(ValueError, match=message):
            agents.benchmark(agent, **{"riddles": 3, **arguments})

    def test_of_several_samples_every_measure_is_the_mean(self):
        rows = [reply("a/test/0", True, 0), reply("a/test/0", False, 1, fell=True)]
        rows += [reply("a/test/0/contrast", True, 0), reply("a/test/0/contrast", True, 1)]
        found = Benchmark.of("list", rows)
        assert (found.riddle_accuracy, found.contrast_accuracy, found.pair_accuracy) == (0.5, 1, 0.5)
        assert (found.samples, found.riddles, found.underapplied) == (2, 1, 0.5)

    def test_half_a_pair_does_not_count(self):
        rows = [reply("a/test/0", True), reply("a/test/0/contrast", False), reply("b/test/0", True)]
        assert Benchmark.of("list", rows).riddles == 1
        with pytest.raises(ValueError, match="together with its contrast"):
            Benchmark.of("list", rows[2:])

    def test_judging_is_the_second_half_of_a_rollout(self):
        class None_(Agent):
            def act(self, observations):
                return [Completion("none") for _ in observations]

        starts = [*fixed_list(make_env(), 3), 5]
        assert judge(make_env(), starts, [Completion("none")] * 7) == rollout(None_(), make_env(), starts)
        with pytest.raises(ValueError, match="shorter"):
            judge(make_env(), starts, [Completion("none")])


class TestIntervals:
    def test_in_one_family_it_is_the_bootstrap_over_pairs(self):
        values = np.array([[1.0]] * 30 + [[0.0]] * 70)
        low, high = bootstrap(["birds"] * 100, values)[0]
        assert (high - low) / 2 == pytest.approx(1.96 * np.sqrt(0.3 * 0.7 / 100), rel=0.1)
        assert low < 0.3 < high

    def test_families_that_are_all_right_or_all_wrong_make_it_wider(self):
        values = np.array([[1.0]] * 50 + [[0.0]] * 50)
        families = [f"family {place // 10}" for place in range(100)]
        low, high = bootstrap(families, values)[0]
        assert (high - low) / 2 == pytest.approx(1.96 * np.sqrt(0.25 / 10), rel=0.15)

    def test_it_is_the_same_each_time(self):
        values = np.random.default_rng(0).random((50, 2))
        families = [f"family {place % 7}" for place in range(50)]
        assert intervals(families, values).tolist() == intervals(families, values).tolist()

    def test_where_nothing_differs_it_is_wilsons(self):
        wilson = stats.binomtest(0, 40).proportion_ci(method="wilson")
        assert intervals(["birds"] * 40, np.zeros((40, 1)))[0].tolist() == [wilson.low, wilson.high]


class TestTheCommand:
    def test_json_is_one_object_with_every_measure(self, tmp_path, monkeypatch, capsys):
        model = save_tiny(tmp_path / "model")
        words = ("benchmark", "--model", model, "--riddles", 2, "--max-new-tokens", 5, "--out", tmp_path / "out")
        run_command(monkeypatch, *words, "--json")
        printed = json.loads(capsys.readouterr().out)
        assert printed["model"] == str(model)
        assert set(printed["splits"]) == set(SPLITS)
        for split, measured in printed["splits"].items():
            assert all(0 <= measured[name] <= 1 for name in MEASURES)
            assert (measured["version"], measured["riddles"]) == (f"Riddle-v0/{split}@4", 2)
        assert printed == json.loads((tmp_path / "out.json").read_text())
        assert len(lines_of(tmp_path / "out.jsonl")) == 8

        run_command(monkeypatch, *words)
        shown = capsys.readouterr().out
        for text in ("pair accuracy", "overapplied", "test: 4 replies", "out.jsonl", "2 pairs"):
            assert text in shown

    def test_the_file_is_named_after_the_model(self):
        assert BenchmarkRequest().results().summary.as_posix() == "results/embedded.json"
        names = BenchmarkRequest(model="Qwen/Qwen2.5-0.5B:latest").results()
        assert names.summary.as_posix() == "results/qwen-qwen2.5-0.5b-latest.json"
        assert names.lines.as_posix() == "results/qwen-qwen2.5-0.5b-latest.jsonl"

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (("--riddles", 0), "--riddles must be at least 1"),
            (("--samples", 0), "--samples must be at least 1"),
            (("--temperature", 0), "--temperature must be above 0"),
            (("--max-new-tokens", 0), "--max-new-tokens must be at least 1"),
            (("--concurrency", 0), "--concurrency must be at least 1"),
            (("--few-shot", 7), "--few-shot must be at most 6"),
            (("--few-shot", -1), "--few-shot must be at least 0"),
            (("--price", 1, 2), "--price goes with --sampler"),
            (("--sampler", "http://127.0.0.1:9/v1", "--price", -1, 2), "two numbers of at least 0"),
            (("--sampler", "localhost:9", "--model", "a"), "http://"),
            (("--model", "./nowhere"), "no folder"),
            (("nothing.json",), "nothing"),
        ],
    )
    def test_a_wrong_request_is_one_clear_message(self, words, message, monkeypatch, tmp_path):
        monkeypatch.chdir(tmp_path)
        with pytest.raises(SystemExit, match=message):
            run_command(monkeypatch, "benchmark", *words)
        assert not [path for path in tmp_path.rglob("*.json*") if path.suffix != ".lock"], "nothing is left behind"

    def test_a_missing_package_is_an_error_that_says_what_to_install(self, monkeypatch, tmp_path):
        monkeypatch.setitem(sys.modules, "openai", None)
        monkeypatch.delitem(sys.modules, "agents.sampling.http", raising=False)
        words = ("benchmark", "--sampler", "http://127.0.0.1:9/v1", "--out", tmp_path / "out.json")
        with pytest.raises(SystemExit, match=r'pip install -e "\.\[http\]"'):
            run_command(monkeypatch, *words)


class TestFiles:
    def test_what_is_there_is_not_asked_again(self, ask, server, tmp_path):
        ask(4)
        assert len(server.seen) == 16
        path = tmp_path / "tiny.jsonl"
        whole = {(row["riddle_id"], row["sample"]): row["reply"] for row in lines_of(path)}
        kept = path.read_bytes().splitlines(keepends=True)[:9]
        path.write_bytes(b"".join(kept) + b'{"riddle_id": "birds-on')
        (tmp_path / "tiny.json").unlink()
        server.seen.clear()
        found = ask(4)
        assert len(server.seen) == 16 - 9
        assert path.read_bytes().startswith(b"".join(kept))
        assert {(row["riddle_id"], row["sample"]): row["reply"] for row in lines_of(path)} == whole
        assert all(measured.riddles == 4 for measured in found.values())

        server.seen.clear()
        server.models.clear()
        assert ask(4) == found
        assert not server.seen

    def test_more_riddles_are_added_to_those_that_are_there(self, ask, server):
        first = ask(2)
        server.seen.clear()
        more = ask(3)
        assert len(server.seen) == 4
        assert more["test"].replies[:4] == first["test"].replies
        assert ask(2) == first

    def test_missing_samples_are_drawn_with_seeds_of_their_own(self, ask, server, tmp_path):
        server.says = lambda body, choice: str(body["seed"])
        ask(2, samples=3, temperature=0.5)
        path = tmp_path / "tiny.jsonl"
        path.write_text("".join(path.read_text().splitlines(keepends=True)[:5]))
        server.seen.clear()
        ask(2, samples=3, temperature=0.5)
        assert len(server.seen) == 24 - 5
        assert len({row["reply"] for row in lines_of(path)}) == 24
        assert {body["temperature"] for body in server.seen} == {0.5}
        assert Counter(row["sample"] for row in lines_of(path)) == {0: 8, 1: 8, 2: 8}

    @pytest.mark.parametrize(
        ("changes", "difference"),
        [
            ({"system": "Think."}, "system: the run has 'You answer riddles.', the request 'Think.'"),
            ({"few_shot": 1}, "few_shot: the run has 0, the request 1"),
            ({"samples": 2}, "temperature: the run has 0.0, the request 1.0"),
            ({"max_new_tokens": 9}, "max_new_tokens: the run has 512, the request 9"),
            ({"model": "other"}, "model: the run has 'tiny', the request 'other'"),
        ],
    )
    def test_other_settings_are_refused_with_the_difference(self, ask, server, changes, difference, tmp_path):
        ask()
        with pytest.raises(RunConflictError, match=re.escape(difference)):
            ask(**changes)
        (tmp_path / "tiny.json").unlink()
        with pytest.raises(RunConflictError, match="another --out"):
            ask(**changes)
        assert len(server.seen) == 8

    def test_riddles_of_another_version_are_refused(self, ask, tmp_path):
        ask()
        summary = json.loads((tmp_path / "tiny.json").read_text())
        summary["settings"]["lists"]["test"] = "Riddle-v0/test@3"
        (tmp_path / "tiny.json").write_text(json.dumps(summary))
        with pytest.raises(RunConflictError, match=r"lists\.test: the run has 'Riddle-v0/test@3'"):
            ask()
        with pytest.raises(ValueError, match="which are others"):
            rescore(tmp_path / "tiny.json")

    def test_a_second_process_is_refused(self, ask, server, tmp_path):
        with hold_file(tmp_path / "tiny.json"), pytest.raises(RunConflictError, match=r"tiny\.json is in use"):
            ask()
        with hold_file(tmp_path / "other.json"):
            ask()
        assert len(server.seen) == 8

    def test_a_broken_line_is_named_by_its_number(self, ask, tmp_path):
        ask()
        path = tmp_path / "tiny.jsonl"
        path.write_text(path.read_text().replace('"sample"', '"simple"', 1))
        with pytest.raises(ValueError, match="line 1, is broken"):
            ask()


class TestServers:
    def test_faults_are_tried_again(self, ask, server):
        server.faults = deque(["500", "drop", "429", "truncated JSON", None, "no text"])
        assert all(measured.riddles == 2 for measured in ask().values())
        assert len(server.seen) == 8 + 5

    def test_a_server_that_fails_is_named_and_nothing_is_lost(self, ask, server, tmp_path):
        def says(body, choice):
            if len(server.seen) == 5:
                server.models.clear()
            return "None."

        server.says = says
        with pytest.raises(failures.ServerError, match=re.escape(server.url)):
            ask(concurrency=1)
        assert len(lines_of(tmp_path / "tiny.jsonl")) == 5
        server.models.append("tiny")
        server.seen.clear()
        server.says = lambda body, choice: "None."
        ask(concurrency=1)
        assert len(server.seen) == 8 - 5

    def test_so_many_requests_are_in_flight(self, ask, server):
        ask(6, concurrency=3)
        assert server.most_in_flight <= 3

    def test_the_prompt_is_what_was_asked_for(self, ask, server, tmp_path):
        ask(system="Think.", few_shot=2)
        question, answer = FEW_SHOT[1]
        for body in server.seen:
            messages = body["messages"]
            assert [message["role"] for message in messages] == ["system", *["user", "assistant"] * 2, "user"]
            assert messages[0]["content"] == "Think."
            assert [each["content"] for each in messages[3:5]] == [f"{question} {ANSWER_FORMAT}", answer]
            assert (body["temperature"], body["max_tokens"]) == (0.0, 512)
        asked = {f"{row['question']} {ANSWER_FORMAT}" for row in lines_of(tmp_path / "tiny.jsonl")}
        assert {body["messages"][-1]["content"] for body in server.seen} == asked
        server.seen.clear()
        ask(system="", out=tmp_path / "other.json")
        assert {len(body["messages"]) for body in server.seen} == {1}

    @pytest.mark.parametrize("token_ids", [True, False])
    def test_what_a_model_thinks_is_counted_and_not_read(self, ask, server, monkeypatch, token_ids):
        thoughts = {"role": "assistant", "content": None, "reasoning_content": "Answer: none"}
        monkeypatch.setitem(MISBEHAVIOUR, "thinks", change(message=thoughts))
        server.faults, server.token_ids = deque(["thinks"] * 8), token_ids
        for measured in ask().values():
            assert (measured.no_answer, measured.rules) == (1, {"empty": 4})
            assert measured.tokens == 4 * 3

    def test_a_thought_in_the_text_is_not_read(self, ask, server):
        server.says = lambda body, choice: "<think>Answer: nobody</think>Answer: 917"
        assert {reply.extracted for reply in ask()["test"].replies} == {"917"}

    def test_a_reply_that_is_cut_off_is_judged_and_counted(self, ask, server):
        server.finish_reason, server.says = "length", lambda body, choice: "Answer: 917"
        for measured in ask().values():
            assert (measured.unfinished, measured.no_answer) == (1, 0)

    def test_the_cost_is_that_of_prompts_and_replies(self, monkeypatch, server, tmp_path, capsys):
        words = ("benchmark", "--sampler", server.url, "--model", "tiny", "--riddles", 2, "--price", 10, 20)
        run_command(monkeypatch, *words, "--out", tmp_path / "a.json", "--json")
        assert json.loads(capsys.readouterr().out)["splits"]["test"]["cost"] is None, "no tokens of prompts, no cost"
        completion = Handler.completion
        usage = {"completion_tokens": 50, "prompt_tokens": 100}
        monkeypatch.setattr(Handler, "completion", lambda self, body: completion(self, body) | {"usage": usage})
        server.token_ids = False
        run_command(monkeypatch, *words, "--out", tmp_path / "b.json", "--json")
        measured = json.loads(capsys.readouterr().out)["splits"]["test"]
        assert (measured["prompt_tokens"], measured["tokens"]) == (400, 200)
        assert measured["cost"] == pytest.approx((400 * 10 + 200 * 20) / 1e6)


class TestRescore:
    @pytest.fixture
    def old(self, ask, server, tmp_path):
        """Results of which a verifier of old has taken two wrong replies for right ones."""
        server.says = lambda body, choice: f"{FOREIGN}\nAnswer: 917"
        ask()
        path = tmp_path / "tiny.jsonl"
        rows = path.read_text().splitlines(keepends=True)
        changed = [row.replace('"outcome": "wrong"', '"outcome": "correct"') for row in rows[:2]]
        assert changed != rows[:2]
        path.write_text("".join(changed + rows[2:]))
        return path

    def test_flips_are_listed_and_nothing_is_written(self, old, monkeypatch, capsys):
        files = [old, old.with_suffix(".json")]
        before = [file.read_bytes() for file in files]
        run_command(monkeypatch, "rescore", old)
        shown = capsys.readouterr().out
        first = lines_of(old)[0]
        for text in (first["question"], f"{SHOWN} Answer: 917", "before  correct", "after   wrong", "2 verdicts flip"):
            assert text in " ".join(shown.split("\n")), text
        assert [file.read_bytes() for file in files] == before

    def test_they_are_written_when_asked(self, old, ask):
        flips = rescore(old, write=True)
        assert [(one.outcome, other.outcome) for one, other in flips] == [("correct", "wrong")] * 2
        assert {row["outcome"] for row in lines_of(old)} == {"wrong"}
        summary = json.loads(old.with_suffix(".json").read_text())
        assert {measured["pair_accuracy"] for measured in summary["splits"].values()} == {0}
        assert rescore(old) == []
        assert ask()["test"].to_dict() == {**summary["splits"]["test"], **_intervals_as_tuples(summary)}

    def test_no_file_is_an_error(self, monkeypatch):
        with pytest.raises(SystemExit, match=r"results/\*\.json"):
            run_command(monkeypatch, "rescore")

    def test_the_summary_is_read_by_either_name(self, old):
        assert Results.at(old) == Results.at(old.with_suffix(".json")) == Results.at(old.with_suffix(""))

    def test_foreign_text_controls_nothing(self, old):
        console = Console(file=io.StringIO(), width=200)
        print_flips(console, old, rescore(old), written=False)
        assert "\x1b" not in console.file.getvalue()


def _intervals_as_tuples(summary):
    return {"intervals": {name: tuple(pair) for name, pair in summary["splits"]["test"]["intervals"].items()}}


def reply(riddle_id, right, sample=0, fell=False):
    outcome = "correct" if right else "wrong"
    family = riddle_id.partition("/")[0]
    return Reply(riddle_id, sample, family, 1, "?", "9", "9", True, outcome, "bare answer", "9", fell, 1, 0, 0.1)


def result(pattern):
    """A benchmark whose pair number k is right where the pattern has a 1."""
    rows = []
    for place, right in enumerate(pattern):
        name = f"family-{place % 20}/test/{place}"
        rows += [reply(name, bool(int(right))), reply(f"{name}/contrast", True)]
    return Benchmark.of("list", rows)


class TestComparison:
    def test_a_difference_is_said_in_words(self):
        worse, better = result("0" * 150 + "1" * 50), result("0" * 110 + "1" * 90)
        told = differences("test", ("A", worse), ("B", better))[0]
        assert (told.measure, told.riddles, told.mean) == ("pair_accuracy", 200, pytest.approx(0.2))
        assert 0 < told.low < 0.2 < told.high
        assert str(told) == f"B is better by {100 * told.low:.0f} to {100 * told.high:.0f} points"
        back = differences("test", ("B", better), ("A", worse))[0]
        assert back.mean == pytest.approx(-0.2)
        assert re.fullmatch(r"B is better by (\d+) to (\d+) points", str(back))

    def test_where_there_is_none_that_is_said_too(self):
        one, other = result("01" * 100), result("10" * 99 + "11")
        assert str(differences("test", ("A", one), ("B", other))[0]) == "no difference can be told with 200 riddles"
        same = differences("test", ("A", one), ("B", one))
        assert [(told.mean, told.p) for told in same] == [(0, 1)] * 3

    def test_four_pairs_of_a_hundred_are_no_proof(self):
        told = differences("test", ("A", result("0" * 100)), ("B", result("1111" + "0" * 96)))[0]
        assert told.p == 0.125
        assert str(told) == "no difference can be told with 100 riddles"

    def test_p_is_mcnemars(self):
        rng = np.random.default_rng(1)
        one, other = ("".join(map(str, rng.integers(2, size=120))) for _ in range(2))
        told = differences("test", ("A", result(one)), ("B", result(other)))
        table = Counter(zip(one, other, strict=True))
        fewer = min(table["0", "1"], table["1", "0"])
        exact = min(1, 2 * stats.binom.cdf(fewer, table["0", "1"] + table["1", "0"], 0.5))
        assert {each.measure: each.p for each in told} == {
            "pair_accuracy": pytest.approx(exact), "riddle_accuracy": pytest.approx(exact), "contrast_accuracy": 1,
        }  # fmt: skip

    def test_only_what_both_answered_counts(self):
        told = differences("test", ("A", result("1" * 30)), ("B", result("1" * 50)))
        assert {each.riddles for each in told} == {30}
        other = dataclasses.replace(result("1" * 50), version="another list")
        with pytest.raises(ValueError, match="A and B share no riddles: list and another list"):
            differences("test", ("A", result("1")), ("B", other))

    def test_results_of_different_sizes_are_shown_side_by_side(self, ask, server, tmp_path, monkeypatch, capsys):
        answers = {
            f"{question} {ANSWER_FORMAT}": pair for split in SPLITS for question, pair in pairs_of(9, split).items()
        }
        ask(9)
        server.says = lambda body, choice: answers[body["messages"][-1]["content"]][0].answer
        ask(8, out=tmp_path / "trick.json")
        files = (tmp_path / "tiny.json", tmp_path / "trick.json")
        run_command(monkeypatch, "benchmark", *files)
        shown = capsys.readouterr().out
        assert (tmp_path / "comparison.png").stat().st_size > 10_000
        assert "test: tiny and trick, pair accuracy: no difference can be told with 8 riddles." in shown
        run_command(monkeypatch, "benchmark", *files, "--json")
        printed = json.loads(capsys.readouterr().out)
        assert printed["splits"]["test"]["trick"]["overapplied"] == 1
        assert len(printed["differences"]) == 6
        riddles = next(told for told in printed["differences"] if told["measure"] == "riddle_accuracy")
        assert (riddles["first"], riddles["second"], riddles["riddles"]) == ("tiny", "trick", 8)
        assert riddles["words"].startswith("trick is better by")


class TestAPerson:
    @pytest.fixture
    def person(self, monkeypatch, tmp_path):
        """Someone who gives these replies and then an empty line."""

        def says(*replies):
            console, lines = Console(record=True, width=200, file=io.StringIO()), iter([*replies, ""])
            monkeypatch.setattr(console, "input", lambda prompt: next(lines))
            record(console, tmp_path / "me.jsonl", "test")
            return console.export_text()

        return says

    def test_replies_are_kept_as_those_of_a_model_are(self, person, tmp_path):
        prose = "I think that this is a hard one, so hard that I do not know"
        shown = person("Answer: 917", prose, "Answer: 918", "Answer: 919")
        assert shown.count("That is no answer (no final answer).") == 1
        rows = lines_of(tmp_path / "me.jsonl")
        assert [row["reply"] for row in rows] == ["Answer: 917", "Answer: 918", "Answer: 919"]
        assert {row["riddle_id"] for row in rows[:2]} == set(fixed_list(make_env(), 1))
        summary = json.loads((tmp_path / "me.json").read_text())
        assert (summary["model"], summary["splits"]["test"]["riddles"]) == ("a person", 1)
        assert "pair accuracy" in shown

        person("Answer: 920")
        rows = lines_of(tmp_path / "me.jsonl")
        assert {row["riddle_id"] for row in rows} == set(fixed_list(make_env(), 2))
        assert rescore(tmp_path / "me.json") == []

    def test_the_sides_are_shuffled(self, person, tmp_path):
        person(*["Answer: 917"] * 40)
        firsts = [row["riddle_id"].endswith("/contrast") for row in lines_of(tmp_path / "me.jsonl")[::2]]
        assert 4 < sum(firsts) < 16

    def test_who_says_nothing_leaves_nothing_to_measure(self, person, tmp_path):
        person()
        assert json.loads((tmp_path / "me.json").read_text())["splits"] == {}

    def test_the_split_must_have_a_list(self, monkeypatch, tmp_path):
        with pytest.raises(SystemExit, match="test or transfer"):
            run_command(monkeypatch, "play", "--record", tmp_path / "me.jsonl")
