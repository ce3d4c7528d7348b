"""The overlap of splits: planted copies are found, and nothing else."""

import contextlib
import itertools

import hypothesis
import hypothesis.strategies as st
import pytest

from expit_env.audit import overlap as overlap_module
from expit_env.audit.overlap import NEAR, make_block, overlaps, sample
from expit_env.riddles.family import normalise

CROWS = "There are 8 crows on a long fence by the river and a hunter shoots 3"
NEARLY = "There are 8 crows on a long fence by the river and a hunter shoots 2"
OTHER = "All but 9 of the sheep that a widow has in her stable run away"


def blocks(**questions):
    """Return a block of a family of its own for each split."""
    ids = {}
    return [make_block(f"family-{split}", split, texts, ids) for split, texts in questions.items()]


def test_a_planted_copy_and_a_near_copy_are_found():
    (found,) = overlaps(blocks(train=[OTHER, CROWS], test=[CROWS.upper() + "!", "What else is there?"]))
    assert (found.splits, found.families) == (("test", "train"), ("family-test", "family-train"))
    assert (found.exact, found.near) == (1, 0)
    (found,) = overlaps(blocks(train=[OTHER, CROWS], validation=[NEARLY]))
    assert (found.exact, found.near, found.example) == (0, 1, NEARLY.lower())
    assert overlaps([*blocks(train=[CROWS]), *blocks(train=[CROWS])]) == [], "a split is not compared with itself"


WORDS = st.lists(st.sampled_from("abcdefg"), min_size=4, max_size=7).map(" ".join)


@hypothesis.given(*[st.lists(WORDS, min_size=1)] * 2)
def test_the_same_pairs_are_found_as_by_comparing_all_pairs(train, test):
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
    with pytest.raises(ValueError, match="at least 1 riddle"):
        sample(0)


@pytest.mark.parametrize(
    ("later", "text", "complaint"),
    [("test", CROWS, "are in two splits"), ("test", NEARLY, "of test are near to one"), ("validation", NEARLY, None)],
)
def test_the_command_fails_on_a_copy_and_on_a_near_copy_of_train_in_test(
    later, text, complaint, expit, monkeypatch, capsys, tmp_path
):
    monkeypatch.setattr(overlap_module, "sample", lambda riddles: blocks(**{"train": [CROWS, OTHER], later: [text]}))
    with pytest.raises(SystemExit, match=complaint) if complaint else contextlib.nullcontext():
        expit("splits", "--riddles", 3, "--out", tmp_path / "splits.md")
    assert "Jaccard" in capsys.readouterr().out
    assert f"| {later} | 1 | 1 |" in (tmp_path / "splits.md").read_text(encoding="utf-8")
