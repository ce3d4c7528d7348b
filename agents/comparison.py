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

from agents.base import Agent, Budget, History, NothingToLearnError
from agents.conditions import Conditions, at_least
from agents.evaluation import evaluate
from agents.held_out import evaluation_riddles, split_env
from agents.policy import LanguageModelPolicy
from agents.progress import plain
from agents.registry import AGENTS, TRAINABLE, Setting, checked_name, make_agent, trainable
from agents.requests import LearningRequest
from agents.run import RunFolder, hold, write_text
from agents.standings import Result, Standing, draw
from agents.training import print_rows


@dataclass(frozen=True)
class CompareRequest(LearningRequest):
    """The arguments of ``expit compare``.

    Attributes:
        agents: the agents to compare, by name; each has its own settings at their defaults, fitted to the budget.
        budget: episodes that each agent may spend on learning, including wrong answers.
        seeds: each agent learns and answers once with each seed.
        out: the folder; finished parts are not run again, so agents and seeds can be added later.
        split: the split to evaluate on. Do not base any choice on test or transfer.
        riddles: how many riddles to evaluate on, the same for all; none is repeated, so a small split may have fewer.
        samples: N of majority and of best-of-n.
    """

    agents: tuple[str, ...] = AGENTS
    budget: int = 1_536
    seeds: tuple[int, ...] = (0,)
    out: Path = Path("runs/compare")
    split: Literal["validation", "test", "transfer"] = "validation"
    riddles: int = 100
    samples: int = 8

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in self.agents:
            if checked_name(name) in TRAINABLE and trainable(name).samples_itself and self.sampler:
                raise ValueError(f"{name} samples inside trl, not from a server: leave out --sampler, or {name}")
        at_least(self, budget=1, riddles=1, samples=1)
        if not self.agents or not self.seeds or min(self.seeds) < 0:
            raise ValueError("a comparison needs one or more --agents, and one or more --seeds that are at least 0")


def compare(request: CompareRequest, console: Console) -> list[Standing]:
    """Run every agent with every seed, or resume an interrupted comparison, and write the results.

    Returns:
        One for each agent, in the requested order.
    """
    env = request.environment()
    print_rows(env, console)
    evaluation_env = split_env(env, request.split)
    riddles = evaluation_riddles(evaluation_env, request.riddles, console)
    with hold(request.out):
        run = RunFolder.open(request.out, _record(request))
        policy = request.policy()
        standings = []
        for name in request.agents:
            results = []
            for seed in request.seeds:
                cell = _Cell(request, name, seed, policy, env, evaluation_env, riddles, console)
                results.append(Result.read(run.stage(f"{name}/seed-{seed}/result.json", cell.produce)))
                console.print(plain(_line(results[-1])))
            standings.append(Standing.of(results))
        write_text(run.path / "comparison.json", json.dumps(_summary(request, standings), indent=2) + "\n")
        draw(run.path / "comparison.png", standings, request.split, request.budget)
    return standings


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
    console: Console

    def produce(self, path: Path) -> None:
        request = self.request
        self.policy.use_adapter(None)
        conditions = Conditions(seed=self.seed, validation_riddles=0, evaluation_samples=request.samples)
        folder, provenance = path.parent / "run", request.provenance()
        agent = make_agent(
            self.name, Setting(self.policy, conditions, request.budget, folder, self.console, provenance)
        )
        history, minutes, note = self._learn(agent)
        search = agent if agent.upper_bound else None
        title = f"{self.name}, seed {self.seed}: evaluate"
        evaluation = evaluate(agent, self.evaluation_env, self.riddles, search, request.samples, self.console, title)
        result = Result(
            self.name, self.seed, agent.upper_bound, agent.examples, evaluation, history.spent, minutes, note
        )  # fmt: skip
        path.write_text(json.dumps(dataclasses.asdict(result)), encoding="utf-8")

    def _learn(self, agent: Agent) -> tuple[History, float, str]:
        start, note = time.perf_counter(), ""
        try:
            history = agent.learn(self.env, Budget(self.request.budget))
        except NothingToLearnError as error:
            history, note = error.history, str(error).partition(" Options:")[0]  # they are those of expit train
        # After an interruption, the rounds' own records cover the whole time; this clock started anew.
        seconds = [
            value for metrics in history.rounds for name, value in metrics.items()
            if name.endswith("_seconds") and name != "evaluate_seconds"
        ]  # fmt: skip
        return history, (sum(seconds) if seconds else time.perf_counter() - start) / 60, note


def _record(request: CompareRequest) -> dict[str, object]:
    """Return the settings that all agents of a folder share; agents and seeds may be added later."""
    source = ("source", "skip_bad") if request.source else ()
    names = ("budget", "split", "riddles", "samples", "families", *source)
    settings = {name: getattr(request, name) for name in names}
    return {**request.provenance(), **settings, "level": request.resolved_level()}


def _summary(request: CompareRequest, standings: Sequence[Standing]) -> Mapping[str, object]:
    return {
        "split": request.split,
        "riddles": standings[0].riddles,
        "samples": request.samples,
        "budget": request.budget,
        "model": request.model,
        "agents": {standing.agent: dataclasses.asdict(standing) for standing in standings},
    }


def _line(result: Result) -> str:
    parts = [f"{result.agent}, seed {result.seed}", f"{result.values().mean():.0%} right"]
    parts += [f"{result.spent.episodes:,} episodes", f"{result.minutes:.1f} min"]
    return " | ".join([*parts, *([result.note] if result.note else [])])
