"""Pairs, by System 1 and by System 2: how good an agent is on a fixed set of riddles and their contrasts."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from rich.console import Console

from agents.base import Agent, judge, rollout
from agents.progress import QUIET, stage
from agents.run import read_json
from agents.trajectory import Trajectory
from agents.voting import majority

MEASURES = (
    "riddle_accuracy", "contrast_accuracy", "pair_accuracy", "overapplied", "underapplied", "riddle_pass",
    "contrast_pass", "pair_pass", "majority_accuracy",
)  # fmt: skip
"""What is measured of pairs: System 1, in one greedy answer; then System 2, whether any of N samples is right
(pass@N), and whether the most frequent ones of both sides are."""
_BOOTSTRAP_SEED = 20_261_124
_RESAMPLES = 9_999
PART = 256
"""Answers between two steps of the progress bar."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The result on one riddle.

    Attributes:
        riddle_id, family, question, answer: the riddle.
        greedy: the agent's one answer; ``correct`` says whether it is right.
        trapped: whether it is the answer to the other side of the pair.
        sampled_correct: how many of the N samples are right.
        majority_correct: whether the most frequent of the N answers is right.
        contrast: the result on the contrast, if the riddle has one.
    """

    riddle_id: str
    family: str
    question: str
    answer: str
    greedy: str
    correct: bool
    trapped: bool
    sampled_correct: int
    majority_correct: bool
    contrast: Answered | None = None

    @classmethod
    def from_dict(cls, row: dict) -> Answered:
        """Make a result from the output of ``dataclasses.asdict``."""
        other: Any = row["contrast"] and cls.from_dict(row["contrast"])
        return cls(**{**row, "contrast": other})


def _measured_of(one: Answered) -> list[bool | float]:
    """Return each of ``MEASURES`` of a pair; what needs a contrast is NaN without one."""
    other, passed = one.contrast, one.sampled_correct > 0
    if other is None:
        return [one.correct, *3 * [np.nan], one.trapped, passed, *2 * [np.nan], one.majority_correct]
    both = one.majority_correct and other.majority_correct
    return [
        one.correct, other.correct, one.correct and other.correct, other.trapped, one.trapped,
        passed, other.sampled_correct > 0, passed and other.sampled_correct > 0, both,
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Evaluation:
    """An agent's answers to riddles of a split and to their contrasts; a measure is a mean over them, from 0 to 1.

    Attributes:
        split: the split of the riddles.
        samples: N, the number of sampled answers to each riddle.
        riddles: the result on each riddle.  # (num_riddles,)
    """

    split: str
    samples: int
    riddles: tuple[Answered, ...]

    @property
    def riddle_ids(self) -> tuple[str, ...]:
        """The ids of the riddles, in order."""
        return tuple(riddle.riddle_id for riddle in self.riddles)

    @property
    def headline(self) -> str:
        """The measure that agents are ranked by: pair accuracy, or riddle accuracy if no riddle has a contrast."""
        return "pair_accuracy" if any(riddle.contrast for riddle in self.riddles) else "riddle_accuracy"

    @property
    def consistency(self) -> float | None:
        """Where pair accuracy is between the least and the most that the two accuracies allow, from 0 to 1.

        After https://arxiv.org/abs/2310.13781. None if the accuracies leave no room, or no riddle has a contrast.
        """
        whole = [riddle for riddle in self.riddles if riddle.contrast]
        if not whole:
            return None
        riddle, contrast, pair = np.mean([_measured_of(one)[:3] for one in whole], axis=0).tolist()
        least, most = max(0.0, riddle + contrast - 1), min(riddle, contrast)
        return (pair - least) / (most - least) if most > least else None

    def values(self, measure: str) -> np.ndarray:
        """Return one of ``MEASURES`` for each riddle, as an array of shape (num_riddles,).

        What needs a contrast is NaN for a riddle without one, which means and intervals leave out.

        Raises:
            ValueError: if there is no such measure.
        """
        if measure not in MEASURES:
            raise ValueError(f"there is no measure {measure!r}; the measures are {', '.join(MEASURES)}")
        place = MEASURES.index(measure)
        return np.array([_measured_of(riddle)[place] for riddle in self.riddles], dtype=float)

    def valued(self, measure: str) -> np.ndarray:
        """Return the values that are not NaN, as an array of shape (num_valued,)."""
        values = self.values(measure)
        return values[~np.isnan(values)]

    def mean(self, measure: str) -> float:
        """Return the mean of one of ``MEASURES``; NaN if it has no value for any riddle."""
        values = self.valued(measure)
        return float(values.mean()) if values.size else np.nan

    def interval(self, measure: str) -> tuple[float, float]:
        """Return the 95 % Wilson interval of a measure (Wilson 1927); NaN if its mean is NaN."""
        values = self.valued(measure)
        if not values.size:
            return np.nan, np.nan
        from scipy import stats  # takes half a second, too long for the command's help

        bounds = stats.binomtest(int(values.sum()), len(values)).proportion_ci(method="wilson")
        return float(bounds.low), float(bounds.high)

    def by_family(self) -> dict[str, Evaluation]:
        """Return the evaluation of the riddles of each family, by its name."""
        found: dict[str, list[Answered]] = {}
        for riddle in sorted(self.riddles, key=lambda riddle: riddle.family):
            found.setdefault(riddle.family, []).append(riddle)
        return {family: Evaluation(self.split, self.samples, tuple(some)) for family, some in found.items()}

    @classmethod
    def from_dict(cls, row: dict) -> Evaluation:
        """Make an evaluation from the output of ``dataclasses.asdict``."""
        return cls(row["split"], row["samples"], tuple(map(Answered.from_dict, row["riddles"])))


@dataclass(frozen=True, slots=True)
class Comparison:
    """Evaluations of base and trained model on the same riddles of a split."""

    base: Evaluation
    trained: Evaluation

    def write(self, path: Path) -> None:
        """Write both evaluations as JSON, with every riddle and answer."""
        path.write_text(json.dumps(dataclasses.asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Comparison:
        """Read what ``write`` wrote."""
        return read_json(path, lambda both: cls(*(Evaluation.from_dict(both[name]) for name in ("base", "trained"))))

    def by_family(self) -> dict[str, Comparison]:
        """Return the comparison on the riddles of each family, by its name."""
        trained = self.trained.by_family()
        return {family: Comparison(base, trained[family]) for family, base in self.base.by_family().items()}

    def summary(self) -> dict[str, object]:
        """Return every measure of both, for all riddles and by family, as ``expit evaluate --json`` prints it."""
        families = {family: one._both() for family, one in self.by_family().items()}
        return {"split": self.base.split, "samples": self.base.samples, **self._both(), "families": families}

    def _both(self) -> dict[str, object]:
        return {"riddles": len(self.base.riddles), "base": summary(self.base), "trained": summary(self.trained)}


def evaluate(
    agent: Agent,
    env: gym.Env[str, str],
    riddles: Sequence[str],
    search: Agent | None = None,
    samples: int = 1,
    console: Console = QUIET,
    title: str = "evaluate",
) -> Evaluation:
    """Evaluate an agent by one answer to each riddle and to its contrast, and by N samples if ``search`` is given.

    Args:
        agent: gives the one answer (System 1).
        env: the riddles' environment; the evaluation is named after its split.
        riddles: their ids.
        search: gives the samples (System 2); without it, the one answer is also the only sample.
        samples: N.
        console: where progress is shown.
        title: of the progress bar.
    """
    other = {riddle: env.reset(options={"riddle_id": riddle})[1].get("contrast_id") for riddle in riddles}
    once = [side for riddle in riddles for side in (riddle, other[riddle]) if side]
    copies = [side for side in once for _ in range(samples)] if search else []
    with stage(console, title, len(once) + len(copies)) as progress:
        answers = _in_parts(agent, env, once, progress)
        drawn = _in_parts(search, env, copies, progress) if search else answers
    samples = len(drawn) // len(once)
    results = {
        side: _answered(one, _falls(one, env), drawn[place * samples :][:samples])
        for place, (side, one) in enumerate(zip(once, answers, strict=True))
    }
    answered = [
        dataclasses.replace(results[riddle], contrast=results[other[riddle]] if other[riddle] else None)
        for riddle in riddles
    ]
    return Evaluation(str(answers[0].split), samples, tuple(answered))


def _falls(one: Trajectory, env: gym.Env[str, str]) -> bool:
    """Whether an answer is the one to the other side of the pair, in any wording."""
    if one.solved or one.contrast_id is None:
        return one.fell_for_trap
    return one.fell_for_trap or judge(env, [one.contrast_id], one.completions[-1:])[0].solved


def _in_parts(
    agent: Agent, env: gym.Env[str, str], starts: Sequence[str], progress: Callable[[int], None]
) -> list[Trajectory]:
    """Roll out in parts, so that there is progress to show."""
    found: list[Trajectory] = []
    for first in range(0, len(starts), PART):
        found += rollout(agent, env, starts[first : first + PART])
        progress(len(starts[first : first + PART]))
    return found


def gap_closed(before: Evaluation, after: Evaluation) -> float | None:
    """Return (greedy after - greedy before) / (pass@N before - greedy before); None if there was no gap."""
    greedy, passed = ("pair_accuracy", "pair_pass") if before.headline == "pair_accuracy" else MEASURES[0:6:5]
    start, bound = before.mean(greedy), before.mean(passed)
    return None if bound <= start else (after.mean(greedy) - start) / (bound - start)


def paired_difference(before: Evaluation, after: Evaluation, measure: str) -> tuple[float, float, float]:
    """Return the mean difference after - before on the same riddles, with its 95 % bootstrap interval.

    All three are NaN if the measure has no value for any riddle.

    Raises:
        ValueError: if the two are not evaluations of the same riddles.
    """
    if before.riddle_ids != after.riddle_ids:
        raise ValueError("a paired difference needs two evaluations of the same riddles")
    differences = after.values(measure) - before.values(measure)
    differences = differences[~np.isnan(differences)]
    if not differences.size:
        return np.nan, np.nan, np.nan
    drawn = np.random.default_rng(_BOOTSTRAP_SEED).integers(len(differences), size=(_RESAMPLES, len(differences)))
    low, high = np.quantile(differences[drawn].mean(axis=1), [0.025, 0.975])
    return float(differences.mean()), float(low), float(high)


def _answered(one: Trajectory, trapped: bool, group: Sequence[Trajectory]) -> Answered:
    return Answered(
        riddle_id=str(one.riddle_id),
        family=str(one.family),
        question=one.question,
        answer=str(one.answer),
        greedy=one.text,
        correct=one.solved,
        trapped=trapped,
        sampled_correct=sum(trajectory.solved for trajectory in group),
        majority_correct=group[majority([trajectory.text for trajectory in group])].solved,
    )


def summary(evaluation: Evaluation) -> dict[str, float | None]:
    """Return every measure of an evaluation by name; None if it has no value for any riddle."""
    means = {measure: evaluation.mean(measure) for measure in MEASURES}
    found = {measure: None if np.isnan(mean) else mean for measure, mean in means.items()}
    return {**found, "consistency": evaluation.consistency}


def measured(evaluation: Evaluation) -> dict[str, float]:
    """Return the measures of an evaluation that have a value, by name."""
    return {measure: mean for measure, mean in summary(evaluation).items() if mean is not None}
