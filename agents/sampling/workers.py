"""Sampling in several processes with few threads each, which on a CPU is faster than one process with many.

Workers are started as ``python -c`` and not through multiprocessing, whose spawn runs the caller's script again and so
needs a ``__main__`` guard there.
"""

from __future__ import annotations

import logging
import os
import queue
import subprocess
import sys
import threading
import traceback
import weakref
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from functools import partial
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from agents.sampling.local import LocalSampler
from agents.sampling.rows import Report, Row, RowSampler
from agents.sampling.weights import SharedModel, give_back_memory, open_shared

logger = logging.getLogger(__name__)

WORKER = "from agents.sampling.workers import serve; serve()"
"""The program of a worker process."""

MOST_WORKERS = 16
"""With more cores than this, each worker gets more threads: a worker is a Python process of about 300 MB."""

LEAST_ROWS = 16
"""The fewest rows of a request that is made small to balance the load."""

MOST_DEATHS = 3
"""After this many deaths of each worker, with nothing finished in between, sampling is given up."""

SECONDS_TO_END = 5
"""How long a worker may take to exit after its connection is closed; then it is killed."""


class WorkerSampler(RowSampler, AbstractContextManager):
    """Draws completions in worker processes that share one copy of the weights in memory.

    For the same seed it gives the same answers as `LocalSampler`, up to rounding, which depends on the batch size. A
    worker that dies is replaced and its unfinished rows are drawn again. The workers end on `close`, at the end of a
    ``with`` block, or when this object or this process is gone, even after a crash.

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
        super().__init__(model, tokenizer)
        if model.device.type != "cpu":
            raise ValueError(f"workers sample on the CPU, not on {model.device}; use LocalSampler there")
        if os.name != "posix":
            raise OSError("workers need a POSIX system; use LocalSampler here")
        self._max_batch = max_batch
        self._count = workers or min(usable_cores(), MOST_WORKERS)
        self._shared = SharedModel(model, tokenizer, dtype)
        self._workers: list[_Worker] = []
        self._closer = weakref.finalize(self, _close, self._workers, self._shared)
        self._start_missing()

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the workers for good."""
        self._closer()

    def load(self, model: PreTrainedModel) -> None:
        """Switch to the weights of ``model``, which must have the same architecture."""
        self._shared.load(model)

    def fill(self, rows: Sequence[Row], top_p: float, report: Report) -> None:
        """Draw the tokens of these rows in place, and report those that have become full, each once.

        Raises:
            RuntimeError: if a worker raised, or one after another died. The workers are then ended.
        """
        ordered = iter(sorted(rows, key=lambda row: row.prompt_ids))  # a worker reads equal prompts once
        sizes = request_sizes(len(rows), self._count, self._max_batch)
        try:
            self._run(deque([next(ordered) for _ in range(size)] for size in sizes), top_p, report)
        except BaseException:
            # They would carry on with these rows. The next call starts new workers.
            _end_all(self._workers)
            raise

    def _run(self, waiting: deque[list[Row]], top_p: float, report: Report) -> None:
        deaths = 0
        while waiting or any(worker.rows for worker in self._workers):
            self._start_missing()
            for worker in self._workers:
                if not worker.rows and waiting:
                    worker.give(waiting.popleft(), top_p)
            for connection in wait([worker.connection for worker in self._workers]):
                worker = next(worker for worker in self._workers if worker.connection is connection)
                try:
                    full = worker.receive()
                except (EOFError, OSError):  # it is dead
                    self._workers.remove(worker)
                    ended, deaths = f"sampling worker {worker.process.pid} ended with code {worker.end()}", deaths + 1
                    if deaths == MOST_DEATHS * self._count:
                        raise RuntimeError(f"{ended}, the last of {deaths} that finished nothing") from None
                    if worker.rows:
                        logger.warning("%s; its %d unfinished completions are drawn again", ended, len(worker.rows))
                        waiting.appendleft(worker.rows)
                else:
                    deaths = 0
                    report(full)

    def _start_missing(self) -> None:
        while len(self._workers) < self._count:
            threads = max(1, usable_cores() // self._count)
            self._workers.append(_Worker(self._shared, threads, self._max_batch))


class _Worker:
    """A process, the connection to it, and the rows of its current request that are not full yet."""

    def __init__(self, model: SharedModel, threads: int, max_batch: int) -> None:
        self.connection, theirs = Pipe()
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-c", WORKER, str(theirs.fileno()), model.path, str(max_batch)],
                pass_fds=(theirs.fileno(), model.file.fileno()),
                stdin=subprocess.DEVNULL,
                process_group=0,  # Ctrl-C reaches only this process, which ends its workers
                env=os.environ | {"OMP_NUM_THREADS": str(threads), "PYTHONPATH": os.pathsep.join(sys.path)},
            )
        self.rows: list[Row] = []
        self._request: list[Row] = []  # all its rows, by index

    def give(self, rows: list[Row], top_p: float) -> None:
        """Send it a request."""
        self.rows = self._request = rows
        with suppress(OSError):  # a dead worker is noticed on the next read
            self.connection.send((rows, top_p))

    def receive(self) -> list[Row]:
        """Take one reply, and return the rows that it filled.

        Raises:
            EOFError, OSError: if the worker is dead.
            RuntimeError: if the worker raised.
        """
        reply: _Reply = self.connection.recv()
        if isinstance(reply, str):
            raise RuntimeError(f"a sampling worker failed:\n{reply}")
        for index, token_ids, logprobs, finished in reply:
            row = self._request[index]
            row.token_ids, row.logprobs, row.finished = token_ids, logprobs, finished
        self.rows = [row for row in self._request if not row.full]
        return [self._request[index] for index, *_ in reply]

    def end(self) -> int:
        """End the process and return its exit code; it exits on its own when its connection is closed."""
        self.connection.close()
        try:
            return self.process.wait(timeout=SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


def request_sizes(rows: int, workers: int, max_batch: int) -> Iterator[int]:
    """Divide rows among requests: equal shares for the workers if they fit a batch, else large requests first."""
    least = max(LEAST_ROWS, min(max_batch, -(-rows // workers)))
    while rows:
        size = min(rows, max(least, rows // (2 * workers)))
        rows -= size
        yield size


def usable_cores() -> int:
    """Return how many cores this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _end_all(workers: list[_Worker]) -> None:
    for worker in workers:
        worker.connection.close()
    for worker in workers:
        worker.end()
    workers.clear()


def _close(workers: list[_Worker], shared: SharedModel) -> None:
    _end_all(workers)
    shared.file.close()


_Reply = list[tuple[int, list[int], list[float], bool]] | str
"""Rows that have become full, by their index in the request; or the traceback of an exception."""


def serve() -> None:
    """Fill rows until the other side closes the connection, or dies: the main function of a worker process."""
    connection, path, max_batch = sys.argv[1:]
    with Connection(int(connection)) as channel:
        requests: queue.SimpleQueue[tuple[list[Row], float]] = queue.SimpleQueue()
        threading.Thread(target=_listen, args=(channel, requests), daemon=True).start()
        sampler = LocalSampler(*open_shared(path), max_batch=int(max_batch))
        while True:
            rows, top_p = requests.get()
            try:
                sampler.fill(rows, top_p, partial(_send_full, channel, rows))
            except Exception:  # the parent raises it
                channel.send(traceback.format_exc())
            give_back_memory()


def _send_full(channel: Connection, rows: list[Row], full: Sequence[Row]) -> None:
    channel.send([(rows.index(row), row.token_ids, row.logprobs, row.finished) for row in full])


def _listen(channel: Connection, requests: queue.SimpleQueue[tuple[list[Row], float]]) -> None:
    """Queue requests, and end the process as soon as the other side is gone."""
    try:
        while True:
            requests.put(channel.recv())
    except (EOFError, OSError):
        os._exit(0)
