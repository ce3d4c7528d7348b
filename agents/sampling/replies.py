"""Reading a server's replies: anything unexpected is an error, and never counts as an answer."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from agents.trajectory import Completion

REASONING = ("reasoning_content", "reasoning")
"""Where servers put what a model thought before it answered: its tokens count, but it is not read."""


class MalformedReply(ValueError):
    """A reply that does not follow the API."""


def read_reply(text: str, asked: int, temperature: float, top_p: float) -> list[Completion]:
    """Read the choices of a chat completion, at least one and at most ``asked``.

    Raises:
        MalformedReply: if the reply does not follow the API.
    """
    try:
        reply = json.loads(text)
        choices = reply["choices"]
        if not isinstance(choices, list) or not 1 <= len(choices) <= asked:
            raise MalformedReply(f"choices is not a list of 1 to {asked}")
        places = [choice.get("index", place) for place, choice in enumerate(choices)]
        if len(set(places)) < len(places):
            raise MalformedReply(f"choices have the same index: {places}")
        ordered = sorted(zip(places, choices, strict=True), key=lambda pair: pair[0])
        drawn = [_completion(choice, temperature, top_p) for _, choice in ordered]
        usage = reply.get("usage") or {}
        drawn[0] = replace(drawn[0], prompt_tokens=_count(usage, "prompt_tokens"))
        if len(drawn) == 1 and _thought(choices[0]["message"]):
            # The token ids beside it may be those of the answer alone.
            drawn[0] = replace(drawn[0], counted=_count(usage, "completion_tokens"))
        return drawn if all(one.token_ids for one in drawn) else _counted(drawn, usage)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _malformed(error, text) from error


def model_names(text: str) -> list[str]:
    """Read a list of models.

    Raises:
        MalformedReply: if the reply is not a list of models.
    """
    try:
        return [str(model["id"]) for model in json.loads(text)["data"] or []]
    except (ValueError, KeyError, TypeError) as error:
        raise _malformed(error, text) from error


def _malformed(error: Exception, text: str) -> MalformedReply:
    reason = str(error) if isinstance(error, MalformedReply) else f"{type(error).__name__}: {error}"
    return MalformedReply(f"{reason}, in {text[:200]!r}")


def _completion(choice: dict[str, Any], temperature: float, top_p: float) -> Completion:
    message = choice["message"]
    reason, text = choice["finish_reason"], message["content"]
    if reason not in ("stop", "length"):
        raise MalformedReply(f"finish_reason is {reason!r}, not stop or length")
    if text is None and (reason == "length" or _thought(message)):
        text = ""  # cut off while it was still reasoning, or nothing came after the reasoning
    if not isinstance(text, str):
        raise MalformedReply(f"content is {text!r}, not a string")
    entries = (choice.get("logprobs") or {}).get("content") or []
    token_ids = tuple(_token_ids(choice, entries))
    logprobs = _logprobs(entries, len(token_ids), temperature, top_p)
    return Completion(text, token_ids, logprobs, finished=reason == "stop")


def _counted(drawn: list[Completion], usage: dict[str, Any]) -> list[Completion]:
    """Divide the server's token count of a reply among the choices without token ids."""
    total, uncounted = usage.get("completion_tokens"), sum(not one.token_ids for one in drawn)
    if type(total) is not int or total < 0:
        raise MalformedReply("it has neither token ids nor usage.completion_tokens, so its tokens cannot be counted")
    left = max(0, total - sum(len(one.token_ids) for one in drawn))
    shares = (left // uncounted + (place < left % uncounted) for place in range(uncounted))
    return [one if one.token_ids else replace(one, counted=next(shares)) for one in drawn]


def _thought(message: dict[str, Any]) -> bool:
    return any(message.get(name) for name in REASONING)


def _count(usage: dict[str, Any], of: str) -> int:
    tokens = usage.get(of)
    return tokens if type(tokens) is int and tokens > 0 else 0


def _token_ids(choice: dict[str, Any], entries: list[dict[str, Any]]) -> list[int]:
    """Return the token ids: vLLM has them on the choice, llama.cpp with each log-probability, Ollama nowhere."""
    token_ids = choice.get("token_ids") or [entry["id"] for entry in entries if "id" in entry]
    if any(type(token) is not int for token in token_ids):
        raise MalformedReply("token_ids are not integers")
    return token_ids


def _logprobs(entries: list[dict[str, Any]], num_tokens: int, temperature: float, top_p: float) -> tuple[float, ...]:
    """Return those of the sampling policy; servers return the model's, which are the same only at 1 and 1."""
    if temperature == 0:
        return (0.0,) * (num_tokens or len(entries))
    if temperature != 1 or top_p < 1 or (num_tokens and len(entries) != num_tokens):
        return ()
    return tuple(float(entry["logprob"]) for entry in entries)
