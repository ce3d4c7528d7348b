"""The messages between `WorkerSampler` and its workers."""

from __future__ import annotations

from dataclasses import dataclass

from agents.sampling.sampler import SamplingParameters
from agents.trajectory import Completion


@dataclass(frozen=True, slots=True)
class Task:
    """Samples ``first`` to ``first + count`` of prompt ``prompt``."""

    prompt: int
    prompt_ids: tuple[int, ...]
    temperature: float
    first: int
    count: int


@dataclass(frozen=True, slots=True)
class Request:
    """The tasks that a worker runs in one batch."""

    tasks: tuple[Task, ...]
    parameters: SamplingParameters
    seed: tuple[int, ...]

    @property
    def num_rows(self) -> int:
        """How many completions it asks for."""
        return sum(task.count for task in self.tasks)


@dataclass(frozen=True, slots=True)
class Failure:
    """The traceback of an exception in a worker."""

    text: str


Reply = int | list[list[Completion]] | Failure
"""The number of newly finished rows, or the completions of each task, or a failure."""
