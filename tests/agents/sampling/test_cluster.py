"""Ray: the answers of one process, whatever dies: a process, a machine, or the driver."""

import os
import signal
import threading
from types import SimpleNamespace

import psutil
import pytest
import ray
from ray.cluster_utils import Cluster
from support.killed_run import run
from support.processes import python, wait_until
from support.tiny import tiny_model, tiny_tokenizer

from agents.sampling import LocalSampler
from agents.sampling.cluster import RaySampler

PROMPTS = [[{"role": "user", "content": f"How many birds are left on wire {n}?"}] for n in range(40)]
PARAMETERS = {"temperature": 1.0, "top_p": 1.0, "max_new_tokens": 12, "seed": 7}
LONG = PARAMETERS | {"max_new_tokens": 400}
TASK = "fill_shard"


@pytest.fixture(scope="module")
def cluster():
    """Two raylets of one core each on this machine, of which a test removes the second."""
    head = {"num_cpus": 1, "include_dashboard": False, "object_store_memory": 100_000_000}
    made = Cluster(initialize_head=True, connect=True, head_node_args=head)
    yield SimpleNamespace(made=made, second=made.add_node(num_cpus=1, object_store_memory=100_000_000))
    ray.shutdown()
    made.shutdown()


def drawn(sampler, n, parameters, done=None):
    """The tokens that a sampler draws."""
    found = sampler.sample(PROMPTS, n, progress=done and done.append, **parameters)
    return [[(one.token_ids, one.finished, one.text) for one in several] for several in found]


def alone(model, n, parameters):
    """The tokens that one process draws."""
    return drawn(LocalSampler(model, tiny_tokenizer()), n, parameters)


def sampling():
    """The processes of the cluster that fill rows now."""
    named = [(one, " ".join(one.info["cmdline"] or ())) for one in psutil.process_iter(["cmdline"])]
    return [one for one, name in named if name.startswith("ray::") and TASK in name]


def test_the_answers_are_those_of_one_process_and_weights_may_change(cluster):
    sampler, done = RaySampler(tiny_model(), tiny_tokenizer(), "auto"), [0]
    for seed in (0, 1, 0):
        sampler.load(tiny_model(seed=seed))
        assert drawn(sampler, 5, PARAMETERS, done) == alone(tiny_model(seed=seed), 5, PARAMETERS)
    assert sum(done) == 600


@pytest.mark.parametrize("what", ["process", "machine"])
def test_what_a_dead_process_or_machine_had_is_drawn_again(cluster, what):
    sampler, found = RaySampler(tiny_model(), tiny_tokenizer(), "auto"), []
    undisturbed = drawn(sampler, 6, LONG)
    thread = threading.Thread(target=lambda: found.append(drawn(sampler, 6, LONG)))
    thread.start()
    wait_until(lambda: len(sampling()) == 2)
    if what == "process":
        os.kill(sampling()[0].pid, signal.SIGKILL)
    else:
        cluster.made.remove_node(cluster.second, allow_graceful=False)
    assert not found
    thread.join()
    assert found == [undisturbed]


def test_a_failure_of_the_sampler_is_the_driver_s_and_nothing_goes_on(cluster, monkeypatch):
    sampler = RaySampler(tiny_model(), tiny_tokenizer(), "auto")
    monkeypatch.setattr(sampler, "_changed", ray.put({"model.embed_tokens.weight": b"not an array"}))
    for _ in range(20):  # the others fail while the first one's error is dealt with
        with pytest.raises(RuntimeError, match="could not sample"):
            sampler.sample(PROMPTS, 6, **LONG)
    wait_until(lambda: not sampling())


def test_a_driver_that_was_killed_resumes_and_ends_as_if_it_had_not_been(cluster, tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    run(whole, "auto")
    dead = python("-m", "support.killed_run", killed, "search", cluster.made.address)
    assert dead.returncode == -signal.SIGKILL, dead.stderr
    wait_until(lambda: not sampling())
    assert not (killed / "round-001" / "trajectories.jsonl").exists()
    run(killed, "auto")
    for name in ("round-000/trajectories.jsonl", "round-001/trajectories.jsonl", "evaluation-test.json"):
        assert (whole / name).read_bytes() == (killed / name).read_bytes(), name


def test_a_cluster_that_is_not_there_is_an_error_that_says_what_to_do(monkeypatch):
    def init(*_, **__):
        raise ConnectionError("nobody answers")

    monkeypatch.setattr(ray, "init", init)
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    with pytest.raises(RuntimeError, match=r"--cluster ray://far:1 .nobody answers.*ray start --head"):
        RaySampler(tiny_model(), tiny_tokenizer(), "ray://far:1")


def test_it_is_said_that_a_cluster_without_processors_is_waited_for(cluster, monkeypatch, caplog):
    monkeypatch.setattr(ray, "cluster_resources", dict)
    RaySampler(tiny_model(), tiny_tokenizer(), "auto")
    assert "no processor yet" in caplog.text
