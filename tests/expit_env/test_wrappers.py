"""The curriculum: levels follow success, in both directions."""

import gymnasium as gym
import pytest

from expit_env import Curriculum
from expit_env.riddles import splits

BIRDS = "birds-on-a-wire"
THREE = splits.families_of("train")[:3]


def make(families=(BIRDS,), **kwargs):
    return Curriculum(gym.make("Riddle-v0", families=list(families)), **kwargs)


def play(env, episodes, is_right, seed=0):
    """Play episodes; return the level of each, and the level that was reported at the end of each."""
    levels, reported = [], []
    for episode in range(episodes):
        _, info = env.reset(seed=seed if episode == 0 else None)
        riddle = splits.riddle(info["riddle_id"])
        levels.append(riddle.level)
        *_, info = env.step(riddle.answer if is_right(riddle) else "900")
        reported.append(info.get("curriculum_level"))
    return levels, reported


def test_a_perfect_agent_climbs_to_5_and_a_hopeless_one_falls_to_1():
    env = make(window=4)
    levels, reported = play(env, 30, lambda riddle: True)
    assert levels == [1] * 4 + [2] * 4 + [3] * 4 + [4] * 4 + [5] * 14
    assert reported == [*levels[1:], 5]
    levels, _ = play(env, 30, lambda riddle: False, seed=1)
    assert (levels[0], levels[-1]) == (5, 1)
    assert sorted(levels, reverse=True) == levels
    assert env.levels == {BIRDS: 1}


@pytest.mark.parametrize(("thresholds", "level"), [({}, 1), ({"raise_at": 0.5, "lower_at": 0.1}, 5)])
def test_half_the_answers_right_are_between_the_thresholds_or_not(thresholds, level):
    env, turns = make(window=4, **thresholds), iter(range(1000))
    play(env, 40, lambda riddle: next(turns) % 2 == 0)
    assert env.levels == {BIRDS: level}


def test_each_family_has_its_own_level():
    env = make(THREE, window=3)
    play(env, 120, lambda riddle: riddle.family == THREE[0])
    one, other = env.unwrapped, gym.make("Riddle-v0", families=list(THREE))
    for seed in range(10):
        by_level = one.reset(seed=seed, options={"level": env.levels})[1]
        assert by_level["family"] == other.reset(seed=seed)[1]["family"], "the level changes no family"
        assert by_level["level"] == env.levels[by_level["family"]]
    assert env.levels == {THREE[0]: 5, THREE[1]: 1, THREE[2]: 1}


@pytest.mark.parametrize(("enabled", "options"), [(False, None), (True, {"riddle_id": f"{BIRDS}/train/4"})])
def test_a_riddle_asked_for_by_its_id_or_without_a_curriculum_is_not_counted(enabled, options):
    env, plain = make(window=1, enabled=enabled), gym.make("Riddle-v0", families=[BIRDS])
    for seed in range(8):
        observation, info = env.reset(seed=seed, options=options)
        assert (observation, info) == plain.reset(seed=seed, options=options)
        assert "curriculum_level" not in info
        env.step(splits.riddle(info["riddle_id"]).answer)
    assert env.levels == {BIRDS: 1}


def test_a_truncated_episode_is_a_failure():
    limited = gym.wrappers.TimeLimit(gym.make("Riddle-v0", families=BIRDS, max_attempts=3), 1)
    env = Curriculum(limited, window=1)
    env.levels[BIRDS] = 3
    env.reset(seed=0)
    *_, truncated, info = env.step("900")
    assert (truncated, info["curriculum_level"]) == (True, 2)


def test_thresholds_that_make_no_sense_are_refused():
    for wrong in ({"window": 0}, {"raise_at": 1.1}, {"raise_at": 0.2, "lower_at": 0.3}):
        with pytest.raises(ValueError, match="expected window >= 1 and 0 <= lower_at < raise_at <= 1"):
            make(**wrong)
