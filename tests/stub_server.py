"""A model server of the tests' own, on loopback: it speaks chat completions, and misbehaves when told to.

Its answers tell which prompt, seed and choice they are, so that a test sees what was lost or counted twice.
"""

import json
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class StubServer:
    """What it serves and how, and what it saw.

    Attributes:
        faults: one for each request to come, in order of arrival; None is a proper reply.
        seen: the bodies of the chat requests.
        says: makes the text of a choice from the request and the choice's index.
    """

    models: list[str] = field(default_factory=lambda: ["tiny"])
    key: str | None = None
    ignores_n: bool = False
    refuses_n: bool = False
    refuses_extras: bool = False
    finish_reason: str = "stop"
    loads_adapters: bool = True
    token_ids: bool = True
    says: Callable[[dict, int], str] = lambda body, choice: answer(body, choice)
    port: int = 0
    faults: deque[str | None] = field(default_factory=deque)
    seen: list[dict] = field(default_factory=list)
    in_flight: int = 0
    most_in_flight: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    released: threading.Event = field(default_factory=threading.Event)
    connections: set[socket.socket] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def start(self) -> None:
        stub = self

        class BoundHandler(Handler):
            server_state = stub

        self.http = ThreadingHTTPServer(("127.0.0.1", self.port), BoundHandler)
        self.port = self.http.server_port
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def die(self) -> None:
        """Stop listening and cut every connection."""
        self.http.shutdown()
        self.http.socket.close()
        self.released.set()
        for connection in list(self.connections):
            cut(connection)
        self.http.server_close()
        self.thread.join()


def answer(body: dict, choice: int) -> str:
    return f"{body['messages'][-1]['content']} {body['seed']} {choice}"


def cut(connection: socket.socket) -> None:
    """Close with a reset, as a process that died does."""
    try:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_state: StubServer

    def setup(self) -> None:
        super().setup()
        self.server_state.connections.add(self.connection)

    def finish(self) -> None:
        self.server_state.connections.discard(self.connection)
        try:
            super().finish()
        except OSError:
            return

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except OSError:  # cut
            self.close_connection = True

    def log_message(self, *args: object) -> None:
        """Keep the tests' output clean."""

    def do_GET(self) -> None:
        if self.path == "/v1/models":
            self.reply(200, {"data": [{"id": name} for name in self.server_state.models]})
        else:
            self.reply(404, {"detail": "Not Found"})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        state = self.server_state
        if state.key is not None and self.headers["Authorization"] != f"Bearer {state.key}":
            self.error(401, "wrong key")
        elif self.path == "/v1/chat/completions":
            self.chat(body)
        elif self.path == "/v1/load_lora_adapter" and state.loads_adapters:
            self.load(body["lora_name"]) if body else self.error(400, "lora_name is missing")
        elif self.path == "/v1/unload_lora_adapter" and state.loads_adapters:
            state.models.remove(body["lora_name"])
            self.reply(200, "Success")
        else:
            self.reply(404, {"detail": "Not Found"})

    def load(self, name: str) -> None:
        state = self.server_state
        with state.lock:
            fault = state.faults.popleft() if state.faults else None
            known = name in state.models
            if not known:
                state.models.append(name)
        if fault == "drop":  # after the adapter was loaded: only the reply is lost
            cut(self.connection)
            return
        self.error(400, f"The lora adapter '{name}' has already been loaded.") if known else self.reply(200, "Success")

    def chat(self, body: dict) -> None:
        state = self.server_state
        with state.lock:
            fault = state.faults.popleft() if state.faults else None
            state.seen.append(body)
            state.in_flight += 1
            state.most_in_flight = max(state.most_in_flight, state.in_flight)
        try:
            self.refuse_or_answer(body, fault)
        finally:
            with state.lock:
                state.in_flight -= 1

    def refuse_or_answer(self, body: dict, fault: str | None) -> None:
        state = self.server_state
        if body["model"] not in state.models:
            self.error(404, f"The model `{body['model']}` does not exist.")
        elif state.refuses_n and body.get("n", 1) > 1:
            self.error(400, "Only one completion choice is allowed")
        elif state.refuses_extras and "return_token_ids" in body:
            self.error(400, "Unrecognized request argument supplied: return_token_ids")
        elif fault in MISBEHAVIOUR:
            MISBEHAVIOUR[fault](self, self.completion(body))
        else:
            self.reply(200, self.completion(body))

    def completion(self, body: dict) -> dict:
        count = 1 if self.server_state.ignores_n else body.get("n", 1)
        choices = [self.choice(body, index) for index in range(count)]
        reply = {"object": "chat.completion", "choices": choices, "usage": {"completion_tokens": 2 * count + 1}}
        return reply | ({"prompt_token_ids": [1, 2, 3]} if body.get("return_token_ids") else {})

    def choice(self, body: dict, index: int) -> dict:
        choice = {
            "index": index,
            "message": {"role": "assistant", "content": self.server_state.says(body, index)},
            "finish_reason": self.server_state.finish_reason,
        }
        if body.get("logprobs"):
            choice["logprobs"] = {"content": [{"token": "a", "logprob": -0.5}, {"token": "b", "logprob": -1.5}]}
        if body.get("return_token_ids") and self.server_state.token_ids:
            choice["token_ids"] = [7, 8]
        return choice

    def error(self, status: int, message: str, **headers: str) -> None:
        self.reply(status, {"error": {"message": message, "code": status}}, **headers)

    def reply(self, status: int, content: dict | str, **headers: str) -> None:
        self.send(status, content if isinstance(content, str) else json.dumps(content), **headers)

    def send(self, status: int, text: str, missing: int = 0, **headers: str) -> None:
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data[: len(data) - missing])
        if missing:
            self.wfile.flush()
            cut(self.connection)


def change(**changes: object):
    """A reply whose first choice is not as it should be."""

    def misbehave(handler: Handler, reply: dict) -> None:
        reply["choices"][0] |= changes
        handler.reply(200, reply)

    return misbehave


def recount(make):
    """A reply with other choices than were asked for."""
    return lambda handler, reply: handler.reply(200, reply | {"choices": make(reply["choices"])})


def stall(handler: Handler, reply: dict) -> None:
    handler.server_state.released.wait(timeout=10)
    handler.reply(200, reply)


MALFORMED = {
    "truncated JSON": lambda handler, reply: handler.send(200, json.dumps(reply)[:-20]),
    "a page": lambda handler, reply: handler.send(200, "<html>Welcome</html>"),
    "null": lambda handler, reply: handler.send(200, "null"),
    "a list": lambda handler, reply: handler.send(200, "[]"),
    "no choices": recount(lambda choices: []),
    "null choices": recount(lambda choices: None),
    "numbers as choices": recount(lambda choices: [1]),
    "too many choices": recount(lambda choices: [*choices, choices[0] | {"index": len(choices)}]),
    "a choice twice": recount(lambda choices: [choices[0] for _ in choices]),
    "no reason": change(finish_reason=None),
    "aborted": change(finish_reason="abort"),
    "no text": change(message={"role": "assistant", "content": None}),
    "text ids": change(token_ids=["seven"]),
}
"""Replies that do not follow the API."""

MISBEHAVIOUR = MALFORMED | {
    "drop": lambda handler, reply: cut(handler.connection),
    "stall": stall,
    "429": lambda handler, reply: handler.error(429, "slow down", Retry_After="0"),
    "500": lambda handler, reply: handler.error(500, "a bug"),
    "503": lambda handler, reply: handler.error(503, "loading"),
    "half a body": lambda handler, reply: handler.send(200, json.dumps(reply), missing=20),
}
