"""Riddles as frozen embeddings of a language model."""

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium.utils.env_checker import check_env
from support.tiny import SHAPE, save_tiny, tiny_model, tiny_tokenizer

from agents import TextEmbedding


@pytest.fixture
def embed(tmp_path):
    return TextEmbedding.load(str(save_tiny(tmp_path)), "cpu")


def test_a_text_is_the_mean_of_its_last_hidden_states_and_a_copy_each_time(embed):
    ids = tiny_tokenizer()("seven birds", return_tensors="pt").input_ids
    with torch.no_grad():
        mean = tiny_model().base_model(input_ids=ids).last_hidden_state[0].mean(0).numpy()
    for _ in range(2):
        vector = embed("seven birds")
        assert np.allclose(vector, mean / np.linalg.norm(mean), atol=1e-5)
        vector[:] = 0
    assert not embed("").any()


def test_riddles_to_choose_from_are_observed_as_embeddings(embed):
    env = gym.make("expit_env:RiddleChoice-v0", embed=embed, num_options=3)
    check_env(env.unwrapped, skip_render_check=True)
    observation, info = env.reset(seed=1)
    assert observation["options"].shape == (3, SHAPE["hidden_size"])
    assert np.array_equal(observation["question"], embed(info["question"]))
    empty = [option == "" for option in info["options"]]
    assert [not row.any() for row in observation["options"]] == empty
