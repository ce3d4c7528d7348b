"""Tests of expit_env.wrappers: levels follow success, in both directions, and nothing is drawn."""

import random

import gymnasium as gym
import numpy as np
import pytest

from expit_env import Curriculum
from expit_env.riddles import splits


def make(families=("birds-on-a-wire",), **kwargs):
    return Curriculum(gym.make("Riddle-v0", families=list(families)), **kwargs)


def play(env, episodes, right, seed=0):
    """Play episodes; return the level and family of each, and the levels told at their ends."""
    posed, told = [], []
    for episode in range(episodes):
        _, info = env.reset(seed=seed if episode == 0 else None)
        riddle = splits.riddle(info["riddle_id"])
        posed.append((riddle.family, riddle.level))
        *_, info = env.step(riddle.answer if right(riddle) else "900")
        told.append(info.get("curriculum_level"))
    return posed, told


def test_a_perfect_agent_climbs_to_5_and_a_hopeless_one_falls_to_1():
    env = make(window=4)
    posed, told = play(env, 30, lambda riddle: True)
    assert [level for _, level in posed] == [1] * 4 + [2] * 4 + [3] * 4 + [4] * 4 + [5] * 14
    assert told == [level for _, level in posed[1:]] + [5]
    posed, _ = play(env, 30, lambda riddle: False, seed=1)
    assert (posed[0][1], posed[-1][1]) == (5, 1)
    assert sorted((level for _, level in posed), reverse=True) == [level for _, level in posed]
    assert env.levels == {"birds-on-a-wire": 1}


def test_each_family_has_its_own_level():
    names = [name for name in splits.families_of("train")][:3]
    env = make(names, window=3)
    play(env, 120, lambda riddle: riddle.family == names[0])
    assert env.levels == {names[0]: 5, names[1]: 1, names[2]: 1}


def test_in_between_the_level_stays():
    env = make(window=4)
    turns = iter(range(1000))
    posed, _ = play(env, 40, lambda riddle: next(turns) % 2 == 0)
    assert {level for _, level in posed} == {1}
    env = make(window=4, raise_at=0.5, lower_at=0.1)
    play(env, 40, lambda riddle: next(turns) % 2 == 0)
    assert env.levels == {"birds-on-a-wire": 5}


def test_switched_off_it_is_the_environment():
    env, plain = make(enabled=False), gym.make("Riddle-v0", families=["birds-on-a-wire"])
    for seed in range(8):
        posed = env.reset(seed=seed)
        assert posed == plain.reset(seed=seed)
        env.step(splits.riddle(posed[1]["riddle_id"]).answer)
    assert env.levels == {"birds-on-a-wire": 1}


def test_an_address_is_posed_as_it_is_and_not_counted():
    env = make(window=1)
    for _ in range(3):
        _, info = env.reset(seed=0, options={"riddle_id": "birds-on-a-wire/train/4"})
        assert (info["level"], "curriculum_level" in info) == (5, False)
        env.step(splits.riddle(info["riddle_id"]).answer)
    assert env.levels == {"birds-on-a-wire": 1}


def test_equal_seeds_and_answers_go_the_same_way_and_no_global_generator_is_touched():
    states = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    names = [name for name in splits.families_of("train")][:3]
    one, other = (play(make(names, window=2), 40, lambda riddle: len(riddle.question) % 3 > 0) for _ in range(2))
    assert one == other
    assert (random.getstate(), np.random.get_state()[1].tolist()) == states  # noqa: NPY002


def test_a_truncated_episode_is_a_failure():
    env = Curriculum(
        gym.wrappers.TimeLimit(gym.make("Riddle-v0", families="birds-on-a-wire", max_attempts=3), 1), window=1
    )
    env.levels["birds-on-a-wire"] = 3
    env.reset(seed=0)
    *_, truncated, info = env.step("900")
    assert (truncated, info["curriculum_level"]) == (True, 2)


@pytest.mark.parametrize("wrong", [{"window": 0}, {"raise_at": 1.1}, {"raise_at": 0.2, "lower_at": 0.3}])
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError, match="expected window >= 1 and 0 <= lower_at < raise_at <= 1"):
        make(**wrong)


def test_the_environment_draws_at_the_level_that_is_asked_for():
    env = gym.make("Riddle-v0")
    for level in (1, 3, 5):
        infos = [env.reset(seed=seed, options={"level": level})[1] for seed in range(10)]
        assert {info["level"] for info in infos} == {level}
        assert [info["family"] for info in infos] == [env.reset(seed=seed)[1]["family"] for seed in range(10)]
    bank = gym.make("Riddle-v0", families="bank")
    assert {bank.reset(seed=seed, options={"level": 2})[1]["level"] for seed in range(10)} == {2}
    with pytest.raises(ValueError, match="no level 6; the levels are 1, 2, 3, 4, 5"):
        env.reset(options={"level": 6})
    families = gym.make("Riddle-v0").unwrapped.families
    infos = [env.reset(seed=seed, options={"level": dict.fromkeys(families, 2)})[1] for seed in range(10)]
    assert {info["level"] for info in infos} == {2}
