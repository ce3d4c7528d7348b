"""Expert iteration: search for right answers, keep the verified ones, distil them, repeat.

Anthony et al. 2017, https://arxiv.org/abs/1705.08439; for language models STaR, https://arxiv.org/abs/2203.14465,
and ReST-EM, https://arxiv.org/abs/2312.06585.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import ClassVar, Protocol, Self, TypeVar

import gymnasium as gym

from agents.adapter_agent import AdapterAgent, AdapterConfig
from agents.base import Budget, History, Metered, NothingToLearnError, Spending, rollout, spawn_seeds
from agents.casebook import Casebook
from agents.conditions import Conditions, at_least
from agents.policy import PolicyAgent
from agents.progress import stage
from agents.report import print_round
from agents.run import Stages, read_jsonl, write_text
from agents.trajectory import Trajectory, TrajectoryStore, coverage
from agents.updates import Distillation, Fit, Rows, Update


class SearchConfig(AdapterConfig, Protocol):
    """What a config of the loop has: as fields, or fixed by the agent."""

    @property
    def rounds(self) -> int:
        """How often to search and learn."""
        ...

    @property
    def riddles(self) -> int:
        """Riddles searched in each round, new ones every time."""
        ...

    @property
    def samples(self) -> int:
        """Answers drawn to each of them."""
        ...

    @property
    def update(self) -> Update:
        """What makes an adapter of the trajectories."""
        ...


C = TypeVar("C", bound=SearchConfig)


@dataclass(frozen=True, slots=True)
class ExpertIterationConfig:
    """The settings of expert iteration.

    Attributes:
        conditions: what all agents share.
        rounds: how often to search and distil.
        riddles: riddles searched in each round, new ones every time; half of them are contrasts.
        samples: answers drawn to each of them.
        update: how the answers are distilled.
    """

    conditions: Conditions = field(default_factory=Conditions)
    rounds: int = 2
    riddles: int = 480
    samples: int = 8
    update: Distillation = field(default_factory=Distillation)

    def __post_init__(self) -> None:
        at_least(self, rounds=1, riddles=2, samples=1)

    @property
    def episodes(self) -> int:
        """The most episodes that a whole run can take, a quarter of them to study."""
        return self.rounds * self.riddles * self.samples * 4 // 3

    def within(self, episodes: int) -> Self:
        """Fit the rounds to a budget: first fewer riddles (at least 8), then fewer rounds."""
        riddles = min(self.riddles, max(8, episodes // (self.rounds * self.samples)))
        rounds = min(self.rounds, max(1, episodes // (riddles * self.samples)))
        return dataclasses.replace(self, rounds=rounds, riddles=riddles)


class SearchAndLearn(AdapterAgent[C]):
    """Searches for answers, lets the update choose what to learn from them, learns it, and repeats.

    See `AdapterAgent` for the arguments. An interrupted run resumes from its last finished stage.
    """

    def learn(self, env: gym.Env[str, str], budget: Budget | None = None) -> History:
        """Run the rounds, or as many as the budget allows.

        Raises:
            ValueError: if an episode of the environment takes several answers.
            NothingToLearnError: if the search finds nothing to learn from.
            RunConflictError: if the folder holds a run with different settings.
        """
        budget = budget or Budget(self.config.episodes)
        run, metered = self.open_run(env, budget)
        before, studied = self.evaluate_base(run, env), self.study(run, metered)
        self.examples = self.config.conditions.share_shown(self.config.rounds) if studied.cases else 0.0
        rounds: list[list[Trajectory]] = []
        metrics: list[Mapping[str, float]] = []
        for index in range(self.config.rounds):
            if metered.left is None:
                break
            stages, spent = Stages(run, f"round-{index:03d}"), metered.spent
            known = studied.extended(chain(*rounds))  # its own solutions, too
            rounds.append(self._search(stages, metered, index, known))
            metered.spent = spent + Spending.on(rounds[-1])  # the same where the search was done before
            rows = self._select(stages, rounds, studied)
            if not rows:
                message = NOTHING.format(round=index + 1, riddles=self.config.riddles)
                raise NothingToLearnError(message, History(metered.spent, (*metrics, stages.took)))
            self._distil(stages, rows, index)
            took = Spending.on(rounds[-1], int(stages.took["gradient_tokens"]))
            metered.spent = spent + took
            learned = {"coverage": coverage(chain(*rounds)), "rows": len(rows)}
            metrics.append(self.measure(stages, {"round": index, **dataclasses.asdict(took), **learned}, before, env))
            stages.finish()
            print_round(self.console, metrics[-1])
            write_text(run.path / "metrics.jsonl", "".join(json.dumps(one) + "\n" for one in metrics))
        return History(metered.spent, tuple(metrics))

    def _search(self, stages: Stages, env: Metered, index: int, cases: Casebook) -> list[Trajectory]:
        """System 2: draw answers to riddles and their contrasts."""
        config, shared = self.config, self.config.conditions
        solved = cases.nearest if shared.shows_examples(index, config.rounds) else None

        def search(path: Path) -> None:
            self.policy.use_adapter(self.adapter)
            starts = _starts(env, spawn_seeds([shared.seed, index], config.riddles), config.update)
            copies = [start for start in starts for _ in range(config.samples)][: env.left.episodes if env.left else 0]
            with stage(self.console, f"round {index + 1}: search", len(copies)) as progress:
                searcher = PolicyAgent(self.policy, shared.decoding(), (shared.seed, index), progress, solved)
                TrajectoryStore(path).extend(rollout(searcher, env, copies))

        return list(TrajectoryStore(stages.stage("trajectories.jsonl", "search", search)))

    def _select(self, stages: Stages, rounds: Sequence[Sequence[Trajectory]], cases: Casebook) -> Rows:
        """Filter: what the update learns from."""

        def select(path: Path) -> None:
            found = self.config.update.select(rounds)  # worked examples alone are no reason to go on
            rows = self.config.update.select(rounds, cases.examples) if found else []
            path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")

        return list(read_jsonl(stages.stage("rows.jsonl", "select", select), json.loads))

    def _distil(self, stages: Stages, rows: Rows, index: int) -> None:
        """System 1: an adapter that gives such answers in one go."""
        update, shared = self.config.update, self.config.conditions
        seed = spawn_seeds([shared.seed, index, 1], 1)[0]

        def distil(path: Path) -> Mapping[str, float]:
            with stage(self.console, f"round {index + 1}: distil", update.steps(rows)) as progress:
                tokens = update.fit(rows, Fit(self.policy, shared.lora, path, seed, progress))
            return {"gradient_tokens": tokens}

        self.adapter = stages.stage("adapter", "distil", distil)


class ExpertIteration(SearchAndLearn[ExpertIterationConfig]):
    """Samples many answers, keeps those that the verifier passes, and learns to give them at the first attempt."""

    name: ClassVar[str] = "expert-iteration"
    config_class = ExpertIterationConfig


NOTHING = (
    "round {round} found nothing to learn from in its answers to {riddles} riddles. Options: with another --out,"
    " because this folder resumes only with the same settings, draw more answers (--samples), draw them at a higher"
    " temperature (--temperature), show worked examples for longer (--few-shot-share), ask easier riddles (--level 1),"
    " or take a stronger model (--model)."
)


def _starts(env: gym.Env[str, str], seeds: Sequence[int], update: Update) -> list[int | str]:
    """Return what the episodes are reset with: what the seeds draw, or for an update on pairs half as many pairs."""
    if update.learn_from == "answers":
        return [*seeds]
    found: dict[int | str, None] = {}
    for seed in seeds:
        info = env.reset(seed=seed)[1]
        sides = [str(side) for side in (info["riddle_id"], info.get("contrast_id")) if side]
        if len(found) + len(sides) <= len(seeds):
            found |= dict.fromkeys(sorted(sides))
    return [*found]
