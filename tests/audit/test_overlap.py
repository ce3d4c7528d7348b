"""The overlap of splits: what is planted is found, and nothing else."""

import contextlib
import itertools
import sys

import hypothesis
import hypothesis.strategies as st
import pytest

from agents import checks, cli
from expit_env.audit import overlap as overlap_module
from expit_env.audit.audit import Audit, Constant, Tally
from expit_env.audit.overlap import NEAR, make_block, overlaps, sample
from expit_env.riddles.family import normalise

CROWS = "There are 8 crows on a long fence by the river and a hunter shoots 3"
NEARLY = "There are 8 crows on a long fence by the river and a hunter shoots 2"
OTHER = "All but 9 of the sheep that a widow has in her stable run away"


def blocks(**questions):
    """Return a block of a family of its own for each split."""
    ids = {}
    return [make_block(f"family-{split}", split, texts, ids) for split, texts in questions.items()]


def test_a_planted_copy_is_found():
    (found,) = overlaps(blocks(train=[OTHER, CROWS], test=[CROWS.upper() + "!", "What else is there?"]))
    assert (found.splits, found.families) == (("test", "train"), ("family-test", "family-train"))
    assert (found.exact, found.near) == (1, 0)


def test_a_planted_near_copy_is_found():
    (found,) = overlaps(blocks(train=[OTHER, CROWS], validation=[NEARLY]))
    assert (found.exact, found.near) == (0, 1)
    assert found.example == NEARLY.lower()


def test_what_is_not_near_is_not_found():
    assert overlaps(blocks(train=[OTHER], test=[CROWS], transfer=["Who am I?"])) == []


def test_one_split_is_not_compared_with_itself():
    ids = {}
    assert overlaps([make_block(name, "train", [CROWS], ids) for name in ("one", "other")]) == []


@hypothesis.given(*[st.lists(st.text("abcdefghij ", min_size=9, max_size=24).filter(str.strip), min_size=1)] * 2)
def test_all_pairs_are_found_that_comparing_all_pairs_finds(train, test):
    def near(one, other):
        one, other = set(one.split()), set(other.split())
        return len(one & other) / len(one | other) >= NEAR

    found = overlaps(blocks(train=train, test=test))
    texts = [{normalise(text) for text in side} for side in (test, train)]
    close = {one for one, other in itertools.product(*texts) if near(one, other)}
    assert sum(each.exact + each.near for each in found) == len(close)
    assert sum(each.exact for each in found) == len(texts[0] & texts[1])


def test_the_splits_share_no_question():
    found = overlaps(sample(2_000))
    assert sum(each.exact for each in found) == 0
    assert not [each for each in found if each.splits == ("test", "train")]


def test_the_command_fails_on_a_copy_and_prints_the_matrix(monkeypatch, capsys, tmp_path):
    planted = blocks(train=[CROWS, OTHER], test=[CROWS])
    monkeypatch.setattr(overlap_module, "sample", lambda riddles: planted)
    monkeypatch.setattr(sys, "argv", ["expit", "splits", "--riddles", "3", "--out", str(tmp_path / "splits.md")])
    with pytest.raises(SystemExit, match="1 questions are in two splits"):
        cli.main()
    assert "Jaccard" in capsys.readouterr().out
    assert "| test | 1 | 1 |" in (tmp_path / "splits.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("later", "complaint"), [("validation", ""), ("test", "1 questions of test are near to one")])
def test_the_command_fails_on_a_near_copy_but_between_train_and_validation(later, complaint, monkeypatch, capsys):
    planted = blocks(**{"train": [CROWS, OTHER], later: [NEARLY]})
    monkeypatch.setattr(overlap_module, "sample", lambda riddles: planted)
    monkeypatch.setattr(sys, "argv", ["expit", "splits", "--riddles", "3"])
    with pytest.raises(SystemExit, match=complaint) if complaint else contextlib.nullcontext():
        cli.main()
    assert "near" in capsys.readouterr().out


def test_every_row_of_a_sheet_is_as_long_as_its_header():
    planted = blocks(train=[CROWS, OTHER], validation=[NEARLY], test=[CROWS])
    sheets = checks.overlap_sheets(planted, overlaps(planted))
    assert sheets[2].rows[0][-1] == CROWS.lower()
    found = Audit(("all-but",), 1, {("all-but", "case"): 3}, (), (Constant("train", "0", Tally(9, 1)),))
    for sheet in (*sheets, *checks.audit_sheets(found)):
        assert sheet.rows
        assert all(len(row) == len(sheet.header) for row in sheet.rows), sheet.title


def test_no_riddles_are_refused():
    with pytest.raises(ValueError, match="at least 1 riddle"):
        sample(0)
