"""What samples are compared with: the exact distribution after temperature and top-p, and a test of goodness of fit."""

import numpy as np
import torch
from scipy import stats
from torch import Tensor


def nucleus(logits: Tensor, temperature: float = 1.0, top_p: float = 1.0) -> Tensor:
    """Return the probabilities that tokens are drawn with, of the shape of the logits."""
    ordered, order = (logits.double() / temperature).softmax(-1).sort(descending=True)
    ordered[ordered.cumsum(-1) - ordered >= top_p] = 0
    return torch.zeros_like(ordered).scatter_(-1, order, ordered / ordered.sum(-1, keepdim=True))


def chi_square(tokens: np.ndarray | Tensor, expected: np.ndarray) -> float:
    """Return the p-value of the counts, with all tokens that are expected less than five times in one bin."""
    counts = np.bincount(tokens, minlength=len(expected))
    rare = expected * len(tokens) < 5
    observed = np.append(counts[~rare], counts[rare].sum())
    theory = np.append(expected[~rare], expected[rare].sum()) * len(tokens)
    return stats.chisquare(observed[theory > 0], theory[theory > 0]).pvalue
