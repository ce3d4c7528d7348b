"""Tests of expit_env.splits: addresses and disjoint splits."""

import itertools

import pytest

from expit_env import splits


def test_the_same_address_is_the_same_riddle():
    first = splits.riddle("birds-on-a-wire/train/7")
    splits.riddle_at.cache_clear()
    splits._drawn.cache_clear()
    assert splits.riddle("birds-on-a-wire/train/7") == first
    assert splits.riddle(splits.riddle(first.contrast_id).contrast_id) == first


@pytest.mark.parametrize("family", splits.families_of("train"))
def test_no_question_stands_in_two_splits_not_even_behind_another_opening(family):
    def questions(split):
        drawn = (splits._drawn(family, split, index) for index in range(200))
        return {splits.normalise(question) for each in drawn for question in (each.question, each.contrast_question)}

    seen = {split: questions(split) for split in ("train", "validation", "test")}
    for one, other in itertools.combinations(seen, 2):
        assert not seen[one] & seen[other]


def test_the_riddle_of_an_address_is_what_was_drawn_for_it():
    drawn, riddle = splits._drawn("birds-on-a-wire", "train", 4), splits.riddle("birds-on-a-wire/train/4")
    assert riddle.question == drawn.opening + drawn.question
    assert splits.riddle(riddle.contrast_id).question == drawn.opening + drawn.contrast_question


@pytest.mark.parametrize("name", ["birds", "birds-on-a-wire/train", "birds-on-a-wire/transfer/0", "x/train/0",
                                  "birds-on-a-wire/train/-1", "birds-on-a-wire/train/9999999", "", None])  # fmt: skip
def test_a_wrong_address_is_refused_with_what_exists(name):
    with pytest.raises(ValueError, match="no riddle has the id"):
        splits.riddle(name)
