"""expit compare: every agent in one table at one budget, resumed."""

import dataclasses
import io
import json

import numpy as np
import pytest
from rich.console import Console
from support.tiny import load_without_workers, save_tiny

from agents import comparison
from agents.base import Spending
from agents.comparison import CompareRequest, compare
from agents.evaluation import Answered, Evaluation
from agents.expert_iteration import ExpertIterationConfig
from agents.progress import QUIET
from agents.registry import AGENTS
from agents.run import RunConflictError
from agents.standings import Result, Standing, interval, table


@pytest.fixture(scope="module", autouse=True)
def no_workers():
    with pytest.MonkeyPatch.context() as patch:
        load_without_workers(patch)
        yield


@pytest.fixture(scope="module")
def done(tmp_path_factory, no_workers):
    """All agents on a tiny random model, which finds no answer."""
    folder = tmp_path_factory.mktemp("compare")
    model = str(save_tiny(folder / "model"))
    request = CompareRequest(budget=24, model=model, device="cpu", out=folder / "out", riddles=3, samples=2)
    return request, compare(request, QUIET)


def test_every_agent_has_a_row_in_table_numbers_and_picture(done):
    request, rows = done
    assert [row.agent for row in rows] == list(AGENTS)
    console = Console(width=80, file=io.StringIO())
    console.print(table(rows, request.split, request.budget))
    assert all(name in console.file.getvalue() for name in AGENTS)
    assert "best-of-n *" in console.file.getvalue()
    numbers = json.loads((request.out / "comparison.json").read_text())
    assert list(numbers["agents"]) == list(AGENTS)
    assert [name for name, row in numbers["agents"].items() if row["upper_bound"]] == ["best-of-n"]
    assert (request.out / "comparison.png").stat().st_size > 10_000


def test_no_agent_passes_the_budget_and_all_answer_the_same_validation_riddles(done):
    request, rows = done
    spent = {row.agent: row.episodes for row in rows}
    assert all(episodes <= 24 for episodes in spent.values())
    assert (spent["grpo"], spent["sft"], spent["few-shot"], spent["base"]) == (6 + 16, 6, 6, 0)
    results = [Result.read(path) for path in request.out.glob("*/*/result.json")]
    assert len(results) == len(AGENTS)
    assert len({tuple(one.riddle_id for one in result.evaluation.riddles) for result in results}) == 1
    assert {result.evaluation.split for result in results} == {"validation"}
    assert all(one.contrast for result in results for one in result.evaluation.riddles)


def test_a_round_without_a_right_answer_is_noted_and_counted(done):
    request, rows = done
    row = next(row for row in rows if row.agent == "iterated-dpo")
    [note] = row.notes
    assert "nothing to learn from" in note
    assert 6 < row.episodes <= 24
    [path] = request.out.glob("iterated-dpo/*/result.json")
    seconds = [json.loads(stages.read_text())["search_seconds"] for stages in path.parent.rglob("took.json")]
    assert Result.read(path).minutes == pytest.approx(sum(seconds) / 60), "it would not survive a resume"


def test_what_is_finished_is_not_run_again_and_another_budget_is_refused(done, monkeypatch):
    request, rows = done
    make_agent, made = comparison.make_agent, []
    monkeypatch.setattr(comparison, "make_agent", lambda name, setting: made.append(name) or make_agent(name, setting))
    assert compare(request, QUIET) == rows
    assert made == []
    [row] = compare(dataclasses.replace(request, agents=("random",), seeds=(0, 1, 2)), QUIET)
    assert (made, row.seeds) == (["random", "random"], (0, 1, 2))
    with pytest.raises(RunConflictError, match="budget"):
        compare(dataclasses.replace(request, budget=25), QUIET)


def test_a_small_source_is_answered_once_and_an_edited_one_is_refused(done, written, tmp_path):
    rows = [{"question": f"What is {n}?", "answer": "it", "split": "train", "level": 2} for n in range(8)]
    rows[5:] = [
        row | {"split": split} for row, split in zip(rows[5:], ("validation", "validation", "test"), strict=True)
    ]
    asked = {"agents": ("random",), "source": written(rows), "out": tmp_path / "out", "riddles": 20}
    request, console = dataclasses.replace(done[0], **asked), Console(width=120, record=True, file=io.StringIO())
    [row] = compare(request, console)
    console.print(table([row], request.split, request.budget))
    shown = console.export_text()
    assert "mine.jsonl: train 5, validation 2, test 1" in shown.replace("\n", "")
    assert "only 2 riddles in the split validation; asked for 20" in shown
    assert "validation: 2 riddles" in shown
    assert row.riddles == len(set(Result.read(next(request.out.rglob("result.json"))).evaluation.riddle_ids)) == 2
    written([row | {"answer": "that"} for row in rows])
    with pytest.raises(RunConflictError, match="source_sha256: the run has"):
        compare(request, QUIET)


@pytest.mark.parametrize("budget", [1, 24, 100, 512, 1_536, 12_288, 100_000])
def test_expert_iteration_is_fitted_to_the_budget(budget):
    config = ExpertIterationConfig()
    fitted = config.within(budget)
    assert fitted.rounds * fitted.riddles * fitted.samples <= budget or (fitted.rounds, fitted.riddles) == (1, 8)
    assert fitted.riddles <= config.riddles
    if budget >= config.episodes:
        assert fitted == config


def result(values, seed=0):
    sides = [
        Answered(str(i), "birds", "?", "none", "none", bool(v), not v, int(v), bool(v)) for i, v in enumerate(values)
    ]
    riddles = tuple(dataclasses.replace(side, contrast=side) for side in sides)
    return Result("some", seed, False, 0.0, Evaluation("validation", 1, riddles), Spending(10 * (seed + 1)), 0.0)


def test_a_row_is_a_mean_over_seeds_with_wilsons_interval_where_they_agree():
    row = Standing.of([result([1, 0], 0), result([1, 1], 1)])
    assert (row.mean, row.by_seed, row.episodes) == (0.75, (0.5, 1.0), 15)
    assert (row.riddle, row.contrast, row.overapplied) == (0.75, 0.75, 0.25)
    one = result([1, 0, 1, 1])
    assert interval([one]) == one.evaluation.interval("pair_accuracy")
    assert interval([result([0] * 10, seed) for seed in range(3)])[1] > 0.1, "nothing right is not surely nothing"


def test_the_interval_of_several_seeds_covers_both_riddles_and_seeds():
    rng = np.random.default_rng(0)
    riddles = rng.random(100) < 0.5
    same = interval([result(riddles, seed) for seed in range(3)])
    differing = interval(
        [result(riddles & (rng.random(100) < share), seed) for seed, share in enumerate((0.1, 0.6, 1))]
    )
    assert same[1] - same[0] == pytest.approx(0.2, abs=0.03), "equal seeds are no more riddles"
    assert differing[1] - differing[0] > 1.5 * (same[1] - same[0])
