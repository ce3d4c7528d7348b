"""Sampling in several processes with few threads each, which on a CPU is faster than one process with many.

One process imports everything and forks into the workers, which share with it what it imported. It is started as
``python -c`` and not through multiprocessing, whose forkserver runs the caller's script again and so needs a
``__main__`` guard there.
"""

from __future__ import annotations

import gc
import logging
import os
import queue
import signal
import socket
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
from typing import NoReturn

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from agents.sampling.local import LocalSampler
from agents.sampling.rows import Report, Row, RowSampler
from agents.sampling.weights import SharedModel, give_back_memory, open_shared

logger = logging.getLogger(__name__)

PARENT = "from agents.sampling.workers import fork_workers; fork_workers()"
"""The program of the process that the workers are forked from."""

MOST_WORKERS = 16
"""With more cores than this, each worker gets more threads: a worker has a batch of its own in memory."""

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
        self._team = _Team(self._shared, self._count, max_batch)
        self._closer = weakref.finalize(self, self._team.close)

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
            self._team.end()
            raise

    def _run(self, waiting: deque[list[Row]], top_p: float, report: Report) -> None:
        deaths, team = 0, self._team
        while waiting or any(worker.rows for worker in team.workers):
            team.complete()
            for worker in team.workers:
                if not worker.rows and waiting:
                    worker.give(waiting.popleft(), top_p)
            for connection in wait([worker.connection for worker in team.workers]):
                worker = next(worker for worker in team.workers if worker.connection is connection)
                try:
                    full = worker.receive()
                except (EOFError, OSError):  # it is dead
                    ended, deaths = team.bury(worker), deaths + 1
                    if deaths == MOST_DEATHS * self._count:
                        raise RuntimeError(f"{ended}, the last of {deaths} that finished nothing") from None
                    if worker.rows:
                        logger.warning("%s; its %d unfinished completions are drawn again", ended, len(worker.rows))
                        waiting.appendleft(worker.rows)
                else:
                    deaths = 0
                    report(full)


class _Team:
    """The workers, and the process that they are forked from."""

    def __init__(self, model: SharedModel, count: int, max_batch: int) -> None:
        self.workers: list[_Worker] = []
        self._model, self._count, self._max_batch = model, count, max_batch
        self._start()

    def _start(self) -> None:
        threads = max(1, usable_cores() // self._count)
        self._control, theirs = socket.socketpair()
        with theirs:
            words = (theirs.fileno(), self._model.path, self._max_batch, threads)
            self._parent = subprocess.Popen(
                [sys.executable, "-c", PARENT, *map(str, words)],
                pass_fds=(theirs.fileno(), self._model.file.fileno()),
                stdin=subprocess.DEVNULL,
                process_group=0,  # Ctrl-C reaches only this process, which ends its workers
                env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)},
            )

    def complete(self) -> None:
        """Start the workers that are missing."""
        if len(self.workers) < self._count and self._parent.poll() is not None:
            self._control.close()
            self._start()
        while len(self.workers) < self._count:
            ours, theirs = Pipe()
            with theirs, suppress(OSError):  # that nobody serves it is noticed on the first read
                socket.send_fds(self._control, [b"."], [theirs.fileno()])
            self.workers.append(_Worker(ours))

    def bury(self, worker: _Worker) -> str:
        """Remove a dead worker, and say how it ended."""
        self.workers.remove(worker)
        worker.connection.close()
        try:
            self._control.sendall(b"?")
            code = int(self._control.recv(16))
        except (OSError, ValueError):  # the parent is dead, too
            code = self._parent.wait()
        return f"a sampling worker ended with code {code}"

    def end(self) -> None:
        """End all processes; they exit on their own when their connections are closed."""
        for worker in self.workers:
            worker.connection.close()
        self.workers.clear()
        self._control.close()
        try:
            self._parent.wait(timeout=SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            os.killpg(self._parent.pid, signal.SIGKILL)
            self._parent.wait()

    def close(self) -> None:
        """End all processes for good."""
        self.end()
        self._model.file.close()


class _Worker:
    """The connection to a worker process, and the rows of its current request that are not full yet."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
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


_Reply = list[tuple[int, list[int], list[float], bool]] | str
"""Rows that have become full, by their index in the request; or the traceback of an exception."""


def fork_workers() -> None:
    """Fork a worker for each byte that comes with a connection, and for one without tell how a worker has ended.

    The main function of the workers' parent, which ends with the other side. It has one thread: forks have no other.
    """
    control, path, max_batch, threads = sys.argv[1:]
    sampler = LocalSampler(*open_shared(path), max_batch=int(max_batch))
    gc.freeze()  # else the first collection in a worker copies the pages that it shares
    with socket.socket(fileno=int(control)) as channel:
        while (received := socket.recv_fds(channel, 1, 1))[0]:
            files = received[1]
            if not files:
                channel.sendall(str(os.waitstatus_to_exitcode(os.wait()[1])).encode())
            elif os.fork():
                os.close(files[0])
            else:
                channel.close()
                torch.set_num_threads(int(threads))
                _serve(files[0], sampler)
    with suppress(ChildProcessError):
        while True:
            os.wait()


def _serve(connection: int, sampler: LocalSampler) -> NoReturn:
    """Fill rows until the other side closes the connection, or dies."""
    with Connection(connection) as channel:
        requests: queue.SimpleQueue[tuple[list[Row], float]] = queue.SimpleQueue()
        threading.Thread(target=_listen, args=(channel, requests), daemon=True).start()
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
