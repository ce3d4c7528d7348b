"""Tests of training, the lesson and evaluation with a model server: the stub in the server's place."""

import dataclasses
import json
import sys

import pytest
from stub_server import StubServer
from test_expert_iteration import CONFIG, make_env
from tiny import save_tiny, tiny_model

pytest.importorskip("openai")

from agents import Budget, ExpertIteration, cli
from agents.evaluation import MEASURES
from agents.sampling.http import ServerError
from agents.training import TrainRequest
from agents.trajectory import TrajectoryStore


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    stub = StubServer()
    stub.start()
    yield stub
    stub.die()


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    return str(save_tiny(tmp_path_factory.mktemp("weights")))


def make_agent(server, weights, folder):
    request = TrainRequest(model="tiny", sampler=server.url, weights=weights)
    return ExpertIteration(request.policy(), CONFIG, folder, provenance=request.provenance())


def run_command(monkeypatch, *words):
    monkeypatch.setattr(sys, "argv", ["expit", *map(str, words)])
    cli.main()


def test_a_run_searches_on_the_server_with_the_adapter_of_the_round_before(server, weights, tmp_path):
    server.token_ids = False
    history = make_agent(server, weights, tmp_path).learn(make_env())
    assert len(history.rounds) == 2
    stores = [TrajectoryStore(tmp_path / f"round-{index:03d}" / "trajectories.jsonl") for index in range(2)]
    assert history.tokens == sum(trajectory.num_tokens for store in stores for trajectory in store) > 0

    asked = list(dict.fromkeys(body["model"].rpartition("-")[0] for body in server.seen))
    assert asked == ["", "round-000", "round-001"], "the base model first, then each round's adapter"
    searched = [body["model"] for body in server.seen if body["max_tokens"] == CONFIG.max_new_tokens and "n" in body]
    assert any(name.startswith("round-000") for name in searched)
    assert len(server.models) == 2, "the adapters before the last are off the server"


def test_the_run_is_evaluated_on_the_server(server, weights, tmp_path, monkeypatch, capsys):
    make_agent(server, weights, tmp_path / "run").learn(make_env(), Budget(12))
    record = json.loads((tmp_path / "run" / "config.json").read_text())
    assert (record["sampler"], record["weights"], record["model"]) == (server.url, weights, "tiny")
    del record["environment"]["kwargs"]["verifier"]
    (tmp_path / "run" / "config.json").write_text(json.dumps(record))
    server.seen.clear()
    words = ("evaluate", tmp_path / "run", "--riddles", 2, "--samples", 2, "--json")
    run_command(monkeypatch, *words, "--sampler", server.url)
    assert set(json.loads(capsys.readouterr().out)["trained"]) == set(MEASURES)
    assert {body["model"].rpartition("-")[0] for body in server.seen} == {"", "round-000"}


def test_training_is_refused_where_the_server_loads_no_adapters(server, weights, tmp_path):
    server.loads_adapters = False
    with pytest.raises(ServerError, match="would not be expert iteration"):
        make_agent(server, weights, tmp_path).learn(make_env())
    assert not server.seen, "before any work"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("train", "--agent", "grpo", "--sampler", "http://127.0.0.1:9/v1"), "inside trl"),
        (("compare", "--agents", "base", "grpo", "--sampler", "http://127.0.0.1:9/v1"), "inside trl"),
        (("lesson", "--weights", "here"), "goes with --sampler"),
    ],
)
def test_a_wrong_request_is_one_clear_message(monkeypatch, words, message):
    with pytest.raises(SystemExit, match=message):
        run_command(monkeypatch, *words)


def test_the_comparison_of_agents_that_do_not_learn_needs_no_weights(server, tmp_path, monkeypatch):
    server.loads_adapters = False
    run_command(
        monkeypatch, "compare", "--agents", "base", "--sampler", server.url, "--model", "tiny", "--budget", 8,
        "--riddles", 2, "--samples", 2, "--out", tmp_path,
    )  # fmt: skip
    assert (tmp_path / "comparison.json").is_file()


def lesson(server, monkeypatch, capsys, weights):
    server.loads_adapters, server.token_ids, server.models = False, False, ["qwen2.5:0.5b"]
    server.says = lambda body, choice: "None."
    words = ("lesson", "--sampler", server.url, "--model", "qwen2.5:0.5b", "--samples", 6)
    run_command(monkeypatch, *words, "--weights", weights)
    return " ".join(capsys.readouterr().out.split())


def test_the_lesson_searches_on_the_server_and_learns_here(server, tmp_path, monkeypatch, capsys):
    # Its tokens are nearly bytes: the few-shot prompt is long.
    tiny_model(max_position_embeddings=2_048).save_pretrained(save_tiny(tmp_path))
    told = lesson(server, monkeypatch, capsys, tmp_path)
    assert len(server.seen) == 2
    assert "The verifier passes 'None.'" in told
    assert told.index("before they learn") < told.index("4. Distil. LoRA") < told.index("5. In one go again")


def test_the_lesson_says_which_step_is_missing_without_weights(server, tmp_path, monkeypatch, capsys):
    told = lesson(server, monkeypatch, capsys, tmp_path / "nothing")
    assert "3. Filter" in told
    assert "the weights to fine-tune are not here" in told
    assert "--weights FOLDER" in told
    assert "5." not in told


def test_what_ollama_calls_a_model_is_known_by_its_weights():
    request = TrainRequest(model="qwen2.5:0.5b", sampler="http://localhost:11434/v1")
    assert request.weights_name() == "Qwen/Qwen2.5-0.5B-Instruct"
    assert dataclasses.replace(request, weights="here").weights_name() == "here"
    assert "sampler" not in TrainRequest(model="here").provenance()


def test_a_missing_package_is_an_error_that_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "openai", None)
    monkeypatch.delitem(sys.modules, "agents.sampling.http")
    with pytest.raises(SystemExit, match=r'pip install -e "\.\[http\]"'):
        run_command(monkeypatch, "lesson", "--sampler", "http://127.0.0.1:9/v1")
