"""Tests of expit_env.splits: addresses and disjoint splits."""

import itertools

import pytest

from expit_env import splits


def test_the_same_address_is_the_same_riddle():
    splits._pair.cache_clear()
    first = splits.riddle("birds-on-a-wire/train/7")
    splits._pair.cache_clear()
    assert splits.riddle("birds-on-a-wire/train/7") == first
    assert splits.riddle(splits.riddle(first.contrast_id).contrast_id) == first


@pytest.mark.parametrize("family", splits.families_of("train"))
def test_no_question_stands_in_two_splits(family):
    def questions(split):
        ids = (f"{family}/{split}/{index}{tail}" for index in range(200) for tail in ("", "/contrast"))
        return {splits.normalise(splits.riddle(name).question) for name in ids}

    seen = {split: questions(split) for split in ("train", "validation", "test")}
    for one, other in itertools.combinations(seen, 2):
        assert not seen[one] & seen[other]


@pytest.mark.parametrize("name", ["birds", "birds-on-a-wire/train", "birds-on-a-wire/transfer/0", "x/train/0",
                                  "birds-on-a-wire/train/-1", "birds-on-a-wire/train/9999999", "", None])  # fmt: skip
def test_a_wrong_address_is_refused_with_what_exists(name):
    with pytest.raises(ValueError, match="no riddle has the id"):
        splits.riddle(name)
