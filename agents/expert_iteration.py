"""Expert iteration: search for right answers, keep the verified ones, distil them, repeat.

Anthony et al. 2017, https://arxiv.org/abs/1705.08439; for language models STaR, https://arxiv.org/abs/2203.14465,
and ReST-EM, https://arxiv.org/abs/2312.06585. As in ReST-EM, every round trains a fresh adapter on the base model.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import gymnasium as gym

from agents.adapter_agent import AdapterAgent, check_numbers
from agents.base import Budget, History, rollout, spawn_seeds
from agents.evaluation import Evaluation
from agents.fine_tuning import FineTuning, Row, fine_tune, steps
from agents.policy import Decoding, PolicyAgent
from agents.progress import stage
from agents.report import print_round
from agents.run import RunFolder, read_json, read_jsonl, write_text
from agents.trajectory import Trajectory, TrajectoryStore, coverage


class NoVerifiedAnswerError(RuntimeError):
    """A whole round of search found no right answer, so there is nothing to learn from."""


@dataclass(frozen=True, slots=True)
class ExpertIterationConfig:
    """The settings of a run.

    Attributes:
        rounds: how many times to search and distil.
        riddles: riddles to search in each round, new ones every time.
        samples: answers drawn for each riddle at first.
        extra_samples: the most further answers for each riddle that is still unsolved.
        temperature: of the first answers.
        extra_temperature: of the further answers.
        top_p: the share of probability to draw from (nucleus sampling).
        max_new_tokens: the token limit of an answer; one that reaches it is unfinished, and is never learned from.
        few_shot_rounds: how many rounds, from the first, show solved examples before the question while they search.
        answers_per_riddle: the most different answers to one riddle, over all rounds, to learn from; the shortest are
            kept.
        fine_tuning: how the adapter is trained.
        validation_riddles: riddles to evaluate every round on; 0 for none.
        evaluation_samples: N of System 2 accuracy and majority@N.
        seed: determines every riddle and every draw.

    Raises:
        ValueError: if a number is out of range.
    """

    rounds: int = 3
    riddles: int = 96
    samples: int = 12
    extra_samples: int = 36
    temperature: float = 1.0
    extra_temperature: float = 1.0
    top_p: float = 1.0
    max_new_tokens: int = 12
    few_shot_rounds: int = 1
    answers_per_riddle: int = 3
    fine_tuning: FineTuning = field(default_factory=FineTuning)
    validation_riddles: int = 64
    evaluation_samples: int = 8
    seed: int = 0

    def __post_init__(self) -> None:
        check_numbers(self)

    @property
    def episodes(self) -> int:
        """The most episodes that a whole run can take."""
        return self.rounds * self.riddles * (self.samples + self.extra_samples)


class ExpertIteration(AdapterAgent[ExpertIterationConfig]):
    """Samples many answers, keeps those that the verifier accepts, and learns to give them at the first attempt.

    See `AdapterAgent` for the arguments. An interrupted run resumes from its last finished stage.
    """

    name: ClassVar[str] = "expert-iteration"
    config_class = ExpertIterationConfig

    def learn(self, env: gym.Env[str, str], budget: Budget | None = None) -> History:
        """Run the rounds, or as many as the budget allows.

        Raises:
            ValueError: if the environment allows several attempts per episode.
            NoVerifiedAnswerError: if a round finds no right answer.
            RunConflictError: if the folder holds a run with different settings.
        """
        budget = budget or Budget(self.config.episodes)
        run = self.open_run(env, budget)
        self.use_adapter(None)  # a run starts from the base model, whatever the agent learned before
        before = self.evaluate_base(run, env)
        rounds: list[Mapping[str, float]] = []
        left: Budget | None = budget
        for index in range(self.config.rounds):
            if left is None:
                break
            rounds.append(_Round(self, run, env, index, left, before).metrics())
            left = left.minus(int(rounds[-1]["episodes"]), int(rounds[-1]["tokens"]))
            print_round(self.console, rounds[-1])
            write_text(run.path / "metrics.jsonl", "".join(json.dumps(metrics) + "\n" for metrics in rounds))
        return History(
            sum(int(metrics["episodes"]) for metrics in rounds),
            sum(int(metrics["tokens"]) for metrics in rounds),
            tuple(rounds),
        )


class _Round:
    """One round; each stage writes a file or folder, unless it exists already."""

    def __init__(
        self, agent: ExpertIteration, run: RunFolder, env: gym.Env[str, str], index: int, left: Budget,
        before: Evaluation | None,
    ) -> None:  # fmt: skip
        self.agent, self.config, self.run, self.env = agent, agent.config, run, env
        self.index, self.left, self.before = index, left, before
        self.title = f"round {index + 1}"  # people count from 1
        self.name = f"round-{index:03d}"
        self.folder = run.path / self.name

    def metrics(self) -> Mapping[str, float]:
        if not (self.folder / "DONE").exists():
            searched = self.run.stage(f"{self.name}/trajectories.jsonl", self._timed("search", self._search))
            self._require_an_answer(TrajectoryStore(searched))
            self.run.stage(f"{self.name}/sft.jsonl", self._select)
            adapter = self.run.stage(f"{self.name}/adapter", self._timed("distil", self._distil))
            self.agent.use_adapter(adapter)
            self.run.stage(f"{self.name}/metrics.json", self._timed("evaluate", self._measure))
            self.run.stage(f"{self.name}/DONE", Path.touch)
        elif self.index + 1 == self.config.rounds or not self._next_is_done():
            self.agent.use_adapter(self.folder / "adapter")
        return read_json(self.folder / "metrics.json", dict) | self._seconds()

    def _next_is_done(self) -> bool:
        return (self.run.path / f"round-{self.index + 1:03d}" / "DONE").exists()

    def _timed(self, what: str, produce: Callable[[Path], None]) -> Callable[[Path], None]:
        def timed(path: Path) -> None:
            start = time.perf_counter()
            produce(path)
            seconds = self._seconds() | {f"{what}_seconds": round(time.perf_counter() - start, 1)}
            write_text(self.folder / "seconds.json", json.dumps(seconds))

        return timed

    def _seconds(self) -> dict[str, float]:
        """Return how long the finished stages took, including those before an interruption."""
        path = self.folder / "seconds.json"
        return read_json(path, dict) if path.exists() else {}

    def _search(self, path: Path) -> None:
        """System 2: draw answers to all riddles, then further batches to those without an answer to learn from."""
        config = self.config
        few_shot = self.index < config.few_shot_rounds
        first = Decoding(config.temperature, config.top_p, config.max_new_tokens, few_shot)
        further = dataclasses.replace(first, temperature=config.extra_temperature)
        unsolved = spawn_seeds([config.seed, self.index], config.riddles)
        store = TrajectoryStore(path)
        left: Budget | None = self.left
        for batch, size in enumerate(_batches(config.samples, config.extra_samples)):
            if left is None or not unsolved:
                break
            starts = [seed for seed in unsolved for _ in range(size)][: left.episodes]
            title = f"{self.title}: search" + (f", batch {batch + 1}" if batch else "")
            with stage(self.agent.console, title, len(starts)) as progress:
                seed = (config.seed, self.index, batch)
                searcher = PolicyAgent(self.agent.policy, further if batch else first, seed, progress)
                found = rollout(searcher, self.env, starts)
            store.extend(found)
            left = left.minus(len(found), sum(trajectory.num_tokens for trajectory in found))
            solved = {trajectory.start for trajectory in found if keepable(trajectory)}
            unsolved = [seed for seed in unsolved if seed not in solved]

    def _require_an_answer(self, trajectories: Iterable[Trajectory]) -> None:
        if not any(keepable(trajectory) for trajectory in trajectories):
            easy = self.env.spec is not None and self.env.spec.kwargs.get("level") == 1
            raise NoVerifiedAnswerError(
                f"{self.title} found no right answer to any of its {self.config.riddles} riddles. Options: with"
                " another --out, because this folder resumes only with the same settings, draw more answers"
                " (--samples, --extra-samples), draw them at a higher temperature (--extra-temperature), show solved"
                f" examples for longer (--few-shot-rounds),{'' if easy else ' ask easier riddles (--level 1),'}"
                " or take a stronger model (--model)."
            )

    def _select(self, path: Path) -> None:
        rows = select(TrajectoryStore(self.folder / "trajectories.jsonl"), self.config.answers_per_riddle)
        path.write_text("".join(json.dumps(dataclasses.asdict(row)) + "\n" for row in rows), encoding="utf-8")

    def _distil(self, path: Path) -> None:
        """System 1: train a fresh adapter on the base model with the answers of all rounds so far."""
        rows = self._archive()
        settings, config = self.config.fine_tuning, self.config
        with stage(self.agent.console, f"{self.title}: distil", steps(rows, settings)) as progress:
            seed = spawn_seeds([config.seed, self.index, 1], 1)[0]
            fine_tune(self.agent.policy, rows, settings, path, seed, progress)

    def _archive(self) -> list[Row]:
        rows = (read_jsonl(file, lambda line: Row(**json.loads(line))) for file in self._so_far("sft.jsonl"))
        return shortest(itertools.chain(*rows), self.config.answers_per_riddle)

    def _measure(self, path: Path) -> None:
        trajectories = list(TrajectoryStore(self.folder / "trajectories.jsonl"))
        metrics: dict[str, float] = {
            "round": self.index,
            "episodes": len(trajectories),
            "tokens": sum(trajectory.num_tokens for trajectory in trajectories),
            "coverage": coverage(itertools.chain(*map(TrajectoryStore, self._so_far("trajectories.jsonl")))),
            "rows": len(self._archive()),
        }
        if self.before is not None:
            metrics |= self.agent.measure_progress(self.env, self.before, f"{self.title}: evaluate")
        path.write_text(json.dumps(metrics), encoding="utf-8")

    def _so_far(self, name: str) -> list[Path]:
        """Return a file of every round up to this one."""
        return [self.run.path / f"round-{index:03d}" / name for index in range(self.index + 1)]


def _batches(samples: int, extra: int) -> list[int]:
    """Split the answers to a riddle into batches, to stop after the batch that solves it."""
    whole, rest = divmod(extra, samples)
    return [samples] * (1 + whole) + [rest] * (rest > 0)


def keepable(trajectory: Trajectory) -> bool:
    """Whether an answer may be learned from: it is right and finished."""
    return trajectory.solved and trajectory.completions[-1].finished


def select(trajectories: Iterable[Trajectory], answers_per_riddle: int) -> list[Row]:
    """Choose the answers to learn from: the shortest different ones, at most ``answers_per_riddle`` for each riddle."""
    kept = (Row(one.observations[-1], one.text.strip()) for one in trajectories if keepable(one))
    return shortest(kept, answers_per_riddle)


def shortest(rows: Iterable[Row], answers_per_riddle: int) -> list[Row]:
    """Keep the shortest different answers to each question, at most ``answers_per_riddle``, with questions in order."""
    answers: dict[str, dict[str, None]] = {}
    for row in rows:
        answers.setdefault(row.question, {}).setdefault(row.answer)
    return [
        Row(question, answer)
        for question, distinct in answers.items()
        for answer in sorted(distinct, key=len)[:answers_per_riddle]
    ]
