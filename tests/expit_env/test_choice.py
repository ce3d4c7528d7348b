"""RiddleChoice-v0: options and features for agents that have no language."""

from collections import Counter

import gymnasium as gym
import numpy as np
import pytest
import sb3_contrib
import stable_baselines3
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.evaluation import evaluate_policy

from expit_env import verify
from expit_env.choice import hashed_ngrams
from expit_env.riddles import splits

BIRDS = "birds-on-a-wire"


def make(**kwargs):
    return gym.make("RiddleChoice-v0", **kwargs)


def right(info):
    """The place of the right answer among the options."""
    return info["options"].index(splits.riddle(info["riddle_id"]).answer)


@pytest.mark.parametrize("split", splits.SPLITS)
def test_exactly_one_option_passes_the_verifier(split):
    env = make(split=split)
    for seed in range(40):
        _, info = env.reset(seed=seed)
        riddle, options = splits.riddle(info["riddle_id"]), [option for option in info["options"] if option]
        assert [option for option in options if verify(riddle, option).correct] == [riddle.answer]
        assert riddle.trap is None or riddle.trap in options
        assert len({option.lower() for option in options}) == len(options)
        assert set(options) == {"yes", "no"} or riddle.answer not in ("yes", "no")


def test_the_options_alone_reveal_little():
    env, offered, correct = make().unwrapped, Counter(), Counter()
    for seed in range(3_000):
        _, info = env.reset(seed=seed)
        offered.update(info["options"])
        correct[splits.riddle(info["riddle_id"]).answer] += 1

    def guess(options):
        return max(filter(None, options), key=lambda option: (correct[option] + 0.25) / (offered[option] + 1))

    infos = [env.reset(seed=seed)[1] for seed in range(10_000, 10_600)]
    right = [guess(info["options"]) == splits.riddle(info["riddle_id"]).answer for info in infos]
    assert 0.25 < np.mean(right) < 0.42


@pytest.mark.parametrize("side", ["both", "contrast"])
def test_a_seed_gives_the_riddle_of_riddle_v0_and_only_its_answer_is_worth_one(side):
    env, spoken = make(side=side), gym.make("Riddle-v0", side=side)
    for seed in range(10):
        question, expected = spoken.reset(seed=seed)
        _, info = env.reset(seed=seed)
        assert expected.items() <= info.items()
        assert info["question"] == question
        assert env.step(right(info))[1:4] == (1.0, True, False)
        _, info = env.reset(seed=seed)
        riddle = splits.riddle(info["riddle_id"])
        _, reward, _, _, info = env.step(info["options"].index(riddle.trap))
        assert (reward, info["fell_for_trap"], info["answer"]) == (0.0, True, riddle.answer)


def test_options_are_shuffled_by_the_seed_and_empty_ones_are_masked_and_earn_nothing():
    env, one = make(families=BIRDS), {"riddle_id": f"{BIRDS}/train/0"}
    infos = [env.reset(seed=seed, options=one)[1] for seed in (*range(30), 0)]
    assert {right(info) for info in infos} == {0, 1, 2, 3}
    assert infos[0] == infos[-1]
    env = make(num_options=200, render_mode="ansi")
    _, info = env.reset(options=one)
    mask = env.get_wrapper_attr("action_masks")()
    assert mask.tolist() == [option != "" for option in info["options"]]
    assert 0 < mask.sum() < 200
    assert env.step(int(np.flatnonzero(~mask)[0]))[1:3] == (0.0, True)
    assert f"\nOptions: 0 {info['options'][0]}; 1 " in env.render()


def test_features_are_the_same_on_every_machine():
    whole, _ = make(num_options=3, features=16).reset(seed=4)
    flat, _ = make(num_options=3, features=16, flat=True).reset(seed=4)
    assert (whole["question"].shape, whole["options"].shape) == ((16,), (3, 16))
    assert np.array_equal(flat, np.concatenate([whole["question"], whole["options"].ravel()]))
    vector = hashed_ngrams("Five birds, five wires", 8)
    assert vector.dtype == np.float32
    assert np.linalg.norm(vector) == pytest.approx(1)
    assert np.array_equal(vector, hashed_ngrams("five BIRDS five wires!", 8))
    assert not np.array_equal(vector, hashed_ngrams("five wires, five birds", 8))
    assert not hashed_ngrams("?!", 8).any()
    assert np.flatnonzero(hashed_ngrams("3", 1024)).tolist() == [845]


def test_a_wrong_action_or_argument_is_refused():
    env = make().unwrapped
    for too_early in (lambda: env.step(0), env.action_masks):
        with pytest.raises(gym.error.ResetNeeded):
            too_early()
    env.reset(seed=0)
    for action in (4, -1, "0", None):
        with pytest.raises(gym.error.InvalidAction, match="an action is a number from 0 to 3"):
            env.step(action)
    for name in ("num_options", "features"):
        with pytest.raises(ValueError, match=f"{name} must be a whole number of at least [12], not 0"):
            make(**{name: 0})


@pytest.mark.filterwarnings("ignore:.*render_mode='rgb_array'")
def test_stable_baselines_makes_it_by_its_name_and_trains_on_the_dict():
    batch = make_vec_env("RiddleChoice-v0", n_envs=2, seed=0)
    batch.reset()
    assert batch.step([right(info) for info in batch.reset_infos])[1].tolist() == [1.0, 1.0]
    model = stable_baselines3.PPO("MultiInputPolicy", "RiddleChoice-v0", n_steps=64, seed=0, device="cpu")
    assert model.learn(64).num_timesteps == 64


LEARNING = {
    "PPO": {"n_steps": 256, "batch_size": 64, "learning_rate": 3e-3},
    "MaskablePPO": {"n_steps": 256, "batch_size": 64, "learning_rate": 3e-3},
    "A2C": {"n_steps": 64, "learning_rate": 3e-3},
    "DQN": {"learning_starts": 128, "learning_rate": 1e-3, "exploration_fraction": 0.5, "target_update_interval": 100},
}


@pytest.mark.parametrize("name", LEARNING)
def test_the_classic_algorithms_learn_the_birds(name):
    algorithm = getattr(stable_baselines3, name, None) or getattr(sb3_contrib, name)
    env, held = (make(families=BIRDS, side="riddle", level=1, features=32, flat=True) for _ in range(2))
    model = algorithm("MlpPolicy", env, seed=0, device="cpu", gamma=0.0, **LEARNING[name])
    model.learn(2_048)
    mean, _ = evaluate_policy(model, held, 50, warn=False)
    assert mean > 0.6
