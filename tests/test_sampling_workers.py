"""Workers: the answers of one process, through the death of any worker, with none of them left behind."""

import logging
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
import torch
from tiny import tiny_model, tiny_tokenizer

from agents.sampling import LocalSampler, WorkerSampler, in_precision
from agents.sampling.requests import Task
from agents.sampling.workers import split

PROMPTS = [[{"role": "user", "content": question}] for question in ("Why?", "How many birds are left on the wire?")]
PARAMETERS = {"temperature": 1.0, "top_p": 1.0, "max_new_tokens": 12, "seed": 7}


def tokens(completions):
    return [[completion.token_ids for completion in several] for several in completions]


def dead(pid):
    """Whether a process is gone, within the ten seconds that it may take."""
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


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
    for worker in workers._workers:
        maps = Path(f"/proc/{worker.process.pid}/smaps").read_text().split("memfd:expit")[1]
        sizes = dict(reversed(re.findall(r"(\w+): +(\d+) kB", maps)))  # the first of each name, this mapping's
        weights = sum(p.numel() * p.element_size() for p in tiny_model().parameters())
        assert int(sizes["Shared_Dirty"]) * 1024 >= weights
        assert int(sizes["Private_Dirty"]) == 0


def test_a_dead_workers_rows_are_drawn_again(workers, caplog):
    expected = workers.sample(PROMPTS, 40, **PARAMETERS)
    done = []

    def kill_one(count):
        if not done:
            pid = workers._workers[0].process.pid
            os.kill(pid, signal.SIGKILL)
            os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)  # dead before the sampler looks again
        done.append(count)

    with caplog.at_level(logging.WARNING):
        found = workers.sample(PROMPTS, 40, progress=kill_one, **PARAMETERS)
    assert "drawn again" in caplog.text
    assert tokens(found) == tokens(expected)
    assert sum(done) == 80


def test_rows_that_end_their_workers_are_given_up(workers, monkeypatch):
    monkeypatch.setattr("agents.sampling.workers.MOST_DEATHS", 1)

    def kill_all(_):
        for worker in workers._workers:
            os.kill(worker.process.pid, signal.SIGKILL)

    with pytest.raises(RuntimeError, match="ended with code -9"):
        workers.sample(PROMPTS, 40, progress=kill_all, **PARAMETERS)


def test_exceptions_and_interrupts_end_all_workers():
    with WorkerSampler(tiny_model(), tiny_tokenizer(), workers=1) as sampler:
        pids = [sampler._workers[0].process.pid]

        def interrupt(_):
            pids.append(sampler._workers[0].process.pid)
            raise KeyboardInterrupt

        with pytest.raises(RuntimeError, match="SeedSequence"):
            sampler.sample(PROMPTS, 2, **(PARAMETERS | {"seed": -1}))
        with pytest.raises(KeyboardInterrupt):
            sampler.sample(PROMPTS, 20, progress=interrupt, **PARAMETERS)
        assert len(set(pids)) == 2
        assert all(map(dead, pids))


def test_no_worker_outlives_a_killed_parent_and_a_script_needs_no_guard(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent("""
        import time
        from tiny import tiny_model, tiny_tokenizer
        from agents.sampling import WorkerSampler
        sampler = WorkerSampler(tiny_model(), tiny_tokenizer(), workers=1)
        sampler.sample([[{"role": "user", "content": "Why?"}]], 2, temperature=1, top_p=1, max_new_tokens=2, seed=0)
        print(sampler._workers[0].process.pid, flush=True)
        time.sleep(60)
        """)
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True, env=environment) as parent:
        pid = int(parent.stdout.readline())
        parent.kill()
    assert dead(pid)


def test_requests_hold_every_row_once():
    tasks = [Task(i, (i,), 1.0, 0, count) for i, count in enumerate((100, 0, 3, 260))]
    for workers in (1, 2, 5):
        requests = split(tasks, workers, max_batch=32)
        rows = [(t.prompt, j) for some in requests for t in some for j in range(t.first, t.first + t.count)]
        assert rows == [(t.prompt, j) for t in tasks for j in range(t.count)]
        assert len(requests) >= workers
    assert split([], 2, 32) == []


def test_a_model_elsewhere_is_refused():
    with pytest.raises(ValueError, match="not on meta"):
        WorkerSampler(tiny_model().to(torch.device("meta")), tiny_tokenizer())
