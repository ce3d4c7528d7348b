"""NoisyVerifier: a verifier that errs at known rates, to measure how agents bear a wrong reward."""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass

from expit_env.riddle import Outcome, Riddle, Verdict, Verifier
from expit_env.verifier import verify


@dataclass(frozen=True, slots=True)
class NoisyVerifier:
    """Flips the verdicts of another verifier at random, and keeps the true outcome in the verdict and in ``info``.

    The flip is a function of seed, riddle and response alone: the same answer to the same riddle is judged the same, in
    any order and process. So asking again does not average the noise out.

    >>> import gymnasium as gym, expit_env
    >>> env = gym.make("Riddle-v0", verifier=expit_env.NoisyVerifier(false_pass=0.1, false_fail=0.2, seed=0))

    Attributes:
        verifier: whose verdicts are flipped; None for that of the environment's source, outside of one `verify`.
        false_pass: the probability that a response that is not right passes.
        false_fail: the probability that a right response fails, as a wrong one.
        seed: another seed flips other verdicts.

    Raises:
        ValueError: if a probability is not one.
    """

    verifier: Verifier | None = None
    false_pass: float = 0.0
    false_fail: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("false_pass", "false_fail"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must be a probability from 0 to 1, not {getattr(self, name)!r}")

    def __call__(self, riddle: Riddle, response: str) -> Verdict:
        verdict = (self.verifier or verify)(riddle, response)
        outcome = verdict.outcome
        if self._uniform(riddle, response) < (self.false_fail if verdict.correct else self.false_pass):
            outcome = Outcome.WRONG if verdict.correct else Outcome.CORRECT
        rule = verdict.rule if outcome is verdict.outcome else f"noise: {verdict.rule}"
        return dataclasses.replace(verdict, outcome=outcome, rule=rule, true_outcome=verdict.outcome)

    def _uniform(self, riddle: Riddle, response: str) -> float:
        """Return a number from 0 to below 1 that is as good as random."""
        told = repr((int(self.seed), riddle.question, riddle.answer, str(response)))
        digest = hashlib.blake2b(told.encode(), digest_size=8).digest()
        return (int.from_bytes(digest, "big") >> 11) / 2**53


def verifier_of(verifier: Verifier | None, own: Verifier) -> Verifier:
    """Return what judges the riddles of a source with a verifier of its own: that, unless another is asked for."""
    if isinstance(verifier, NoisyVerifier) and verifier.verifier is None:
        return dataclasses.replace(verifier, verifier=own)
    return verifier or own
