"""What every registered environment must do, whatever it is."""

import functools
import pickle
import random
import warnings

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env, data_equivalence
from gymnasium.vector.utils import iterate
from support.processes import python

import expit_env
from expit_env.riddles import splits

IDS = sorted(name for name, spec in gym.registry.items() if str(spec.entry_point).startswith(expit_env.__name__))

SEEN = """
import zlib, gymnasium as gym
from expit_env import NoisyVerifier
from expit_env.riddles import splits
noisy = NoisyVerifier(false_pass=0.5, false_fail=0.5, seed=3)
for name, options in (("Riddle-v0", {"verifier": noisy}), ("RiddleChoice-v0", {})):
    env = gym.make(name, **options)
    env.action_space.seed(0)
    episodes = [(env.reset(seed=seed), env.step(env.action_space.sample())) for seed in range(20)]
    print(sum(episode[1][1] for episode in episodes), zlib.crc32(repr(episodes).encode()))
riddles = [splits.riddle_at(family, split, index, contrast) for split in splits.SPLITS
           for family in splits.families_of(split) for index in range(5) for contrast in (False, True)]
print(zlib.crc32(repr(riddles).encode()))
"""

by_id = pytest.mark.parametrize("name", IDS)


@by_id
def test_check_env_does_not_complain(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(gym.make(name).unwrapped)
        gym.make(f"expit_env:{name}").close()


def test_riddles_and_noise_are_the_same_in_every_process_under_any_hash_seed():
    assert IDS == ["Riddle-v0", "RiddleChoice-v0"]
    seen = {python("-W", "error", "-c", SEEN, PYTHONHASHSEED=seed).stdout for seed in ("0", "1")}
    assert len(seen) == 1
    assert len(seen.pop().splitlines()) == 3


@by_id
def test_no_global_generator_is_touched_and_a_spec_survives_json(name):
    states = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    env = gym.make(name, split="validation")
    again = gym.make(gym.envs.registration.EnvSpec.from_json(env.spec.to_json()))
    for seed in range(5):
        assert data_equivalence(env.reset(seed=seed), again.reset(seed=seed), exact=True)
        env.step(env.action_space.sample())
    assert (random.getstate(), np.random.get_state()[1].tolist()) == states  # noqa: NPY002


@by_id
def test_the_answer_is_revealed_only_at_the_end(name):
    env = gym.make(name, families="birds-on-a-wire", split="validation")
    for seed in range(20):
        observation, info = env.reset(seed=seed)
        riddle = splits.riddle(info["riddle_id"])
        assert not isinstance(observation, str) or observation == riddle.question
        assert {key for key, value in info.items() if str(value) in (riddle.answer, riddle.trap)} <= {"level"}
        assert not {"answer", "aliases", "trap", "explanation", "hints"} & set(info)
        *_, info = env.step(env.action_space.sample())
        assert (info["answer"], info["explanation"]) == (riddle.answer, riddle.explanation)


@pytest.mark.parametrize("kind", [gym.vector.SyncVectorEnv, gym.vector.AsyncVectorEnv])
@by_id
def test_a_vector_environment_observes_what_its_parts_observe_alone(name, kind):
    options = {"context": "spawn"} if kind is gym.vector.AsyncVectorEnv else {}
    make = functools.partial(gym.make, f"expit_env:{name}")
    env, alone = kind([make] * 2, autoreset_mode="SameStep", **options), [make(), make()]
    try:
        for first in (4, 8):  # the second time, what was observed the first time must be gone
            observations, infos = env.reset(seed=first)
            expected = [one.reset(seed=first + place) for place, one in enumerate(alone)]
            seen = tuple(iterate(env.observation_space, observations))
            assert data_equivalence(seen, tuple(observation for observation, _ in expected), exact=True)
            assert infos["riddle_id"].tolist() == [info["riddle_id"] for _, info in expected]
        actions = env.action_space.sample()
        observations, rewards, *_ = env.step(actions)
        assert rewards.tolist() == [
            one.step(action)[1] for one, action in zip(alone, iterate(env.action_space, actions), strict=True)
        ]
        seen = tuple(iterate(env.observation_space, observations))
        assert data_equivalence(seen, tuple(one.reset()[0] for one in alone), exact=True)
    finally:
        env.close()


@by_id
def test_it_can_be_pickled_and_wrapped(name):
    env = gym.make(name)
    env.reset(seed=3)
    copy = pickle.loads(pickle.dumps(env.unwrapped))
    env.action_space.seed(0)
    action = env.action_space.sample()
    assert data_equivalence(copy.step(action), env.unwrapped.step(action), exact=True)
    assert data_equivalence(copy.reset(), env.unwrapped.reset(), exact=True)
    wrapped = gym.wrappers.RecordEpisodeStatistics(gym.wrappers.TimeLimit(gym.make(name), 3))
    wrapped.reset(seed=0)
    assert wrapped.step(action)[4]["episode"]["l"] == 1
