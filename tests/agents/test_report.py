"""What a run has to show: the page, the curve and the tables in the terminal."""

import io
import json
import shutil

import pytest
from rich.console import Console

from agents import report
from agents.evaluation import Comparison


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
    assert (evaluated / "curve.png").read_bytes().startswith(b"\x89PNG")
    assert "System 1" in printed(evaluated)
    assert len(report.examples(Comparison.read(evaluated / "evaluation-test.json"))) >= 1


def test_a_report_needs_no_validation_riddles_but_whole_evaluations(evaluated):
    (evaluated / "base.json").unlink()
    report.write_report(evaluated)
    page = (evaluated / "report.html").read_text()
    assert "<h2>test</h2>" in page
    assert "curve.png" not in page
    assert "System 1" in printed(evaluated)
    assert "curve" not in printed(evaluated)
    (evaluated / "evaluation-test.json").write_text('{"base": {"split": "test"}}')
    with pytest.raises(ValueError, match=r"evaluation-test\.json is broken: it has no 'samples'\. Delete .*test\.json"):
        printed(evaluated)
