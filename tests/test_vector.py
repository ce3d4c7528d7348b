"""Tests of expit_env.vector: the fast vector environment is a SyncVectorEnv of RiddleEnv, only faster."""

import pickle

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import data_equivalence
from gymnasium.vector import AsyncVectorEnv, AutoresetMode, SyncVectorEnv

from expit_env import Outcome, RiddleVectorEnv, Verdict, splits

BIRDS = "birds-on-a-wire"
MODES = ("SameStep", "Disabled")


def make(num_envs=3, **kwargs):
    return gym.make_vec("Riddle-v0", num_envs=num_envs, **kwargs)


def make_sync(num_envs=3, mode="SameStep", **kwargs):
    return SyncVectorEnv([lambda: gym.make("Riddle-v0", **kwargs)] * num_envs, autoreset_mode=mode)


def answers(infos, right):
    """The right answer for the environments named, for the others one that is wrong."""
    riddles = [splits.riddle(name) for name in infos["riddle_id"]]
    return tuple(riddle.answer if i in right else "900" for i, riddle in enumerate(riddles))


def same(one, other):
    assert len(one) == len(other)
    for mine, theirs in zip(one, other, strict=True):
        assert data_equivalence(mine, theirs, exact=True), f"{mine} is not {theirs}"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("max_attempts", [1, 3])
def test_it_goes_step_by_step_as_a_sync_vector_env(mode, max_attempts):
    kwargs = {"max_attempts": max_attempts, "hints": 1}
    env, sync = make(autoreset_mode=mode, **kwargs), make_sync(mode=mode, **kwargs)
    _, infos = results = env.reset(seed=11)
    same(results, sync.reset(seed=11))
    riddle_ids = {"riddle_id": infos["riddle_id"]}
    for turn in range(8):
        *_, terminations, _, infos = results = env.step(answers(riddle_ids, right={turn % 3}))
        same(results, sync.step(answers(riddle_ids, right={turn % 3})))
        if mode == "Disabled" and terminations.any():
            _, infos = results = env.reset(options={"reset_mask": terminations})
            same(results, sync.reset(options={"reset_mask": terminations.copy()}))
        mask = infos["_riddle_id"]
        riddle_ids["riddle_id"] = np.where(mask, infos["riddle_id"], riddle_ids["riddle_id"])


@pytest.mark.parametrize("seed", [5, [5, 5, 9], [None, 3, 4]])
def test_seeds_are_spread_as_sync_vector_env_does(seed):
    env, sync = make(), make_sync()
    env.reset(seed=1), sync.reset(seed=1)
    same(env.reset(seed=seed), sync.reset(seed=seed))
    assert env.np_random_seed == sync.np_random_seed
    assert [a.bit_generator.state for a in env.np_random] == [b.bit_generator.state for b in sync.np_random]


def test_spaces_and_metadata_are_those_of_sync_vector_env():
    env, sync = make(), make_sync()
    for name in ("single_observation_space", "single_action_space", "observation_space", "action_space", "num_envs"):
        assert getattr(env, name) == getattr(sync, name)
    assert env.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP
    observations, _ = env.reset(seed=0)
    assert observations in env.observation_space
    assert env.step(env.action_space.sample())[0] in env.observation_space


def test_the_terminal_info_is_kept():
    env = make(2)
    questions, infos = env.reset(seed=0)
    riddles = [splits.riddle(name) for name in infos["riddle_id"]]
    observations, rewards, terminations, truncations, infos = env.step([riddles[0].answer, riddles[1].trap or "900"])
    assert rewards.tolist() == [1.0, 0.0]
    assert (terminations.all(), truncations.any()) == (True, False)
    assert infos["final_info"]["answer"].tolist() == [riddle.answer for riddle in riddles]
    assert infos["final_info"]["outcome"][0] is Outcome.CORRECT
    assert infos["final_info"]["fell_for_trap"].tolist() == [False, riddles[1].trap is not None]
    assert tuple(infos["final_obs"]) == questions
    assert observations != questions
    assert "answer" not in infos


def test_addresses_can_be_given_one_by_one():
    env = make(3)
    ids = [f"{BIRDS}/train/3", None, f"{BIRDS}/train/3/contrast"]
    _, infos = env.reset(seed=0, options={"riddle_id": ids})
    assert infos["riddle_id"][[0, 2]].tolist() == [ids[0], ids[2]]
    _, infos = env.reset(options={"riddle_id": ids[0]})
    assert infos["riddle_id"].tolist() == [ids[0]] * 3


def test_the_caller_keeps_its_options():
    env = make(2)
    env.reset(seed=0)
    options = {"reset_mask": np.array([True, False])}
    env.reset(options=options)
    assert list(options) == ["reset_mask"]


@pytest.mark.parametrize(
    ("error", "options", "message"),
    [
        (ValueError, {"riddle": "x"}, "no reset option 'riddle'. Did you mean 'riddle_id'"),
        (ValueError, {"riddle_id": ["x"]}, "riddle_id takes one address, or 2, not 1"),
        (TypeError, {"reset_mask": [True, False]}, "must be a boolean numpy array"),
        (TypeError, {"reset_mask": np.array([True])}, "must be a boolean numpy array"),
        (ValueError, {"reset_mask": np.zeros(2, dtype=bool)}, "names no environment"),
    ],
)
def test_a_wrong_option_is_refused(error, options, message):
    env = make(2)
    env.reset(seed=0)
    with pytest.raises(error, match=message):
        env.reset(options=options)


def test_an_ended_episode_is_not_stepped():
    env = make(2, autoreset_mode="Disabled")
    with pytest.raises(gym.error.ResetNeeded, match="no riddle has been asked"):
        env.step(["3", "3"])
    env.reset(seed=0)
    env.step(["3", "3"])
    env.reset(options={"reset_mask": np.array([True, False])})
    with pytest.raises(gym.error.ResetNeeded, match=r"the episodes \[1\] are over"):
        env.step(["3", "3"])


@pytest.mark.parametrize("actions", ["33", ["3"], ["3"] * 3])
def test_there_is_one_answer_for_each_environment(actions):
    env = make(2)
    env.reset(seed=0)
    with pytest.raises(ValueError, match="step takes 2 answers"):
        env.step(actions)


def test_a_wrong_autoreset_mode_is_refused():
    with pytest.raises(ValueError, match="waste every second step"):
        make(autoreset_mode=AutoresetMode.NEXT_STEP)
    with pytest.raises(ValueError, match="Did you mean 'SameStep'"):
        make(autoreset_mode="Samestep")


def test_render_is_a_transcript_of_each():
    env = make(2, render_mode="ansi", autoreset_mode="Disabled")
    questions, _ = env.reset(seed=0)
    env.step(["900", "901"])
    assert [text.startswith(f"Riddle: {q}\nAgent: 90") for text, q in zip(env.render(), questions, strict=True)]


def test_it_pickles_and_runs_under_the_vector_wrappers():
    env = make(2)
    env.reset(seed=0)
    copy = pickle.loads(pickle.dumps(env.unwrapped))
    same(copy.step(["3", "4"]), env.step(["3", "4"]))
    recorded = gym.wrappers.vector.RecordEpisodeStatistics(env)
    recorded.reset(seed=0)
    infos = recorded.step(["3", "4"])[-1]
    assert infos["episode"]["l"].tolist() == [1, 1]


def test_a_verifier_of_ones_own():
    env = make(2, verifier=lambda riddle, response: Verdict(Outcome.CORRECT, response, "kind"))
    assert isinstance(env.unwrapped, RiddleVectorEnv)
    env.reset(seed=0)
    assert env.step(["3", "4"])[1].tolist() == [1.0, 1.0]


@pytest.mark.parametrize("shared_memory", [True, False])
def test_an_async_vector_env_is_right_with_and_without_shared_memory(shared_memory):
    makers = [lambda: gym.make("Riddle-v0", max_attempts=2)] * 2
    env = AsyncVectorEnv(makers, shared_memory=shared_memory, autoreset_mode="SameStep")
    sync = make_sync(2, max_attempts=2)
    try:
        same(env.reset(seed=3), sync.reset(seed=3))
        for turn in range(4):
            before = env.observations
            same(env.step((str(900 + turn), "x")), sync.step((str(900 + turn), "x")))
            assert shared_memory == (before is env.observations)
    finally:
        env.close()


def test_async_observations_without_a_copy_follow_the_memory():
    env = AsyncVectorEnv([lambda: gym.make("Riddle-v0")] * 2, copy=False, autoreset_mode="SameStep")
    sync = make_sync(2)
    try:
        live, _ = env.reset(seed=3)
        first, _ = sync.reset(seed=3)
        assert (tuple(live), live[:1], len(live)) == (first, first[:1], 2)
        env.step(("3", "4"))
        assert tuple(live) == sync.step(("3", "4"))[0]
    finally:
        env.close()


def test_a_reset_draws_at_the_level_that_it_asks_for():
    envs = [gym.make_vec("Riddle-v0", num_envs=3, vectorization_mode=mode) for mode in ("vector_entry_point", "sync")]
    for level in (2, {"birds-on-a-wire": 4}):
        (ours, ours_info), (theirs, their_info) = (env.reset(seed=7, options={"level": level}) for env in envs)
        assert ours == theirs
        assert ours_info["level"].tolist() == their_info["level"].tolist()
    assert envs[0].reset(seed=7, options={"level": 2})[1]["level"].tolist() == [2, 2, 2]
