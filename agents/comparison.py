"""Agents side by side: each learns for the same budget of episodes and answers the same riddles."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import gymnasium as gym
import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from agents.base import Agent, Budget, History
from agents.baselines import BestOfN
from agents.embedded import EMBEDDED
from agents.evaluation import Evaluation, evaluate, evaluation_seeds, split_env, summary, to_dict
from agents.expert_iteration import ExpertIterationConfig, NoVerifiedAnswerError
from agents.policy import LanguageModelPolicy
from agents.registry import AGENTS, Setting, make_agent
from agents.run import RunFolder, write_text
from agents.training import TrainRequest
from agents.trajectory import TrajectoryStore

_BOOTSTRAP_SEED = 20_261_123
_RESAMPLES = 9_999


@dataclass(frozen=True, slots=True)
class CompareRequest:
    """What ``expit compare`` is asked for.

    Attributes:
        agents: who is compared, by name.
        budget: episodes that each agent may spend on learning, answers that are wrong included.
        seeds: each agent learns and answers once with each.
        model: "embedded" (SmolLM2-135M-Instruct), a local folder, or an id on the Hugging Face Hub. With a sampler: the
            model's name on that server.
        device: cuda, mps or cpu; by default the first of them that is there.
        sampler, weights: as ``expit train`` has them.
        out: the folder; what is finished there is not run again, so agents and seeds can be added later.
        split: the riddles that are answered. Choose nothing by a look at test or transfer.
        riddles: how many of them, the same for all.
        samples: N of majority and of best-of-n.
        source: riddles of your own instead of the families here: riddles.jsonl, hf:DATASET or reasoning-gym:NAME.
        skip_bad: leave bad rows of a file or dataset out and count them, instead of refusing them.
        families: families to train on, by their own name or their group's, or "all"; by default ``FIRST_GROUPS``, or
            all of a source.
        level: 1 (easy) to 5, or None for all of them mixed.
    """

    agents: tuple[str, ...] = tuple(AGENTS)
    budget: int = 1_536
    seeds: tuple[int, ...] = (0,)
    model: str = EMBEDDED
    device: str | None = None
    sampler: str | None = None
    weights: str | None = None
    out: Path = Path("runs/compare")
    split: Literal["validation", "test", "transfer"] = "validation"
    riddles: int = 100
    samples: int = 16
    source: str | None = None
    skip_bad: bool = False
    families: tuple[str, ...] = ()
    level: int | None = 1

    def __post_init__(self) -> None:
        for name in self.agents:
            TrainRequest(name, sampler=self.sampler)
        if not self.agents or not self.seeds or self.riddles < 1 or self.samples < 1 or self.budget < 1:
            raise ValueError("a comparison needs an agent, a seed, a riddle, a sample and an episode, at least")

    def training(self) -> TrainRequest:
        """Return what the same model, families and level are in ``expit train``."""
        names = ("model", "device", "sampler", "weights", "source", "skip_bad", "families", "level")
        return TrainRequest(**{name: getattr(self, name) for name in names})


@dataclass(frozen=True, slots=True)
class Result:
    """What one agent reached with one seed.

    Attributes:
        agent, seed: who.
        upper_bound: whether it was helped by who knows the answers; it then counts as right if any of N answers is.
        evaluation: its answers to the fixed riddles.
        episodes, tokens, minutes: spent on learning, evaluations left out.
        note: why it stopped early, where it did.
    """

    agent: str
    seed: int
    upper_bound: bool
    evaluation: Evaluation
    episodes: int
    tokens: int
    minutes: float
    note: str = ""

    def values(self) -> np.ndarray:
        """Return 1 for each riddle that it got right, else 0, as an array of shape (num_riddles,)."""
        return self.evaluation.values("system2_accuracy" if self.upper_bound else "system1_accuracy")

    @classmethod
    def read(cls, path: Path) -> Result:
        row = json.loads(path.read_text(encoding="utf-8"))
        return cls(**row | {"evaluation": Evaluation.from_dict(row["evaluation"])})


@dataclass(frozen=True, slots=True)
class Row:
    """One agent over all its seeds; the spending is a mean over them.

    There is no group accuracy where no riddle has a contrast riddle.
    """

    agent: str
    upper_bound: bool
    seeds: tuple[int, ...]
    mean: float
    low: float
    high: float
    by_seed: tuple[float, ...]
    trap_rate: float
    group_accuracy: float | None
    episodes: float
    tokens: float
    minutes: float
    notes: tuple[str, ...]

    @classmethod
    def of(cls, results: Sequence[Result]) -> Row:
        values = np.stack([result.values() for result in results])  # (num_seeds, num_riddles)
        low, high = interval(results)
        first = results[0]
        told = [summary(result.evaluation)["group_accuracy"] for result in results]
        groups = [share for share in told if share is not None]
        return cls(
            agent=first.agent,
            upper_bound=first.upper_bound,
            seeds=tuple(result.seed for result in results),
            mean=float(values.mean()),
            low=low,
            high=high,
            by_seed=tuple(values.mean(axis=1).tolist()),
            trap_rate=_mean(result.evaluation.mean("trap_rate") for result in results),
            group_accuracy=_mean(groups) if groups else None,
            episodes=_mean(result.episodes for result in results),
            tokens=_mean(result.tokens for result in results),
            minutes=_mean(result.minutes for result in results),
            notes=tuple(result.note for result in results if result.note),
        )


def compare(request: CompareRequest, console: Console) -> list[Row]:
    """Run every agent with every seed, or go on where a comparison was cut off, and write what came out.

    Returns:
        A row for each agent, in the order asked.
    """
    training = request.training()
    env = training.environment()
    run = RunFolder.open(request.out, _record(request, training))
    policy = training.policy()
    rows = []
    for name in request.agents:
        results = []
        for seed in request.seeds:
            cell = _Cell(request, name, seed, policy, env, training.provenance(), console)
            results.append(Result.read(run.stage(f"{name}/seed-{seed}/result.json", cell.produce)))
            console.print(_line(results[-1]), highlight=False)
        rows.append(Row.of(results))
    write_text(run.path / "comparison.json", json.dumps(_summary(request, rows), indent=2) + "\n")
    draw(run.path / "comparison.png", rows, request)
    return rows


@dataclass(frozen=True, slots=True)
class _Cell:
    """One agent with one seed."""

    request: CompareRequest
    name: str
    seed: int
    policy: LanguageModelPolicy
    env: gym.Env[str, str]
    provenance: Mapping[str, object]
    console: Console

    def produce(self, path: Path) -> None:
        self.policy.use_adapter(None)
        setting = Setting(self.policy, self._config(), path.parent / "run", self.console, self.provenance)
        agent = make_agent(self.name, setting)
        history, minutes, note = self._learn(agent, path.parent / "run")
        evaluation = self._evaluate(agent)
        upper_bound = isinstance(agent, BestOfN)
        result = Result(self.name, self.seed, upper_bound, evaluation, history.episodes, history.tokens, minutes, note)
        path.write_text(json.dumps(dataclasses.asdict(result) | {"evaluation": to_dict(evaluation)}), encoding="utf-8")

    def _config(self) -> ExpertIterationConfig:
        config = ExpertIterationConfig(seed=self.seed, validation_riddles=0, evaluation_samples=self.request.samples)
        return within(config, self.request.budget)

    def _learn(self, agent: Agent, folder: Path) -> tuple[History, float, str]:
        start, note = time.perf_counter(), ""
        try:
            history = agent.learn(self.env, Budget(self.request.budget))
        except NoVerifiedAnswerError as error:
            history, note = _spent(folder), str(error)
        # A run that was cut off once has its whole time in its rounds, and only the rest of it on this clock.
        seconds = [
            value for metrics in history.rounds for name, value in metrics.items()
            if name.endswith("_seconds") and name != "evaluate_seconds"
        ]  # fmt: skip
        return history, (sum(seconds) if seconds else time.perf_counter() - start) / 60, note

    def _evaluate(self, agent: Agent) -> Evaluation:
        env, request = split_env(self.env, self.request.split), self.request
        search = agent if isinstance(agent, BestOfN) else None
        with self.console.status(f"{self.name}, seed {self.seed}: evaluate"):
            return evaluate(agent, env, evaluation_seeds(request.split, request.riddles), search, request.samples)


def within(config: ExpertIterationConfig, budget: int) -> ExpertIterationConfig:
    """Fit the rounds to a budget: fewer riddles first, at least 8, then fewer further answers, then fewer rounds.

    What is still too much is cut off by the budget itself.
    """
    riddles = min(config.riddles, max(8, budget // (config.rounds * (config.samples + config.extra_samples))))
    extra = min(config.extra_samples, max(0, budget // (config.rounds * riddles) - config.samples))
    rounds = min(config.rounds, max(1, budget // (riddles * config.samples)))
    return dataclasses.replace(config, rounds=rounds, riddles=riddles, extra_samples=extra)


def interval(results: Sequence[Result]) -> tuple[float, float]:
    """Return the 95 % interval of an agent's accuracy.

    Of one seed, or where all values are equal: Wilson's over the riddles. Of several: the bootstrap over seeds and
    riddles, both drawn again, for each seed answers the same riddles.
    """
    values = np.stack([result.values() for result in results])  # (num_seeds, num_riddles)
    if len(results) == 1 or values.min() == values.max():
        measure = "system2_accuracy" if results[0].upper_bound else "system1_accuracy"
        return results[0].evaluation.interval(measure)
    rng = np.random.default_rng(_BOOTSTRAP_SEED)
    seeds = rng.integers(len(values), size=(_RESAMPLES, len(values), 1))
    riddles = rng.integers(values.shape[1], size=(_RESAMPLES, 1, values.shape[1]))
    low, high = np.quantile(values[seeds, riddles].mean(axis=(1, 2)), [0.025, 0.975])
    return float(low), float(high)


def table(rows: Sequence[Row], request: CompareRequest) -> Table:
    """Return the comparison as a table, the best first, upper bounds marked."""
    seeds = ", ".join(map(str, request.seeds))
    title = f"{request.split}: {request.riddles} riddles, budget {request.budget:,} episodes, seeds {seeds}"
    caption = f"95 % over riddles and seeds. * upper bound on {request.samples} sampled answers: the verifier picks"
    shown = Table(title=title, caption=caption, box=SIMPLE_HEAD)
    shown.add_column("agent", no_wrap=True)
    for heading in ("right", "95 %", "trap", "group", "episodes", "tokens", "min"):
        shown.add_column(heading, justify="right", no_wrap=True)
    for row in sorted(rows, key=lambda row: -row.mean):
        shown.add_row(
            _title(row), f"{100 * row.mean:.0f} %", f"[{100 * row.low:.0f}, {100 * row.high:.0f}]",
            f"{100 * row.trap_rate:.0f} %",
            "n/a" if row.group_accuracy is None else f"{100 * row.group_accuracy:.0f} %", f"{row.episodes:,.0f}",
            f"{row.tokens:,.0f}", f"{row.minutes:.1f}",
        )  # fmt: skip
    return shown


def draw(path: Path, rows: Sequence[Row], request: CompareRequest) -> None:
    """Draw a bar with its interval for each agent, upper bounds hatched."""
    from matplotlib.figure import Figure

    ordered = sorted(rows, key=lambda row: row.mean)
    figure = Figure(figsize=(6.4, 1 + 0.4 * len(rows)), layout="constrained")
    axes = figure.subplots()
    means = np.array([row.mean for row in ordered])
    errors = np.array([[max(0, row.mean - row.low), max(0, row.high - row.mean)] for row in ordered]).T
    bars = axes.barh([_title(row) for row in ordered], means, xerr=errors, capsize=3, color="#4878a8")
    for bar, row in zip(bars, ordered, strict=True):
        if row.upper_bound:
            bar.set(facecolor="none", edgecolor="#4878a8", hatch="///")
    axes.set(xlim=(0, 1), xlabel=f"share of {request.riddles} {request.split} riddles right (* upper bound)")
    axes.set_title(f"{request.budget:,} episodes, {len(request.seeds)} seed(s), 95 % intervals", fontsize="medium")
    axes.grid(axis="x", alpha=0.3)
    part = path.with_suffix(".part.png")
    figure.savefig(part, dpi=150)
    part.replace(path)


def _record(request: CompareRequest, training: TrainRequest) -> dict[str, object]:
    """What all agents of a folder share; which agents and seeds there are may grow."""
    source = ("source", "skip_bad") if request.source else ()
    asked = ("budget", "split", "riddles", "samples", "families", "level", *source)
    return {**training.provenance(), **{name: getattr(request, name) for name in asked}}


def _summary(request: CompareRequest, rows: Sequence[Row]) -> dict[str, object]:
    shared = {"split": request.split, "riddles": request.riddles, "samples": request.samples, "budget": request.budget}
    return {**shared, "model": request.model, "agents": {row.agent: dataclasses.asdict(row) for row in rows}}


def _spent(folder: Path) -> History:
    """What a run spent that stopped before it could tell."""
    trajectories = [trajectory for path in folder.rglob("trajectories.jsonl") for trajectory in TrajectoryStore(path)]
    return History(len(trajectories), sum(trajectory.num_tokens for trajectory in trajectories))


def _line(result: Result) -> str:
    parts = [f"{result.agent}, seed {result.seed}", f"{result.values().mean():.0%} right"]
    parts += [f"{result.episodes:,} episodes", f"{result.minutes:.1f} min", *([result.note] if result.note else [])]
    return " | ".join(parts)


def _title(row: Row) -> str:
    return row.agent + (" *" if row.upper_bound else "")


def _mean(values: Iterable[float]) -> float:
    return float(np.mean(list(values)))
