"""What a run has to show: the page, the curve and the tables in the terminal."""

import dataclasses
import io
import json
import shutil

import pytest
from matplotlib.figure import Figure
from rich.console import Console

from agents import report
from agents.evaluation import Answered, Comparison, Evaluation


@pytest.fixture
def evaluated(recorded, tmp_path):
    """A copy of a run with evaluations on test and transfer."""
    folder = shutil.copytree(recorded, tmp_path / "run")
    base = json.loads((folder / "base.json").read_text())
    base["riddles"][0]["greedy"] = "<script>alert(1)</script>"
    for split in ("test", "transfer"):
        both = {"base": base | {"split": split}, "trained": base | {"split": split}}
        (folder / f"evaluation-{split}.json").write_text(json.dumps(both))
    return folder


def printed(folder):
    console = Console(file=io.StringIO(), width=120)
    report.print_results(console, folder)
    return console.file.getvalue()


def test_the_report_shows_both_splits_and_escapes_answers(evaluated):
    report.write_report(evaluated)
    page = (evaluated / "report.html").read_text()
    for split in ("test", "transfer"):
        assert f"<h2>{split}</h2>" in page
    assert "<script>" not in page
    family = json.loads((evaluated / "base.json").read_text())["riddles"][0]["family"]
    assert f"<tr><th>{family}<td>" in page
    assert (evaluated / "curve.png").read_bytes().startswith(b"\x89PNG")
    assert "pairs, any of N" in printed(evaluated)
    assert len(report.examples(Comparison.read(evaluated / "evaluation-test.json"))) >= 1


def test_the_curve_stacks_the_shares_of_pairs_by_round(tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(Figure, "savefig", lambda figure, path, **_: drawn.append(figure) or path.touch())
    pair = Answered("a", "f", "?", "0", "0", True, False, 1, True)
    base = Evaluation("validation", 1, (dataclasses.replace(pair, contrast=dataclasses.replace(pair, correct=False)),))
    found = [("riddle_accuracy", 0.5), ("contrast_accuracy", 0.75), ("pair_accuracy", 0.375)]
    report.draw_curve(tmp_path / "curve.png", base, [dict(found), dict(found[:1])])
    bars = [[bar.get_height() for bar in bars] for bars in drawn[0].axes[0].containers]
    assert bars == [[0, 0.375, 0.5], [1, 0.125, 0], [0, 0.375, 0], [0, 0.125, 0.5]]


def test_a_report_needs_no_validation_riddles_but_whole_evaluations(evaluated):
    (evaluated / "base.json").unlink()
    report.write_report(evaluated)
    page = (evaluated / "report.html").read_text()
    assert "<h2>test</h2>" in page
    assert "curve.png" not in page
    assert "overapplied" in printed(evaluated)
    assert "curve" not in printed(evaluated)
    (evaluated / "evaluation-test.json").write_text('{"base": {"split": "test"}}')
    with pytest.raises(ValueError, match=r"evaluation-test\.json is broken: it has no 'samples'\. Delete .*test\.json"):
        printed(evaluated)
