"""Riddles from a file of one's own, in splits that share no question, behind the same environments."""

import os
import warnings

import gymnasium as gym
import pytest
from gymnasium.utils.env_checker import check_env
from support.data import ROWS, THINGS

from expit_env import RiddleList, open_source
from expit_env.riddles import splits
from expit_env.sources.rows import normalise


def make(source, **kwargs):
    return gym.make("Riddle-v0", source=source, **kwargs)


def test_a_file_is_asked_and_scored_and_its_ids_ask_the_same_again(written):
    env = make(written(ROWS), split="validation")
    for seed in range(5):
        question, info = env.reset(seed=seed)
        row = ROWS[int(info["riddle_id"].split("/")[2]) - 1]
        assert (question, info["family"], info["level"]) == (row["question"], "mine", 1)
        assert env.reset(options={"riddle_id": info["riddle_id"]}) == (question, info)
        _, reward, _, _, info = env.step(f"It is {row['answer']}.")
        assert (reward, info["answer"]) == (1.0, row["answer"])
    with pytest.raises(ValueError, match=r"no riddle of .* has the id 'mine/train/1000'; an example of an id is"):
        env.reset(options={"riddle_id": "mine/train/1000"})
    with pytest.raises(ValueError, match=r"side='contrast' needs riddles with a contrast, and mine/test/.* has none"):
        make(env.spec.kwargs["source"], split="test", side="contrast").reset(seed=0)


def test_no_question_is_in_two_splits_and_every_row_is_in_one(written):
    loaded = open_source(written(ROWS + ROWS))  # each question twice
    by_split = {split: set() for split in splits.SPLITS}
    for riddle in loaded.riddles.values():
        by_split[riddle.split].add(normalise(riddle.question))
    assert len(loaded.riddles) == 2 * len(ROWS)
    assert sum(len(questions) for questions in by_split.values()) == len(ROWS)
    assert 0.6 < len(by_split["train"]) / len(ROWS) < 0.95
    assert all(by_split[split] for split in ("train", "validation", "test"))


def test_rows_without_a_split_stay_out_of_the_splits_that_others_name(written):
    riddles = open_source(written(row | {"split": "test"} if "river" in row["answer"] else row for row in ROWS)).riddles
    assert {riddle.split for riddle in riddles.values()} == {"train", "validation", "test"}
    assert {riddle.answer for riddle in riddles.values() if riddle.split == "test"} == {"a river"}
    riddles = open_source(written((row | {"cluster": row["answer"]} for row in ROWS), "clusters.jsonl")).riddles
    assert len({(riddle.answer, riddle.split) for riddle in riddles.values()}) == len(THINGS)


def test_families_and_levels_are_chosen(written):
    rows = [row | {"family": row["answer"].split()[-1], "level": 1 + index % 5} for index, row in enumerate(ROWS)]
    source = written(rows)
    env = make(source, families=["clock", "road"], level=2)
    infos = [env.reset(seed=seed)[1] for seed in range(30)]
    assert {(info["family"], info["level"]) for info in infos} == {("clock", 2), ("road", 2)}
    for kwargs, message in (
        ({"families": "clokc"}, "no family 'clokc'. Did you mean 'clock'"), ({"families": []}, "families is empty"),
        ({"families": "clock", "level": 7}, "no riddle of level 7, only of 1, 2, "), ({"split": "tset"}, "no split 't"),
        ({"split": "transfer"}, "no riddles in the split 'transfer', only in train, validation, test"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=message):
            make(source, **kwargs)


def test_a_level_asked_for_at_reset_is_the_nearest_that_there_is(written):
    rows = [row | {"level": 1 + 2 * (index % 2), "family": "mine"} for index, row in enumerate(ROWS)]
    env = make(written(rows))
    with pytest.raises(ValueError, match=r"no family 'mien'\. Did you mean 'mine'\?"):
        env.reset(options={"level": {"mien": 3}})
    for level, nearest in ((1, {1}), (2, {1, 3}), (3, {3}), (5, {3})):
        assert {env.reset(seed=seed, options={"level": level})[1]["level"] for seed in range(20)} <= nearest


def test_a_question_in_two_splits_is_refused(written):
    rows = [{"question": "What now?", "answer": "9", "split": "train"}, {"question": "what NOW", "answer": "9"}]
    source = written([rows[0], rows[1] | {"split": "test"}])
    with pytest.raises(ValueError, match=r"line 1: its question would be in train, but is in test \(.*line 2\)"):
        make(source)
    with pytest.warns(UserWarning, match="1 bad rows"):
        assert [riddle.split for riddle in open_source(f"{source}?skip_bad").riddles.values()] == ["test"]


def test_a_file_may_begin_with_a_mark_and_have_blank_lines_but_only_json(tmp_path):
    path = tmp_path / "mine.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"question": "What?", "answer": 9}\r\n\n{"question": "\xff"}\n')
    with pytest.raises(ValueError, match=r"line 3: it is not valid JSON"):
        RiddleList.from_jsonl(path)
    path.write_bytes(path.read_bytes().splitlines()[0])
    assert [riddle.answer for riddle in RiddleList.from_jsonl(path).riddles.values()] == ["9"]


def test_a_source_that_does_not_exist_or_has_no_riddles_is_refused_with_what_exists(written):
    for source, message in (
        ("riddles.json", "no source 'riddles.json'"), ("nowhere.jsonl", "there is no file nowhere.jsonl"),
        ("hg:INK-USC/riddle_sense", "a file NAME.jsonl, hf:DATASET"), (written([], "empty.jsonl"), "has no riddles"),
        (written(ROWS) + "?skip", r"no option of a JSONL source 'skip'\. .* What exists: skip_bad"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=message):
            make(source)


def test_a_file_is_read_again_only_when_it_has_changed(written):
    source = written(ROWS)
    before = open_source(source)
    assert open_source(source) is before
    written(ROWS[:50])
    os.utime(source, ns=(1, 1))
    assert len(open_source(source).riddles) == 50


def test_check_env_does_not_complain_of_a_file_in_any_script(written):
    rows = [{"question": f"Was ist größer als {n} – “Öl”? 水", "answer": "nichts"} for n in range(40)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(make(written(rows), max_attempts=2).unwrapped)
