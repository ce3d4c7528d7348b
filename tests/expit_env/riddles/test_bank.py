"""The bank: every line by the same rules, and the bank in the environments."""

import itertools
import json
import re
from pathlib import Path

import gymnasium as gym
import pytest
from support.riddle_rules import faults

from expit_env.riddle import LEVELS
from expit_env.riddles import FAMILIES, bank, splits
from expit_env.riddles.bank import BANK
from expit_env.riddles.family import normalise

ROWS = [json.loads(line) for line in Path(bank.__file__).with_suffix(".jsonl").read_text("utf-8").splitlines()]
ENTRIES = [entry for split in splits.SPLITS for entry in bank.entries(split)]
RIDDLES = [riddle for entry in ENTRIES for riddle in entry if riddle is not None]


def test_there_are_enough_riddles_in_every_split_and_at_every_level_and_a_cluster_is_in_one_split():
    assert len(ROWS) == len(ENTRIES) >= 200
    shares = {split: splits.count(BANK, split) / len(ROWS) for split in splits.SPLITS}
    assert shares == pytest.approx({"train": 0.6, "validation": 0.1, "test": 0.15, "transfer": 0.15}, abs=0.03)
    for split in splits.SPLITS:
        assert {riddle.level for riddle, _ in bank.entries(split)} == set(LEVELS)
    pairs = {(row["cluster"], row["split"]) for row in ROWS}
    assert len(pairs) == len({cluster for cluster, _ in pairs}) >= 100


def test_riddles_keep_the_rules():
    for riddle in RIDDLES:
        assert splits.riddle(riddle.riddle_id) is riddle
        assert not faults(riddle), riddle
        assert re.fullmatch(r"[A-Z0-9'].*[.?]['\"]?", riddle.question), riddle
        assert re.fullmatch(r"[A-Z0-9'].*[.]", riddle.explanation), riddle
        assert not re.search(r"  | [,.?!]|\b([a-z]+) \1\b", riddle.question + riddle.explanation), riddle


def test_no_question_is_in_the_bank_twice_and_no_near_duplicate_in_two_splits():
    words = {normalise(riddle.question): riddle.split for riddle in RIDDLES}
    assert len(words) == len(RIDDLES)
    for (one, split), (other, another) in itertools.combinations(words.items(), 2):
        own, others = set(one.split()), set(other.split())
        assert split == another or len(own & others) < 0.8 * len(own | others), (one, other)


def test_an_address_that_the_bank_lacks_is_refused():
    alone = next(riddle for riddle, contrast in bank.entries("train") if contrast is None)
    wrong = {"bank/train/9999": "below 1", "bank/no/0": "no split 'no'", f"{alone.riddle_id}/contrast": "no contrast"}
    for name, reason in wrong.items():
        with pytest.raises(ValueError, match=reason):
            splits.riddle(name)


@pytest.mark.parametrize("split", splits.SPLITS)
@pytest.mark.parametrize("level", [None, *LEVELS])
def test_the_environment_asks_only_riddles_of_the_split_and_level(split, level):
    env = gym.make("Riddle-v0", families=[BANK], split=split, level=level)
    drawn = {env.reset(seed=seed)[1]["riddle_id"] for seed in range(600)}
    listed = {riddle.riddle_id for riddle in RIDDLES if riddle.split == split and level in (None, riddle.level)}
    assert drawn <= listed
    assert len(drawn) > 0.7 * len(listed)


def test_all_families_leave_the_bank_out_unless_it_is_named():
    env = gym.make("Riddle-v0", families=["all", BANK])
    drawn = {env.reset(seed=seed)[1]["family"] for seed in range(1_000)}
    assert BANK in drawn
    assert len(drawn) > 20
    assert BANK not in {*FAMILIES, *splits.families_of("train")}
    with pytest.raises(ValueError, match="Did you mean 'bank'"):
        gym.make("Riddle-v0", families="banks")
