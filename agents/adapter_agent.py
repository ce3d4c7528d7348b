"""What all agents with a LoRA adapter share: acting, evaluating, saving, and the record of a run."""

from __future__ import annotations

import dataclasses
import json
import shutil
import tempfile
import weakref
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import gymnasium as gym
from rich.console import Console

from agents.base import Agent, Budget, History, Metered, Spending
from agents.casebook import Casebook, study
from agents.conditions import Conditions
from agents.evaluation import Evaluation, evaluate, gap_closed, measured
from agents.held_out import evaluation_riddles, split_env
from agents.policy import Decoding, LanguageModelPolicy, PolicyAgent
from agents.progress import QUIET
from agents.run import RunFolder, Stages, read_json
from agents.trackers import Log
from agents.trajectory import Completion, TrajectoryStore


class AdapterConfig(Protocol):
    """What the config of every agent with an adapter has, which is a dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def conditions(self) -> Conditions:
        """What all agents share."""
        ...

    @property
    def episodes(self) -> int:
        """The most episodes of a whole run."""
        ...


Config = TypeVar("Config", bound=AdapterConfig)


class AdapterAgent(Agent, Generic[Config]):
    """An agent that learns an adapter on a base model, and answers greedily with it.

    Args:
        policy: the base model; its adapter is replaced as the agent learns.
        config: the settings; by default those of ``config_class``.
        folder: the run folder. An interrupted run resumes, and ends with the same trajectories as an uninterrupted one.
            Without a folder nothing is kept.
        console: where progress is shown.
        provenance: model and versions, for the run's record; a run with a different record is not resumed.

    Attributes:
        log: gets the metrics of every round; nobody, unless it is set.
        name: in the registry.
        config_class: of its settings; ``config_class(conditions=...).within(episodes)`` fits them to a budget.
        samples_itself: whether it samples in a way of its own, and so never from a server.
        distils: whether it learns by `agents.fine_tuning`, which accelerate can run.
    """

    name: ClassVar[str]
    config_class: ClassVar[type[Any]]
    samples_itself: ClassVar[bool] = False
    distils: ClassVar[bool] = True

    def __init__(
        self,
        policy: LanguageModelPolicy,
        config: Config | None = None,
        folder: Path | None = None,
        console: Console = QUIET,
        provenance: Mapping[str, object] | None = None,
    ) -> None:
        self.policy = policy
        self.config: Config = self.config_class() if config is None else config
        self.folder, self.console, self.provenance = folder, console, dict(provenance or {})
        self.adapter: Path | None = None
        self.log: Log = lambda metrics: None

    def act(self, observations: Sequence[str]) -> list[Completion]:
        self.policy.use_adapter(self.adapter)
        greedy = Decoding(temperature=0.0, max_new_tokens=self.config.conditions.max_new_tokens)
        return PolicyAgent(self.policy, greedy).act(observations)

    @abstractmethod
    def learn(self, env: gym.Env[str, str], budget: Budget | None = None) -> History:
        """Learn within the budget; by default for as many episodes as the config needs."""

    def save(self, path: Path) -> None:
        if self.adapter is None:
            raise ValueError("nothing was learned yet: call learn first")
        shutil.copytree(self.adapter, path, dirs_exist_ok=True)

    def load(self, path: Path) -> None:
        self.policy.use_adapter(path)
        self.adapter = path

    def open_run(self, env: gym.Env[str, str], budget: Budget) -> tuple[RunFolder, Metered]:
        """Start a run in the folder, or resume it; return it, and the environment with the budget around it.

        Raises:
            RunConflictError: if the folder holds a run with different settings.
            RuntimeError: if the policy cannot use adapters.
        """
        self.policy.require_adapters()
        self.adapter = None  # a run starts from the base model, whatever the agent learned before
        record = {
            "agent": self.name,
            **self.provenance,
            "environment": _described(env),
            "budget": dataclasses.asdict(budget),
            "config": dataclasses.asdict(self.config),
        }
        return RunFolder.open(self.folder or self._scratch(), record), Metered(env, budget)

    def study(self, run: RunFolder, env: Metered) -> Casebook:
        """Play some pairs of each family, once per run, and keep what the environment reveals as worked examples.

        At most a quarter of the budget is spent on it.
        """
        shared = self.config.conditions

        def play(path: Path) -> None:
            TrajectoryStore(path).extend(study(env, shared.worked_pairs, shared.seed, env.budget.episodes // 4))

        studied = list(TrajectoryStore(run.stage("studied.jsonl", play)))
        env.spent = Spending.on(studied)
        return Casebook.of(studied, shared.reasons, shared.worked_pairs)

    def evaluate(self, env: gym.Env[str, str], riddles: Sequence[str], title: str) -> Evaluation:
        """Evaluate the agent, as it is, on validation riddles, given by their ids."""
        shared = self.config.conditions
        self.policy.use_adapter(self.adapter)
        search = PolicyAgent(self.policy, shared.decoding())
        samples, validation = shared.evaluation_samples, split_env(env, "validation")
        return evaluate(self, validation, riddles, search, samples, self.console, title)

    def evaluate_base(self, run: RunFolder, env: gym.Env[str, str]) -> Evaluation | None:
        """Evaluate the base model once per run; return None if the config has no validation riddles."""
        if not self.config.conditions.validation_riddles:
            return None

        def produce(path: Path) -> None:
            riddles = evaluation_riddles(
                split_env(env, "validation"), self.config.conditions.validation_riddles, self.console
            )
            base = self.evaluate(env, riddles, "base model")
            path.write_text(json.dumps(dataclasses.asdict(base)), encoding="utf-8")

        return read_json(run.stage("base.json", produce), Evaluation.from_dict)

    def measure(
        self, stages: Stages, metrics: Mapping[str, float], before: Evaluation | None, env: gym.Env[str, str]
    ) -> Mapping[str, float]:
        """Evaluate the agent on the riddles of ``before``, unless that is None; return these measures with the others.

        Args:
            stages: of the round.
            metrics: what is known of the round otherwise.
            before: the base model's evaluation; the share of the gap that is closed is measured from it.
            env: the environment; its validation split is used.
        """
        measures: dict[str, float] = dict(metrics)
        if before is not None:

            def ask(path: Path) -> None:
                after = self.evaluate(env, before.riddle_ids, f"round {metrics['round'] + 1:.0f}: evaluate")
                path.write_text(json.dumps(dataclasses.asdict(after)), encoding="utf-8")

            after = read_json(stages.stage("validation.json", "evaluate", ask), Evaluation.from_dict)
            closed = gap_closed(before, after)
            measures |= measured(after) | ({} if closed is None else {"gap_closed": closed})

        def produce(path: Path) -> None:
            path.write_text(json.dumps(measures), encoding="utf-8")
            self.log(measures | stages.took)

        return read_json(RunFolder(stages.path).stage("metrics.json", produce), dict) | stages.took

    def _scratch(self) -> Path:
        """Make a temporary folder that lives as long as the agent."""
        folder = Path(tempfile.mkdtemp(prefix="expit-"))
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        return folder


def _described(env: gym.Env[str, str]) -> dict[str, object] | None:
    """Return the id and arguments of an environment as JSON values."""
    if env.spec is None:
        return None
    return {"id": env.spec.id, "kwargs": {name: _plain(value) for name, value in env.spec.kwargs.items()}}


def _plain(value: object) -> object:
    """Describe a verifier or source by its name, and by its values if it is a dataclass; never by its address."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        values = {each.name: _plain(getattr(value, each.name)) for each in dataclasses.fields(value)}
        return {"type": type(value).__qualname__, **values}
    return getattr(value, "__qualname__", type(value).__qualname__) if callable(value) else value
