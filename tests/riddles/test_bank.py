"""Tests of expit_env.riddles.bank: every line of the bank by the same rules, and the bank in the environments."""

import itertools
import json
import re
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest

from expit_env import verify
from expit_env.riddle import LEVELS
from expit_env.riddles import FAMILIES, bank, splits
from expit_env.riddles.bank import BANK
from expit_env.riddles.family import normalise

ROWS = [json.loads(line) for line in Path(bank.__file__).with_suffix(".jsonl").read_text("utf-8").splitlines()]
ENTRIES = [entry for split in splits.SPLITS for entry in bank.entries(split)]
RIDDLES = [riddle for entry in ENTRIES for riddle in entry if riddle is not None]


def test_there_are_enough_riddles_in_every_split_and_at_every_level():
    assert len(ROWS) == len(ENTRIES) >= 200
    assert BANK not in FAMILIES
    shares = {split: splits.count(BANK, split) / len(ROWS) for split in splits.SPLITS}
    assert shares == pytest.approx({"train": 0.6, "validation": 0.1, "test": 0.15, "transfer": 0.15}, abs=0.03)
    for split in splits.SPLITS:
        assert {riddle.level for riddle, _ in bank.entries(split)} == set(LEVELS)


def test_a_cluster_is_in_one_split():
    pairs = {(row["cluster"], row["split"]) for row in ROWS}
    assert len(pairs) == len({cluster for cluster, _ in pairs}) >= 100


def test_answers_and_aliases_pass_and_traps_fail():
    for riddle in RIDDLES:
        for text in (riddle.answer, *riddle.aliases, f"The answer is {riddle.answer}.", f"Answer: {riddle.answer}"):
            assert verify(riddle, text).correct, (text, riddle)
        for text in (riddle.trap, f"The answer is {riddle.trap}.", f"Answer: {riddle.trap}"):
            assert not verify(riddle, text).correct, (text, riddle)


def test_an_answer_to_another_riddle_seldom_passes():
    answers = {riddle.answer for riddle in RIDDLES}
    best = max(answers, key=lambda answer: sum(verify(riddle, answer).correct for riddle in RIDDLES))
    assert sum(verify(riddle, best).correct for riddle in RIDDLES) < 0.1 * len(RIDDLES), best


def test_no_question_stands_twice_and_no_near_duplicate_in_two_splits():
    words = {normalise(riddle.question): riddle.split for riddle in RIDDLES}
    assert len(words) == len(RIDDLES)
    for (one, split), (other, another) in itertools.combinations(words.items(), 2):
        own, others = set(one.split()), set(other.split())
        assert split == another or len(own & others) < 0.8 * len(own | others), (one, other)


def test_hints_do_not_tell_and_sentences_are_whole():
    for riddle in RIDDLES:
        assert re.fullmatch(r"[A-Z0-9'].*[.?]['\"]?", riddle.question), riddle
        assert re.fullmatch(r"[A-Z0-9'].*[.]", riddle.explanation), riddle
        assert not re.search(r"  | [,.?!]|\b([a-z]+) \1\b", riddle.question + riddle.explanation), riddle
        assert len(riddle.hints) <= 2
        for text, hint in itertools.product((riddle.answer, *riddle.aliases), riddle.hints):
            bare = re.sub(r"^(an?|the|your) ", "", normalise(text))
            assert f" {bare} " not in f" {normalise(hint)} ", riddle


def test_an_address_is_a_line_and_its_contrast():
    assert splits.riddle("bank/test/0") is bank.entries("test")[0][0]
    with_contrast = next(riddle for riddle, contrast in bank.entries("train") if contrast)
    contrast = splits.riddle(with_contrast.contrast_id)
    assert contrast.trap == with_contrast.answer
    assert splits.riddle(contrast.contrast_id) is with_contrast


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("bank/train/9999", "below 1"),
        ("bank/nowhere/0", "no split 'nowhere'"),
        ("bank/train/{}/contrast", "no contrast"),
    ],
)
def test_an_address_that_the_bank_lacks_is_refused(name, reason):
    alone = next(index for index, (_, contrast) in enumerate(bank.entries("train")) if contrast is None)
    with pytest.raises(ValueError, match=reason):
        splits.riddle(name.format(alone))


@pytest.mark.parametrize("split", splits.SPLITS)
@pytest.mark.parametrize("level", [None, *LEVELS])
def test_the_environment_poses_only_what_is_there(split, level):
    env = gym.make("Riddle-v0", families=[BANK], split=split, level=level)
    infos = [env.reset(seed=0)[1], *(env.reset()[1] for _ in range(300))]
    there = {riddle.riddle_id for riddle, _ in bank.entries(split) if level in (None, riddle.level)}
    assert {info["riddle_id"] for info in infos} <= there
    assert len({info["riddle_id"] for info in infos}) > 0.7 * len(there)


def test_all_leaves_the_bank_out_and_it_can_stand_beside_families():
    env = gym.make("Riddle-v0", families=["all", BANK])
    drawn = {env.reset(seed=seed)[1]["family"] for seed in range(1_000)}
    assert BANK in drawn
    assert len(drawn) > 20
    assert BANK not in splits.families_of("train")
    with pytest.raises(ValueError, match="Did you mean 'bank'"):
        gym.make("Riddle-v0", families="banks")


def test_the_choice_asks_it_too():
    choice = gym.make("RiddleChoice-v0", families=BANK, split="validation")
    for seed in range(30):
        _, info = choice.reset(seed=seed)
        riddle, options = splits.riddle(info["riddle_id"]), info["options"]
        assert [option for option in options if verify(riddle, option).correct] == [riddle.answer]
        assert choice.step(np.int64(options.index(riddle.answer)))[1] == 1
