"""Workers: the answers of one process, through the death of any worker, and no worker is left behind."""

import logging
import os
import re
import shutil
import subprocess
import sys

import psutil
import pytest
import torch
from support.processes import environment, is_over, wait_until, workers
from support.tiny import tiny_model, tiny_tokenizer

from agents.sampling import LocalSampler, WorkerSampler, in_precision
from agents.sampling.weights import SharedModel, open_shared

PROMPTS = [[{"role": "user", "content": question}] for question in ("Why?", "How many birds are left on the wire?")]
PARAMETERS = {"temperature": 1.0, "top_p": 1.0, "max_new_tokens": 12, "seed": 7}


def make(model=None, workers=1, **kwargs):
    return WorkerSampler(model or tiny_model(), tiny_tokenizer(), workers=workers, **kwargs)


def alone(model, prompts, counts, **parameters):
    """The answers of one process."""
    return LocalSampler(model, tiny_tokenizer()).sample(prompts, counts, **parameters)


def tokens(completions):
    return [[completion.token_ids for completion in several] for several in completions]


@pytest.fixture(scope="module")
def sampler():
    with make(workers=2, max_batch=8) as made:
        yield made


def test_the_answers_are_those_of_one_process(sampler):
    done = []
    found = sampler.sample(PROMPTS, [30, 17], progress=done.append, **PARAMETERS)
    expected = alone(tiny_model(), PROMPTS, [30, 17], **PARAMETERS)
    assert tokens(found) == tokens(expected)
    assert [c.text for c in found[1]] == [c.text for c in expected[1]]
    assert sum(done) == 47


def test_the_temperature_and_the_weights_may_change(sampler):
    for model, temperature in ((tiny_model(seed=1), 0.0), (tiny_model(), 1.0)):
        sampler.load(model)
        parameters = PARAMETERS | {"temperature": temperature}
        found = sampler.sample(PROMPTS, [2, 20], **parameters)
        assert tokens(found) == tokens(alone(model, PROMPTS, [2, 20], **parameters))
        assert (found[0][0].token_ids == found[0][1].token_ids) == (temperature == 0)


@pytest.mark.parametrize("orphaned", [False, True])
def test_the_rows_of_a_dead_worker_are_drawn_again(orphaned, caplog):
    expected, done = alone(tiny_model(), PROMPTS, [40, 40], **PARAMETERS), []

    def kill_one(count):
        if not done:
            worker = max(workers(), key=lambda worker: worker.create_time())
            for process in [worker.parent(), worker] if orphaned else [worker]:
                process.kill()
            wait_until(lambda: is_over(worker))  # before the sampler looks again
        done.append(count)

    with make(workers=2, max_batch=8) as sampler, caplog.at_level(logging.WARNING):
        found = sampler.sample(PROMPTS, 40, progress=kill_one, **PARAMETERS)
    assert re.search(r"ended with code -9; its \d+ unfinished completions are drawn again", caplog.text)
    assert tokens(found) == tokens(expected)
    assert sum(done) == 80


def test_an_interrupt_or_an_exception_in_a_worker_ends_all_workers(sampler):
    def interrupt(_):
        raise KeyboardInterrupt

    running = workers()
    with pytest.raises(KeyboardInterrupt):
        sampler.sample(PROMPTS, 20, progress=interrupt, **PARAMETERS)
    others = workers()
    assert len(running - others) == 2
    with make(tiny_model(vocab_size=100)) as short, pytest.raises(RuntimeError, match="IndexError"):
        short.sample(PROMPTS, 2, **PARAMETERS)  # with tokens that the model does not have
    assert workers() == others


def test_workers_that_cannot_live_are_an_error(monkeypatch):
    with pytest.raises(ValueError, match="not on meta"):
        make(tiny_model().to(torch.device("meta")))
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    with pytest.raises(RuntimeError, match="ended with code 1, the last of 3 that finished nothing"):
        make().sample(PROMPTS, 40, **PARAMETERS)


SCRIPT = """
from support.processes import workers
from support.tiny import tiny_model, tiny_tokenizer
from agents.sampling import WorkerSampler
sampler = WorkerSampler(tiny_model(), tiny_tokenizer(), workers=1)
sampler.sample([[{"role": "user", "content": "Why?"}]], 2, temperature=1, top_p=1, max_new_tokens=2, seed=0)
print(*[worker.pid for worker in workers()], flush=True)
input()
"""


def test_no_worker_outlives_a_killed_parent_and_a_script_needs_no_main_guard(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    command, pipes = [sys.executable, tmp_path / "script.py"], {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, text=True, env=environment({}), **pipes) as parent:
        worker = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    wait_until(lambda: is_over(worker))


@pytest.mark.parametrize("dtype", [None, torch.bfloat16])
def test_a_model_in_a_shared_file_has_the_weights_that_were_loaded_last(dtype, monkeypatch):
    model = tiny_model()
    if dtype:
        monkeypatch.delattr(os, "memfd_create", raising=False)  # as on other systems than Linux
    shared = SharedModel(model, tiny_tokenizer(), dtype)
    with shared.file:
        mapped, tokenizer = open_shared(shared.path)
    assert tokenizer.get_vocab() == tiny_tokenizer().get_vocab()
    ids = torch.tensor([[5, 9, 200]])
    for loaded in (model, tiny_model(seed=1)):
        shared.load(loaded)
        expected = in_precision(loaded, dtype or torch.float32)
        assert {weight.dtype for weight in mapped.parameters()} == {dtype or torch.float32}
        assert {buffer.dtype for buffer in mapped.buffers()} == {torch.float32}, "buffers are never rounded"
        assert torch.equal(mapped(ids).logits, expected(ids).logits)
    with pytest.raises(ValueError, match="other weights"):
        shared.load(tiny_model(hidden_size=64))
