"""The space of observations: Text that also works in the shared memory of AsyncVectorEnv."""

from __future__ import annotations

import multiprocessing
import string
from collections.abc import Sequence
from multiprocessing.sharedctypes import SynchronizedArray
from types import ModuleType
from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.vector.utils import create_shared_memory, read_from_shared_memory, write_to_shared_memory

_HEADER = 4
"""Bytes before each text that hold its length."""


class SharedText(spaces.Text):
    """A Text space that AsyncVectorEnv may keep in shared memory.

    AsyncVectorEnv reads the batch of observations only once, when it is made, and then copies that batch at every step.
    This works for arrays, which are views of the memory, but not for the strings of a plain Text, which never change.
    This space gives it a batch that reads the memory whenever it is copied or indexed.

    Its shape and dtype are those of one Python string, because Stable-Baselines3 keeps observations in an array of the
    space's shape and dtype, and an array of NumPy's strings would cut each text to its first character.
    """

    def __init__(self, max_length: int) -> None:
        super().__init__(max_length, min_length=0, charset=string.printable)
        self.dtype = np.dtype(object)

    @property
    def shape(self) -> tuple[()]:
        """The shape of one string."""
        return ()

    def contains(self, x: Any) -> bool:
        """Whether it is a text that is short enough, of any characters: questions and answers come in any script."""
        return isinstance(x, str) and self.min_length <= len(x) <= self.max_length

    @property
    def slot(self) -> int:
        """Bytes of shared memory for one text: its length, and UTF-8."""
        return _HEADER + 4 * self.max_length


class SharedTexts(Sequence[str]):
    """The texts that a shared memory holds now. A deep copy is a tuple of strings, which no later step changes."""

    def __init__(self, slots: np.ndarray) -> None:
        self._slots = slots  # (num_envs, slot)

    def __len__(self) -> int:
        return len(self._slots)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return tuple(self[i] for i in range(*index.indices(len(self))))
        slot = self._slots[index]
        size = int.from_bytes(slot[:_HEADER].tobytes(), "little")
        return slot[_HEADER : _HEADER + size].tobytes().decode("utf-8", "surrogatepass")

    def __deepcopy__(self, memo: dict[int, Any]) -> tuple[str, ...]:
        return tuple(self)

    def __repr__(self) -> str:
        return repr(tuple(self))


def _slots(space: SharedText, memory: SynchronizedArray, n: int) -> np.ndarray:
    buffer: Any = memory.get_obj()
    return np.frombuffer(buffer, dtype=np.uint8).reshape(n, space.slot)


@create_shared_memory.register(SharedText)
def _create(space: SharedText, n: int = 1, ctx: ModuleType = multiprocessing) -> Any:
    return ctx.Array("B", n * space.slot)


@read_from_shared_memory.register(SharedText)
def _read(space: SharedText, shared_memory: SynchronizedArray, n: int = 1) -> Any:
    return SharedTexts(_slots(space, shared_memory, n))


@write_to_shared_memory.register(SharedText)
def _write(space: SharedText, index: int, value: str, shared_memory: SynchronizedArray) -> None:
    text = value.encode("utf-8", "surrogatepass")
    if len(text) > space.slot - _HEADER:
        raise ValueError(f"a text of {len(value)} characters does not fit into a space of {space.max_length}")
    written = len(text).to_bytes(_HEADER, "little") + text
    _slots(space, shared_memory, -1)[index, : len(written)] = np.frombuffer(written, dtype=np.uint8)
