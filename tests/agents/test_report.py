"""What a run has to show: the page, the curve and the tables in the terminal."""

import dataclasses
import io
import json
import re
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
    for split in ("test", "transfer", "validation"):
        assert f"<h2>{split}</h2>" in page
    assert "<script>" not in page
    family = json.loads((evaluated / "base.json").read_text())["riddles"][0]["family"]
    assert page.count(f"<tr><th>{family}<td>") == 3
    assert page.count("<th>base<th>round 1<th>round 2") == 2, "the measures of validation and its answers, by round"
    assert len(re.findall(r"<td>\d+ % &rarr; \d+ % &rarr; \d+ %", page)) > 4, "its families, by round"
    assert (evaluated / "curve.png").read_bytes().startswith(b"\x89PNG")
    assert "pairs, any of N" in printed(evaluated)


def test_the_examples_are_of_different_families_and_newly_solved_ones_come_first():
    one = Answered("a", "f", "?", "0", "0", True, False, 1, True)
    solved, missed = dataclasses.replace(one, contrast=one), dataclasses.replace(one, correct=False, contrast=one)

    def answered(*sides):
        families = zip(sides, "fgfh", strict=True)
        return Evaluation("test", 1, tuple(dataclasses.replace(side, family=name) for side, name in families))

    before, after = answered(solved, missed, missed, solved), answered(solved, missed, solved, missed)
    shown = report.examples(Comparison(before, after))
    assert [(old.family, old.correct, new.correct) for old, new in shown] == [
        ("f", False, True), ("g", False, False), ("h", True, False),
    ]  # fmt: skip


def test_the_curve_stacks_the_shares_of_pairs_by_round(tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(Figure, "savefig", lambda figure, path, **_: drawn.append(figure) or path.touch())
    pair = Answered("a", "f", "?", "0", "0", True, False, 1, True)
    wrong = dataclasses.replace(pair, correct=False)
    sides = {1: dataclasses.replace(pair, contrast=pair), 2: dataclasses.replace(pair, contrast=wrong),
             3: dataclasses.replace(wrong, contrast=pair), 4: dataclasses.replace(wrong, contrast=wrong)}  # fmt: skip
    rounds = [(2,), (1, 1, 1, 2, 3, 3, 3, 4)]
    evaluated = [Evaluation("validation", 1, tuple(sides[which] for which in some)) for some in rounds]
    report.draw_curve(tmp_path / "curve.png", [*evaluated, Evaluation("validation", 1, (pair, wrong))])
    bars = [[bar.get_height() for bar in bars] for bars in drawn[0].axes[0].containers]
    assert bars == [[0, 0.375, 0.5], [1, 0.125, 0], [0, 0.375, 0], [0, 0.125, 0.5]]


@pytest.mark.parametrize(
    ("contrasts", "title"), [(True, "test: 2 riddles with contrasts, N = 1"), (False, "test: 2 riddles, N = 1")]
)
def test_the_title_says_whether_there_are_contrasts(contrasts, title):
    one = Answered("a", "f", "?", "0", "0", True, False, 1, True)
    found = Evaluation("test", 1, 2 * (dataclasses.replace(one, contrast=one if contrasts else None),))
    assert report.table(Comparison(found, found)).title == title


def test_a_report_needs_no_validation_riddles_but_whole_evaluations(evaluated):
    for path in (evaluated / "base.json", *evaluated.glob("round-*/validation.json")):
        path.unlink()
    report.write_report(evaluated)
    page = (evaluated / "report.html").read_text()
    assert "<h2>test</h2>" in page
    assert "curve.png" not in page
    assert "overapplied" in printed(evaluated)
    assert "curve" not in printed(evaluated)
    (evaluated / "evaluation-test.json").write_text('{"base": {"split": "test"}}')
    with pytest.raises(ValueError, match=r"evaluation-test\.json is broken: it has no 'samples'\. Delete .*test\.json"):
        printed(evaluated)
