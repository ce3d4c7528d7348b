"""verify(riddle, response) -> Verdict: pure and total."""

from __future__ import annotations

from expit_env.riddle import Outcome, Riddle, Verdict


def verify(riddle: Riddle, response: str) -> Verdict:
    """Judge a response."""
    text = response.strip().strip(".").lower()
    good = {riddle.answer.lower(), *(a.lower() for a in riddle.aliases)}
    return Verdict(Outcome.CORRECT if text in good else Outcome.WRONG, text, "placeholder")
