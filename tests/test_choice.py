"""Tests of expit_env.choice and expit_env.features: riddles for agents that do not speak."""

from collections import Counter

import gymnasium as gym
import numpy as np
import pytest
import sb3_contrib
import stable_baselines3
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.evaluation import evaluate_policy

from expit_env import RiddleChoiceEnv, verify
from expit_env.choice import hashed_ngrams
from expit_env.riddles import splits

BIRDS = "birds-on-a-wire"


def make(**kwargs):
    return gym.make("RiddleChoice-v0", **kwargs)


def right(info):
    """Where the right answer stands."""
    return info["options"].index(splits.riddle(info["riddle_id"]).answer)


@pytest.mark.parametrize("split", ["train", "validation", "test", "transfer"])
def test_one_option_is_right_and_the_verifier_says_so(split):
    env = make(split=split)
    for seed in range(40):
        _, info = env.reset(seed=seed)
        riddle, options = splits.riddle(info["riddle_id"]), [option for option in info["options"] if option]
        assert [option for option in options if verify(riddle, option).correct] == [riddle.answer]
        assert riddle.trap is None or riddle.trap in options
        assert len({option.lower() for option in options}) == len(options)


def test_the_options_alone_tell_little():
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


def test_the_right_option_is_worth_one_and_the_trap_nothing():
    env = make()
    for seed in range(10):
        _, info = env.reset(seed=seed)
        assert env.step(right(info))[1:4] == (1.0, True, False)
        _, info = env.reset(seed=seed)
        riddle = splits.riddle(info["riddle_id"])
        _, reward, _, _, info = env.step(info["options"].index(riddle.trap))
        assert (reward, info["fell_for_trap"], info["answer"]) == (0.0, True, riddle.answer)


def test_the_same_seed_poses_the_riddle_of_riddle_v0():
    env, spoken = make(), gym.make("Riddle-v0")
    for seed in range(5):
        question, expected = spoken.reset(seed=seed)
        _, info = env.reset(seed=seed)
        assert expected.items() <= info.items()
        assert info["question"] == question


def test_options_are_shuffled_by_the_seed():
    env = make(families=BIRDS)
    infos = [env.reset(seed=seed, options={"riddle_id": f"{BIRDS}/train/0"})[1] for seed in (*range(30), 0)]
    assert {right(info) for info in infos} == {0, 1, 2, 3}
    assert infos[0] == infos[-1]


def test_options_that_are_not_there_are_masked_and_answer_nothing():
    env = make(num_options=200)
    _, info = env.reset(options={"riddle_id": f"{BIRDS}/train/0"})
    mask = env.get_wrapper_attr("action_masks")()
    assert mask.tolist() == [option != "" for option in info["options"]]
    assert mask.any()
    assert not mask.all()
    assert env.step(int(np.flatnonzero(~mask)[0]))[1:3] == (0.0, True)


def test_yes_or_no_has_two_options():
    env = make()
    infos = [env.reset(seed=seed)[1] for seed in range(200)]
    questions = [set(info["options"]) for info in infos if splits.riddle(info["riddle_id"]).answer in ("yes", "no")]
    assert questions
    assert all(options == {"yes", "no", ""} for options in questions)


def test_the_flat_observation_is_the_dict_laid_out():
    whole, _ = make(num_options=3, features=16).reset(seed=4)
    flat, _ = make(num_options=3, features=16, flat=True).reset(seed=4)
    assert whole["question"].shape == (16,)
    assert whole["options"].shape == (3, 16)
    assert np.array_equal(flat, np.concatenate([whole["question"], whole["options"].ravel()]))


def test_features_are_the_same_on_every_machine():
    vector = hashed_ngrams("Five birds, five wires", 8)
    assert vector.dtype == np.float32
    assert np.linalg.norm(vector) == pytest.approx(1)
    assert np.array_equal(vector, hashed_ngrams("five BIRDS five wires!", 8))
    assert not np.array_equal(vector, hashed_ngrams("five wires, five birds", 8))
    assert not hashed_ngrams("?!", 8).any()
    assert np.flatnonzero(hashed_ngrams("3", 1024)).tolist() == [845]


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"num_options": 1}, "num_options must be a whole number of at least 2, not 1"),
        ({"features": 0}, "features must be a whole number of at least 1, not 0"),
        ({"families": "bird-on-a-wire"}, "Did you mean 'birds-on-a-wire'"),
        ({"split": "transfer", "families": BIRDS}, "no riddles in the split 'transfer'"),
    ],
)
def test_a_wrong_argument_is_refused(kwargs, message):
    with pytest.raises(ValueError, match=message):
        make(**kwargs)


def test_an_unknown_render_mode_is_refused_with_what_exists():
    with pytest.raises(TypeError, match=r"no render mode 'human'\. What exists: ansi"):
        RiddleChoiceEnv(render_mode="human")


def test_a_wrong_action_is_refused():
    env = make().unwrapped
    with pytest.raises(gym.error.ResetNeeded):
        env.step(0)
    with pytest.raises(gym.error.ResetNeeded):
        env.action_masks()
    env.reset(seed=0)
    for action in (4, -1, "0", None):
        with pytest.raises(gym.error.InvalidAction, match="an action is a number from 0 to 3"):
            env.step(action)


def test_the_transcript_lists_the_options():
    env = make(render_mode="ansi", families="birds-on-a-wire")
    _, info = env.reset(seed=0)
    env.step(2)
    lines = env.render().split("\n")
    assert lines[1].startswith(f"Options: 0 {info['options'][0]}; 1 {info['options'][1]}; 2 ")
    assert lines[2] == f"Agent: {info['options'][2]}"


@pytest.mark.parametrize("name", ["PPO", "A2C", "DQN", "MaskablePPO"])
@pytest.mark.parametrize("flat", [False, True])
def test_the_classic_algorithms_run(name, flat):
    algorithm = getattr(stable_baselines3, name, None) or getattr(sb3_contrib, name)
    hurry = {"learning_starts": 50} if name == "DQN" else {"n_steps": 64}
    env = make(features=32, flat=flat)
    model = algorithm("MlpPolicy" if flat else "MultiInputPolicy", env, seed=0, device="cpu", **hurry)
    model.learn(200)
    assert model.num_timesteps >= 200


@pytest.mark.filterwarnings("ignore:.*render_mode='rgb_array'")
def test_stable_baselines_makes_it_by_its_name():
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
    env = make(families=BIRDS, level=1, features=32, flat=True)
    model = algorithm("MlpPolicy", env, seed=0, device="cpu", gamma=0.0, **LEARNING[name])
    model.learn(2_048)
    mean, _ = evaluate_policy(model, make(families=BIRDS, level=1, features=32, flat=True), 50, warn=False)
    assert mean > 0.6
