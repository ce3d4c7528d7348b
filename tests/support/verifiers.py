"""Verifiers of the tests' own: broken ones for the audit, and ones that a random model can please."""

from expit_env import Outcome, Riddle, Verdict


def verdict(correct: bool, extracted: str | None = None) -> Verdict:
    return Verdict(Outcome.CORRECT if correct else Outcome.WRONG, extracted, "a test's own")


def somewhere(riddle: Riddle, response: str) -> Verdict:
    """Look for the answer anywhere in the reply: the filter that everybody writes first."""
    return verdict(riddle.answer.lower() in response.lower())


def literal(riddle: Riddle, response: str) -> Verdict:
    """Pass the listed answers, letter by letter, and nothing else."""
    return verdict(response.strip().lower() in {text.lower() for text in (riddle.answer, *riddle.aliases)})


def never(riddle: Riddle, response: str) -> Verdict:
    return verdict(False, response)


def even(riddle: Riddle, response: str) -> Verdict:
    """Pass every second reply, by the sum of its characters, so that a random model has something to learn."""
    return verdict(is_even(response), response)


def is_even(response: str) -> bool:
    return sum(map(ord, response)) % 2 == 0
