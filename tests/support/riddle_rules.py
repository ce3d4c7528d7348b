"""The rules that every riddle of this package keeps, whether a family draws it or the bank lists it."""

import re

from expit_env import Kind, Riddle, verify
from expit_env.riddles.family import normalise


def accepted(riddle: Riddle) -> set[str]:
    return {normalise(text) for text in (riddle.answer, *riddle.aliases)}


def faults(riddle: Riddle) -> list[str]:
    """Return the rules that a riddle breaks."""
    counts = riddle.kind is Kind.NUMBER and re.search(r"how (many|often)", riddle.question, re.IGNORECASE)
    bare = {re.sub(r"^(an?|the|your) ", "", text) for text in accepted(riddle)}
    hints = [f" {normalise(hint)} " for hint in riddle.hints]
    broken = {
        "the answer does not pass": not verify(riddle, riddle.answer).correct,
        "the trap passes": verify(riddle, riddle.trap).correct,
        "what is counted has no unit": counts and not riddle.unit,
        "the explanation is no sentence": not re.fullmatch(r"[A-Z0-9'\"].*[.!?]['\"]?", riddle.explanation),
        "a slot or a double space in the explanation": re.search(r"[{}|]|  ", riddle.explanation),
        "more than 2 hints": len(riddle.hints) > 2,
        "a hint contains the answer": any(f" {text} " in hint for text in bare for hint in hints),
    }
    return [rule for rule, is_broken in broken.items() if is_broken]
