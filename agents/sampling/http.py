"""Sampling over HTTP, from any server that speaks OpenAI's chat completions: vLLM, Ollama, llama.cpp, SGLang."""

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

from agents.sampling.failures import ServerError, is_retryable, said, wait_before
from agents.sampling.replies import MalformedReply, model_names, read_reply
from agents.sampling.sampler import Prompt, counts_per_prompt, temperature_per_prompt
from agents.trajectory import Completion

logger = logging.getLogger(__name__)
T = TypeVar("T")

KEY_VARIABLE = "EXPIT_API_KEY"

# Servers apply defaults of their own, or the model's (a top-k, a repetition penalty), to whom does not say otherwise.
# Ollama takes none of these here.
EXTRAS = {"logprobs": True, "return_token_ids": True, "top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0}

NO_ADAPTERS = (
    "Searching on with its base model would not be expert iteration, where each round searches with what the round "
    "before it learned. Options: sample in this process (leave out --sampler); serve the model with vLLM, started "
    "with VLLM_ALLOW_RUNTIME_LORA_UPDATING=True, --enable-lora and --max-lora-rank 16; or see one search, on this "
    "server, fine-tuned here: expit lesson --sampler URL --model NAME."
)

PATIENCE_AT_FIRST = 10.0
"""Seconds that a server is waited for that was never there: its address is likely wrong."""

GO_ON = "Nothing that was finished is lost: give the same command again once the server is back."


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
    """Draws completions from an OpenAI-compatible server, many requests at a time.

    A prompt's samples are asked for in one request where the server honours ``n``, else in one request each. A request
    that may work later (429, 503, a lost connection, no reply in time, a malformed reply) is sent again with the same
    seed, after a wait that doubles. Samples are reproducible as far as the server's seeds are; token ids are
    there where the server tells them. Log-probabilities are those that the server gives at temperature 1 and top-p 1
    (0 when greedy, as everywhere); at other settings servers give those of another policy, and they are left out.

    Args:
        base_url: such as ``http://localhost:8000/v1``.
        model: the model's name on the server.
        api_key: for a server that wants one; else the environment's ``EXPIT_API_KEY``.
        concurrency: the most requests in flight.
        timeout: seconds for one request.
        retries: how often a request is sent again; with the default, a dead server is waited for about 3 minutes, but
            one that was never there for about 10 s.

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
            raise ValueError(
                f"a server's URL begins with http:// or https://, as http://{base_url} does; not {base_url}"
            )
        self.base_url, self.model = base_url.rstrip("/"), model
        self._key = api_key or os.environ.get(KEY_VARIABLE) or "none"
        self._concurrency, self._timeout, self._retries = concurrency, timeout, retries
        self._adapter: _Adapter | None = None
        self._honours_n = self._takes_extras = True  # until the server shows otherwise
        self._gives_several, self._single_replies = False, 0
        self._was_there, self._warned = False, 0.0

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
            ServerError: if the server refuses, or keeps failing.
        """
        counts = counts_per_prompt(prompts, n)
        parts = (seed,) if isinstance(seed, int) else tuple(seed)
        temperatures = temperature_per_prompt(prompts, temperature)
        decodings = [_Decoding(warmth, top_p, max_new_tokens, parts) for warmth in temperatures]
        advance, give = progress or (lambda _: None), deliver or (lambda *_: None)
        return _run(self._sample(prompts, counts, decodings, advance, give))

    def load_adapter(self, path: Path, name: str) -> None:
        """Sample from now on with a LoRA adapter, and take the one before it off the server.

        On the server it is called ``name`` and a digest of its files, so that one name never means two adapters: vLLM
        keeps what it computed under a name.

        Args:
            path: the adapter's folder, which the server must see under the same path.
            name: what to call it.

        Raises:
            ServerError: if the server can't.
        """
        _run(self._switch(_Adapter(f"{name}-{_digest(path)}", path.resolve())))

    def unload_adapter(self) -> None:
        """Sample from the model itself again."""
        _run(self._switch(None))

    def require_adapters(self) -> None:
        """Make sure that the server can load adapters, which only some servers can.

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
        """Divide samples among requests: (first sample, how many). Some servers refuse ``n`` for greedy answers."""
        together = want if self._honours_n and decoding.temperature > 0 else 1
        return ((at, min(together, first + want - at)) for at in range(first, first + want, max(together, 1)))

    async def _ask(
        self, client: openai.AsyncOpenAI, prompt: Prompt, index: int, first: int, want: int, decoding: _Decoding
    ) -> list[Completion]:
        """Draw between one and ``want`` completions, trying again until they are there."""
        # Drawn from the place of the first sample: a request that is sent again draws the same.
        seed = int(np.random.SeedSequence([*decoding.seed, index, first]).generate_state(1)[0]) >> 1

        async def attempt() -> list[Completion]:
            try:
                return await self._request(client, prompt, want, decoding, seed)
            except openai.NotFoundError:
                if self._adapter is None:
                    raise
                await self._load(client, self._adapter)  # a server that was started anew has forgotten it
                return await self._request(client, prompt, want, decoding, seed)

        return await self._retrying(client, attempt)

    async def _request(
        self, client: openai.AsyncOpenAI, prompt: Prompt, want: int, decoding: _Decoding, seed: int
    ) -> list[Completion]:
        """Send one request, without what the server refuses to take: the extras, ``n``, or both."""
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
                self._learn_of_n(want, n, len(drawn))
                return drawn
        assert refusal is not None
        raise refusal

    def _learn_of_n(self, want: int, n: int, choices: int) -> None:
        """One reply of a single choice may be a mishap; two, and none of several, say that the server ignores ``n``."""
        if n > 1:
            self._gives_several |= choices > 1
            self._single_replies += choices == 1
        self._honours_n &= n == want and (self._gives_several or self._single_replies < 2)

    async def _retrying(self, client: openai.AsyncOpenAI, attempt: Callable[[], Awaitable[T]]) -> T:
        """Try until it works, or until it is known that it won't."""
        last: Exception | None = None
        start, tries = time.monotonic(), 0
        for turn in range(self._retries + 1):
            if last is not None:
                wait = wait_before(turn - 1, last)
                if not self._was_there and time.monotonic() - start + wait > PATIENCE_AT_FIRST:
                    break
                self._warn(last, wait)
                await asyncio.sleep(wait)
            tries += 1
            try:
                async with asyncio.timeout(self._timeout):
                    result = await attempt()
                self._was_there = True
                return result
            except (openai.APIError, TimeoutError, MalformedReply) as error:
                if isinstance(error, openai.APIStatusError) and not is_retryable(error):
                    raise ServerError(await self._explain(client, error)) from error
                # By name, for openai's releases stand on different HTTP libraries.
                self._was_there |= type(error.__cause__).__name__ not in ("ConnectError", "ConnectTimeout")
                last = error
        there = "" if self._was_there else " It was never there: is it running, and is the URL right?"
        tried = f"{self.base_url} was tried {tries} times"
        raise ServerError(f"{tried}; in the end {self._trouble(last)}.{there} {GO_ON}") from last

    def _warn(self, error: Exception, wait: float) -> None:
        """Warn that a request is sent again; many at a time fail for one reason, which is logged once."""
        if time.monotonic() - self._warned > 0.4:
            self._warned = time.monotonic()
            logger.warning("%s: %s; trying again in %.1f s", self.base_url, self._trouble(error), wait)

    async def _explain(self, client: openai.AsyncOpenAI, error: openai.APIStatusError) -> str:
        if error.status_code in (401, 403):
            return f"{self.base_url} refused the key ({said(error)}). Give the right one as api_key or {KEY_VARIABLE}."
        if error.status_code != 404:
            return f"{self.base_url} refused the request ({said(error)})."
        try:
            names = await self._models(client)
        except (openai.APIError, MalformedReply):
            return f"There is no OpenAI-compatible API at {self.base_url} ({said(error)}): its URL often ends in /v1."
        return f"{self.base_url} has no model {self.model!r} ({said(error)}). It has: {', '.join(names) or 'none'}."

    def _trouble(self, error: Exception | None) -> str:
        if isinstance(error, TimeoutError | openai.APITimeoutError):
            return f"it gave no reply in {self._timeout:g} s"
        if isinstance(error, openai.APIStatusError):
            return f"it failed with {said(error)}"
        if isinstance(error, MalformedReply):
            return f"its reply was malformed: {error}"
        return f"there was no connection: {error and (error.__cause__ or error)}"

    async def _models(self, client: openai.AsyncOpenAI) -> list[str]:
        return model_names((await client.models.with_raw_response.list()).text)

    async def _switch(self, adapter: _Adapter | None) -> None:
        async with self._client() as client:
            if adapter is not None:
                await self._retrying(client, lambda: self._load(client, adapter))
            old, self._adapter = self._adapter, adapter
            if old is not None and old.name != (adapter and adapter.name):
                await self._unload(client, old)

    async def _probe(self) -> None:
        async with self._client() as client:
            await self._retrying(client, lambda: self._ask_for_nothing(client))

    async def _ask_for_nothing(self, client: openai.AsyncOpenAI) -> None:
        """A server that loads adapters knows the path, and complains of what is missing in the request."""
        try:
            await client.post("/load_lora_adapter", cast_to=str, body={})
        except openai.NotFoundError as error:
            await self._models(client)  # else it is no server of this kind at all
            raise ServerError(f"{self.base_url} cannot load adapters ({said(error)}). {NO_ADAPTERS}") from error
        except (openai.BadRequestError, openai.UnprocessableEntityError):
            return

    async def _load(self, client: openai.AsyncOpenAI, adapter: _Adapter) -> None:
        body = {"lora_name": adapter.name, "lora_path": str(adapter.path)}
        try:
            await client.post("/load_lora_adapter", cast_to=str, body=body)
        except openai.APIStatusError as error:
            if error.status_code in (429, 503):
                raise
            # Another request was quicker, or an earlier one's reply was lost.
            if adapter.name in await self._models(client):
                return
            raise ServerError(
                f"{self.base_url} did not load the adapter {adapter.path} ({said(error)}). vLLM does when it sees the "
                "folder under the same path and was started with VLLM_ALLOW_RUNTIME_LORA_UPDATING=True, --enable-lora "
                "and a --max-lora-rank no less than the adapter's. Other servers can't."
            ) from error

    async def _unload(self, client: openai.AsyncOpenAI, adapter: _Adapter) -> None:
        """An old adapter that stays only takes memory there."""
        try:
            await client.post("/unload_lora_adapter", cast_to=str, body={"lora_name": adapter.name})
        except openai.APIError as error:
            logger.warning("%s did not unload the adapter %s: %s", self.base_url, adapter.name, error)

    def _client(self) -> openai.AsyncOpenAI:
        timeout = openai.Timeout(self._timeout, connect=min(self._timeout, PATIENCE_AT_FIRST / 2))
        return openai.AsyncOpenAI(base_url=self.base_url, api_key=self._key, timeout=timeout, max_retries=0)


def _run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end, also where a loop is running already, as in a notebook."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return _unwrapped(work)
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(_unwrapped, work).result()


def _unwrapped(work: Coroutine[Any, Any, T]) -> T:
    """Raise what went wrong first instead of a task group's group of errors."""
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
