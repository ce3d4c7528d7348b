"""A model shared by several processes: its structure is pickled, its tensors are in one anonymous file."""

from __future__ import annotations

import io
import mmap
import os
import pickle
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, BinaryIO

import torch
from torch import Tensor, nn

ALIGNMENT = 64  # bytes, for aligned vector loads


@dataclass(frozen=True, slots=True)
class Place:
    """Where a tensor lies in the file."""

    offset: int  # bytes
    dtype: torch.dtype
    shape: torch.Size
    is_parameter: bool


class SharedWeights:
    """The tensors of ``model``, copied to memory that worker processes map through a file descriptor.

    The file has no name, so it disappears with the last process that has it open, even after a crash.

    Args:
        model: the model.
        dtype: the type of its parameters in the file; by default unchanged, as buffers always are.
    """

    def __init__(self, model: nn.Module, dtype: torch.dtype | None = None) -> None:
        self._dtype = dtype
        self._places = dict(_places(model, dtype))
        self.file = anonymous_file()
        self.file.truncate(max(ALIGNMENT, sum(_padded(place) for place in self._places.values())))
        self._mapped = mapped_tensors(self.file.fileno(), self._places)
        self.load(model)

    def structure(self, model: nn.Module, *others: object) -> bytes:
        """Pickle the model without its tensors, and other objects with it."""
        buffer = io.BytesIO()
        pickle.dump(self._places, buffer)
        _StructurePickler(buffer, {id(tensor): name for name, tensor in _tensors(model)}).dump((model, *others))
        return buffer.getvalue()

    @torch.no_grad()
    def load(self, model: nn.Module) -> None:
        """Copy the weights of ``model`` in place: processes that map the file see them at once.

        Raises:
            ValueError: if its tensors have other names, shapes or types than those of the first model.
        """
        if dict(_places(model, self._dtype)) != self._places:
            raise ValueError("the model has other weights, by name, shape or type, than the one this was made for")
        for name, tensor in _tensors(model):
            self._mapped[name].copy_(tensor)


def load_structure(pickled: bytes, weights: int) -> tuple[Any, ...]:
    """Rebuild what `SharedWeights.structure` pickled, with the tensors in the file with descriptor ``weights``."""
    buffer = io.BytesIO(pickled)
    places: dict[str, Place] = pickle.load(buffer)
    tensors = mapped_tensors(weights, places)
    for name, place in places.items():
        if place.is_parameter:
            tensors[name] = nn.Parameter(tensors[name], requires_grad=False)
    return _StructureUnpickler(buffer, tensors).load()


def anonymous_file() -> BinaryIO:
    """Open a file in memory if the system supports that, else a temporary file."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("expit"), "w+b")
    return tempfile.TemporaryFile()


def mapped_tensors(file: int, places: dict[str, Place]) -> dict[str, Tensor]:
    """Return tensors that use the memory of the file."""
    memory = mmap.mmap(file, 0)
    return {
        name: torch.frombuffer(memory, dtype=place.dtype, count=place.shape.numel(), offset=place.offset).view(
            place.shape
        )
        for name, place in places.items()
    }


def _tensors(model: nn.Module) -> Iterator[tuple[str, Tensor]]:
    return chain(model.named_parameters(), model.named_buffers())


def _places(model: nn.Module, dtype: torch.dtype | None) -> Iterator[tuple[str, Place]]:
    offset = 0
    for name, tensor in _tensors(model):
        is_parameter = isinstance(tensor, nn.Parameter)
        stored = dtype if dtype and is_parameter else tensor.dtype
        place = Place(offset, stored, tensor.shape, is_parameter)
        yield name, place
        offset += _padded(place)


def _padded(place: Place) -> int:
    return -(-place.shape.numel() * place.dtype.itemsize // ALIGNMENT) * ALIGNMENT


class _StructurePickler(pickle.Pickler):
    def __init__(self, buffer: io.BytesIO, names: dict[int, str]) -> None:
        super().__init__(buffer)
        self._names = names

    def persistent_id(self, obj: object) -> str | None:
        return self._names.get(id(obj)) if isinstance(obj, Tensor) else None


class _StructureUnpickler(pickle.Unpickler):
    def __init__(self, buffer: io.BytesIO, tensors: dict[str, Tensor]) -> None:
        super().__init__(buffer)
        self._tensors = tensors

    def persistent_load(self, pid: str) -> Tensor:
        return self._tensors[pid]
