"""Sampling over HTTP against a stub server that misbehaves: nothing is lost, nothing counted twice."""

import asyncio
import threading
import time
from collections import deque
from pathlib import Path

import numpy as np
import pytest
from stub_server import MALFORMED, MISBEHAVIOUR, StubServer

from agents.trajectory import Completion

pytest.importorskip("openai")

from openai.types.chat import ChatCompletion

from agents.sampling.http import HTTPSampler, MalformedReply, ServerError, read_reply

SEED = (5, 1)


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    async def sleep(seconds: float) -> None:
        """What the client calls between tries."""
        await asyncio.sleep(seconds / 50)

    monkeypatch.setattr("anyio.sleep", sleep)
    stub = StubServer()
    stub.start()
    yield stub
    stub.die()


def make_sampler(server: StubServer, **options) -> HTTPSampler:
    return HTTPSampler(server.url, "tiny", **({"timeout": 0.5, "retries": 6} | options))


def chats(count: int) -> list[list[dict[str, str]]]:
    return [[{"role": "user", "content": f"question {number}"}] for number in range(count)]


def draw(sampler: HTTPSampler, prompts: int, n, temperature=1.0, top_p=1.0, **options) -> list[list[Completion]]:
    return sampler.sample(
        chats(prompts), n, temperature=temperature, top_p=top_p, max_new_tokens=9, **({"seed": SEED} | options)
    )


def seed_of(prompt: int, first: int) -> int:
    return int(np.random.SeedSequence([*SEED, prompt, first]).generate_state(1)[0]) >> 1


def together(prompts: int, n: int) -> list[list[str]]:
    """What a server that honours n answers."""
    return [[f"question {i} {seed_of(i, 0)} {j}" for j in range(n)] for i in range(prompts)]


def one_by_one(prompts: int, n: int) -> list[list[str]]:
    """What a server that does not honour n answers."""
    return [[f"question {i} {seed_of(i, j)} 0" for j in range(n)] for i in range(prompts)]


def texts(drawn: list[list[Completion]]) -> list[list[str]]:
    return [[completion.text for completion in group] for group in drawn]


def test_answers_come_in_the_order_of_the_prompts(server):
    done = []
    drawn = draw(make_sampler(server), 5, 4, progress=done.append)
    assert texts(drawn) == together(5, 4)
    assert drawn[0][0] == Completion(drawn[0][0].text, (7, 8), (-0.5, -1.5), finished=True)
    assert len(server.seen) == 5
    assert done == [4] * 5
    body = server.seen[0]
    assert (body["model"], body["n"], body["max_tokens"], body["temperature"]) == ("tiny", 4, 9, 1.0)


def test_each_prompt_may_have_its_own_number(server):
    assert [len(group) for group in draw(make_sampler(server), 3, [2, 0, 3])] == [2, 0, 3]
    assert draw(make_sampler(server), 0, 4) == []


def test_an_unfinished_answer_is_marked(server):
    server.finish_reason = "length"
    assert not draw(make_sampler(server), 1, 1)[0][0].finished


def test_log_probabilities_are_those_of_the_sampling_policy_or_left_out(server):
    assert draw(make_sampler(server), 1, 1, temperature=0.7)[0][0].logprobs == ()
    assert draw(make_sampler(server), 1, 1, top_p=0.9)[0][0].logprobs == ()
    assert draw(make_sampler(server), 1, 1, temperature=0.0)[0][0].logprobs == (0.0, 0.0)


def test_processed_log_probabilities_are_those_of_the_sampling_policy(server):
    sampler = make_sampler(server, processed_logprobs=True)
    assert draw(sampler, 1, 1, temperature=0.7, top_p=0.9)[0][0].logprobs == (-0.5, -1.5)


def test_the_tokens_of_the_prompt_are_taken_where_the_server_returns_them(server):
    assert draw(make_sampler(server), 1, 1)[0][0].prompt_ids == (1, 2, 3)
    server.refuses_extras = True
    assert draw(make_sampler(server), 1, 1)[0][0].prompt_ids == ()


def test_greedy_answers_are_asked_for_one_by_one(server):
    server.refuses_n = True
    assert texts(draw(make_sampler(server), 2, 3, temperature=0.0)) == one_by_one(2, 3)
    assert len(server.seen) == 6


def test_each_prompt_may_have_its_own_temperature(server):
    drawn = draw(make_sampler(server), 2, 3, temperature=[0.0, 1.0])
    assert [len(group) for group in drawn] == [3, 3]
    asked = sorted((body["temperature"], body.get("n", 1)) for body in server.seen)
    assert asked == [(0.0, 1), (0.0, 1), (0.0, 1), (1.0, 3)]


def test_a_server_that_ignores_n_is_asked_for_the_rest(server):
    server.ignores_n = True
    sampler = make_sampler(server)
    assert texts(draw(sampler, 3, 4)) == one_by_one(3, 4)
    assert len(server.seen) == 12, "a reply of one choice is used"


@pytest.mark.parametrize("extras", [False, True])
def test_a_server_that_refuses_n_is_asked_without(server, extras):
    server.refuses_n, server.refuses_extras = True, extras
    assert texts(draw(make_sampler(server), 2, 3)) == one_by_one(2, 3)


def test_a_server_that_refuses_the_extras_is_asked_without(server):
    server.refuses_extras = True
    sampler = make_sampler(server)
    drawn = draw(sampler, 2, 3)
    assert texts(drawn) == together(2, 3)
    assert drawn[0][0].token_ids == drawn[0][0].logprobs == ()
    server.seen.clear()
    draw(sampler, 2, 3)
    assert len(server.seen) == 2, "it was found out the first time"


def test_a_server_that_returns_fewer_choices_is_asked_for_the_rest_one_by_one(server, monkeypatch):
    monkeypatch.setitem(
        MISBEHAVIOUR, "fewer", lambda handler, reply: handler.reply(200, reply | {"choices": reply["choices"][:2]})
    )
    server.faults.append("fewer")
    expected = [[0, 0], [0, 1], [2, 0], [3, 0]]
    assert texts(draw(make_sampler(server), 1, 4)) == [[f"question 0 {seed_of(0, i)} {j}" for i, j in expected]]


def test_a_url_without_its_scheme_is_refused_at_once():
    with pytest.raises(ValueError, match="http://localhost:8000/v1"):
        HTTPSampler("localhost:8000/v1", "tiny")


@pytest.mark.parametrize("fault", sorted(MISBEHAVIOUR.keys() - MALFORMED))
def test_a_failure_in_passing_changes_no_answer(server, fault):
    server.faults = deque([fault, None, fault, fault])
    done = []
    assert texts(draw(make_sampler(server), 6, 3, progress=done.append)) == together(6, 3)
    assert sum(done) == 18
    assert len(server.seen) == 9


@pytest.mark.parametrize("fault", MALFORMED)
def test_a_malformed_reply_is_refused_and_never_counts_as_an_answer(server, fault):
    server.faults = deque([fault] * 6)
    done = []
    with pytest.raises(ServerError, match=rf"{server.url} failed .*run the same command again"):
        draw(make_sampler(server), 6, 3, progress=done.append)
    assert not done


def test_a_server_that_dies_and_comes_back_is_waited_for(server):
    server.faults = deque([None] * 5 + ["stall"] * 3)
    sampler = make_sampler(server, concurrency=3, timeout=20, retries=50)
    back = threading.Timer(0.5, server.start)

    def die_and_return(done: int) -> None:
        answered.append(done)
        if len(answered) == 5:
            threading.Thread(target=lambda: (server.die(), back.start())).start()

    answered: list[int] = []
    assert texts(draw(sampler, 12, 2, progress=die_and_return)) == together(12, 2)
    assert sum(answered) == 24
    back.join()


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("stall", "timed out"),
        ("429", "429 .*slow down"),
        ("500", "500 .*a bug"),
        ("aborted", "finish_reason is 'abort'"),
    ],
)
def test_a_failure_that_stays_is_one_clear_error(server, fault, words):
    server.faults = deque([fault] * 50)
    with pytest.raises(ServerError, match=rf"{server.url} failed .*{words}.*Nothing .* is lost: run the same command"):
        draw(make_sampler(server, retries=2, timeout=0.2), 2, 2)


def test_a_server_that_is_not_there_is_one_clear_error(server):
    sampler = make_sampler(server, retries=2)
    server.die()
    with pytest.raises(
        ServerError, match=r"Connection error.*Is it running, and is the URL right\? Nothing .* is lost"
    ):
        draw(sampler, 4, 2)
    server.start()


def release_when(server: StubServer, in_flight: int) -> None:
    """Let stalled requests go on a little after so many have come."""
    deadline = time.monotonic() + 10
    while server.in_flight < in_flight and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.1)
    server.released.set()


def test_many_requests_are_in_flight_but_no_more_than_allowed(server):
    server.faults = deque(["stall"] * 10)
    release = threading.Thread(target=release_when, args=(server, 4))
    release.start()
    draw(make_sampler(server, concurrency=4, timeout=10), 10, 1)
    assert server.most_in_flight == 4
    release.join()


def test_a_wrong_key_is_an_error_that_says_so(server, monkeypatch):
    server.key = "secret"
    with pytest.raises(ServerError, match=r"401 .*wrong key.*Give the right key as api_key or EXPIT_API_KEY"):
        draw(make_sampler(server), 1, 1)
    assert texts(draw(make_sampler(server, api_key="secret"), 1, 1)) == together(1, 1)
    monkeypatch.setenv("EXPIT_API_KEY", "secret")
    assert texts(draw(make_sampler(server), 1, 1)) == together(1, 1)


def test_a_wrong_model_or_path_is_an_error_that_says_so(server):
    server.models = ["other"]
    with pytest.raises(ServerError, match=r"404 .*`tiny` does not exist.*Is this the model's name"):
        draw(make_sampler(server), 3, 1)
    assert len(server.seen) <= 3, "no use in trying again"
    with pytest.raises(ServerError, match=r"404.*the whole URL, which often ends in /v1"):
        draw(HTTPSampler(server.url.removesuffix("/v1"), "tiny"), 1, 1)


@pytest.mark.parametrize(("status", "requests"), [(400, 4), (425, 1)])
def test_a_refused_request_is_an_error_and_not_sent_again(server, monkeypatch, status, requests):
    monkeypatch.setitem(MISBEHAVIOUR, "refused", lambda handler, reply: handler.error(status, "not \x1b[31mthat"))
    server.faults = deque(["refused"] * 9)
    with pytest.raises(ServerError, match=rf"{status} .*not .*\[31mthat") as raised:
        draw(make_sampler(server), 1, 2)
    assert "\x1b" not in str(raised.value)
    assert len(server.seen) == requests, "each once, and after 400 also without n and the extras"


def test_it_works_where_a_loop_is_running(server):
    async def notebook() -> list[list[Completion]]:
        return draw(make_sampler(server), 2, 2)

    assert texts(asyncio.run(notebook())) == together(2, 2)


@pytest.fixture
def adapter(tmp_path) -> Path:
    (tmp_path / "adapter_config.json").write_text("{}")
    (tmp_path / "adapter_model.safetensors").write_text("weights")
    return tmp_path


def test_a_new_adapter_takes_the_old_ones_place(server, adapter):
    sampler = make_sampler(server)
    sampler.load_adapter(adapter, "round-1")
    first = server.models[-1]
    assert first.startswith("round-1-")
    (adapter / "adapter_model.safetensors").write_text("other weights")
    sampler.load_adapter(adapter, "round-1")
    assert len(server.models) == 2
    assert server.models[-1] != first, "one name never means two adapters"
    draw(sampler, 1, 1)
    assert server.seen[-1]["model"] == server.models[-1]
    sampler.unload_adapter()
    draw(sampler, 1, 1)
    assert server.seen[-1]["model"] == "tiny"
    assert server.models == ["tiny"]


def test_an_adapter_whose_reply_was_lost_is_loaded_once(server, adapter):
    server.faults.append("drop")
    make_sampler(server).load_adapter(adapter, "round-1")
    assert len(server.models) == 2


def test_a_server_without_adapters_is_told(server, adapter):
    server.loads_adapters = False
    sampler = make_sampler(server)
    with pytest.raises(ServerError, match=r"did not load the adapter .*VLLM_ALLOW_RUNTIME_LORA_UPDATING"):
        sampler.load_adapter(adapter, "round-1")
    assert texts(draw(sampler, 1, 1)) == together(1, 1)
    assert server.seen[-1]["model"] == "tiny"


def test_a_server_says_before_any_work_whether_it_loads_adapters(server):
    make_sampler(server).require_adapters()
    assert server.models == ["tiny"]
    server.loads_adapters = False
    with pytest.raises(ServerError, match=r"cannot load adapters .*leave out --sampler.*vLLM.*expit lesson"):
        make_sampler(server).require_adapters()
    with pytest.raises(ServerError, match="the whole URL"):
        HTTPSampler(server.url.removesuffix("/v1"), "tiny").require_adapters()


def test_tokens_are_counted_where_the_server_does_not_tell_them(server):
    server.refuses_extras = True
    drawn = draw(make_sampler(server), 2, 3)
    assert [[completion.num_tokens for completion in group] for group in drawn] == [[3, 2, 2]] * 2


def test_an_empty_folder_is_no_adapter(server, tmp_path):
    with pytest.raises(FileNotFoundError, match="holds no adapter"):
        make_sampler(server).load_adapter(tmp_path, "round-1")


def reply_with(choice: dict, **others: object) -> ChatCompletion:
    return ChatCompletion.construct(choices=[{"index": 0, "finish_reason": "stop"} | choice], **others)


def test_token_ids_beside_the_log_probabilities_are_taken():
    entries = [{"id": 4, "logprob": -1.0}, {"id": 9, "logprob": -2.0}]
    reply = reply_with({"message": {"content": "x"}, "logprobs": {"content": entries}})
    assert read_reply(reply, 1, 1.0, 1.0) == [Completion("x", (4, 9), (-1.0, -2.0))]


def test_what_was_cut_off_before_any_text_is_an_empty_answer():
    reply = reply_with({"message": {"content": None}, "finish_reason": "length", "token_ids": [4]})
    assert read_reply(reply, 1, 1.0, 1.0) == [Completion("", (4,), finished=False)]


@pytest.mark.parametrize("usage", [{}, {"usage": None}, {"usage": {"completion_tokens": None}}])
def test_a_reply_whose_tokens_cannot_be_counted_is_refused(usage):
    with pytest.raises(MalformedReply):
        read_reply(reply_with({"message": {"content": "x"}}, **usage), 1, 1.0, 1.0)
