"""A model server of the tests' own, on loopback: it speaks chat completions, and misbehaves as a test wants it to.

Its answers contain their prompt, seed and choice, so that a test sees what was lost or counted twice.
"""

import contextlib
import json
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class StubServer:
    """What it serves and how, and what it saw.

    Attributes:
        lacks: "ignores n", "refuses n" or "refuses extras".
        faults: one for each request to come, in order of arrival; None is a proper reply.
        seen: the bodies of the chat requests.
        says: makes the text of a choice from the request and the choice's index.
        released: set once requests that hang shall be answered.
    """

    models: list[str] = field(default_factory=lambda: ["tiny"])
    key: str | None = None
    lacks: tuple[str, ...] = ()
    finish_reason: str = "stop"
    loads_adapters: bool = True
    token_ids: bool = True
    says: Callable[[dict, int], str] = lambda body, choice: f"{body['messages'][-1]['content']} {body['seed']} {choice}"
    port: int = 0
    faults: deque[str | None] = field(default_factory=deque)
    seen: list[dict] = field(default_factory=list)
    in_flight: int = 0
    most_in_flight: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def start(self) -> None:
        handler = type("BoundHandler", (Handler,), {"stub": self})
        self.http = ThreadingHTTPServer(("127.0.0.1", self.port), handler)
        self.port = self.http.server_port
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def die(self) -> None:
        """Stop listening, and answer the requests that hang."""
        self.http.shutdown()
        self.http.server_close()
        self.released.set()
        self.thread.join()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    stub: StubServer

    def handle(self) -> None:
        with contextlib.suppress(OSError):  # the client has gone
            super().handle()

    def log_message(self, *args: object) -> None:
        """Keep the tests' output clean."""

    def do_GET(self) -> None:
        if self.path == "/v1/models":
            self.reply(200, {"data": [{"id": name} for name in self.stub.models]})
        else:
            self.reply(404, {"detail": "Not Found"})

    def do_POST(self) -> None:
        body, stub = json.loads(self.rfile.read(int(self.headers["Content-Length"]))), self.stub
        if stub.key is not None and self.headers["Authorization"] != f"Bearer {stub.key}":
            self.error(401, "wrong key")
        elif self.path == "/v1/chat/completions":
            self.chat(body)
        elif self.path == "/v1/load_lora_adapter" and stub.loads_adapters:
            self.load(body["lora_name"]) if body else self.error(400, "lora_name is missing")
        elif self.path == "/v1/unload_lora_adapter" and stub.loads_adapters:
            stub.models.remove(body["lora_name"])
            self.reply(200, "Success")
        else:
            self.reply(404, {"detail": "Not Found"})

    def next_fault(self) -> str | None:
        return self.stub.faults.popleft() if self.stub.faults else None

    def load(self, name: str) -> None:
        with self.stub.lock:
            fault, known = self.next_fault(), name in self.stub.models
            self.stub.models += [] if known else [name]
        if fault == "drop":  # after the adapter was loaded: only the reply is lost
            self.drop()
        elif known:
            self.error(400, f"The lora adapter '{name}' has already been loaded.")
        else:
            self.reply(200, "Success")

    def chat(self, body: dict) -> None:
        stub = self.stub
        with stub.lock:
            fault = self.next_fault()
            stub.seen.append(body)
            stub.in_flight += 1
            stub.most_in_flight = max(stub.most_in_flight, stub.in_flight)
        try:
            self.refuse_or_answer(body, fault)
        finally:
            with stub.lock:
                stub.in_flight -= 1

    def refuse_or_answer(self, body: dict, fault: str | None) -> None:
        if body["model"] not in self.stub.models:
            self.error(404, f"The model `{body['model']}` does not exist.")
        elif "refuses n" in self.stub.lacks and body.get("n", 1) > 1:
            self.error(400, "Only one completion choice is allowed")
        elif "refuses extras" in self.stub.lacks and "return_token_ids" in body:
            self.error(400, "Unrecognized request argument supplied: return_token_ids")
        else:
            MISBEHAVIOUR.get(fault, Handler.answer)(self, self.completion(body))

    def answer(self, reply: dict) -> None:
        self.reply(200, reply)

    def completion(self, body: dict) -> dict:
        count = 1 if "ignores n" in self.stub.lacks else body.get("n", 1)
        choices = [self.choice(body, index) for index in range(count)]
        reply = {"object": "chat.completion", "choices": choices, "usage": {"completion_tokens": 2 * count + 1}}
        return reply | ({"prompt_token_ids": [1, 2, 3]} if body.get("return_token_ids") else {})

    def choice(self, body: dict, index: int) -> dict:
        message = {"role": "assistant", "content": self.stub.says(body, index)}
        choice = {"index": index, "message": message, "finish_reason": self.stub.finish_reason}
        if body.get("logprobs"):
            choice["logprobs"] = {"content": [{"token": "a", "logprob": -0.5}, {"token": "b", "logprob": -1.5}]}
        if body.get("return_token_ids") and self.stub.token_ids:
            choice["token_ids"] = [7, 8]
        return choice

    def error(self, status: int, message: str, **headers: str) -> None:
        self.reply(status, {"error": {"message": message, "code": status}}, **headers)

    def reply(self, status: int, content: dict | str, missing: int = 0, **headers: str) -> None:
        data = (content if isinstance(content, str) else json.dumps(content)).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(data)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data[: len(data) - missing])
        if missing:
            self.drop()

    def drop(self, reply: dict | None = None) -> None:
        """End the connection before all of the reply was sent."""
        self.close_connection = True


def change(**changes: object):
    """A reply whose first choice is not as it should be."""
    return recount(lambda choices: [choices[0] | changes, *choices[1:]])


def recount(make):
    """A reply with other choices than were asked for."""
    return lambda handler, reply: handler.reply(200, reply | {"choices": make(reply["choices"])})


def hang(handler: Handler, reply: dict) -> None:
    handler.stub.released.wait()
    handler.reply(200, reply)


MALFORMED = {
    "truncated JSON": lambda handler, reply: handler.reply(200, json.dumps(reply)[:-20]),
    "a page": lambda handler, reply: handler.reply(200, "<html>Welcome</html>"),
    "null": lambda handler, _: handler.reply(200, "null"), "a list": lambda handler, _: handler.reply(200, "[]"),
    "no choices": recount(lambda choices: []), "null choices": recount(lambda choices: None),
    "numbers as choices": recount(lambda choices: [1]),
    "too many choices": recount(lambda choices: [*choices, choices[0] | {"index": len(choices)}]),
    "a choice twice": recount(lambda choices: [choices[0] for _ in choices]),
    "no reason": change(finish_reason=None), "aborted": change(finish_reason="abort"),
    "no text": change(message={"role": "assistant", "content": None}), "text ids": change(token_ids=["seven"]),
}  # fmt: skip
"""Replies that do not follow the API."""

MISBEHAVIOUR = MALFORMED | {
    "drop": Handler.drop, "hang": hang,
    "429": lambda handler, reply: handler.error(429, "slow down", Retry_After="0"),
    "500": lambda handler, _: handler.error(500, "a bug"), "503": lambda handler, _: handler.error(503, "loading"),
    "half a body": lambda handler, reply: handler.reply(200, reply, missing=20),
}  # fmt: skip
