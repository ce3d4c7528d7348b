"""Sampling over HTTP, from any server with OpenAI's chat completions API: vLLM, Ollama, llama.cpp, SGLang."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from itertools import product, starmap
from json import JSONDecodeError
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

try:
    import openai
    from openai.types.chat import ChatCompletion
    from openai.types.chat.chat_completion import Choice
except ModuleNotFoundError as error:
    raise ModuleNotFoundError('Sampling over HTTP needs the package openai: pip install -e ".[http]"') from error

from agents.progress import plain
from agents.sampling.sampler import Request, Sampler
from agents.trajectory import Completion

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


class MalformedReply(ValueError):
    """A reply that does not follow the API: it never counts as an answer."""


class HTTPSampler(Sampler):
    """Draws completions from an OpenAI-compatible server, with many requests at a time.

    The samples for a prompt come from one request if the server honours ``n``, else from one request each. A failure
    that may be temporary (a lost connection, a timeout, 429, 5xx) is retried by the ``openai`` client with the same
    seed and exponential backoff. Samples are as reproducible as the server's seeds.

    What a completion contains beside its text depends on the server:

    - Its token ids: vLLM and llama.cpp return them; elsewhere tokens are only counted. Those of the prompt: vLLM.
    - Its log-probabilities, if the server returns any (Ollama does since 0.12.11): 0 when greedy, as everywhere, and
      the server's at temperature 1 and top-p 1. At other settings servers return those of the unscaled distribution,
      which is another policy, so they are left out, unless ``processed_logprobs`` is given.

    Args:
        base_url: such as ``http://localhost:8000/v1``.
        model: the model's name on the server.
        api_key: for a server that needs one; by default the environment variable ``EXPIT_API_KEY``.
        concurrency: the most requests in flight.
        timeout: seconds for one request.
        retries: how often a request is sent again; 8 wait for a dead server for about half a minute.
        processed_logprobs: whether the server's log-probabilities are those after temperature and top-p, as with
            vLLM's option ``--logprobs-mode processed_logprobs``.

    Attributes:
        on_reply: called with the place of a prompt and its new completions as soon as they are there, so that they can
            be kept even if a later request fails.

    Raises:
        ValueError: if the URL does not begin with http:// or https://.
    """

    def __init__(
        self,
        base_url: str,
        model: str,
        *,
        api_key: str | None = None,
        concurrency: int = 32,
        timeout: float = 300.0,
        retries: int = 8,
        processed_logprobs: bool = False,
    ) -> None:
        if not base_url.startswith(("http://", "https://")):
            raise ValueError(f"a server's URL begins with http:// or https://, such as http://{base_url}")
        self.base_url, self.model = base_url.rstrip("/"), model
        self._key = api_key or os.environ.get(KEY_VARIABLE) or "none"
        self._concurrency, self._timeout, self._retries = concurrency, timeout, retries
        self._processed_logprobs = processed_logprobs
        self.on_reply: Callable[[int, Sequence[Completion]], None] = lambda place, drawn: None
        self._adapter: str | None = None  # its name on the server
        self._takes_n = self._takes_extras = True  # until the server refuses them

    def load_adapter(self, path: Path, name: str) -> None:
        """Switch to a LoRA adapter, and unload the previous one from the server.

        Its name there is ``name`` and a digest of its files, because vLLM caches results by the name of the adapter.

        Args:
            path: the adapter's folder, which the server must see under the same path.
            name: the first part of its name.

        Raises:
            ServerError: if the server cannot load it.
        """
        _run(self._switch(f"{name}-{_digest(path)}", path.resolve()))

    def unload_adapter(self) -> None:
        """Switch back to the model without an adapter."""
        _run(self._switch(None))

    def require_adapters(self) -> None:
        """Check that the server can load adapters.

        Raises:
            ServerError: if it can't; the message gives the options.
        """
        _run(self._probe())

    def _draw(self, request: Request, progress: Callable[[int], None]) -> list[list[Completion]]:
        return _run(self._answers(request, progress))

    async def _answers(self, request: Request, progress: Callable[[int], None]) -> list[list[Completion]]:
        answers: list[list[Completion]] = [[] for _ in request.prompts]
        slots = asyncio.Semaphore(self._concurrency)

        async def ask(index: int, first: int, want: int) -> list[Completion]:
            async with slots:
                reply = await self._send(client, request, index, first, want)
            drawn = read_reply(reply, want, request.temperatures[index], request.top_p, self._processed_logprobs)
            self.on_reply(index, drawn)
            progress(len(drawn))
            return drawn

        async with self._connected() as client:
            # Some servers refuse n for greedy answers.
            together = [self._takes_n and temperature > 0 for temperature in request.temperatures]
            asks = [(i, 0, count if together[i] else 1) for i, count in enumerate(request.counts) if count]
            while asks:
                for (index, *_), drawn in zip(asks, await asyncio.gather(*starmap(ask, asks)), strict=True):
                    answers[index] += drawn
                asks = [(i, j, 1) for i, count in enumerate(request.counts) for j in range(len(answers[i]), count)]
        return answers

    async def _send(
        self, client: openai.AsyncOpenAI, request: Request, index: int, first: int, want: int
    ) -> ChatCompletion:
        """Send a request; if the server refuses it, send it without the extras, without ``n``, or without both."""
        # The seed is the same each time, so that a retry draws the same completions.
        seed = int(np.random.SeedSequence([*request.seed, index, first]).generate_state(1)[0]) >> 1
        refusal: openai.APIStatusError | None = None
        for n, extras in product(dict.fromkeys((want, 1)), (True, False) if self._takes_extras else (False,)):
            try:
                reply = await client.chat.completions.create(
                    model=self._adapter or self.model,
                    messages=[dict(message) for message in request.prompts[index]],  # type: ignore[arg-type]
                    temperature=request.temperatures[index],
                    top_p=request.top_p,
                    max_tokens=request.max_new_tokens,
                    seed=seed,
                    extra_body=(EXTRAS if extras else {}) | ({"n": n} if n > 1 else {}),
                )
            except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                refusal = error  # of the plainest request, the last one
            else:
                self._takes_extras &= extras
                self._takes_n &= n == want
                return reply
        assert refusal is not None
        raise refusal

    async def _switch(self, adapter: str | None, path: Path | None = None) -> None:
        async with self._connected() as client:
            if adapter is not None:
                await self._load(client, adapter, str(path))
            old, self._adapter = self._adapter, adapter
            if old not in (None, adapter):
                with suppress(openai.APIError):  # it only costs memory on the server
                    await client.post("/unload_lora_adapter", cast_to=str, body={"lora_name": old})

    async def _load(self, client: openai.AsyncOpenAI, adapter: str, path: str) -> None:
        try:
            await client.post("/load_lora_adapter", cast_to=str, body={"lora_name": adapter, "lora_path": path})
        except openai.APIStatusError as error:
            if adapter in [model.id async for model in client.models.list()]:
                return  # only the reply to an earlier try was lost
            raise ServerError(
                f"{self.base_url} did not load the adapter {path} ({_short(error)}). vLLM does if it sees the folder "
                "under the same path and was started with VLLM_ALLOW_RUNTIME_LORA_UPDATING=True, --enable-lora and a "
                "--max-lora-rank of at least the adapter's rank. Other servers can't."
            ) from error

    async def _probe(self) -> None:
        """Send an empty request: a server that loads adapters knows the path, and only rejects the body."""
        async with self._connected() as client:
            try:
                await client.post("/load_lora_adapter", cast_to=str, body={})
            except (openai.BadRequestError, openai.UnprocessableEntityError):
                return
            except openai.NotFoundError as error:
                await client.models.list()  # fails if it is no OpenAI-compatible server at all
                raise ServerError(f"{self.base_url} cannot load adapters ({_short(error)}). {NO_ADAPTERS}") from error

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[openai.AsyncOpenAI]:
        """Yield a client whose final errors become a `ServerError`."""
        timeout = openai.Timeout(self._timeout, connect=5)
        try:
            async with openai.AsyncOpenAI(
                base_url=self.base_url, api_key=self._key, timeout=timeout, max_retries=self._retries
            ) as client:
                try:
                    yield client
                except openai.NotFoundError:
                    if (names := [model.id async for model in client.models.list()]) and self.model not in names:
                        message = f"{self.base_url} has no model {self.model!r}, but has {', '.join(names)}"
                        raise ServerError(plain(f"{message}: give one of them as --model")) from None
                    raise
        except (openai.APIError, MalformedReply, JSONDecodeError) as error:
            hint = next((hint for kind, hint in HINTS.items() if isinstance(error, kind)), "")
            raise ServerError(f"{self.base_url} failed ({_short(error)}). {hint}{HOW_TO_RESUME}") from error


def read_reply(
    reply: ChatCompletion, asked: int, temperature: float, top_p: float, processed_logprobs: bool = False
) -> list[Completion]:
    """Read the choices of a reply, at least one and at most ``asked``.

    Raises:
        MalformedReply: if the reply does not follow the API, which the client does not check.
    """
    try:
        choices = sorted(reply.choices, key=lambda choice: choice.index)
        if not 1 <= len(choices) <= asked or len({choice.index for choice in choices}) < len(choices):
            raise MalformedReply(f"it needs 1 to {asked} choices, each with an index of its own")
        prompt_ids = tuple(getattr(reply, "prompt_token_ids", None) or ())
        is_policy = processed_logprobs or temperature == top_p == 1
        drawn = [_completion(choice, prompt_ids, temperature == 0, is_policy) for choice in choices]
        drawn[0] = replace(drawn[0], prompt_tokens=getattr(reply.usage, "prompt_tokens", None) or 0)
        thought = len(drawn) == 1 and drawn[0].text.startswith("<think>")  # its token ids may be the answer's alone
        if any(one.token_ids for one in drawn) and not thought:
            return drawn
        # The server's count is for all choices together.
        share, rest = divmod(reply.usage.completion_tokens, len(drawn))  # type: ignore[union-attr]
        return [replace(one, counted=share + (place < rest)) for place, one in enumerate(drawn)]
    except (AttributeError, TypeError) as error:
        raise MalformedReply(f"{error}, in {str(reply)[:200]!r}") from error


def _completion(choice: Choice, prompt_ids: tuple[int, ...], is_greedy: bool, is_policy: bool) -> Completion:
    text, entries = choice.message.content, (choice.logprobs and choice.logprobs.content) or []
    if choice.finish_reason not in ("stop", "length"):
        raise MalformedReply(f"finish_reason is {choice.finish_reason!r}, not stop or length")
    # Servers may return the reasoning on its own, as one field or the other: it is put where models write it.
    reasoning = getattr(choice.message, "reasoning", None) or getattr(choice.message, "reasoning_content", None)
    if text is None and (reasoning or choice.finish_reason == "length"):
        text = ""  # it ended, or was cut off, before the answer
    if isinstance(reasoning, str) and isinstance(text, str):
        text = f"<think>{reasoning}</think>{text}" if text or choice.finish_reason == "stop" else f"<think>{reasoning}"
    # vLLM returns token ids with the choice, llama.cpp with each log-probability.
    token_ids = getattr(choice, "token_ids", None) or [getattr(e, "id") for e in entries if hasattr(e, "id")]  # noqa: B009
    if not isinstance(text, str) or any(type(token) is not int for token in token_ids):
        raise MalformedReply(f"it needs a text and whole numbers as token ids, not {text!r} and {token_ids!r}")
    num_tokens = len(token_ids) or len(entries)
    logprobs = [entry.logprob for entry in entries] if is_policy and len(entries) == num_tokens else []
    if is_greedy:
        logprobs = [0.0] * num_tokens
    return Completion(text, tuple(token_ids), tuple(logprobs), choice.finish_reason == "stop", prompt_ids=prompt_ids)


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
