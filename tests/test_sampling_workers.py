"""Workers: the answers of one process, through the death of any worker, with none of them left behind."""

import logging
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time

import psutil
import pytest
import torch
from tiny import tiny_model, tiny_tokenizer

from agents.sampling import LocalSampler, WorkerSampler, in_precision
from agents.sampling.workers import WORKER, request_sizes

PROMPTS = [[{"role": "user", "content": question}] for question in ("Why?", "How many birds are left on the wire?")]
PARAMETERS = {"temperature": 1.0, "top_p": 1.0, "max_new_tokens": 12, "seed": 7}


def tokens(completions):
    return [[completion.token_ids for completion in several] for several in completions]


def running():
    """Return the workers that this process has started and that are alive."""
    return {child for child in psutil.Process().children() if is_alive(child) and WORKER in child.cmdline()}


def is_alive(process):
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


@pytest.fixture(scope="module")
def workers():
    with WorkerSampler(tiny_model(), tiny_tokenizer(), workers=2, max_batch=8) as sampler:
        yield sampler


def test_same_answers_as_in_one_process(workers):
    done = []
    found = workers.sample(PROMPTS, [30, 17], progress=done.append, **PARAMETERS)
    expected = LocalSampler(tiny_model(), tiny_tokenizer()).sample(PROMPTS, [30, 17], **PARAMETERS)
    assert tokens(found) == tokens(expected)
    assert [c.text for c in found[1]] == [c.text for c in expected[1]]
    assert sum(done) == 47


def test_same_answers_at_temperatures_of_their_own_in_whatever_order(workers):
    asked = [PROMPTS[1], PROMPTS[0], PROMPTS[1], PROMPTS[0]]
    parameters = PARAMETERS | {"temperature": [0.0, 1.0, 1.0, 0.0]}
    found = workers.sample(asked, [1, 20, 9, 2], **parameters)
    expected = LocalSampler(tiny_model(), tiny_tokenizer()).sample(asked, [1, 20, 9, 2], **parameters)
    assert tokens(found) == tokens(expected)
    assert found[3][0].token_ids == found[3][1].token_ids


def test_weights_are_rounded_for_sampling_and_buffers_are_not():
    rounded = in_precision(tiny_model(), torch.bfloat16)
    assert {weight.dtype for weight in rounded.parameters()} == {torch.bfloat16}
    assert {buffer.dtype for buffer in rounded.buffers()} == {torch.float32}
    with WorkerSampler(tiny_model(), tiny_tokenizer(), workers=1, dtype=torch.bfloat16) as sampler:
        found = sampler.sample(PROMPTS, [9, 4], **PARAMETERS)
        sampler.load(tiny_model(seed=1))
        others = sampler.sample(PROMPTS, [9, 4], **PARAMETERS)
    assert tokens(found) == tokens(LocalSampler(rounded, tiny_tokenizer()).sample(PROMPTS, [9, 4], **PARAMETERS))
    assert tokens(found) != tokens(others)


def test_new_weights_are_sampled_from(workers):
    model = tiny_model(seed=1)
    try:
        workers.load(model)
        found = workers.sample(PROMPTS, 3, **PARAMETERS)
    finally:
        workers.load(tiny_model())
    assert tokens(found) == tokens(LocalSampler(model, tiny_tokenizer()).sample(PROMPTS, 3, **PARAMETERS))
    with pytest.raises(ValueError, match="other weights"):
        workers.load(tiny_model(hidden_size=64))


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="needs Linux")
def test_the_weights_are_in_memory_once(workers):
    workers.sample(PROMPTS, 40, **PARAMETERS)
    weights = sum(p.numel() * p.element_size() for p in tiny_model().parameters())
    for worker in running():
        maps = [each for each in worker.memory_maps(grouped=False) if "memfd:expit" in each.path]
        assert max(each.shared_dirty for each in maps) >= weights
        assert max(each.private_dirty for each in maps) < weights / 4, "but for the table of contents"


def test_a_dead_workers_rows_are_drawn_again(workers, caplog):
    expected = workers.sample(PROMPTS, 40, **PARAMETERS)
    done = []

    def kill_one(count):
        if not done:
            pid = min(worker.pid for worker in running())
            os.kill(pid, signal.SIGKILL)
            os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)  # dead before the sampler looks again
        done.append(count)

    with caplog.at_level(logging.WARNING):
        found = workers.sample(PROMPTS, 40, progress=kill_one, **PARAMETERS)
    assert "drawn again" in caplog.text
    assert tokens(found) == tokens(expected)
    assert sum(done) == 80


def test_rows_that_end_their_workers_are_given_up(monkeypatch):
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    with pytest.raises(RuntimeError, match="ended with code 1, the last of 3 that finished nothing"):
        WorkerSampler(tiny_model(), tiny_tokenizer(), workers=1).sample(PROMPTS, 40, **PARAMETERS)


def test_an_interrupt_or_an_exception_in_a_worker_ends_all_workers(workers):
    def interrupt(_):
        raise KeyboardInterrupt

    first = running()
    with pytest.raises(KeyboardInterrupt):
        workers.sample(PROMPTS, 20, progress=interrupt, **PARAMETERS)
    assert not first & running()
    short = tiny_model(vocab_size=100)  # fewer tokens than the tokenizer has
    with WorkerSampler(short, tiny_tokenizer(), workers=1) as sampler:
        second = running()
        assert len(second) == 1
        with pytest.raises(RuntimeError, match=r"(?s)a sampling worker failed:.*IndexError"):
            sampler.sample(PROMPTS, 2, **PARAMETERS)
        assert not second & running()


def test_no_worker_outlives_a_killed_parent_and_a_script_needs_no_guard(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent("""
        import time
        from test_sampling_workers import running
        from tiny import tiny_model, tiny_tokenizer
        from agents.sampling import WorkerSampler
        sampler = WorkerSampler(tiny_model(), tiny_tokenizer(), workers=1)
        sampler.sample([[{"role": "user", "content": "Why?"}]], 2, temperature=1, top_p=1, max_new_tokens=2, seed=0)
        print(*[worker.pid for worker in running()], flush=True)
        time.sleep(60)
        """)
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True, env=environment) as parent:
        worker = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    for _ in range(600):
        if not is_alive(worker):
            return
        time.sleep(0.1)
    pytest.fail("it is still there")


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_requests_hold_every_row_once(workers):
    sizes = list(request_sizes(363, workers, 32))
    assert sum(sizes) == 363
    assert len(sizes) >= workers
    assert sizes == sorted(sizes, reverse=True), "large ones first"
    assert list(request_sizes(0, workers, 32)) == []


def test_a_model_elsewhere_is_refused():
    with pytest.raises(ValueError, match="not on meta"):
        WorkerSampler(tiny_model().to(torch.device("meta")), tiny_tokenizer())
