"""Tests of expit_env.riddles.splits: addresses and disjoint splits."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expit_env.riddles import splits


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


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=5), st.integers(0, 99), st.integers(1, 40))
def test_random_numbers_are_a_function_of_key_and_place(keys, start, size):
    drawn = splits._uniforms(np.array(keys, np.uint64), start, size)
    for key, row in zip(keys, drawn, strict=True):
        rng = splits._Uniforms(np.uint64(key))
        rng.random(start)
        assert row.tolist() == rng.random(size).tolist()


def test_random_numbers_are_the_same_on_every_machine_and_even():
    state, expected = splits._mixed(np.array([5], np.uint64))[0], []
    for _ in range(3):  # as published: https://prng.di.unimi.it/splitmix64.c
        state = int(state) + 0x9E3779B97F4A7C15 & (1 << 64) - 1
        z = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 & (1 << 64) - 1
        z = (z ^ z >> 27) * 0x94D049BB133111EB & (1 << 64) - 1
        expected.append(((z ^ z >> 31) >> 11) / 2**53)
    assert splits._uniforms(np.array([5], np.uint64), 0, 3)[0].tolist() == expected
    counts, _ = np.histogram(splits._uniforms(np.arange(4_000, dtype=np.uint64), 0), bins=64, range=(0, 1))
    assert counts.sum() == 4_000 * 32
    assert np.abs(counts - 2_000).max() < 5 * 2_000**0.5


@pytest.mark.parametrize("name", ["birds", "birds-on-a-wire/train", "birds-on-a-wire/transfer/0", "x/train/0",
                                  "birds-on-a-wire/train/-1", "birds-on-a-wire/train/9999999", "", None])  # fmt: skip
def test_a_wrong_address_is_refused_with_what_exists(name):
    with pytest.raises(ValueError, match="no riddle has the id"):
        splits.riddle(name)
