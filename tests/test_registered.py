"""What every registered environment must do, whatever it is."""

import os
import pickle
import random
import subprocess
import sys
import warnings

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env, data_equivalence

import expit_env
from expit_env.riddles import splits

IDS = sorted(name for name, spec in gym.registry.items() if str(spec.entry_point).startswith("expit_env."))

EPISODES = """
import sys, zlib, gymnasium as gym, expit_env
env = gym.make(sys.argv[1])
env.action_space.seed(0)
told = []
for seed in range(12):
    told.append(env.reset(seed=seed))
    told.append(env.step(env.action_space.sample()))
print(zlib.crc32(repr(told).encode()))
"""


def test_all_are_found():
    assert IDS == ["Riddle-v0", "RiddleChoice-v0"]
    assert expit_env.__name__ == "expit_env"


@pytest.mark.parametrize("name", IDS)
def test_check_env_has_nothing_to_say(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(gym.make(name).unwrapped)
        gym.make(f"expit_env:{name}").close()


@pytest.mark.parametrize("name", IDS)
def test_every_process_sees_the_same(name):
    told = set()
    for hash_seed in ("0", "1", "random"):
        environ = os.environ | {"PYTHONHASHSEED": hash_seed}
        command = [sys.executable, "-W", "error", "-c", EPISODES, name]
        told.add(subprocess.run(command, env=environ, capture_output=True, text=True, check=True).stdout)
    assert len(told) == 1


@pytest.mark.parametrize("name", IDS)
def test_a_made_env_and_its_json_are_one(name):
    env = gym.make(name, split="validation")
    again = gym.make(gym.envs.registration.EnvSpec.from_json(env.spec.to_json()))
    assert data_equivalence(env.reset(seed=1), again.reset(seed=1), exact=True)


@pytest.mark.parametrize("name", IDS)
def test_no_global_generator_is_touched(name):
    states = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    env = gym.make(name)
    for seed in range(10):
        env.reset(seed=seed)
        env.step(env.action_space.sample())
    assert (random.getstate(), np.random.get_state()[1].tolist()) == states  # noqa: NPY002


@pytest.mark.parametrize("name", IDS)
def test_the_answer_is_told_at_the_end_only(name):
    env = gym.make(name, families="birds-on-a-wire", split="validation")
    for seed in range(20):
        observation, info = env.reset(seed=seed)
        riddle = splits.riddle(info["riddle_id"])
        assert not isinstance(observation, str) or observation == riddle.question
        told = {key for key, value in info.items() if str(value) in (riddle.answer, riddle.trap)}
        assert told <= {"level"}
        assert not {"answer", "aliases", "trap", "explanation", "hints"} & set(info)
        *_, info = env.step(env.action_space.sample())
        assert info["answer"] == riddle.answer


@pytest.mark.parametrize("kind", [gym.vector.SyncVectorEnv, gym.vector.AsyncVectorEnv])
@pytest.mark.parametrize("name", IDS)
def test_vector_environments_of_it_pose_what_it_poses(name, kind):
    env = kind([lambda: gym.make(name)] * 2, autoreset_mode="SameStep")
    try:
        _, infos = env.reset(seed=4)
        alone = gym.make(name)
        assert infos["riddle_id"].tolist() == [alone.reset(seed=seed)[1]["riddle_id"] for seed in (4, 5)]
        env.step(env.action_space.sample())
    finally:
        env.close()


@pytest.mark.parametrize("name", IDS)
def test_it_pickles_and_runs_under_the_usual_wrappers(name):
    env = gym.make(name)
    env.reset(seed=3)
    copy = pickle.loads(pickle.dumps(env.unwrapped))
    env.action_space.seed(0)
    action = env.action_space.sample()
    assert data_equivalence(copy.step(action), env.step(action), exact=True)
    wrapped = gym.wrappers.RecordEpisodeStatistics(gym.wrappers.TimeLimit(gym.make(name), 3))
    wrapped.reset(seed=0)
    assert wrapped.step(action)[4]["episode"]["l"] == 1
