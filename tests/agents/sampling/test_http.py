"""Sampling over HTTP from a stub server that misbehaves: no answer is lost, and none is counted twice."""

import asyncio
import threading
from collections import deque

import anyio
import numpy as np
import pytest
from support.processes import wait_until
from support.stub_server import MALFORMED, MISBEHAVIOUR, StubServer, recount

from agents.trajectory import Completion

pytest.importorskip("openai")

from openai.types.chat import ChatCompletion

from agents.sampling.http import HTTPSampler, ServerError
from agents.sampling.replies import MalformedReply, read_reply

SEED = (5, 1)


@pytest.fixture(autouse=True)
def waits(monkeypatch):
    """The client's waits between tries, which take no time here."""
    waited = []

    async def wait(seconds):
        waited.append(seconds)
        await asyncio.sleep(0)

    monkeypatch.setattr("anyio.sleep", wait)
    return waited


def make(server, **options):
    return HTTPSampler(server.url, "tiny", **({"timeout": 60, "retries": 6} | options))


def draw(sampler, prompts, n, temperature=1.0, top_p=1.0, **options):
    chats = [[{"role": "user", "content": f"question {number}"}] for number in range(prompts)]
    how = {"temperature": temperature, "top_p": top_p, "max_new_tokens": 9, "seed": SEED}
    return sampler.sample(chats, n, **(how | options))


def texts(drawn):
    return [[completion.text for completion in group] for group in drawn]


def text(prompt, first, choice):
    """The text of a choice, in a request for the samples of a prompt from the first of them on."""
    return f"question {prompt} {int(np.random.SeedSequence([*SEED, prompt, first]).generate_state(1)[0]) >> 1} {choice}"


def together(prompts, n):
    """What a server that honours n answers."""
    return [[text(i, 0, j) for j in range(n)] for i in range(prompts)]


def one_by_one(prompts, n):
    """What a server that does not honour n answers."""
    return [[text(i, j, 0) for j in range(n)] for i in range(prompts)]


def test_answers_come_in_the_order_of_the_prompts(server):
    done = []
    drawn = draw(make(server), 5, 4, progress=done.append)
    assert texts(drawn) == together(5, 4)
    assert drawn[0][0] == Completion(drawn[0][0].text, (7, 8), (-0.5, -1.5), finished=True)
    assert drawn[0][0].prompt_ids == (1, 2, 3)
    assert (len(server.seen), done) == (5, [4] * 5)
    body = server.seen[0]
    assert (body["model"], body["n"], body["max_tokens"], body["temperature"]) == ("tiny", 4, 9, 1.0)
    assert [len(group) for group in draw(make(server), 3, [2, 0, 3])] == [2, 0, 3]
    assert draw(make(server), 0, 4) == []


def test_log_probabilities_are_those_of_the_sampling_policy(server):
    server.finish_reason = "length"
    for temperature, top_p, expected in ((0.7, 1.0, ()), (1.0, 0.9, ()), (0.0, 1.0, (0.0, 0.0))):
        completion = draw(make(server), 1, 1, temperature, top_p)[0][0]
        assert (completion.logprobs, completion.finished) == (expected, False)
    assert draw(make(server, processed_logprobs=True), 1, 1, 0.7, 0.9)[0][0].logprobs == (-0.5, -1.5)


def test_greedy_answers_are_asked_for_one_by_one(server):
    async def in_a_notebook():  # where a loop is running
        return [draw(make(server), 1, 3, temperature) for temperature in (0.0, 1.0)]

    assert [len(group) for (group,) in asyncio.run(in_a_notebook())] == [3, 3]
    asked = sorted((body["temperature"], body.get("n", 1)) for body in server.seen)
    assert asked == [(0.0, 1), (0.0, 1), (0.0, 1), (1.0, 3)]


@pytest.mark.parametrize(
    "lacks", [("ignores n",), ("refuses n",), ("refuses extras",), ("refuses n", "refuses extras")]
)
def test_a_server_that_lacks_a_feature_is_asked_without_and_only_once_with_it(server, lacks):
    server.lacks, sampler, takes_n = lacks, make(server), lacks == ("refuses extras",)
    drawn = draw(sampler, 3, 3)
    assert texts(drawn) == (together if takes_n else one_by_one)(3, 3)
    if "refuses extras" in lacks:
        assert drawn[0][0].token_ids == drawn[0][0].logprobs == drawn[0][0].prompt_ids == ()
        counted = sum(completion.num_tokens for group in drawn for completion in group)
        assert counted >= 3 * 7, "tokens are counted where the server does not report them"
    server.seen.clear()
    draw(sampler, 3, 3)
    assert len(server.seen) == (3 if takes_n else 9)
    assert "refuses n" not in lacks or all("n" not in body for body in server.seen)


def test_what_a_reply_lacks_is_asked_for_one_by_one(server, monkeypatch):
    monkeypatch.setitem(MISBEHAVIOUR, "two", recount(lambda choices: choices[:2]))
    server.faults.append("two")
    assert texts(draw(make(server), 1, 4)) == [[text(0, 0, 0), text(0, 0, 1), text(0, 2, 0), text(0, 3, 0)]]
    assert [body.get("n", 1) for body in server.seen] == [4, 1, 1]


@pytest.mark.parametrize("fault", sorted(MISBEHAVIOUR.keys() - MALFORMED))
def test_a_passing_failure_changes_no_answer(server, fault):
    server.faults, done = deque([fault, None, fault, fault]), []
    sampler = make(server, timeout=1 if fault == "hang" else 60)
    assert texts(draw(sampler, 6, 3, progress=done.append)) == together(6, 3)
    assert (sum(done), len(server.seen)) == (18, 9)


@pytest.mark.parametrize("fault", MALFORMED)
def test_a_malformed_reply_is_an_error_and_never_counts_as_an_answer(server, fault):
    server.faults, done = deque([fault] * 6), []
    with pytest.raises(ServerError, match=rf"{server.url} failed \(malformed reply: .*run the same command again"):
        draw(make(server), 6, 3, progress=done.append)
    assert not done


def test_a_server_that_dies_and_comes_back_is_waited_for(server, waits, monkeypatch):
    sampler, wait = make(server), anyio.sleep

    async def come_back_after_ten(seconds):
        if len(waits) == 10:
            server.start()
        await wait(seconds)

    assert texts(draw(sampler, 5, 2)) == together(5, 2)
    server.die()
    monkeypatch.setattr(anyio, "sleep", come_back_after_ten)
    assert texts(draw(sampler, 12, 2)) == together(12, 2)
    assert len(server.seen) == 5 + 12


def test_a_dead_server_is_given_up_after_half_a_minute(server, waits):
    server.die()
    with pytest.raises(ServerError, match=r"failed \(Connection error: .*Is it running.* Nothing that was finished is"):
        draw(HTTPSampler(server.url, "tiny"), 1, 2)
    assert len(waits) == 8
    assert 25 < sum(waits) < 40
    server.start()


@pytest.mark.parametrize(("status", "requests"), [(400, 4), (425, 1)])
def test_a_refused_request_is_an_error_and_not_sent_again(server, monkeypatch, status, requests):
    monkeypatch.setitem(MISBEHAVIOUR, "refused", lambda handler, reply: handler.error(status, "not \x1b[31mthat"))
    server.faults = deque(["refused"] * 9)
    with pytest.raises(ServerError, match=rf"{status} .*not .*\[31mthat") as raised:
        draw(make(server), 1, 2)
    assert "\x1b" not in str(raised.value)
    assert len(server.seen) == requests, "each once, and after 400 also without n and the extras"


def test_the_refusal_of_the_plainest_request_is_reported_also_if_it_is_only_a_detail(server, monkeypatch):
    def refuse(handler, reply):
        first = len(server.seen) == 1
        handler.reply(422 if first else 400, {"detail": "unexpected top_k" if first else "pinned to another model"})

    monkeypatch.setitem(MISBEHAVIOUR, "refused", refuse)
    server.faults = deque(["refused"] * 2)
    with pytest.raises(ServerError, match=r"400: .*pinned to another model"):
        draw(make(server), 1, 1)


def test_many_requests_are_in_flight_but_no_more_than_allowed(server):
    def release():
        wait_until(lambda: server.in_flight >= 4)
        server.released.set()

    server.faults = deque(["hang"] * 10)
    releasing = threading.Thread(target=release)
    releasing.start()
    draw(make(server, concurrency=4), 10, 1)
    assert server.most_in_flight == 4
    releasing.join()


def test_a_wrong_key_is_reported_and_the_right_one_may_come_from_the_environment(server, monkeypatch):
    server.key = "secret"
    with pytest.raises(ServerError, match=r"401 .*wrong key.*Give the right key as .*EXPIT_API_KEY"):
        draw(make(server), 1, 1)
    assert texts(draw(make(server, api_key="secret"), 1, 1)) == together(1, 1)
    monkeypatch.setenv("EXPIT_API_KEY", "secret")
    assert texts(draw(make(server), 1, 1)) == together(1, 1)


@pytest.mark.parametrize(
    ("fault", "words"), [("hang", "timed out.*longer timeout"), ("429", "429 .*slow down"), ("500", "500 .*a bug")]
)
def test_a_lasting_failure_is_reported(server, fault, words):
    server.faults = deque([fault] * 50)
    with pytest.raises(ServerError, match=words):
        draw(make(server, retries=1, timeout=1 if fault == "hang" else 60), 2, 2)


def test_a_wrong_model_path_or_url_is_reported(server):
    server.models = ["other"]
    with pytest.raises(ServerError, match="has no model 'tiny', but has other: give one"):
        draw(make(server), 3, 1)
    assert len(server.seen) <= 3, "it is not tried again"
    with pytest.raises(ServerError, match=r"404.*the whole URL, which often ends in /v1"):
        draw(HTTPSampler(server.url.removesuffix("/v1"), "tiny"), 1, 1)
    with pytest.raises(ValueError, match="http://localhost:8000/v1"):
        HTTPSampler("localhost:8000/v1", "tiny")


@pytest.fixture
def adapter(tmp_path):
    (tmp_path / "adapter_config.json").write_text("{}")
    (tmp_path / "adapter_model.safetensors").write_text("weights")
    return tmp_path


def test_a_new_adapter_replaces_the_old_one(server, adapter):
    sampler = make(server)
    server.faults.append("drop")  # the reply is lost, but the adapter is loaded, and once
    sampler.load_adapter(adapter, "round-1")
    _, first = server.models
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


def test_a_server_that_loads_no_adapters_is_an_error_before_any_work(server, adapter):
    sampler = make(server)
    sampler.require_adapters()
    assert server.models == ["tiny"]
    server.loads_adapters = False
    with pytest.raises(ServerError, match=r"cannot load adapters .*leave out --sampler.*vLLM.*expit lesson"):
        sampler.require_adapters()
    with pytest.raises(ServerError, match=r"did not load the adapter .*VLLM_ALLOW_RUNTIME_LORA_UPDATING"):
        sampler.load_adapter(adapter, "round-1")
    assert texts(draw(sampler, 1, 1)) == together(1, 1)
    (adapter / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="holds no adapter"):
        sampler.load_adapter(adapter / "empty", "round-1")
    with pytest.raises(ServerError, match="the whole URL"):
        HTTPSampler(server.url.removesuffix("/v1"), "tiny").require_adapters()


@pytest.fixture
def servers(server):
    """Two servers of the same model."""
    other = StubServer()
    other.start()
    yield server, other
    other.die()


def make_for(servers, **options):
    return HTTPSampler(" , ".join(server.url for server in servers), "tiny", **({"timeout": 60} | options))


def asked(servers):
    """How many requests each server has seen since the last time."""
    counts = [len(server.seen) for server in servers]
    for server in servers:
        server.seen.clear()
    return counts


def test_requests_are_spread_over_servers_and_a_slow_one_holds_up_no_other(servers):
    def release():
        wait_until(lambda: len(servers[1].seen) == 8)
        servers[0].released.set()

    sampler = make_for(servers, concurrency=2)
    assert texts(draw(sampler, 4, 3)) == together(4, 3)
    assert asked(servers) == [2, 2]
    servers[0].faults = deque(["hang"] * 2)
    releasing = threading.Thread(target=release)
    releasing.start()
    assert texts(draw(sampler, 10, 3)) == together(10, 3)
    assert asked(servers) == [2, 8]
    assert max(server.most_in_flight for server in servers) <= 2
    releasing.join()


@pytest.mark.parametrize("fault", ["drop", "hang", "429", "503", "no choices", "truncated JSON"])
def test_others_take_over_from_a_server_that_fails_in_the_middle_and_it_stays_out(servers, caplog, fault):
    servers[1].faults, places, done = deque([None] * 3 + [fault] * 99), [], []
    sampler = make_for(servers, concurrency=3, **({"timeout": 1, "retries": 1} if fault == "hang" else {}))
    sampler.on_reply = lambda place, drawn: places.append(place)
    assert texts(draw(sampler, 24, 3, progress=done.append)) == together(24, 3)
    assert (sorted(places), sum(done)) == ([*range(24)], 24 * 3), "each once"
    assert servers[0].most_in_flight <= 3
    assert len(caplog.messages) == 1
    assert f"{servers[1].url} is left out from now on (" in caplog.text
    assert "; 1 of 2 servers remain" in caplog.text
    servers[1].faults.clear()
    asked(servers)
    assert texts(draw(sampler, 6, 3)) == together(6, 3)
    assert asked(servers) == [6, 0]


def test_a_dead_server_costs_seconds_and_the_last_one_is_waited_for_and_an_error(servers, waits):
    sampler = make_for(servers)
    servers[0].die()
    assert texts(draw(sampler, 1, 2)) == together(1, 2)
    assert len(waits) == 3
    assert sum(waits) < 5
    servers[1].die()
    for _ in range(2):
        waits.clear()
        with pytest.raises(ServerError, match=rf"none of 2 .* left: {servers[1].url} failed \(Conn.* Nothing that was"):
            draw(sampler, 1, 2)
        assert len(waits) == 8


@pytest.mark.parametrize(
    ("mistake", "words"), [({"key": "secret"}, "failed .*401 .*wrong key"), ({"models": ["other"]}, "has no model")]
)
def test_a_mistake_at_one_of_the_servers_is_an_error_and_leaves_none_out(servers, caplog, mistake, words):
    sampler = make_for(servers)
    vars(servers[1]).update(mistake)
    for _ in range(2):
        with pytest.raises(ServerError, match=f"^{servers[1].url} {words}"):
            draw(sampler, 4, 1)
    assert not caplog.messages


def test_what_one_server_lacks_is_still_asked_of_the_other(servers):
    servers[0].lacks, sampler = ("refuses n", "refuses extras"), make_for(servers)
    for _ in range(2):
        drawn = draw(sampler, 4, 3)
        assert [len(group) for group in drawn] == [3] * 4
        assert [bool(group[0].token_ids) for group in drawn] == [False, True] * 2
    assert all("top_k" in body for body in servers[1].seen), "else it would sample with defaults of its own"
    assert sum("n" in body for body in servers[0].seen) <= 2 * 2, "and the first is not asked again for what it lacks"


def test_every_server_gets_the_adapter_and_a_dead_one_is_left_out(servers, adapter, caplog):
    sampler = make_for(servers)
    sampler.require_adapters()
    sampler.load_adapter(adapter, "round-1")
    assert servers[0].models == servers[1].models != ["tiny"]
    draw(sampler, 4, 1)
    assert {body["model"] for server in servers for body in server.seen} == {servers[0].models[1]}
    assert asked(servers) == [2, 2]
    servers[1].loads_adapters = False
    (adapter / "adapter_model.safetensors").write_text("other weights")
    with pytest.raises(ServerError, match=f"^{servers[1].url} did not load the adapter"):
        sampler.load_adapter(adapter, "round-2")
    with pytest.raises(ServerError, match=f"^{servers[1].url} cannot load adapters"):
        sampler.require_adapters()
    servers[1].die()
    sampler.load_adapter(adapter, "round-2")
    assert [f"{servers[1].url} is left out" in message for message in caplog.messages] == [True]
    draw(sampler, 4, 1)
    assert [body["model"].rpartition("-")[0] for body in servers[0].seen] == ["round-2"] * 4
    sampler.unload_adapter()
    assert servers[0].models == ["tiny"]


@pytest.mark.parametrize(
    ("urls", "words"),
    [("http://a/v1,", "http://localhost"), ("http://a, b:1", "http://b:1"), ("http://a/, http://a", "given twice")],
)
def test_a_list_of_servers_with_a_mistake_is_refused(urls, words):
    with pytest.raises(ValueError, match=words):
        HTTPSampler(urls, "tiny")


def reply_with(choice, **others):
    return ChatCompletion.construct(choices=[{"index": 0, "finish_reason": "stop"} | choice], **others)


@pytest.mark.parametrize(
    ("message", "reason", "text"),
    [
        ({"content": None}, "length", ""),
        ({"content": None, "reasoning_content": "Hm."}, "stop", "<think>Hm.</think>"),
        ({"content": None, "reasoning": "Hm."}, "length", "<think>Hm."),
        ({"content": "0", "reasoning": "Hm."}, "stop", "<think>Hm.</think>0"),
    ],
)
def test_reasoning_on_its_own_is_put_before_the_answer_and_counted(message, reason, text):
    reply = reply_with({"message": message, "finish_reason": reason, "token_ids": [4]}, usage={"completion_tokens": 9})
    counted = 9 if "think" in text else 0
    assert read_reply(reply, 1, 1.0, 1.0) == [Completion(text, (4,), finished=reason == "stop", counted=counted)]


@pytest.mark.parametrize("usage", [{}, {"usage": None}, {"usage": {"completion_tokens": None}}])
def test_a_reply_whose_tokens_cannot_be_counted_is_refused(usage):
    with pytest.raises(MalformedReply):
        read_reply(reply_with({"message": {"content": "x"}}, **usage), 1, 1.0, 1.0)
    entries = [{"id": 4, "logprob": -1.0}, {"id": 9, "logprob": -2.0}]  # token ids beside the log-probabilities
    reply = reply_with({"message": {"content": "x"}, "logprobs": {"content": entries}}, **usage)
    assert read_reply(reply, 1, 1.0, 1.0) == [Completion("x", (4, 9), (-1.0, -2.0))]
