"""What `WorkerSampler` and its workers say to each other."""

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
    """What a worker does in one go."""

    tasks: tuple[Task, ...]
    parameters: SamplingParameters
    seed: tuple[int, ...]

    @property
    def num_rows(self) -> int:
        return sum(task.count for task in self.tasks)


@dataclass(frozen=True, slots=True)
class Failure:
    """What a worker says of an exception."""

    text: str


Reply = int | list[list[Completion]] | Failure
"""How many more rows are done, or the completions of each task, or what went wrong."""
