"""Drawing tokens: the distribution, and the edges of it."""

import numpy as np
import pytest
import torch
from support.statistics import chi_square, nucleus

from agents.sampling.rows import draw


@pytest.mark.parametrize(("temperature", "top_p"), [(1.0, 1.0), (0.7, 1.0), (1.0, 0.8), (1.5, 0.999)])
@pytest.mark.parametrize("vocabulary", [40, 512, 1000])
def test_draws_follow_the_distribution(temperature, top_p, vocabulary):
    generator = np.random.default_rng(3)
    logits = torch.from_numpy(generator.normal(0, 1, vocabulary)).float()
    count = 8000
    uniform = torch.from_numpy(generator.random(count))
    tokens, logprobs = draw(logits.repeat(count, 1), uniform, temperature, top_p)
    expected = nucleus(logits, temperature, top_p)
    np.testing.assert_allclose(logprobs, expected[tokens].log(), atol=1e-5)
    assert chi_square(tokens, expected.numpy()) > 1e-4


def test_uniforms_at_the_edges_never_draw_an_impossible_token():
    logits = torch.full((2, 600), -torch.inf)
    logits[:, [3, 300, 599]] = torch.tensor([0.0, 1.0, 0.5])
    for top_p in (1.0, 0.999):
        tokens, _ = draw(logits.clone(), torch.tensor([0.0, 1 - 2**-53], dtype=torch.float64), 1.0, top_p)
        assert set(tokens.tolist()) <= {3, 300, 599}
