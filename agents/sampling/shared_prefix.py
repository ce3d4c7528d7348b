"""Attention in which all samples of a prompt share its keys and values.

A decoding step has one new token in each row. Its query attends to the keys of the row's prompt, which are stored once
for all rows of that prompt (their queries are folded into one matmul), and to the keys of the row's own earlier tokens,
the suffix. One softmax runs over both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional


@dataclass(slots=True)
class _Layer:
    """One layer's states: suffixes of (rows, heads, columns, size) and prefixes of (groups, heads, length, size).

    The common beginning of all prompts is kept as well, for later prompts: (1, heads, common, size).
    """

    suffix_keys: Tensor
    suffix_values: Tensor
    prefix_keys: Tensor
    prefix_values: Tensor
    common_keys: Tensor
    common_values: Tensor


class SharedPrefixCache:
    """Keys and values of the resident prompts (groups), and of the tokens that each row has generated.

    Suffixes are written in place to a ring of ``columns``, at the same column for all rows: a row lives for at most
    that many steps, so it never overwrites its own tokens, and the bias hides those of the row before it.

    Args:
        rows, columns: how many answers are decoded together, and the most tokens of each.
        common: how many tokens all prompts begin with. Only the first prefill contains them.
    """

    def __init__(self, rows: int, columns: int, device: torch.device, dtype: torch.dtype, common: int = 0) -> None:
        self._capacity = rows
        self._columns = columns
        self._layers: dict[int, _Layer] = {}
        self._suffix_bias = torch.full((rows, 1, 1, columns), -torch.inf, device=device, dtype=dtype)
        self._prefix_bias = torch.empty((0, 0), device=device, dtype=dtype)
        self._lengths: list[int] = []
        self._incoming: list[int] = []
        self._common = common
        self._leading = common  # how many of them are in the next prefill
        self._steps = 0
        self._rows = 0
        self._fold: Tensor | None = None
        self._unfold: Tensor | None = None
        self._group_of_row: list[int] = []

    def add_prefixes(self, lengths: Sequence[int]) -> range:
        """Make the next forward a prefill of prompts of these lengths.

        Its input is one row without padding: the common tokens, then the rest of each prompt, one after another.

        Returns:
            The positions of the common tokens in it: all of them in the first prefill, later none.
        """
        self._incoming = list(lengths)
        return range(self._leading)

    def finish_prefill(self) -> None:
        """Make the prompts of the last forward resident, as the last groups."""
        self._lengths += self._incoming
        self._incoming = []
        self._leading = 0
        self._mask_padding()

    def keep_prefixes(self, groups: Sequence[int]) -> None:
        """Forget all resident prompts but these."""
        self._lengths = [self._lengths[group] for group in groups]
        index = torch.tensor(groups, dtype=torch.long, device=self._suffix_bias.device)
        longest = max(self._lengths, default=0)
        for layer in self._layers.values():
            layer.prefix_keys = layer.prefix_keys[index, :, :longest]
            layer.prefix_values = layer.prefix_values[index, :, :longest]
        self._mask_padding()

    def clear_row(self, row: int) -> None:
        """Start a new row: hide the tokens of the last row in its slot."""
        self._suffix_bias[row] = -torch.inf

    def move_row(self, source: int, target: int) -> None:
        """Move the row in slot ``source`` to slot ``target``."""
        width = min(self._steps, self._columns)
        for layer in self._layers.values():
            layer.suffix_keys[target, :, :width] = layer.suffix_keys[source, :, :width]
            layer.suffix_values[target, :, :width] = layer.suffix_values[source, :, :width]
        self._suffix_bias[target] = self._suffix_bias[source]

    def begin_step(self, group_of_row: Sequence[int]) -> None:
        """Make the next forward a decoding step with one token for each row, and give the group of each."""
        self._rows = len(group_of_row)
        if list(group_of_row) != self._group_of_row:
            self._group_of_row = list(group_of_row)
            self._fold = self._unfold = None
        self._suffix_bias[: self._rows, ..., self._steps % self._columns] = 0
        self._steps += 1

    def attend(
        self, layer_idx: int, query: Tensor, key: Tensor, value: Tensor, scaling: float, softcap: float | None
    ) -> Tensor:
        """Attend with queries of (batch, heads, length, size); returns (batch, length, heads, size)."""
        if self._incoming:
            return self._prefill(layer_idx, query, key, value, scaling, softcap)
        return self._decode(self._layers[layer_idx], query, key, value, scaling, softcap)

    def _prefill(
        self, layer_idx: int, query: Tensor, key: Tensor, value: Tensor, scaling: float, softcap: float | None
    ) -> Tensor:
        layer = self._layers.get(layer_idx)
        if layer is None:
            layer = self._layers[layer_idx] = self._empty_layer(key)
        outputs: list[Tensor] = []
        if self._leading:
            first_query, first_key, first_value = (states[:, :, : self._leading] for states in (query, key, value))
            layer.common_keys, layer.common_values = first_key.clone(), first_value.clone()
            outputs.append(_causal_attention(first_query, first_key, first_value, scaling, softcap))
        keys = [torch.cat((layer.common_keys, rest), dim=2) for rest in self._rests(key)]
        values = [torch.cat((layer.common_values, rest), dim=2) for rest in self._rests(value)]
        rests = zip(self._rests(query), keys, values, strict=True)
        outputs += [_causal_attention(q, k, v, scaling, softcap) for q, k, v in rests]
        layer.prefix_keys = _padded(layer.prefix_keys, keys)
        layer.prefix_values = _padded(layer.prefix_values, values)
        return torch.cat(outputs, dim=2).transpose(1, 2)

    def _rests(self, states: Tensor) -> Sequence[Tensor]:
        """Return the states of each incoming prompt after the common tokens."""
        lengths = [length - self._common for length in self._incoming]
        return states[:, :, self._leading :].split(lengths, dim=2)

    def _empty_layer(self, key: Tensor) -> _Layer:
        _, heads, _, size = key.shape
        # Zeros, because masked values must still be finite.
        suffix = key.new_zeros((2, self._capacity, heads, self._columns, size))
        prefix = key.new_zeros((2, 0, heads, 0, size))
        common = key.new_zeros((2, 1, heads, 0, size))
        return _Layer(suffix[0], suffix[1], prefix[0], prefix[1], common[0], common[1])

    def _mask_padding(self) -> None:
        positions = torch.arange(max(self._lengths, default=0), device=self._suffix_bias.device)
        lengths = torch.tensor(self._lengths, dtype=torch.long, device=positions.device)
        self._prefix_bias = torch.zeros(
            (len(lengths), len(positions)), device=positions.device, dtype=self._suffix_bias.dtype
        ).masked_fill_(positions >= lengths[:, None], -torch.inf)
        self._group_of_row = []

    def _decode(
        self, layer: _Layer, query: Tensor, key: Tensor, value: Tensor, scaling: float, softcap: float | None
    ) -> Tensor:
        rows, column = self._rows, (self._steps - 1) % self._columns
        layer.suffix_keys[:rows, :, column] = key[:, :, 0]
        layer.suffix_values[:rows, :, column] = value[:, :, 0]
        width = min(self._steps, self._columns)
        suffix_keys = layer.suffix_keys[:rows, :, :width].flatten(0, 1)
        suffix_values = layer.suffix_values[:rows, :, :width].flatten(0, 1)
        prefix_keys, prefix_values = layer.prefix_keys.flatten(0, 1), layer.prefix_values.flatten(0, 1)
        heads, length, size = layer.prefix_keys.shape[1:]
        shared = query.shape[1] // heads  # query heads per key head
        fold, unfold = self._folds(heads)

        own = query.reshape(rows * heads, shared, size)
        folded = own.index_select(0, fold).view(len(prefix_keys), -1, size)
        suffix_bias = self._suffix_bias[:rows, ..., :width].expand(-1, heads, -1, -1).reshape(rows * heads, 1, width)
        prefix_bias = self._prefix_bias[:, None].expand(-1, heads, -1).reshape(len(prefix_keys), 1, length)
        suffix_scores = _scores(own, suffix_keys, suffix_bias, scaling, softcap)
        prefix_scores = _scores(folded, prefix_keys, prefix_bias, scaling, softcap).view(-1, shared, length)
        scores = torch.cat((prefix_scores.index_select(0, unfold), suffix_scores), dim=-1)
        weights = torch.softmax(scores, dim=-1, dtype=torch.float32).to(query.dtype)

        prefix_weights = weights[..., :length].index_select(0, fold).view(len(prefix_keys), -1, length)
        prefix_output = torch.bmm(prefix_weights, prefix_values).view(-1, shared, size).index_select(0, unfold)
        return torch.baddbmm(prefix_output, weights[..., length:], suffix_values).view(rows, 1, -1, size)

    def _folds(self, heads: int) -> tuple[Tensor, Tensor]:
        """Return the indices that map (row, head) to (group, head, place in the group) and back."""
        if self._fold is None or self._unfold is None:
            group = np.array(self._group_of_row)
            counts = np.bincount(group, minlength=len(self._lengths))
            order = np.argsort(group, kind="stable")
            place = np.empty_like(order)
            place[order] = np.arange(len(order)) - np.repeat(counts.cumsum() - counts, counts)
            head = np.arange(heads)
            unfold = (group[:, None] * heads + head) * counts.max() + place[:, None]
            # Groups are padded to the largest one with row 0, whose results there are not used.
            fold = np.zeros(len(counts) * heads * counts.max(), dtype=np.int64)
            fold[unfold] = np.arange(len(group))[:, None] * heads + head
            device = self._suffix_bias.device
            self._fold, self._unfold = (torch.from_numpy(i.reshape(-1)).to(device) for i in (fold, unfold))
        return self._fold, self._unfold


def _padded(resident: Tensor, new: Sequence[Tensor]) -> Tensor:
    """Return the states of resident prompts and of new ones, (1, heads, length, size) each, padded to one length."""
    groups, heads, length, size = resident.shape
    longest = max(length, *(states.shape[2] for states in new))
    grown = resident.new_zeros((groups + len(new), heads, longest, size))
    grown[:groups, :, :length] = resident
    for group, states in enumerate(new, start=groups):
        grown[group, :, : states.shape[2]] = states[0]
    return grown


def _scores(query: Tensor, keys: Tensor, bias: Tensor, scaling: float, softcap: float | None) -> Tensor:
    if softcap is None:
        return torch.baddbmm(bias, query, keys.transpose(1, 2), alpha=scaling)
    return torch.bmm(query, keys.transpose(1, 2)).mul_(scaling / softcap).tanh_().mul_(softcap).add_(bias)


def _causal_attention(query: Tensor, key: Tensor, value: Tensor, scaling: float, softcap: float | None) -> Tensor:
    """Return the attention of the last tokens to all tokens up to themselves."""
    length, earlier = query.shape[2], key.shape[2] - query.shape[2]
    seen = torch.ones((length, key.shape[2]), dtype=torch.bool, device=query.device).tril(earlier)
    if softcap is None:
        mask = seen if earlier else None
        return functional.scaled_dot_product_attention(
            query, key, value, attn_mask=mask, is_causal=mask is None, scale=scaling, enable_gqa=True
        )
    shared = query.shape[1] // key.shape[1]
    key, value = key.repeat_interleave(shared, dim=1), value.repeat_interleave(shared, dim=1)
    scores = (query @ key.transpose(2, 3)).mul_(scaling / softcap).tanh_().mul_(softcap)
    return torch.softmax(scores.masked_fill_(~seen, -torch.inf), dim=-1, dtype=torch.float32).to(query.dtype) @ value
