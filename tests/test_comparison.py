"""expit compare: every agent in one table at one budget, resumed, with intervals."""

import dataclasses
import io
import json

import numpy as np
import pytest
from rich.console import Console
from tiny import tiny_model, tiny_tokenizer

from agents import comparison
from agents.comparison import CompareRequest, compare, within
from agents.evaluation import Answered, Evaluation
from agents.expert_iteration import ExpertIterationConfig
from agents.progress import QUIET
from agents.registry import AGENTS
from agents.run import RunConflictError
from agents.standings import Result, Row, interval, table


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """All agents with two seeds on a tiny random model, which finds no answer."""
    folder = tmp_path_factory.mktemp("compare")
    # Its tokens are nearly bytes: the few-shot prompt is long.
    for part in (tiny_model(max_position_embeddings=2_048), tiny_tokenizer()):
        part.save_pretrained(folder / "model")
    request = CompareRequest(
        budget=24, seeds=(0, 1), model=str(folder / "model"), out=folder / "out", riddles=3, samples=2
    )
    return request, compare(request, QUIET)


def test_every_agent_has_a_row_in_table_numbers_and_picture(done):
    request, rows = done
    assert [row.agent for row in rows] == list(AGENTS)
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(table(rows, request))
    shown = console.export_text()
    assert all(name in shown for name in AGENTS)
    assert "best-of-n *" in shown
    numbers = json.loads((request.out / "comparison.json").read_text())
    assert list(numbers["agents"]) == list(AGENTS)
    assert [name for name, row in numbers["agents"].items() if row["upper_bound"]] == ["best-of-n"]
    assert (request.out / "comparison.png").stat().st_size > 10_000


def test_nobody_passes_the_budget(done):
    _, rows = done
    spent = {row.agent: row.episodes for row in rows}
    assert all(episodes <= 24 for episodes in spent.values())
    assert spent["grpo"] == 24
    assert spent["base"] == 0


def test_all_are_asked_the_same_validation_riddles(done):
    request, _ = done
    results = [Result.read(path) for path in request.out.glob("*/*/result.json")]
    assert len(results) == 2 * len(AGENTS)
    assert len({tuple(one.riddle_id for one in result.evaluation.riddles) for result in results}) == 1
    assert {result.evaluation.split for result in results} == {"validation"}


def test_a_round_without_an_answer_is_noted_and_counted(done):
    request, rows = done
    row = rows[0]
    if not row.notes:
        pytest.skip("the random model found an answer")
    assert "no right answer" in row.notes[0]
    assert 0 < row.episodes <= 24
    for path in request.out.glob("expert-iteration/*/result.json"):
        seconds = [json.loads(stages.read_text())["search_seconds"] for stages in path.parent.rglob("seconds.json")]
        assert Result.read(path).minutes == pytest.approx(sum(seconds) / 60), "it would not survive a resume"


def test_what_is_finished_is_not_run_again_and_more_can_be_asked(done, monkeypatch):
    request, rows = done
    made = []
    monkeypatch.setattr(comparison, "make_agent", lambda name, setting: made.append(name) or original(name, setting))
    assert compare(request, QUIET) == rows
    assert made == []
    compare(dataclasses.replace(request, agents=("random",), seeds=(0, 1, 2)), QUIET)
    assert made == ["random"]


original = comparison.make_agent


def test_another_budget_in_the_same_folder_is_refused(done):
    with pytest.raises(RunConflictError, match="budget"):
        compare(dataclasses.replace(done[0], budget=25), QUIET)


def test_a_small_source_is_answered_once_and_an_edited_one_is_refused(done, tmp_path):
    def write(answer):
        splits = ["train"] * 5 + ["validation"] * 2 + ["test"]
        rows = [{"question": f"What is {n}?", "answer": answer, "split": split} for n, split in enumerate(splits)]
        (tmp_path / "mine.jsonl").write_text("".join(json.dumps(row | {"level": 2}) + "\n" for row in rows))

    write("it")
    request = dataclasses.replace(
        done[0], agents=("random",), source=str(tmp_path / "mine.jsonl"), out=tmp_path / "out", riddles=20
    )
    console = Console(width=120, record=True, file=io.StringIO())
    [row] = compare(request, console)
    console.print(table([row], request))
    shown = console.export_text()
    assert "mine.jsonl: train 5, validation 2, test 1" in shown.replace("\n", "")
    assert "only 2 riddles in the split validation; asked for 20" in shown
    assert "validation: 2 riddles" in shown
    assert row.riddles == len(set(Result.read(next(request.out.rglob("result.json"))).evaluation.riddle_ids)) == 2
    write("that")
    with pytest.raises(RunConflictError, match="source_sha256: the run has"):
        compare(request, QUIET)


@pytest.mark.parametrize(
    ("asked", "message"), [({"agents": ("grop",)}, "Did you mean 'grpo'"), ({"seeds": ()}, "seed")]
)
def test_a_request_that_makes_no_sense_is_refused(asked, message):
    with pytest.raises(ValueError, match=message):
        CompareRequest(**asked)


@pytest.mark.parametrize("budget", [1, 24, 100, 512, 1_536, 12_288, 100_000])
def test_expert_iteration_is_fitted_to_the_budget(budget):
    config = ExpertIterationConfig()
    fitted = within(config, budget)
    # Two thirds of the most answers fit; the first ones to all riddles do in any case.
    least = fitted.rounds * fitted.riddles * fitted.samples
    assert max(least, 2 / 3 * fitted.episodes) <= budget or (fitted.rounds, fitted.riddles) == (1, 8)
    assert fitted.riddles <= config.riddles
    if budget >= config.episodes:
        assert fitted == config


def result(values, seed=0, upper_bound=False):
    riddles = tuple(
        Answered(str(i), "birds", "?", "none", "none", bool(v), False, False, int(v), bool(v))
        for i, v in enumerate(values)
    )
    return Result("some", seed, upper_bound, Evaluation("validation", 1, riddles), 10 * (seed + 1), 0, 0.0)


def test_the_interval_of_one_seed_is_wilsons():
    one = result([1, 0, 1, 1])
    assert interval([one]) == one.evaluation.interval("system1_accuracy")


def test_the_interval_of_several_seeds_covers_both_riddles_and_seeds():
    rng = np.random.default_rng(0)
    riddles = rng.random(100) < 0.5
    same = interval([result(riddles, seed) for seed in range(3)])
    differing = interval(
        [result(riddles & (rng.random(100) < share), seed) for seed, share in enumerate((0.1, 0.6, 1))]
    )
    assert same[1] - same[0] == pytest.approx(0.2, abs=0.03), "equal seeds are no more riddles"
    assert differing[1] - differing[0] > 1.5 * (same[1] - same[0])


def test_nothing_right_is_not_surely_nothing():
    assert interval([result([0] * 10, seed) for seed in range(3)])[1] > 0.1


def test_a_row_is_a_mean_over_seeds():
    row = Row.of([result([1, 0], 0), result([1, 1], 1)])
    assert (row.mean, row.by_seed, row.episodes) == (0.75, (0.5, 1.0), 15)
