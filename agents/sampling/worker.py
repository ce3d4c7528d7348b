"""A worker process: ``python -m agents.sampling.worker CONNECTION WEIGHTS STRUCTURE``, three file descriptors."""

from __future__ import annotations

import os
import queue
import sys
import threading
import traceback
from multiprocessing.connection import Connection

from transformers import PreTrainedTokenizerBase

from agents.sampling.local import LocalSampler
from agents.sampling.requests import Failure, Reply, Request, Task
from agents.sampling.rows import Row, complete, row_uniforms
from agents.sampling.weights import load_structure


def main() -> None:
    """Serve requests until the other side closes the connection, or dies."""
    connection, weights, structure = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    with Connection(connection) as channel:
        requests: queue.SimpleQueue[Request] = queue.SimpleQueue()
        threading.Thread(target=_listen, args=(channel, requests), daemon=True).start()
        size = os.fstat(structure).st_size
        model, tokenizer, max_batch = load_structure(os.pread(structure, size, 0), weights)
        sampler = LocalSampler(model, tokenizer, max_batch=max_batch)
        while True:
            channel.send(_answer(sampler, tokenizer, requests.get(), channel))


def _listen(channel: Connection, requests: queue.SimpleQueue[Request]) -> None:
    """Queue requests, and end the process as soon as the other side is gone."""
    try:
        while True:
            requests.put(channel.recv())
    except (EOFError, OSError):
        os._exit(0)


def _answer(sampler: LocalSampler, tokenizer: PreTrainedTokenizerBase, request: Request, channel: Connection) -> Reply:
    try:
        rows = [[_row(request, task, j) for j in range(task.first, task.first + task.count)] for task in request.tasks]
        sampler.fill([row for group in rows for row in group], request.parameters, channel.send)
        return [[complete(tokenizer, row) for row in group] for group in rows]
    except Exception:  # the parent raises it
        return Failure(traceback.format_exc())


def _row(request: Request, task: Task, sample: int) -> Row:
    uniforms = row_uniforms(request.seed, task.prompt, sample, request.parameters.max_new_tokens)
    return Row(task.prompt_ids, uniforms, task.temperature)


if __name__ == "__main__":
    main()
