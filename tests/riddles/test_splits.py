"""Tests of expit_env.riddles.splits: addresses and disjoint splits."""

import os
import subprocess
import sys

import pytest

from expit_env.riddles import splits
from expit_env.riddles.family import normalise

DIGEST = (
    "import hashlib; from expit_env.riddles import splits;"
    "riddles = [splits.riddle_at(family, split, index, contrast) for split in splits.SPLITS"
    " for family in splits.families_of(split) for index in range(5) for contrast in (False, True)];"
    "print(hashlib.sha256(repr(riddles).encode()).hexdigest())"
)


@pytest.mark.parametrize("family", splits.families_of("train"))
def test_no_question_is_in_two_splits_not_even_with_another_opening(family):
    seen = {}
    for split in ("train", "validation", "test"):
        for index in range(200):
            for question in splits.bare_questions(family, split, index):
                assert seen.setdefault(normalise(question), split) == split, question


def test_the_same_riddles_under_any_hash_seed_and_in_any_process():
    digests = {
        subprocess.run(
            [sys.executable, "-c", DIGEST],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


def test_an_address_is_the_same_riddle_in_every_version_of_python():
    assert splits.riddle("birds-on-a-wire/train/4").question == (
        "Grace asked 13 neighbours this riddle on the beach. Only Jack got it right. In a field, 4 sparrows are looking"
        " for worms. There are 17 crows on a crossbar. A hunter shoots 12 of them. How many are left on the crossbar?"
    )


def test_a_riddle_and_its_contrast_name_each_other():
    riddle = splits.riddle("birds-on-a-wire/train/7")
    contrast = splits.riddle(riddle.contrast_id)
    assert (riddle.riddle_id, contrast.riddle_id) == ("birds-on-a-wire/train/7", "birds-on-a-wire/train/7/contrast")
    assert splits.riddle(contrast.contrast_id) == riddle
    assert contrast.trap == riddle.answer
    assert (riddle.level, riddle.split, riddle.family) == (3, "train", "birds-on-a-wire")


@pytest.mark.parametrize("index", range(5))
def test_a_bare_question_is_the_question_without_its_opening(index):
    for contrast, bare in enumerate(splits.bare_questions("birds-on-a-wire", "test", index)):
        question = splits.riddle_at("birds-on-a-wire", "test", index, bool(contrast)).question
        assert question.endswith(bare)
        assert (question == bare) == (index == 0)


@pytest.mark.parametrize("name", ["birds", "birds-on-a-wire/train", "birds-on-a-wire/transfer/0", "x/train/0",
                                  "birds-on-a-wire/train/-1", "birds-on-a-wire/train/9999999", "", None])  # fmt: skip
def test_a_wrong_address_is_refused_with_what_exists(name):
    with pytest.raises(ValueError, match="no riddle has the id"):
        splits.riddle(name)
