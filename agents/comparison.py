"""A comparison of agents: each learns on the same budget of episodes and answers the same riddles."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import gymnasium as gym
from rich.console import Console

from agents.adapter_agent import check_numbers
from agents.base import Agent, Budget, History
from agents.baselines import BestOfN
from agents.embedded import EMBEDDED
from agents.evaluation import Evaluation, evaluate, evaluation_riddles, split_env
from agents.expert_iteration import ExpertIterationConfig, NoVerifiedAnswerError
from agents.policy import LanguageModelPolicy
from agents.progress import plain, stage
from agents.registry import AGENTS, Setting, make_agent
from agents.run import RunFolder, hold, read_json, write_text
from agents.standings import Result, Row, draw
from agents.training import Families, TrainRequest, print_rows
from agents.trajectory import TrajectoryStore


@dataclass(frozen=True, slots=True)
class CompareRequest:
    """The arguments of ``expit compare``.

    Attributes:
        agents: the agents to compare, by name.
        budget: episodes that each agent may spend on learning, including wrong answers.
        seeds: each agent learns and answers once with each seed.
        model: "embedded" (SmolLM2-135M-Instruct), a local folder, or an id on the Hugging Face Hub. With a sampler: the
            model's name on that server.
        device: cuda, mps or cpu; by default the first of them that is available.
        sampler: a server to sample from, as in ``expit train``.
        weights: with a sampler, the model to fine-tune here, as in ``expit train``.
        out: the folder; finished parts are not run again, so agents and seeds can be added later.
        split: the split to evaluate on. Do not base any choice on test or transfer.
        riddles: how many riddles to evaluate on, the same for all; none is repeated, so a small split may have fewer.
        samples: N of majority and of best-of-n.
        source: riddles of your own instead of the built-in families: riddles.jsonl, hf:DATASET or reasoning-gym:NAME.
        skip_bad: leave out bad rows of a file or dataset and count them, instead of stopping with an error.
        families: families to train on, as in ``expit train``.
        level: 1 (easy) to 5, or all of them mixed; by default 1 for the built-in families, and all for a source.
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
    families: Families = ()
    level: int | Literal["all"] | None = None

    def __post_init__(self) -> None:
        for name in self.agents:
            TrainRequest(name, sampler=self.sampler)
        check_numbers(self)
        if not self.agents or not self.seeds or min(self.seeds) < 0:
            raise ValueError("a comparison needs one or more --agents, and one or more --seeds that are at least 0")

    def training(self) -> TrainRequest:
        """Return the arguments of ``expit train`` with the same model, families and level."""
        names = ("model", "device", "sampler", "weights", "source", "skip_bad", "families", "level")
        return TrainRequest(**{name: getattr(self, name) for name in names})


def compare(request: CompareRequest, console: Console) -> list[Row]:
    """Run every agent with every seed, or resume an interrupted comparison, and write the results.

    Returns:
        A row for each agent, in the requested order.
    """
    training = request.training()
    env = training.environment()
    print_rows(env, console)
    evaluation_env = split_env(env, request.split)
    riddles = evaluation_riddles(evaluation_env, request.riddles, console)
    with hold(request.out):
        run = RunFolder.open(request.out, _record(request, training))
        policy = training.policy()
        rows = []
        for name in request.agents:
            results = []
            for seed in request.seeds:
                cell = _Cell(request, name, seed, policy, env, evaluation_env, riddles, training.provenance(), console)
                results.append(Result.read(run.stage(f"{name}/seed-{seed}/result.json", cell.produce)))
                console.print(plain(_line(results[-1])))
            rows.append(Row.of(results))
        write_text(run.path / "comparison.json", json.dumps(_summary(request, rows), indent=2) + "\n")
        draw(run.path / "comparison.png", rows, request)
    return rows


@dataclass(frozen=True, slots=True)
class _Cell:
    """One agent with one seed: it learns in ``env``, and answers ``riddles`` in ``evaluation_env``."""

    request: CompareRequest
    name: str
    seed: int
    policy: LanguageModelPolicy
    env: gym.Env[str, str]
    evaluation_env: gym.Env[str, str]
    riddles: Sequence[str]
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
        path.write_text(json.dumps(dataclasses.asdict(result)), encoding="utf-8")

    def _config(self) -> ExpertIterationConfig:
        config = ExpertIterationConfig(seed=self.seed, validation_riddles=0, evaluation_samples=self.request.samples)
        return within(config, self.request.budget)

    def _learn(self, agent: Agent, folder: Path) -> tuple[History, float, str]:
        start, note = time.perf_counter(), ""
        try:
            history = agent.learn(self.env, Budget(self.request.budget))
        except NoVerifiedAnswerError as error:
            history, note = _spent(folder), str(error)
        # After an interruption, the rounds' own records cover the whole time; this clock started anew.
        seconds = [
            value for metrics in history.rounds for name, value in metrics.items()
            if name.endswith("_seconds") and name != "evaluate_seconds"
        ]  # fmt: skip
        return history, (sum(seconds) if seconds else time.perf_counter() - start) / 60, note

    def _evaluate(self, agent: Agent) -> Evaluation:
        search = agent if isinstance(agent, BestOfN) else None
        with stage(self.console, f"{self.name}, seed {self.seed}: evaluate"):
            return evaluate(agent, self.evaluation_env, self.riddles, search, self.request.samples)


def within(config: ExpertIterationConfig, budget: int) -> ExpertIterationConfig:
    """Fit the rounds to a budget: first fewer riddles (at least 8), then fewer extra answers, then fewer rounds.

    Riddles that are solved early need fewer answers, so the plan assumes two thirds of the most answers. The budget
    itself cuts off what is still too much.
    """
    answers = budget * 3 // (2 * config.rounds)  # the most per round
    riddles = min(config.riddles, max(8, answers // (config.samples + config.extra_samples)))
    extra = min(config.extra_samples, max(0, answers // riddles - config.samples))
    rounds = min(config.rounds, max(1, budget // (riddles * config.samples)))
    return dataclasses.replace(config, rounds=rounds, riddles=riddles, extra_samples=extra)


def _record(request: CompareRequest, training: TrainRequest) -> dict[str, object]:
    """Return the settings that all agents of a folder share; agents and seeds may be added later."""
    source = ("source", "skip_bad") if request.source else ()
    names = ("budget", "split", "riddles", "samples", "families", *source)
    settings = {name: getattr(request, name) for name in names}
    return {**training.provenance(), **settings, "level": training.resolved_level()}


def _summary(request: CompareRequest, rows: Sequence[Row]) -> dict[str, object]:
    shared = {"split": request.split, "riddles": rows[0].riddles, "samples": request.samples, "budget": request.budget}
    return {**shared, "model": request.model, "agents": {row.agent: dataclasses.asdict(row) for row in rows}}


def _spent(folder: Path) -> History:
    """Return what a run without a right answer spent, as its rounds recorded it."""
    trajectories = [trajectory for path in folder.rglob("trajectories.jsonl") for trajectory in TrajectoryStore(path)]
    seconds = [read_json(path, dict) for path in sorted(folder.rglob("seconds.json"))]
    return History(len(trajectories), sum(trajectory.num_tokens for trajectory in trajectories), tuple(seconds))


def _line(result: Result) -> str:
    parts = [f"{result.agent}, seed {result.seed}", f"{result.values().mean():.0%} right"]
    parts += [f"{result.episodes:,} episodes", f"{result.minutes:.1f} min", *([result.note] if result.note else [])]
    return " | ".join(parts)
