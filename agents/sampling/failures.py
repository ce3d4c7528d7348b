"""Failures of a model server: whether to retry, how long to wait, and how to describe them."""

from __future__ import annotations

import openai

from agents.progress import plain

FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0  # seconds before a retry; doubled each time
RETRYABLE = (408, 409, 429, 500, 502, 503, 504)


class ServerError(RuntimeError):
    """The server cannot be used; the message says why and what to do."""


def is_retryable(error: openai.APIStatusError) -> bool:
    """Whether the same request may work later."""
    return error.status_code in RETRYABLE


def wait_before(turn: int, error: Exception) -> float:
    """Return the seconds before the next attempt: exponential backoff, or longer if the server asks for it."""
    wait = FIRST_WAIT * 2**turn
    if isinstance(error, openai.APIStatusError):
        asked = error.response.headers.get("retry-after", "")
        wait = max(wait, float(asked) if asked.isdecimal() else 0.0)
    return min(wait, LONGEST_WAIT)


def describe(error: openai.APIStatusError) -> str:
    """Return the HTTP status and the reason that the server gave."""
    reason = error.body.get("message") or error.body.get("detail") if isinstance(error.body, dict) else error.body
    return f"HTTP {error.status_code}: {plain(str(reason or 'no reason given').strip()[:300])}"
