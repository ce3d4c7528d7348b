"""Training, the lesson and evaluation with a model server: the stub in the server's place."""

import dataclasses
import json
from pathlib import Path

import pytest
from support.runs import CONFIG, make_env
from support.tiny import save_tiny

from agents import Budget, Example, ExpertIteration, FineTuning, LoRA, fine_tune, fine_tuning
from agents.evaluation import MEASURES
from agents.run import UNCOMPARED
from agents.sampling.http import ServerError
from agents.training import TrainRequest
from agents.trajectory import TrajectoryStore


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    return str(save_tiny(tmp_path_factory.mktemp("weights")))


@pytest.fixture
def learn(server, weights, tmp_path):
    """Learn in a folder from the model on the server, for a budget."""

    def run(*budget):
        request = TrainRequest(model="tiny", sampler=server.url, weights=weights)
        agent = ExpertIteration(request.policy(), CONFIG, tmp_path / "run", provenance=request.provenance())
        return agent.learn(make_env(), *budget)

    return run


def models_asked(server):
    """What was sampled from, without the digests of the adapters; the base model is the empty string."""
    return list(dict.fromkeys(body["model"].rpartition("-")[0] for body in server.seen))


def test_each_round_searches_with_the_adapter_of_the_round_before(server, learn, tmp_path):
    server.token_ids = False
    history = learn()
    assert len(history.rounds) == 2
    stores = [TrajectoryStore(path) for path in (tmp_path / "run").glob("round-*/trajectories.jsonl")]
    assert history.spent.tokens == sum(trajectory.num_tokens for store in stores for trajectory in store) > 0
    assert models_asked(server) == ["", "round-000", "round-001"], "the base model first, then each round's adapter"
    searched = [
        body["model"] for body in server.seen if body["max_tokens"] == CONFIG.conditions.max_new_tokens and "n" in body
    ]
    assert any(name.startswith("round-000") for name in searched)
    assert len(server.models) == 2, "the adapters before the last are off the server"


def test_a_run_is_evaluated_on_the_server(server, learn, weights, tmp_path, expit, capsys):
    learn(Budget(12))
    record = json.loads((tmp_path / "run" / "config.json").read_text())
    assert (record[UNCOMPARED]["sampler"], record["weights"], record["model"]) == (server.url, weights, "tiny")
    del record["environment"]["kwargs"]["verifier"]
    (tmp_path / "run" / "config.json").write_text(json.dumps(record))
    server.seen.clear()
    expit("evaluate", tmp_path / "run", "--riddles", 2, "--samples", 2, "--json", "--sampler", server.url)
    assert set(json.loads(capsys.readouterr().out)["trained"]) == {*MEASURES, "consistency"}
    assert models_asked(server) == ["", "round-000"]


def test_training_is_refused_where_the_server_loads_no_adapters_and_a_comparison_without_it_is_not(
    server, learn, tmp_path, expit
):
    server.loads_adapters = False
    with pytest.raises(ServerError, match="would not be expert iteration"):
        learn()
    assert not server.seen
    words = ("--model", "tiny", "--budget", 8, "--riddles", 2, "--samples", 2, "--out", tmp_path)
    expit("compare", "--agents", "base", "--sampler", server.url, *words)
    assert (tmp_path / "comparison.json").is_file()


def test_the_processes_of_accelerate_load_the_weights_and_this_one_does_not(server, weights, monkeypatch, tmp_path):
    monkeypatch.setattr(fine_tuning, "_launch", lambda config_file, job, *_: (config_file, job["source"]))
    request = TrainRequest(model="tiny", sampler=server.url, weights=weights, accelerate=Path(__file__))
    policy = request.policy()
    launched = fine_tune(policy, [Example("q", "a")], LoRA(), FineTuning(), tmp_path, 0)
    assert launched == (request.accelerate, weights)
    assert "_loaded" not in vars(policy)


@pytest.mark.parametrize(("says", "there"), [("None.", True), ("None.", False), ("3", True)])
def test_the_lesson_learns_here_what_its_search_on_the_server_found(server, weights, expit, capsys, says, there):
    server.loads_adapters, server.token_ids, server.models = False, False, ["qwen2.5:0.5b"]
    server.says = lambda body, choice: "3" if "wooden" in body["messages"][-1]["content"] else says
    words = ("--model", "qwen2.5:0.5b", "--samples", 6, "--weights", weights if there else "./nothing")
    expit("lesson", "--sampler", server.url, *words)
    shown = " ".join(capsys.readouterr().out.split())
    assert [len(one["messages"]) for one in server.seen] == [2, 2, 10, 10], "the search shows four worked examples"
    assert ("Both sides are verified" in shown) == (says == "None.")
    assert ("expit lesson --hint" in shown) == (says == "3"), "nothing is learned that was not found"
    assert ("the weights to fine-tune are not here" in shown and "--weights FOLDER" in shown) != there
    learned = ["before they learn", "5. Distil. LoRA", "6. In one go again"]
    places = [shown.find(text) for text in learned]
    assert (-1 not in places and places == sorted(places)) == (there and says == "None.")


def test_the_weights_of_what_ollama_serves_are_known():
    request = TrainRequest(model="qwen2.5:0.5b", sampler="http://localhost:11434/v1")
    assert request.weights_name() == "Qwen/Qwen2.5-0.5B-Instruct"
    assert dataclasses.replace(request, weights="here").weights_name() == "here"
    assert "served" not in TrainRequest(model="here").provenance()
