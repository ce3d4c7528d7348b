"""What a reply of an OpenAI-compatible server says: which completions, and how much is known of each."""

from __future__ import annotations

from dataclasses import replace

from openai.types.chat import ChatCompletion
from openai.types.chat.chat_completion import Choice

from agents.trajectory import Completion


class MalformedReply(ValueError):
    """A reply that does not follow the API: it never counts as an answer."""


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
