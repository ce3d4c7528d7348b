"""Datasets of Hugging Face's as riddles, with the columns of RiddleSense and BRAINTEASER known."""

import gymnasium as gym
import pytest
from support.data import ROWS
from support.processes import python

from expit_env import Kind, open_source


@pytest.fixture
def saved(tmp_path):
    """Save splits of rows as a dataset of one's own and return it as a source."""
    datasets = pytest.importorskip("datasets")

    def save(**rows_of):
        folder = str(tmp_path / "someone" / "theirs")
        made = {split: datasets.Dataset.from_list(rows) for split, rows in rows_of.items()}
        datasets.DatasetDict(made).save_to_disk(folder)
        return f"hf:{folder}"

    return save


def sense(count, key="B"):
    """Rows laid out as RiddleSense is."""
    texts = ["fire", "water", "hot water", "stone"]
    choices = [{"label": list("ABCDE"), "text": [*texts, f"air {number}"]} for number in range(count)]
    asked = [f"I am thing {key}{number}. What am I?" for number in range(count)]
    return [{"question": asked[n], "choices": choices[n], "answerKey": key} for n in range(count)]


def teasers(count, prefix=""):
    """Rows laid out as BRAINTEASER is: each puzzle in three tellings."""
    return [
        {
            "puzzle_id": f"{prefix}{number}", "reconstruction": telling, "answer": f"It is made of wool {number}.",
            "question": f"How can puzzle {number} be, {telling}?{prefix}", "distrator1": "It was dark.",
            "distrator2": "He is a twin.", "unsure": "None of above.",
        }
        for number in range(count) for telling in ("OR", "SR", "CR")
    ]  # fmt: skip


def test_riddle_sense_is_lettered_and_its_own_validation_is_our_test(saved):
    source = saved(train=sense(60), validation=sense(20, "C"), test=sense(5, ""))
    riddles = open_source(source).riddles.values()
    assert len(riddles) == 80
    for riddle in riddles:
        assert (riddle.split == "test") == (riddle.answer == "C")
        assert (riddle.kind, riddle.family) == (Kind.CHOICE, "theirs")
    assert {riddle.split for riddle in riddles} == {"train", "validation", "test"}
    env = gym.make("Riddle-v0", source=source)
    question, info = env.reset(seed=0)
    assert question.splitlines()[1:4] == ["A. fire", "B. water", "C. hot water"]
    assert env.reset(options={"riddle_id": info["riddle_id"]})[0] == question
    assert env.step("hot water")[1] == 0.0


def test_the_three_tellings_of_a_brainteaser_stay_in_one_split(saved):
    riddles = open_source(saved(sp=teasers(40), wp=teasers(40, "w"))).riddles.values()
    assert {riddle.family for riddle in riddles} == {"sp", "wp"}
    assert len(riddles) == 240
    assert len({(riddle.question.split(",")[0], riddle.family, riddle.split) for riddle in riddles}) == 80
    letters = [riddle.answer for riddle in riddles]
    assert all(30 < letters.count(letter) < 90 for letter in "ABCD")


def test_columns_of_other_names_are_mapped_and_unknown_ones_are_refused(saved):
    rows = [{"q": row["question"], "a": row["answer"], "other": 1} for row in ROWS]
    source = saved(train=rows, test=[{"q": "What is only here?", "a": "a test", "other": 2}])
    loaded = open_source(f"{source}?question=q&answer=a")
    assert [riddle.answer for riddle in loaded.riddles.values() if riddle.split == "test"] == ["a test"]
    with pytest.raises(ValueError, match=r"has the columns a, other, q\. Say which are question and answer"):
        open_source(source)
    with pytest.raises(ValueError, match="theirs, train, row 1: it lacks 'answre'"):
        open_source(f"{source}?question=q&answer=answre")


@pytest.mark.parametrize("source", ["hf:INK-USC/riddle_sense", "reasoning-gym:leg_counting"])
def test_a_missing_package_is_an_error_that_says_what_to_install(source):
    code = "import sys; sys.modules.update(datasets=None, reasoning_gym=None); import expit_env"
    assert "pip install" in python("-c", f"{code}; expit_env.open_source({source!r})").stderr
