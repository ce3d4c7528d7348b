"""Sampling over HTTP, from any server with OpenAI's chat completions API: vLLM, Ollama, llama.cpp, SGLang."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

try:
    import openai
except ModuleNotFoundError as error:
    raise ModuleNotFoundError('Sampling over HTTP needs the package openai: pip install -e ".[http]"') from error

from agents.sampling.failures import ServerError, describe, is_retryable, wait_before
from agents.sampling.replies import MalformedReply, model_names, read_reply
from agents.sampling.sampler import Prompt, per_prompt
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

PATIENCE_AT_FIRST = 10.0
"""Seconds to wait for a server that has never answered: its URL is probably wrong."""

HOW_TO_RESUME = "Nothing that was finished is lost: run the same command again once the server is back."


@dataclass(frozen=True, slots=True)
class _Decoding:
    temperature: float
    top_p: float
    max_new_tokens: int
    seed: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Adapter:
    name: str
    path: Path


class HTTPSampler:
    """Draws completions from an OpenAI-compatible server, with many requests at a time.

    The samples for a prompt come from one request if the server honours ``n``, else from one request each. A request
    that may work later (429, 503, a lost connection, a timeout, a malformed reply) is retried with the same seed and
    exponential backoff. Samples are as reproducible as the server's seeds; completions have token ids if the server
    returns them. At temperature 1 and top-p 1, log-probabilities are the server's (0 when greedy, as everywhere); at
    other settings a server's are those of another policy, and are left out.

    Args:
        base_url: such as ``http://localhost:8000/v1``.
        model: the model's name on the server.
        api_key: for a server that needs one; by default the environment variable ``EXPIT_API_KEY``.
        concurrency: the most requests in flight.
        timeout: seconds for one request.
        retries: how often a request is sent again; by default the wait for a dead server is about 3 minutes, but about
            10 s if it has never answered.

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
        retries: int = 10,
    ) -> None:
        if not base_url.startswith(("http://", "https://")):
            raise ValueError(f"a server's URL begins with http:// or https://, such as http://{base_url}")
        self.base_url, self.model = base_url.rstrip("/"), model
        self._key = api_key or os.environ.get(KEY_VARIABLE) or "none"
        self._concurrency, self._timeout, self._retries = concurrency, timeout, retries
        self._adapter: _Adapter | None = None
        self._honours_n = self._takes_extras = True  # until the server shows otherwise
        self._gives_several, self._single_replies = False, 0
        self._answered, self._warned = False, 0.0

    def sample(
        self,
        prompts: Sequence[Prompt],
        n: int | Sequence[int],
        *,
        temperature: float | Sequence[float],
        top_p: float,
        max_new_tokens: int,
        seed: int | Sequence[int],
        progress: Callable[[int], None] | None = None,
        deliver: Callable[[int, Sequence[Completion]], None] | None = None,
    ) -> list[list[Completion]]:
        """Draw ``n`` completions for each prompt, as `agents.sampling.Sampler` says.

        ``deliver`` is given the place of a prompt and some of its completions as soon as they are there, so that they
        can be kept even if a later request fails.

        Raises:
            ServerError: if the server refuses a request, or keeps failing.
        """
        parts = (seed,) if isinstance(seed, int) else tuple(seed)
        temperatures = per_prompt(prompts, "temperature", temperature)
        decodings = [_Decoding(each, top_p, max_new_tokens, parts) for each in temperatures]
        advance, give = progress or (lambda _: None), deliver or (lambda *_: None)
        return _run(self._sample(prompts, per_prompt(prompts, "n", n), decodings, advance, give))

    def load_adapter(self, path: Path, name: str) -> None:
        """Switch to a LoRA adapter, and unload the previous one from the server.

        Its name there is ``name`` and a digest of its files, because vLLM caches results by the name of the adapter.

        Args:
            path: the adapter's folder, which the server must see under the same path.
            name: the first part of its name.

        Raises:
            ServerError: if the server cannot load it.
        """
        _run(self._switch(_Adapter(f"{name}-{_digest(path)}", path.resolve())))

    def unload_adapter(self) -> None:
        """Switch back to the model without an adapter."""
        _run(self._switch(None))

    def require_adapters(self) -> None:
        """Check that the server can load adapters.

        Raises:
            ServerError: if it can't; the message gives the options.
        """
        _run(self._probe())

    async def _sample(
        self,
        prompts: Sequence[Prompt],
        counts: Sequence[int],
        decodings: Sequence[_Decoding],
        progress: Callable[[int], None],
        deliver: Callable[[int, Sequence[Completion]], None],
    ) -> list[list[Completion]]:
        answers: list[list[Any]] = [[None] * count for count in counts]
        slots = asyncio.Semaphore(self._concurrency)

        async def draw(index: int, first: int, want: int) -> None:
            async with slots:
                drawn = await self._ask(client, prompts[index], index, first, want, decodings[index])
            answers[index][first : first + len(drawn)] = drawn
            deliver(index, drawn)
            progress(len(drawn))
            start(index, first + len(drawn), want - len(drawn))

        def start(index: int, first: int, want: int) -> None:
            for at, size in self._requests(first, want, decodings[index]):
                group.create_task(draw(index, at, size))

        async with self._client() as client, asyncio.TaskGroup() as group:
            for index, count in enumerate(counts):
                start(index, 0, count)
        return answers

    def _requests(self, first: int, want: int, decoding: _Decoding) -> Iterator[tuple[int, int]]:
        """Divide samples among requests, as (first sample, count); some servers refuse ``n`` for greedy answers."""
        together = want if self._honours_n and decoding.temperature > 0 else 1
        return ((at, min(together, first + want - at)) for at in range(first, first + want, max(together, 1)))

    async def _ask(
        self, client: openai.AsyncOpenAI, prompt: Prompt, index: int, first: int, want: int, decoding: _Decoding
    ) -> list[Completion]:
        """Draw between one and ``want`` completions, with retries."""
        # Depends on the index of the first sample only: a retry draws the same completions.
        seed = int(np.random.SeedSequence([*decoding.seed, index, first]).generate_state(1)[0]) >> 1

        async def attempt() -> list[Completion]:
            try:
                return await self._request(client, prompt, want, decoding, seed)
            except openai.NotFoundError:
                if self._adapter is None:
                    raise
                await self._load(client, self._adapter)  # a restarted server has lost it
                return await self._request(client, prompt, want, decoding, seed)

        return await self._retry(client, attempt)

    async def _request(
        self, client: openai.AsyncOpenAI, prompt: Prompt, want: int, decoding: _Decoding, seed: int
    ) -> list[Completion]:
        """Send a request; if the server rejects it, send it without the extras, without ``n``, or without both."""
        refusal: openai.APIStatusError | None = None
        for n in dict.fromkeys((want, 1)):
            for extras in (True, False) if self._takes_extras else (False,):
                body = (EXTRAS if extras else {}) | ({"n": n} if n > 1 else {})
                try:
                    reply = await client.chat.completions.with_raw_response.create(
                        model=self._adapter.name if self._adapter else self.model,
                        messages=[dict(message) for message in prompt],  # type: ignore[arg-type]
                        temperature=decoding.temperature,
                        top_p=decoding.top_p,
                        max_tokens=decoding.max_new_tokens,
                        seed=seed,
                        extra_body=body,
                    )
                except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                    refusal = refusal or error
                    continue
                drawn = read_reply(reply.text, n, decoding.temperature, decoding.top_p)
                self._takes_extras &= extras
                self._note_use_of_n(want, n, len(drawn))
                return drawn
        assert refusal is not None
        raise refusal

    def _note_use_of_n(self, want: int, n: int, choices: int) -> None:
        """Conclude that the server ignores ``n`` after two replies with one choice and none with several."""
        if n > 1:
            self._gives_several |= choices > 1
            self._single_replies += choices == 1
        self._honours_n &= n == want and (self._gives_several or self._single_replies < 2)

    async def _retry(self, client: openai.AsyncOpenAI, attempt: Callable[[], Awaitable[T]]) -> T:
        """Try until an attempt succeeds or cannot succeed."""
        last: Exception | None = None
        start, tries = time.monotonic(), 0
        for turn in range(self._retries + 1):
            if last is not None:
                wait = wait_before(turn - 1, last)
                if not self._answered and time.monotonic() - start + wait > PATIENCE_AT_FIRST:
                    break
                self._warn(last, wait)
                await asyncio.sleep(wait)
            tries += 1
            try:
                async with asyncio.timeout(self._timeout):
                    result = await attempt()
                self._answered = True
                return result
            except (openai.APIError, TimeoutError, MalformedReply) as error:
                if isinstance(error, openai.APIStatusError) and not is_retryable(error):
                    raise ServerError(await self._explain(client, error)) from error
                # By name, because releases of openai use different HTTP libraries.
                self._answered |= type(error.__cause__).__name__ not in ("ConnectError", "ConnectTimeout")
                last = error
        hint = "" if self._answered else " It has never answered: is it running, and is the URL right?"
        tried = f"{self.base_url} was tried {tries} times"
        raise ServerError(f"{tried}; the last time {self._problem(last)}.{hint} {HOW_TO_RESUME}") from last

    def _warn(self, error: Exception, wait: float) -> None:
        """Log a retry; many requests fail at once for the same reason, which is logged once."""
        if time.monotonic() - self._warned > 0.4:
            self._warned = time.monotonic()
            logger.warning("%s: %s; trying again in %.1f s", self.base_url, self._problem(error), wait)

    async def _explain(self, client: openai.AsyncOpenAI, error: openai.APIStatusError) -> str:
        reason = describe(error)
        if error.status_code in (401, 403):
            return f"{self.base_url} refused the key ({reason}). Give the right one as api_key or {KEY_VARIABLE}."
        if error.status_code != 404:
            return f"{self.base_url} refused the request ({reason})."
        try:
            names = await self._models(client)
        except (openai.APIError, MalformedReply):
            return f"There is no OpenAI-compatible API at {self.base_url} ({reason}): its URL often ends in /v1."
        return f"{self.base_url} has no model {self.model!r} ({reason}). It has: {', '.join(names) or 'none'}."

    def _problem(self, error: Exception | None) -> str:
        if isinstance(error, TimeoutError | openai.APITimeoutError):
            return f"it gave no reply in {self._timeout:g} s"
        if isinstance(error, openai.APIStatusError):
            return f"it failed with {describe(error)}"
        if isinstance(error, MalformedReply):
            return f"its reply was malformed: {error}"
        return f"there was no connection: {error and (error.__cause__ or error)}"

    async def _models(self, client: openai.AsyncOpenAI) -> list[str]:
        return model_names((await client.models.with_raw_response.list()).text)

    async def _switch(self, adapter: _Adapter | None) -> None:
        async with self._client() as client:
            if adapter is not None:
                await self._retry(client, lambda: self._load(client, adapter))
            old, self._adapter = self._adapter, adapter
            if old is not None and old.name != (adapter and adapter.name):
                await self._unload(client, old)

    async def _probe(self) -> None:
        async with self._client() as client:
            await self._retry(client, lambda: self._load_nothing(client))

    async def _load_nothing(self, client: openai.AsyncOpenAI) -> None:
        """Send an empty request: a server that loads adapters knows the path, and only rejects the body."""
        try:
            await client.post("/load_lora_adapter", cast_to=str, body={})
        except openai.NotFoundError as error:
            await self._models(client)  # fails if it is no OpenAI-compatible server at all
            raise ServerError(f"{self.base_url} cannot load adapters ({describe(error)}). {NO_ADAPTERS}") from error
        except (openai.BadRequestError, openai.UnprocessableEntityError):
            return

    async def _load(self, client: openai.AsyncOpenAI, adapter: _Adapter) -> None:
        body = {"lora_name": adapter.name, "lora_path": str(adapter.path)}
        try:
            await client.post("/load_lora_adapter", cast_to=str, body=body)
        except openai.APIStatusError as error:
            if error.status_code in (429, 503):
                raise
            # Another request has loaded it already, or the reply to an earlier one was lost.
            if adapter.name in await self._models(client):
                return
            raise ServerError(
                f"{self.base_url} did not load the adapter {adapter.path} ({describe(error)}). vLLM does if it sees "
                "the folder under the same path and was started with VLLM_ALLOW_RUNTIME_LORA_UPDATING=True, "
                "--enable-lora and a --max-lora-rank of at least the adapter's rank. Other servers can't."
            ) from error

    async def _unload(self, client: openai.AsyncOpenAI, adapter: _Adapter) -> None:
        """Unload an adapter; a failure only costs memory on the server."""
        try:
            await client.post("/unload_lora_adapter", cast_to=str, body={"lora_name": adapter.name})
        except openai.APIError as error:
            logger.warning("%s did not unload the adapter %s: %s", self.base_url, adapter.name, error)

    def _client(self) -> openai.AsyncOpenAI:
        timeout = openai.Timeout(self._timeout, connect=min(self._timeout, PATIENCE_AT_FIRST / 2))
        return openai.AsyncOpenAI(base_url=self.base_url, api_key=self._key, timeout=timeout, max_retries=0)


def _run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end, even if an event loop is already running, as in a notebook."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return _unwrapped(work)
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(_unwrapped, work).result()


def _unwrapped(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine, and raise the first error of a task group instead of the whole group."""
    try:
        return asyncio.run(work)
    except BaseExceptionGroup as group:
        error = group.exceptions[0]
    raise error


def _digest(path: Path) -> str:
    files = sorted(path.glob("adapter_*"))
    if not files:
        raise FileNotFoundError(f"{path} holds no adapter: expected adapter_config.json and adapter_model.safetensors")
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:8]
