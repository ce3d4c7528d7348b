"""Tests of agents.embedding: riddles as frozen embeddings of a language model."""

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium.utils.env_checker import check_env
from tiny import SHAPE, save_tiny

from agents import TextEmbedding


@pytest.fixture
def embed(tmp_path):
    return TextEmbedding.load(str(save_tiny(tmp_path)), "cpu")


def test_a_text_is_the_mean_of_its_last_hidden_states(embed):
    ids = embed._tokenizer("seven birds", return_tensors="pt").input_ids
    with torch.no_grad():
        states = embed._body(input_ids=ids).last_hidden_state[0]
    mean = states.mean(0).numpy()
    assert np.allclose(embed("seven birds"), mean / np.linalg.norm(mean), atol=1e-5)
    assert not embed("").any()


def test_a_caller_may_change_a_vector_without_changing_the_next(embed):
    first = embed("a wire")
    first[:] = 0
    assert embed("a wire").any()


def test_riddles_to_choose_from_are_observed_as_embeddings(embed):
    env = gym.make("expit_env:RiddleChoice-v0", embed=embed, num_options=3)
    check_env(env.unwrapped, skip_render_check=True)
    observation, info = env.reset(seed=1)
    assert observation["options"].shape == (3, SHAPE["hidden_size"])
    assert np.array_equal(observation["question"], embed(info["question"]))
    empty = [option == "" for option in info["options"]]
    assert [not row.any() for row in observation["options"]] == empty
