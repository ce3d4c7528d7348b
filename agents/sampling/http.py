"""Sampling over HTTP, from any server with OpenAI's chat completions API: vLLM, Ollama, llama.cpp, SGLang."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from itertools import product, starmap
from json import JSONDecodeError
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

try:
    import openai
    from openai.types.chat import ChatCompletion

    from agents.sampling.replies import MalformedReply, read_reply
except ModuleNotFoundError as error:
    raise ModuleNotFoundError('Sampling over HTTP needs the package openai: pip install -e ".[http]"') from error

from agents.progress import plain
from agents.sampling.sampler import Request, Sampler
from agents.trajectory import Completion

logger = logging.getLogger(__name__)

T = TypeVar("T")

KEY_VARIABLE = "EXPIT_API_KEY"

# Without these, servers apply their own defaults or the model's, such as a top-k or a repetition penalty. Ollama does
# not accept them in this API.
EXTRAS = {"logprobs": True, "return_token_ids": True, "top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0}

NO_ADAPTERS = (
    "To search with the base model in every round would not be expert iteration, where each round searches with what "
    "the last one learned. Options: sample in this process (leave out --sampler); serve the model with vLLM, started "
    "with VLLM_ALLOW_RUNTIME_LORA_UPDATING=True, --enable-lora and --max-lora-rank 16; or run one search on this "
    "server, with fine-tuning in this process: expit lesson --sampler URL --model NAME."
)

HINTS: dict[type[Exception], str] = {
    openai.AuthenticationError: f"Give the right key as api_key or {KEY_VARIABLE}. ",
    openai.PermissionDeniedError: f"Give a key that may use it as api_key or {KEY_VARIABLE}. ",
    openai.NotFoundError: "Is this the model's name on the server, and the whole URL, which often ends in /v1? ",
    openai.APITimeoutError: "Is it running? If it is slow, a lower concurrency or a longer timeout helps. ",
    openai.APIConnectionError: "Is it running, and is the URL right? ",
}

HOW_TO_RESUME = "Nothing that was finished is lost: run the same command again once the server works."


class ServerError(RuntimeError):
    """The server cannot be used; the message says why and what to do."""


LOST = (openai.APIConnectionError, openai.RateLimitError, openai.InternalServerError, MalformedReply, JSONDecodeError)
"""The final errors after which others go on without the server that failed; any other is for the user to correct."""


class HTTPSampler(Sampler):
    """Draws completions from an OpenAI-compatible server or several, with many requests at a time.

    The samples for a prompt come from one request if the server honours ``n``, else from one request each. A failure
    that may be temporary (a lost connection, a timeout, 429, 5xx) is retried by the ``openai`` client with the same
    seed and exponential backoff. Samples are as reproducible as the server's seeds.

    Of several servers, the one with the fewest requests in flight gets the next. If retries do not help, or a reply is
    malformed, the server is left out from then on, with a warning, and the others get its requests.

    What a completion contains beside its text depends on the server:

    - Its token ids: vLLM and llama.cpp return them; elsewhere tokens are only counted. Those of the prompt: vLLM.
    - Its log-probabilities, if the server returns any (Ollama does since 0.12.11): 0 when greedy, as everywhere, and
      the server's at temperature 1 and top-p 1. At other settings servers return those of the unscaled distribution,
      which is another policy, so they are left out, unless ``processed_logprobs`` is given.

    Args:
        base_url: such as ``http://localhost:8000/v1``, or several of the same model, separated by commas.
        model: the model's name on the server.
        api_key: for servers that need one; by default the environment variable ``EXPIT_API_KEY``.
        concurrency: the most requests in flight at a server.
        timeout: seconds for one request.
        retries: how often a request is sent again to the same server; by default 8, which wait for a dead one for about
            half a minute, or 3, a few seconds, while there is another.
        processed_logprobs: whether the server's log-probabilities are those after temperature and top-p, as with
            vLLM's option ``--logprobs-mode processed_logprobs``.

    Attributes:
        on_reply: called with the place of a prompt and its new completions as soon as they are there, so that they can
            be kept even if a later request fails.

    Raises:
        ValueError: if a URL does not begin with http:// or https://, or is given twice.
    """

    def __init__(
        self,
        base_url: str,
        model: str,
        *,
        api_key: str | None = None,
        concurrency: int = 32,
        timeout: float = 300.0,
        retries: int | None = None,
        processed_logprobs: bool = False,
    ) -> None:
        urls = [url.strip().rstrip("/") for url in base_url.split(",")]
        for url in urls:
            if not url.startswith(("http://", "https://")):
                url = url or "localhost:8000/v1"
                raise ValueError(f"a server's URL begins with http:// or https://, such as http://{url}")
        if len(set(urls)) < len(urls):
            raise ValueError(f"a server is given twice: {base_url}")
        self.model, self._given = model, len(urls)
        self._servers = urls  # without those that were left out
        self._no_n, self._no_extras = set[str](), set[str]()  # the servers that refused them
        self._key = api_key or os.environ.get(KEY_VARIABLE) or "none"
        self._concurrency, self._timeout, self._retries = concurrency, timeout, retries
        self._processed_logprobs = processed_logprobs
        self.on_reply: Callable[[int, Sequence[Completion]], None] = lambda place, drawn: None
        self._adapter: str | None = None  # its name on the servers

    def load_adapter(self, path: Path, name: str) -> None:
        """Switch to a LoRA adapter on every server, and unload the previous one.

        Its name there is ``name`` and a digest of its files, because vLLM caches results by the name of the adapter.

        Args:
            path: the adapter's folder, which the servers must see under the same path.
            name: the first part of its name.

        Raises:
            ServerError: if a server cannot load it.
        """
        _run(self._switch(f"{name}-{_digest(path)}", path.resolve()))

    def unload_adapter(self) -> None:
        """Switch back to the model without an adapter."""
        _run(self._switch(None))

    def require_adapters(self) -> None:
        """Check that the servers can load adapters.

        Raises:
            ServerError: if one can't; the message gives the options.
        """
        _run(self._everywhere(self._probe))

    def _draw(self, request: Request, progress: Callable[[int], None]) -> list[list[Completion]]:
        return _run(self._answers(request, progress))

    async def _answers(self, request: Request, progress: Callable[[int], None]) -> list[list[Completion]]:
        answers: list[list[Completion]] = [[] for _ in request.prompts]
        in_flight, freed = Counter[str](), asyncio.Condition()

        async def ask(index: int, first: int, want: int) -> list[Completion]:
            async with freed:
                await freed.wait_for(lambda: any(in_flight[each] < self._concurrency for each in self._servers))
                server = min(self._servers, key=in_flight.__getitem__)
                in_flight[server] += 1
            asked = 1 if server in self._no_n else want
            try:
                async with self._reported(server, clients[server]) as client:
                    reply = await self._send(server, client, request, index, first, asked)
                    drawn = read_reply(reply, asked, request.temperature, request.top_p, self._processed_logprobs)
            except ServerError as error:
                self._leave_out(server, error)
            else:
                self.on_reply(index, drawn)
                progress(len(drawn))
                return drawn
            finally:
                async with freed:
                    in_flight[server] -= 1
                    freed.notify()
            return await ask(index, first, want)

        async with self._connected() as clients:
            # Some servers refuse n for greedy answers.
            asks = [(i, 0, count if request.temperature > 0 else 1) for i, count in enumerate(request.counts) if count]
            while asks:
                for (index, *_), drawn in zip(asks, await asyncio.gather(*starmap(ask, asks)), strict=True):
                    answers[index] += drawn
                asks = [(i, j, 1) for i, count in enumerate(request.counts) for j in range(len(answers[i]), count)]
        return answers

    async def _send(
        self, server: str, client: openai.AsyncOpenAI, request: Request, index: int, first: int, want: int
    ) -> ChatCompletion:
        """Send a request; if the server refuses it, send it without the extras, without ``n``, or without both."""
        # The seed is the same each time and everywhere, so that a retry draws the same completions.
        seed = int(np.random.SeedSequence([*request.seed, index, first]).generate_state(1)[0]) >> 1
        refusal: openai.APIStatusError | None = None
        for n, extras in product(dict.fromkeys((want, 1)), (False,) if server in self._no_extras else (True, False)):
            try:
                reply = await client.chat.completions.create(
                    model=self._adapter or self.model,
                    messages=[dict(message) for message in request.prompts[index]],  # type: ignore[arg-type]
                    temperature=request.temperature,
                    top_p=request.top_p,
                    max_tokens=request.max_new_tokens,
                    seed=seed,
                    extra_body=(EXTRAS if extras else {}) | ({"n": n} if n > 1 else {}),
                )
            except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                refusal = error  # of the plainest request, the last one
            else:
                if not extras:
                    self._no_extras.add(server)
                if n < want:
                    self._no_n.add(server)
                return reply
        assert refusal is not None
        raise refusal

    async def _switch(self, adapter: str | None, path: Path | None = None) -> None:
        if adapter is not None:
            await self._everywhere(self._load, adapter, str(path))
        old, self._adapter = self._adapter, adapter
        if old not in (None, adapter):
            await self._everywhere(self._unload, old)

    async def _load(self, server: str, client: openai.AsyncOpenAI, adapter: str, path: str) -> None:
        try:
            await client.post("/load_lora_adapter", cast_to=str, body={"lora_name": adapter, "lora_path": path})
        except openai.APIStatusError as error:
            if adapter in [model.id async for model in client.models.list()]:
                return  # only the reply to an earlier try was lost
            raise ServerError(
                f"{server} did not load the adapter {path} ({_short(error)}). vLLM does if it sees the folder "
                "under the same path and was started with VLLM_ALLOW_RUNTIME_LORA_UPDATING=True, --enable-lora and a "
                "--max-lora-rank of at least the adapter's rank. Other servers can't."
            ) from error

    async def _unload(self, server: str, client: openai.AsyncOpenAI, adapter: str) -> None:
        with suppress(openai.APIError):  # it only costs memory on the server
            await client.post("/unload_lora_adapter", cast_to=str, body={"lora_name": adapter})

    async def _probe(self, server: str, client: openai.AsyncOpenAI) -> None:
        """Send an empty request: a server that loads adapters knows the path, and only rejects the body."""
        try:
            await client.post("/load_lora_adapter", cast_to=str, body={})
        except (openai.BadRequestError, openai.UnprocessableEntityError):
            return
        except openai.NotFoundError as error:
            await client.models.list()  # fails if it is no OpenAI-compatible server at all
            raise ServerError(f"{server} cannot load adapters ({_short(error)}). {NO_ADAPTERS}") from error

    async def _everywhere(self, work: Callable[..., Coroutine[Any, Any, None]], *args: object) -> None:
        """Do something on all servers at the same time."""

        async def do(server: str, client: openai.AsyncOpenAI) -> None:
            try:
                async with self._reported(server, client):
                    await work(server, client, *args)
            except ServerError as error:
                self._leave_out(server, error)

        async with self._connected() as clients:
            await asyncio.gather(*starmap(do, clients.items()))

    def _leave_out(self, server: str, error: ServerError) -> None:
        """Go on without a server that is lost; raise the error if it is not, or if no other is left."""
        if self._given == 1 or not isinstance(error.__cause__, LOST):
            raise error
        if self._servers == [server]:
            raise ServerError(f"none of {self._given} servers is left: {error}") from error
        if server in self._servers:  # else another of its requests was the first to fail
            self._servers.remove(server)
            left = f"{len(self._servers)} of {self._given} servers remain"
            logger.warning("%s is left out from now on (%s); %s", server, _short(error.__cause__), left)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[dict[str, openai.AsyncOpenAI]]:
        """Yield a client for each server; they share their connections."""
        patience = 3 if self._servers[1:] else 8
        retries = patience if self._retries is None else self._retries
        timeout = openai.Timeout(self._timeout, connect=5)
        async with openai.AsyncOpenAI(
            base_url=self._servers[0], api_key=self._key, timeout=timeout, max_retries=retries
        ) as client:
            yield {server: client.with_options(base_url=server) for server in self._servers}

    @asynccontextmanager
    async def _reported(self, server: str, client: openai.AsyncOpenAI) -> AsyncIterator[openai.AsyncOpenAI]:
        """Turn the final error of a server into a `ServerError`."""
        try:
            try:
                yield client
            except openai.NotFoundError:
                if (names := [model.id async for model in client.models.list()]) and self.model not in names:
                    message = f"{server} has no model {self.model!r}, but has {', '.join(names)}"
                    raise ServerError(plain(f"{message}: give one of them as --model")) from None
                raise
        except (openai.APIError, MalformedReply, JSONDecodeError) as error:
            hint = next((hint for kind, hint in HINTS.items() if isinstance(error, kind)), "")
            raise ServerError(f"{server} failed ({_short(error)}). {hint}{HOW_TO_RESUME}") from error


def _short(error: Exception) -> str:
    """Return what happened, safe to print."""
    kind = "malformed reply" if isinstance(error, MalformedReply | JSONDecodeError) else ""
    cause = str(error.__cause__ or "") if isinstance(error, openai.APIConnectionError) else ""
    if isinstance(error, openai.APIStatusError) and " - " not in str(error):
        cause = str(error.body or "")  # the client only reads a message, but servers built on FastAPI send a detail
    return str(plain(": ".join(filter(None, (kind, str(error).rstrip("."), cause)))[:300]))


def _run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end, even if an event loop is already running, as in a notebook."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def _digest(path: Path) -> str:
    files = sorted(path.glob("adapter_*"))
    if not files:
        raise FileNotFoundError(f"{path} holds no adapter: expected adapter_config.json and adapter_model.safetensors")
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:8]
