"""What the failures of a model server mean: whether to try again, how long to wait, and what to say."""

from __future__ import annotations

import openai

from agents.progress import plain

FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0  # seconds before a request is tried again; doubled each time
RETRYABLE = (408, 409, 429, 500, 502, 503, 504)


class ServerError(RuntimeError):
    """The server can't be sampled from, or no longer; the message says why and what to do."""


def is_retryable(error: openai.APIStatusError) -> bool:
    """Whether the same request may work later."""
    return error.status_code in RETRYABLE


def wait_before(turn: int, error: Exception) -> float:
    """Seconds before the next attempt: as the server asks, or twice as long as the last time."""
    wait = FIRST_WAIT * 2**turn
    if isinstance(error, openai.APIStatusError):
        asked = error.response.headers.get("retry-after", "")
        wait = max(wait, float(asked) if asked.isdecimal() else 0.0)
    return min(wait, LONGEST_WAIT)


def said(error: openai.APIStatusError) -> str:
    """What a server gave as its reason, with the status."""
    said = error.body.get("message") or error.body.get("detail") if isinstance(error.body, dict) else error.body
    return f"HTTP {error.status_code}: {plain(str(said or 'no reason given').strip()[:300])}"
