"""System 1, System 2 and the gap between them: how good an agent is on a fixed set of riddles."""

from __future__ import annotations

import dataclasses
import itertools
import json
import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import gymnasium as gym
import numpy as np
from rich.console import Console

from agents.base import Agent, rollout, spawn_seeds
from agents.policy import Decoding, LanguageModelPolicy, PolicyAgent
from agents.progress import QUIET, stage
from agents.run import read_json
from agents.trajectory import Completion, Trajectory

MEASURES = ("system1_accuracy", "system2_accuracy", "majority_accuracy", "trap_rate", "group_accuracy")
_EVALUATION_SEED = 20_261_124
_RESAMPLES = 9_999


@dataclass(frozen=True, slots=True)
class Answered:
    """The result on one riddle.

    Attributes:
        riddle_id, family, question, answer: the riddle.
        greedy: the agent's one answer; ``correct`` says whether it is right.
        trapped: whether it is the tempting literal answer.
        contrast_correct: whether the one answer to the contrast riddle is right; None if there is no contrast riddle.
        sampled_correct: how many of the N samples are right.
        majority_correct: whether the most frequent of the N answers is right.
    """

    riddle_id: str
    family: str
    question: str
    answer: str
    greedy: str
    correct: bool
    trapped: bool
    contrast_correct: bool | None
    sampled_correct: int
    majority_correct: bool


@dataclass(frozen=True, slots=True)
class Evaluation:
    """An agent's answers to riddles of a split; every measure is a mean over riddles, from 0 to 1.

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

    def values(self, measure: str) -> np.ndarray:
        """Return one of ``MEASURES`` for each riddle, as an array of shape (num_riddles,).

        Group accuracy is NaN for a riddle without a contrast riddle, which means and intervals leave out.

        Raises:
            ValueError: if there is no such measure.
        """
        read = {
            "system1_accuracy": lambda r: r.correct,
            "system2_accuracy": lambda r: r.sampled_correct > 0,
            "majority_accuracy": lambda r: r.majority_correct,
            "trap_rate": lambda r: r.trapped,
            "group_accuracy": lambda r: np.nan if r.contrast_correct is None else r.correct and r.contrast_correct,
        }
        if measure not in read:
            raise ValueError(f"there is no measure {measure!r}; the measures are {', '.join(MEASURES)}")
        return np.array([read[measure](riddle) for riddle in self.riddles], dtype=float)

    def mean(self, measure: str) -> float:
        """Return the mean of one of ``MEASURES``; NaN if it has no value for any riddle."""
        values = _valued(self.values(measure))
        return float(values.mean()) if values.size else np.nan

    def interval(self, measure: str) -> tuple[float, float]:
        """Return the 95 % Wilson interval of a measure (Wilson 1927); NaN if its mean is NaN."""
        values = _valued(self.values(measure))
        if not values.size:
            return np.nan, np.nan
        from scipy import stats  # takes half a second, too long for the command's help

        bounds = stats.binomtest(int(values.sum()), len(values)).proportion_ci(method="wilson")
        return float(bounds.low), float(bounds.high)

    @classmethod
    def from_dict(cls, row: dict) -> Evaluation:
        """Make an evaluation from the output of ``dataclasses.asdict``."""
        return cls(row["split"], row["samples"], tuple(Answered(**riddle) for riddle in row["riddles"]))


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

    def summary(self) -> dict[str, object]:
        """Return every measure of both, as ``expit evaluate --json`` prints it."""
        return {
            "split": self.base.split,
            "riddles": len(self.base.riddles),
            "samples": self.base.samples,
            "base": summary(self.base),
            "trained": summary(self.trained),
        }


def evaluation_riddles(env: gym.Env[str, str], count: int, console: Console = QUIET) -> list[str]:
    """Return the ids of the fixed riddles of ``env``'s split that every agent is evaluated on.

    They are drawn without replacement, and questions with the same words count as one riddle. The search for new ones
    stops, with a message on the console, after ``20 * found + 100`` draws in a row without any: if one more riddle
    existed, all equally likely, that many draws would miss it once in 10**8.
    """
    split = str(env.spec.kwargs.get("split", "train")) if env.spec else "train"
    found: dict[str, str] = {}  # ids by question
    repeats, seeds = 0, _seeds(split)
    while len(found) < count and repeats < 20 * len(found) + 100:
        question, info = env.reset(seed=next(seeds))
        words = _normalised(question) or question
        repeats = repeats + 1 if words in found else 0
        found.setdefault(words, str(info["riddle_id"]))
    if len(found) < count:
        console.print(f"only {len(found)} riddles in the split {split}; asked for {count}", highlight=False)
    return list(found.values())


def split_env(env: gym.Env[str, str], split: str) -> gym.Env[str, str]:
    """Make the same environment for another split, with all families if that split shares none with ``env``.

    Raises:
        ValueError: if ``env`` was not made with ``gymnasium.make``.
    """
    if env.spec is None:
        raise ValueError("the environment has no spec: make it with gymnasium.make")
    kwargs = {**env.spec.kwargs, "split": split}
    if (split == "transfer") != (env.spec.kwargs.get("split") == "transfer"):
        kwargs.pop("families", None)
    return gym.make(env.spec.id, **kwargs)


def evaluate(
    agent: Agent, env: gym.Env[str, str], starts: Sequence[int | str], search: Agent | None = None, samples: int = 0
) -> Evaluation:
    """Evaluate an agent by one answer to each riddle and to its contrast, and by N samples if ``search`` is given.

    Args:
        agent: gives the one answer (System 1).
        env: the riddles' environment; the evaluation is named after its split.
        starts: the seed or riddle id that each riddle's episode is reset with.
        search: gives the samples (System 2); without it, the one answer is also the only sample.
        samples: N.
    """
    greedy = rollout(agent, env, starts)
    contrasts = rollout(agent, env, [t.contrast_id for t in greedy if t.contrast_id])
    drawn = rollout(search, env, _copies(starts, samples)) if search else greedy
    return _evaluation(greedy, contrasts, drawn)


def evaluate_policy(
    policy: LanguageModelPolicy,
    env: gym.Env[str, str],
    riddles: Sequence[str],
    samples: int,
    max_new_tokens: int,
    console: Console = QUIET,
    title: str = "evaluate",
) -> Evaluation:
    """Evaluate a policy with its current adapter by one greedy answer and N samples to each riddle, given by its id.

    This is `evaluate` with a greedy agent and a sampling one, in one batch. Each episode has one attempt.
    """
    sampled = Decoding(max_new_tokens=max_new_tokens)
    infos = (env.reset(options={"riddle_id": riddle})[1] for riddle in riddles)
    contrasts = [name for info in infos if (name := info.get("contrast_id"))]
    starts = [*riddles, *contrasts, *_copies(riddles, samples)]
    with stage(console, title, len(starts)) as progress:
        agent = _GreedyFirst(policy, sampled, (_EVALUATION_SEED,), progress)
        agent.greedy = len(riddles) + len(contrasts)
        answers = iter(rollout(agent, env, starts))
    one, paired = (list(itertools.islice(answers, len(part))) for part in (riddles, contrasts))
    return _evaluation(one, paired, list(answers))


class _GreedyFirst(PolicyAgent):
    """Answers the first observations greedily and samples the rest in one batch, so equal prompts are read once."""

    greedy: int

    def act(self, observations: Sequence[str]) -> list[Completion]:
        sampled = len(observations) - self.greedy
        return self.draw(observations, [0.0] * self.greedy + [self.decoding.temperature] * sampled)


def gap_closed(before: Evaluation, after: Evaluation) -> float | None:
    """Return (greedy after - greedy before) / (pass@N before - greedy before); None if there was no gap."""
    start, bound = before.mean("system1_accuracy"), before.mean("system2_accuracy")
    return None if bound <= start else (after.mean("system1_accuracy") - start) / (bound - start)


def paired_difference(before: Evaluation, after: Evaluation, measure: str) -> tuple[float, float, float]:
    """Return the mean difference after - before on the same riddles, with its 95 % bootstrap interval.

    All three are NaN if the measure has no value for any riddle.

    Raises:
        ValueError: if the two are not evaluations of the same riddles.
    """
    if before.riddle_ids != after.riddle_ids:
        raise ValueError("a paired difference needs two evaluations of the same riddles")
    differences = _valued(after.values(measure) - before.values(measure))
    if not differences.size:
        return np.nan, np.nan, np.nan
    drawn = np.random.default_rng(_EVALUATION_SEED).integers(len(differences), size=(_RESAMPLES, len(differences)))
    low, high = np.quantile(differences[drawn].mean(axis=1), [0.025, 0.975])
    return float(differences.mean()), float(low), float(high)


def majority(answers: Sequence[str]) -> int:
    """Return the index of the first of the most frequent answers; empty answers have no vote.

    Answers are equal up to case, punctuation and spaces, and no further: a verifier accepts more spellings, but only
    because it knows the right answer, and a vote must not.
    """
    votes: dict[str, list[int]] = {}
    for index, answer in enumerate(answers):
        votes.setdefault(_normalised(answer), []).append(index)
    empty = votes.pop("", [])
    return max(votes.values(), key=len)[0] if votes else empty[0]


def _normalised(text: str) -> str:
    words = (word.strip(string.punctuation) for word in text.casefold().split())
    return " ".join(word for word in words if word)


def _valued(values: np.ndarray) -> np.ndarray:
    return values[~np.isnan(values)]


def _copies(starts: Sequence[int | str], samples: int) -> list[int | str]:
    return [start for start in starts for _ in range(samples)]


def _seeds(split: str) -> Iterator[int]:
    """Yield the seeds of a split's fixed riddles, without end."""
    seeds: list[int] = []
    while True:
        done, seeds = len(seeds), spawn_seeds([_EVALUATION_SEED, *split.encode()], 2 * len(seeds) or 1_000)
        yield from seeds[done:]


def _evaluation(
    greedy: Sequence[Trajectory], contrasts: Sequence[Trajectory], drawn: Sequence[Trajectory]
) -> Evaluation:
    """Combine the greedy answers to riddles and to their contrast riddles with the samples drawn for each riddle."""
    samples, contrast = len(drawn) // len(greedy), iter(contrasts)
    riddles = [
        _answered(one, next(contrast).solved if one.contrast_id else None, drawn[place * samples :][:samples])
        for place, one in enumerate(greedy)
    ]
    return Evaluation(str(greedy[0].split), samples, tuple(riddles))


def _answered(one: Trajectory, contrast_correct: bool | None, group: Sequence[Trajectory]) -> Answered:
    return Answered(
        riddle_id=str(one.riddle_id),
        family=str(one.family),
        question=one.question,
        answer=str(one.answer),
        greedy=one.text,
        correct=one.solved,
        trapped=one.fell_for_trap,
        contrast_correct=contrast_correct,
        sampled_correct=sum(trajectory.solved for trajectory in group),
        majority_correct=group[majority([trajectory.text for trajectory in group])].solved,
    )


def summary(evaluation: Evaluation) -> dict[str, float | None]:
    """Return every measure of an evaluation by name; None if it has no value for any riddle."""
    means = {measure: evaluation.mean(measure) for measure in MEASURES}
    return {measure: None if np.isnan(mean) else mean for measure, mean in means.items()}


def measured(evaluation: Evaluation) -> dict[str, float]:
    """Return the measures of an evaluation that have a value, by name."""
    return {measure: mean for measure, mean in summary(evaluation).items() if mean is not None}
