"""Sampling on a Ray cluster: Ray places the work, retries what a lost process or machine had, and ships the weights.

Rows go out in small shards, as tasks. The base model is put into Ray's object store once, and of each round's model the
weights that differ from it: a machine fetches them once, and its processes read them where they lie. Sampling processes
stay alive between tasks and keep the model that they have built.
"""

from __future__ import annotations

import copy
import logging
import os
import sys
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase

if "ray" not in sys.modules:  # which reads it as it is imported; by default it is off
    os.environ.setdefault("RAY_AUTH_MODE", "token")

try:
    import ray
    from ray.exceptions import RayError
except ModuleNotFoundError as error:
    raise ModuleNotFoundError('Sampling on a cluster needs the package ray: pip install -e ".[ray]"') from error

from agents.sampling.local import LocalSampler
from agents.sampling.rows import Report, Row, RowSampler

logger = logging.getLogger(__name__)

ROWS = 64
"""Rows in a shard: what a process decodes together, and what its death costs. On the size of a batch depends how sums
are rounded, so it does not depend on the cluster."""

RETRIES = 5
"""How often a shard is drawn again, each time on another process, before the run stops."""

SECONDS = 1.0
"""Between two looks at what has finished."""

NO_CLUSTER = (
    "no Ray cluster is found at --cluster {address} ({error}). Is one started (ray start --head), with the token in"
    " ~/.ray/auth_token? --cluster local starts one for this run."
)

Weights = Mapping[str, np.ndarray]
"""The bytes of weights by name: Ray reads arrays in place, without a copy."""


class RaySampler(RowSampler):
    """Draws completions on the processors of a Ray cluster.

    For the same seed it gives the same answers whatever the cluster's size, whatever dies, and in whatever order shards
    come back: those of `LocalSampler`, up to rounding, which depends on the batch size.

    Args:
        model: a causal language model.
        tokenizer: its tokenizer, with a chat template.
        address: of the cluster: "auto" for the one that this machine belongs to, "local" to start one here, or
            "ray://HOST:10001". Unless RAY_AUTH_MODE says otherwise, Ray's authentication by token is on.
        dtype: the type of the weights for sampling; by default unchanged.

    Raises:
        RuntimeError: if there is no such cluster, or it has another token.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        address: str,
        *,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(model, tokenizer)
        if not ray.is_initialized():
            try:
                ray.init(address, log_to_driver=False, logging_level=logging.ERROR)
            except ConnectionError as error:
                raise RuntimeError(NO_CLUSTER.format(address=address, error=error)) from error
        if not ray.cluster_resources().get("CPU"):
            logger.warning("the cluster at %s has no processor yet; sampling waits for one", address)
        self._dtype = dtype or model.dtype
        self._base, self._none = _packed(model, self._dtype), ray.put({})
        self._model_but_changes = ray.put((_skeleton(model), tokenizer, self._dtype, self._base))
        self._changed = self._none

    @property
    def stored(self) -> list[Any]:
        """References to the model, for a task; in a list, they are not fetched before the task asks for them."""
        return [self._model_but_changes, self._changed]

    def load(self, model: PreTrainedModel) -> None:
        """Switch to the weights of ``model``, which must have the same architecture."""
        packed = _packed(model, self._dtype)
        changed = {name: new for name, new in packed.items() if not np.array_equal(new, self._base[name])}
        self._changed = ray.put(changed) if changed else self._none

    def fill(self, rows: Sequence[Row], top_p: float, report: Report) -> None:
        """Draw the tokens of these rows in place, and report those that have become full, each once.

        After an error, what is still running ends with this process. It is not cancelled: a task that ends just as Ray
        cancels it can abort the process that asked for it (https://github.com/ray-project/ray/pull/54738).

        Raises:
            RuntimeError: if a process raised, or if a shard was lost again and again.
        """
        ordered = sorted(rows, key=lambda row: row.prompt_ids)  # a process reads equal prompts once
        task = ray.remote(num_cpus=1, max_retries=RETRIES)(fill_shard)
        shards = [ordered[start : start + ROWS] for start in range(0, len(ordered), ROWS)]
        running = {task.remote(self.stored, shard, top_p): shard for shard in shards}
        try:
            while running:
                done, _ = ray.wait(list(running), num_returns=len(running), timeout=SECONDS)
                for each in done:
                    filled, shard = ray.get(each), running.pop(each)
                    for row, (token_ids, logprobs, finished) in zip(shard, filled, strict=True):
                        row.token_ids, row.logprobs, row.finished = token_ids, logprobs, finished
                    report(shard)
        except RayError as error:
            raise RuntimeError(
                f"the cluster could not sample: {error}\nFinished stages are kept: run the command again once it can."
            ) from error


def fill_shard(stored: Sequence[Any], rows: list[Row], top_p: float) -> list[tuple[list[int], list[float], bool]]:
    """Fill rows in a process of the cluster, and return their tokens, log-probabilities, and whether they finished."""
    name = tuple(reference.hex() for reference in stored)
    if name not in _built:
        _built.clear()  # its memory is needed
        (skeleton, tokenizer, dtype, base), changed = ray.get(list(stored))
        _built[name] = LocalSampler(_unpacked(skeleton, {**base, **changed}, dtype), tokenizer, max_batch=ROWS)
    _built[name].fill(rows, top_p, lambda full: None)
    return [(row.token_ids, row.logprobs, row.finished) for row in rows]


_built: dict[tuple[str, ...], LocalSampler] = {}
"""The model that this process of the cluster has built last, by what it was built of."""


def _skeleton(model: PreTrainedModel) -> PreTrainedModel:
    """Return a copy of the model without its weights, but with its buffers."""
    return copy.deepcopy(
        model, {id(weight): nn.Parameter(weight.to("meta"), requires_grad=False) for weight in model.parameters()}
    )


def _packed(model: PreTrainedModel, dtype: torch.dtype) -> dict[str, np.ndarray]:
    """Return the weights in a type, as bytes by name; tied ones once."""
    return {
        name: weight.detach().to("cpu", dtype).contiguous().view(torch.uint8).numpy()
        for name, weight in model.named_parameters()
    }


def _unpacked(skeleton: PreTrainedModel, weights: Weights, dtype: torch.dtype) -> PreTrainedModel:
    """Put the weights that ``_packed`` returned into a model without any, where they lie."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The given NumPy array is not writable")  # nobody writes
        found: dict[str, Tensor] = {name: torch.from_numpy(each).view(dtype) for name, each in weights.items()}
    skeleton.load_state_dict(found, strict=False, assign=True)
    skeleton.tie_weights()
    return skeleton.eval()
