"""reasoning-gym's datasets as riddles, in splits that share no question, scored by their own scorer."""

import random
import sys
import types

import gymnasium as gym
import numpy as np
import pytest

from expit_env import Outcome, open_source


class Backwards:
    """A dataset of reasoning-gym's shape, with few questions and a scorer that gives partial credit."""

    def __init__(self, seed):
        self.number = random.Random(seed).randrange(400)

    def __getitem__(self, index):
        if self.number % 50 == 0:
            raise ZeroDivisionError
        return {"question": f"What is {self.number} backwards?", "answer": str(self.number)[::-1], "metadata": {}}

    def score_answer(self, answer, entry):
        if answer == "crash":
            raise ZeroDivisionError
        return 1.0 if answer == entry["answer"] else 0.9 if answer else 0.0


class Constant(Backwards):
    def __getitem__(self, index):
        return {"question": "What is it?", "answer": "it", "metadata": {}}


@pytest.fixture
def library(monkeypatch):
    """A small library in the place of reasoning-gym."""
    kinds = {"backwards": Backwards, "constant": Constant, "codeio": Backwards}
    factory, package = types.ModuleType("reasoning_gym.factory"), types.ModuleType("reasoning_gym")
    factory.DATASETS = kinds
    factory.create_dataset = lambda name, seed, size: kinds[name](seed)
    package.factory = factory
    monkeypatch.setitem(sys.modules, "reasoning_gym", package)
    monkeypatch.setitem(sys.modules, "reasoning_gym.factory", factory)


def make(names, **kwargs):
    return gym.make("Riddle-v0", source=f"reasoning-gym:{names}", **kwargs)


@pytest.mark.usefixtures("library")
def test_no_question_is_in_two_splits_and_an_id_asks_the_same_again():
    asked = {}
    for split in ("train", "validation", "test"):
        env = make("backwards", split=split)
        drawn = [env.reset(seed=seed) for seed in range(150)]
        asked[split] = {question for question, _ in drawn}
        for question, info in drawn[:5]:
            assert env.reset(options={"riddle_id": info["riddle_id"]}) == (question, info)
            assert info["riddle_id"].startswith(f"backwards/{split}/")
    assert not asked["train"] & (asked["validation"] | asked["test"])
    assert not asked["validation"] & asked["test"]
    assert len(asked["train"]) > 80


@pytest.mark.usefixtures("library")
def test_a_reply_is_scored_by_their_scorer_and_one_that_fails_stops_the_run():
    env = make("backwards")
    _, info = env.reset(seed=0)
    answer = open_source("reasoning-gym:backwards").riddle(info["riddle_id"]).answer
    for reply, outcome in (
        (answer, Outcome.CORRECT), (f"I think: <answer> {answer} </answer>.", Outcome.CORRECT),
        (f"I think: {answer}", Outcome.WRONG),  # 0.9 does not pass
        (f"<answer>{answer}", Outcome.AMBIGUOUS), (f"{answer}</answer>", Outcome.AMBIGUOUS),
        (f"<answer>{answer}</answer><answer>1</answer>", Outcome.AMBIGUOUS), ("<answer></answer>", Outcome.NO_ANSWER),
        ("<answer>" * 100_000, Outcome.AMBIGUOUS), ("9" * 1_000_000, Outcome.AMBIGUOUS),
    ):  # fmt: skip
        env.reset(seed=0)
        _, reward, _, _, info = env.step(reply)
        assert (info["outcome"], reward) == (outcome, float(outcome is Outcome.CORRECT))
        assert (info["rule"] == "reasoning-gym") == (outcome in (Outcome.CORRECT, Outcome.WRONG))
    env.reset(seed=0)
    with pytest.raises(RuntimeError, match=r"the scorer of backwards/train/.* failed on 'crash': ZeroDivisionError"):
        env.step("crash")


@pytest.mark.usefixtures("library")
def test_what_reasoning_gym_does_not_have_is_refused():
    for names, kwargs, message in (
        ("backward", {}, "no dataset of reasoning-gym 'backward'. Did you mean 'backwards'"),
        ("codeio", {}, "codeio depends on PYTHONHASHSEED or on global generators"),
        ("backwards", {"level": 2}, "no level 2"),
        ("backwards", {"split": "transfer"}, "no split of reasoning-gym 'transfer'"),
        ("backwards", {"families": "constant"}, "no family 'constant'"),
    ):
        with pytest.raises(ValueError, match=message):
            make(names, **kwargs)
    env = make("backwards,constant", families="backwards")
    for place in "backwards/train backwards/dev/1 backwards/train/x codeio/train/1 backwards/train/1000000".split():
        with pytest.raises(ValueError, match="no riddle has the id"):
            env.reset(options={"riddle_id": place})
    with pytest.raises(RuntimeError, match="constant of reasoning-gym has too few different questions"):
        make("constant").reset(seed=0)


def test_the_real_library_gives_riddles_whose_answers_its_scorer_passes():
    pytest.importorskip("reasoning_gym")
    states = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    names = "spell_backward,leg_counting"
    env = make(names)
    for seed in range(6):
        question, info = env.reset(seed=seed)
        assert env.reset(options={"riddle_id": info["riddle_id"]}) == (question, info)
        answer = open_source(f"reasoning-gym:{names}").riddle(info["riddle_id"]).answer
        assert env.step(f"<answer>{answer}</answer>")[1] == 1.0
        env.reset(seed=seed)
        assert env.step("<answer>none</answer>")[1] == 0.0
    assert (random.getstate(), np.random.get_state()[1].tolist()) == states  # noqa: NPY002
