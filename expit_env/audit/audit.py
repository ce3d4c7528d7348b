"""An audit of the verifier: right replies that it fails, and wrong replies that it passes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from expit_env.audit.attacks import ATTACKS, FORMS, Attack
from expit_env.audit.known import Known, meaning
from expit_env.errors import unknown
from expit_env.riddle import Riddle, Verdict, Verifier
from expit_env.riddles import FAMILIES, GROUPS, splits
from expit_env.riddles.bank import BANK
from expit_env.verifier import verify

FALSE_FAIL_BOUND = 0.02
CONSTANT_BOUND = 0.10

_SEED = 20_261_124
_OTHERS = 6
_CONSTANT_RIDDLES = 50
"""How many riddles of each family and split constant answers are tried on."""

_CONSTANT_CANDIDATES = 20
_Z = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Tally:
    """How many replies were tried, and how many verdicts were false."""

    tried: int
    false: int

    @property
    def share(self) -> float:
        """The share of false verdicts."""
        return self.false / self.tried if self.tried else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the share (Wilson 1927, https://doi.org/10.1080/01621459.1927.10502953)."""
        if not self.tried:
            return 0.0, 1.0
        centre = self.share + _Z**2 / (2 * self.tried)
        spread = _Z * sqrt(self.share * (1 - self.share) / self.tried + _Z**2 / (4 * self.tried**2))
        scale = 1 + _Z**2 / self.tried
        return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


@dataclass(frozen=True, slots=True)
class Fault:
    """A false verdict: ``test`` is the form that did not pass or the attack that did."""

    test: str
    riddle: Riddle
    reply: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Constant:
    """The constant answer that passes on most riddles of a split; ``score.false`` is their number."""

    split: str
    answer: str
    score: Tally

    @property
    def pays(self) -> bool:
        """Whether it scores more than an agent should get without reading."""
        return self.score.share >= CONSTANT_BOUND


@dataclass(frozen=True)
class Audit:
    """What an audit found.

    Attributes:
        families: the families that were audited, including the bank.
        riddles: riddles of each family and split; each comes with its contrast riddle, if it has one.
        tried: the number of replies by family and by form or attack.
        faults: every false verdict.
        constants: the best constant answer of each split; empty if only some families were audited.
    """

    families: tuple[str, ...]
    riddles: int
    tried: Mapping[tuple[str, str], int]
    faults: tuple[Fault, ...]
    constants: tuple[Constant, ...]

    def tally(self, tests: Sequence[str], family: str | None = None) -> Tally:
        """Count the replies of some forms or attacks, of one family or of all."""
        tried = sum(n for (name, test), n in self.tried.items() if test in tests and family in (None, name))
        false = sum(fault.test in tests and family in (None, fault.riddle.family) for fault in self.faults)
        return Tally(tried, false)

    @property
    def complaints(self) -> tuple[str, ...]:
        """What the verifier failed at, in words; empty if it can be trusted."""
        passes, fails = self.tally(tuple(ATTACKS)), self.tally(tuple(FORMS))
        found = [f"{passes.false} false passes; none is acceptable"] if passes.false else []
        if fails.share > FALSE_FAIL_BOUND:
            found.append(f"{fails.share:.1%} false fails; at most {FALSE_FAIL_BOUND:.0%} are acceptable")
        found += [
            f"{one.answer!r} alone is right on {one.score.share:.1%} of {one.split}, not under {CONSTANT_BOUND:.0%}"
            for one in self.constants
            if one.pays
        ]
        return tuple(found)


def audit(families: Sequence[str] = (), riddles: int = 20, verifier: Verifier = verify) -> Audit:
    """Try every form and every attack on riddles of every split that a family has, and on their contrast riddles.

    Args:
        families: names of families or of groups, or ``bank``; all of them by default.
        riddles: how many of each family and split; the bank may have fewer.
        verifier: the verifier to audit.

    Raises:
        ValueError: if there is no such family, or ``riddles`` is not positive.
    """
    if riddles < 1:
        raise ValueError(f"an audit needs at least 1 riddle of each family and split, not {riddles}")
    names = _select(families)
    tried: Counter[tuple[str, str]] = Counter()
    faults: list[Fault] = []
    pool = _answers()
    for index, name in enumerate(names):
        rng = np.random.default_rng([_SEED, index])
        for known in _known(name, riddles, pool, rng):
            for tests, must_pass in ((FORMS, True), (ATTACKS, False)):
                _try(known, tests, must_pass, verifier, rng, tried, faults)
    constants = () if families else tuple(best_constant(split, verifier) for split in splits.SPLITS)
    return Audit(names, riddles, tried, tuple(faults), constants)


def best_constant(split: str, verifier: Verifier = verify) -> Constant:
    """Return the answer that passes on most riddles of a split.

    The candidates are the answers and aliases of most riddles; the verifier judges each of them on all riddles.
    """
    riddles = [
        splits.riddle_at(name, split, index) for name in splits.families_of(split) for index in range(_CONSTANT_RIDDLES)
    ]
    spellings: dict[str, str] = {}
    listed: Counter[str] = Counter()
    for riddle in riddles:
        answers = {meaning(answer): answer for answer in (*riddle.aliases, riddle.answer)}
        spellings |= answers
        listed.update(list(answers))
    candidates = [spellings[said] for said, _ in listed.most_common(_CONSTANT_CANDIDATES)]
    passed = {answer: sum(verifier(riddle, answer).correct for riddle in riddles) for answer in candidates}
    best = max(passed, key=lambda answer: passed[answer])
    return Constant(split, best, Tally(len(riddles), passed[best]))


def _select(families: Sequence[str]) -> tuple[str, ...]:
    """Return the families with these names or in these groups; by default all, and the bank."""
    for name in families:
        if name not in (BANK, *GROUPS, *FAMILIES):
            raise unknown("family", name, (BANK, *GROUPS, *FAMILIES))
    groups = {name: FAMILIES[name].group if name in FAMILIES else BANK for name in (*FAMILIES, BANK)}
    return tuple(name for name, group in groups.items() if not families or name in families or group in families)


def _answers() -> list[tuple[str, str]]:
    """Return answers with their families, from all splits and contrasts."""
    return [
        (name, splits.riddle_at(name, split, 0, contrast).answer)
        for split in splits.SPLITS
        for name in splits.families_of(split)
        for contrast in (False, True)
    ]


def _known(name: str, riddles: int, pool: Sequence[tuple[str, str]], rng: np.random.Generator) -> Iterator[Known]:
    """Draw riddles of a family from each of its splits, each followed by its contrast riddle if it has one."""
    foreign = sorted({answer for family, answer in pool if family != name})
    for split in splits.SPLITS:
        if name not in (*splits.families_of(split), BANK):
            continue
        for index in _indices(name, split, riddles, rng):
            riddle = splits.riddle_at(name, split, index)
            contrast = splits.riddle_at(name, split, index, contrast=True) if riddle.contrast_id else None
            others = tuple(rng.choice(foreign, _OTHERS, replace=False).tolist())
            yield Known(riddle, contrast, others)
            if contrast:
                yield Known(contrast, riddle, others)


def _indices(name: str, split: str, riddles: int, rng: np.random.Generator) -> list[int]:
    """Draw indices of a family in a split; all of them if the bank has no more riddles than that."""
    count = splits.count(name, split)
    return list(range(count)) if count <= riddles else rng.integers(count, size=riddles).tolist()


def _try(
    known: Known,
    tests: Mapping[str, Attack],
    must_pass: bool,
    verifier: Verifier,
    rng: np.random.Generator,
    tried: Counter[tuple[str, str]],
    faults: list[Fault],
) -> None:
    for test, replies in tests.items():
        for reply in replies(known, rng):
            tried[str(known.riddle.family), test] += 1
            verdict = verifier(known.riddle, reply)
            if verdict.correct != must_pass:
                faults.append(Fault(test, known.riddle, reply, verdict))
