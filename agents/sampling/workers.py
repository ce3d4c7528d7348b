"""Sampling in several processes with few threads each, which on a CPU is faster than one process with many.

Workers are started as ``python -m agents.sampling.worker`` and not through multiprocessing, whose spawn runs the
caller's script again and so needs a ``__main__`` guard there.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from multiprocessing import Pipe
from multiprocessing.connection import wait
from typing import BinaryIO, Self, cast

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from agents.sampling.requests import Failure, Reply, Request, Task
from agents.sampling.rows import encode_all
from agents.sampling.sampler import Prompt, SamplingParameters, per_prompt
from agents.sampling.weights import SharedWeights, anonymous_file
from agents.trajectory import Completion

logger = logging.getLogger(__name__)

MOST_WORKERS = 16
"""With more cores than this, each worker gets more threads: a worker is a Python process of about 300 MB."""

LEAST_ROWS = 16
"""The fewest rows of a request that is made small to balance the load."""

MOST_DEATHS = 3
"""After this many workers have died on a request, it is not tried again."""

SECONDS_TO_END = 5
"""How long a worker may take to exit after its connection is closed; then it is killed."""


class WorkerSampler:
    """Draws completions in worker processes that share one copy of the weights in memory.

    For the same seed it gives the same answers as `LocalSampler`, up to rounding, which depends on the batch size. A
    worker that dies is replaced and its rows are drawn again. The workers end on `close`, at the end of a ``with``
    block, or when this object or this process is gone, even after a crash.

    Args:
        model: a causal language model on the CPU.
        tokenizer: its tokenizer, with a chat template.
        workers: how many processes; by default one for each core that this process may use.
        max_batch: how many completions each of them decodes together.
        dtype: the type of the weights for sampling; by default unchanged.

    Raises:
        ValueError: if the model is not on the CPU: on an accelerator `LocalSampler` is as fast.
        OSError: on a system where a process cannot inherit open files.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        *,
        workers: int | None = None,
        max_batch: int = 128,
        dtype: torch.dtype | None = None,
    ) -> None:
        if model.device.type != "cpu":
            raise ValueError(f"workers sample on the CPU, not on {model.device}; use LocalSampler there")
        if os.name != "posix":
            raise OSError("workers need a POSIX system; use LocalSampler here")
        self._model = model
        self._tokenizer = tokenizer
        self._max_batch = max_batch
        self._weights = SharedWeights(model, dtype)
        self._structure = anonymous_file()
        self._structure.write(self._weights.structure(model, tokenizer, max_batch))
        self._structure.flush()
        cores = usable_cores()
        self._count = workers or min(cores, MOST_WORKERS)
        self._threads = max(1, cores // self._count)
        self._workers: list[_Worker] = []
        self._closer = weakref.finalize(self, _close, self._workers, (self._weights.file, self._structure))
        self._start_missing()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the workers for good."""
        self._closer()

    def load(self, model: PreTrainedModel) -> None:
        """Switch to the weights of ``model``, which must have the same architecture."""
        self._weights.load(model)

    def sample(
        self,
        prompts: Sequence[Prompt],
        n: int | Sequence[int],
        *,
        temperature: float | Sequence[float],
        top_p: float,
        max_new_tokens: int,
        seed: int | Sequence[int],
        progress: Callable[[int], None] | None = None,
    ) -> list[list[Completion]]:
        """Draw ``n`` completions for each prompt, as `agents.sampling.Sampler` says.

        Raises:
            ValueError: if a parameter is out of range, or a prompt with its answer does not fit the model's context.
            RuntimeError: if a worker raised, or several died over the same rows. The workers are then ended.
        """
        parameters = SamplingParameters(top_p, max_new_tokens)
        encoded = encode_all(self._model, self._tokenizer, prompts, max_new_tokens)
        temperatures, counts = per_prompt(prompts, "temperature", temperature), per_prompt(prompts, "n", n)
        per_task = zip(encoded, temperatures, counts, strict=True)
        tasks = [Task(i, ids, each, 0, count) for i, (ids, each, count) in enumerate(per_task)]
        tasks.sort(key=lambda task: task.prompt_ids)  # equal prompts to one worker, which reads them once
        seeds = (seed,) if isinstance(seed, int) else tuple(seed)
        jobs = [_Job(Request(some, parameters, seeds)) for some in split(tasks, self._count, self._max_batch)]
        try:
            self._run(jobs, progress or (lambda _: None))
        except BaseException:
            # They would carry on with these jobs. The next call starts new workers.
            _end_all(self._workers)
            raise

        done = [pair for job in jobs for pair in zip(job.request.tasks, job.completions, strict=True)]
        return [[c for task, several in done if task.prompt == i for c in several] for i in range(len(prompts))]

    def _start_missing(self) -> None:
        alive = [worker for worker in self._workers if worker.process.poll() is None]
        missing = self._count - len(alive)
        files = self._weights.file.fileno(), self._structure.fileno()
        # In place, because the finalizer holds this list.
        self._workers[:] = [*alive, *(_Worker(*files, self._threads) for _ in range(missing))]

    def _run(self, jobs: Sequence[_Job], progress: Callable[[int], None]) -> None:
        waiting = deque(jobs)
        while not all(job.finished for job in jobs):
            for worker in self._workers:
                if worker.process.poll() is not None:
                    waiting.extendleft(worker.reclaim())
            self._start_missing()
            for worker in self._workers:
                if worker.job is None and waiting:
                    worker.give(waiting.popleft())
            for connection in wait([worker.connection for worker in self._workers]):
                worker = next(worker for worker in self._workers if worker.connection is connection)
                try:
                    worker.receive(progress)
                except (EOFError, OSError):
                    waiting.extendleft(worker.reclaim())


class _Job:
    """A request and its progress."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.completions: list[list[Completion]] = []
        self.deaths = 0
        self.done = 0  # rows finished by its current worker
        self.reported = 0  # rows reported to the caller

    @property
    def finished(self) -> bool:
        return len(self.completions) == len(self.request.tasks)


class _Worker:
    """A process, the connection to it, and its current job."""

    def __init__(self, weights: int, structure: int, threads: int) -> None:
        self.connection, theirs = Pipe()
        with theirs:
            descriptors = (theirs.fileno(), weights, structure)
            self.process = subprocess.Popen(
                [sys.executable, "-m", "agents.sampling.worker", *map(str, descriptors)],
                pass_fds=descriptors,
                stdin=subprocess.DEVNULL,
                process_group=0,  # Ctrl-C reaches only this process, which ends its workers
                env=os.environ | {"OMP_NUM_THREADS": str(threads), "PYTHONPATH": os.pathsep.join(sys.path)},
            )
        self.job: _Job | None = None

    def give(self, job: _Job) -> None:
        """Send it a job."""
        self.job = job
        with suppress(OSError):  # a dead worker is noticed on the next read
            self.connection.send(job.request)

    def receive(self, progress: Callable[[int], None]) -> None:
        """Take one reply.

        Raises:
            EOFError, OSError: if the worker is dead.
            RuntimeError: if the worker raised.
        """
        reply = cast(Reply, self.connection.recv())
        job = self.job
        if job is None or isinstance(reply, Failure):
            raise RuntimeError(f"a sampling worker failed:\n{reply}")
        if isinstance(reply, int):
            job.done += reply
            progress(max(0, job.done - job.reported))
            job.reported = max(job.done, job.reported)
        else:
            job.completions, self.job = reply, None

    def reclaim(self) -> list[_Job]:
        """Clean up after a dead worker, and return its job, if it had one, to run again from the start."""
        self.end()
        job, self.job = self.job, None
        if job is None:
            return []
        job.deaths += 1
        job.done = 0
        ended = f"sampling worker {self.process.pid} ended with code {self.process.returncode}"
        if job.deaths == MOST_DEATHS:
            raise RuntimeError(f"{ended}, the {MOST_DEATHS}th on the same {job.request.num_rows} completions")
        logger.warning("%s; its %d completions are drawn again", ended, job.request.num_rows)
        return [job]

    def end(self) -> None:
        """End the process; a worker exits on its own when its connection is closed."""
        self.connection.close()
        try:
            self.process.wait(timeout=SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def split(tasks: Sequence[Task], workers: int, max_batch: int) -> list[tuple[Task, ...]]:
    """Split into requests: equal shares for the workers if they fit a batch, else large requests first."""
    remaining = sum(task.count for task in tasks)
    least = max(LEAST_ROWS, min(max_batch, -(-remaining // workers)))
    requests: list[tuple[Task, ...]] = []
    some: list[Task] = []
    room = max(least, remaining // (2 * workers))
    for task in tasks:
        while task.count:
            taken = min(task.count, room)
            some.append(replace(task, count=taken))
            task = replace(task, first=task.first + taken, count=task.count - taken)
            room -= taken
            remaining -= taken
            if room == 0:
                requests.append(tuple(some))
                some, room = [], max(least, remaining // (2 * workers))
    return [*requests, tuple(some)] if some else requests


def usable_cores() -> int:
    """Return how many cores this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _end_all(workers: list[_Worker]) -> None:
    for worker in workers:
        worker.connection.close()
    for worker in workers:
        worker.end()
    workers.clear()


def _close(workers: list[_Worker], files: Sequence[BinaryIO]) -> None:
    _end_all(workers)
    for file in files:
        file.close()
