"""What all agents with a LoRA adapter share: how they act, are evaluated and saved, and what a run records."""

from __future__ import annotations

import dataclasses
import json
import math
import shutil
import tempfile
import weakref
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import gymnasium as gym
from rich.console import Console

from agents.base import Agent, Budget, History
from agents.evaluation import Evaluation, evaluate_policy, evaluation_riddles, split_env, to_dict
from agents.policy import GREEDY, LanguageModelPolicy, PolicyAgent
from agents.progress import QUIET
from agents.run import RunFolder, read_json
from agents.trajectory import Completion


class AdapterConfig(Protocol):
    """What any agent with an adapter is asked for; its config is a frozen dataclass that has these."""

    @property
    def max_new_tokens(self) -> int: ...
    @property
    def validation_riddles(self) -> int: ...
    @property
    def evaluation_samples(self) -> int: ...
    @property
    def episodes(self) -> int: ...


Config = TypeVar("Config", bound=AdapterConfig)

_LEAST = {
    "rounds": 1, "riddles": 1, "samples": 1, "extra_samples": 0, "max_new_tokens": 1, "few_shot_rounds": 0,
    "answers_per_riddle": 1, "validation_riddles": 0, "evaluation_samples": 1, "seed": 0, "episodes": 1,
    "save_steps": 1, "rank": 1, "alpha": 1, "epochs": 1, "max_steps": 1, "batch_size": 1, "budget": 1,
    "test_riddles": 1, "attempts": 1, "hints": 0, "concurrency": 1, "few_shot": 0,
}  # fmt: skip
_POSITIVE = ("temperature", "extra_temperature", "learning_rate")
_SHARES = ("top_p", "layers")


def refuse_nonsense(config: Any) -> None:
    """Check the numbers of a config, a dataclass or a mapping of names to values, and of the configs in it.

    Raises:
        ValueError: if one makes no sense; the message says which flag it is, and what it may be.
    """
    is_mapping = isinstance(config, Mapping)
    values = config if is_mapping else {each.name: getattr(config, each.name) for each in dataclasses.fields(config)}
    for name, value in values.items():
        flag = f"--{name.replace('_', '-')}"
        if dataclasses.is_dataclass(value):
            refuse_nonsense(value)
        elif value is None:
            continue
        elif name in _LEAST and not value >= _LEAST[name]:
            raise ValueError(f"{flag} must be at least {_LEAST[name]}, not {value}")
        elif name in _POSITIVE and not 0 < value < math.inf:
            raise ValueError(f"{flag} must be above 0, not {value}")
        elif name in _SHARES and not 0 < value <= 1:
            raise ValueError(f"{flag} must be above 0 and at most 1, not {value}")


class AdapterAgent(Agent, Generic[Config]):
    """An agent that learns an adapter on a base model, and answers greedily with it.

    Args:
        policy: the base model; its adapter is replaced as the agent learns.
        config: what is asked.
        folder: the run folder. A run that was cut off there resumes, and ends with the same trajectories as one that
            was never cut off. Without a folder nothing is kept.
        console: where progress is shown.
        provenance: model and versions, for the record; a run whose record differs is refused.
    """

    name: ClassVar[str]

    def __init__(
        self,
        policy: LanguageModelPolicy,
        config: Config,
        folder: Path | None = None,
        console: Console = QUIET,
        provenance: Mapping[str, object] | None = None,
    ) -> None:
        self.policy, self.config = policy, config
        self.folder, self.console, self.provenance = folder, console, dict(provenance or {})
        self.adapter: Path | None = None

    def act(self, observations: Sequence[str]) -> list[Completion]:
        decoding = dataclasses.replace(GREEDY, max_new_tokens=self.config.max_new_tokens)
        return PolicyAgent(self.policy, decoding).act(observations)

    @abstractmethod
    def learn(self, env: gym.Env[str, str], budget: Budget | None = None) -> History:
        """Learn for the budget, or else for as many episodes as the config takes."""

    def save(self, path: Path) -> None:
        if self.adapter is None:
            raise ValueError("nothing was learned yet: call learn first")
        shutil.copytree(self.adapter, path, dirs_exist_ok=True)

    def load(self, path: Path) -> None:
        self.use_adapter(path)

    def use_adapter(self, path: Path | None) -> None:
        """Answer from now on with the adapter in a folder, or with the base model."""
        self.policy.use_adapter(path)
        self.adapter = path

    def open_run(self, env: gym.Env[str, str], budget: Budget) -> RunFolder:
        """Start a run in the folder, or resume it.

        Raises:
            ValueError: if an episode of the environment takes several answers.
            RunConflictError: if the folder holds a run that was asked for something else.
            RuntimeError: if the policy cannot answer with what would be learned.
        """
        if env.spec is not None and env.spec.kwargs.get("max_attempts", 1) != 1:
            # A budget is one of answers, and each further attempt would be judged with those before it again.
            raise ValueError(f"{self.name} answers once: make the environment with max_attempts=1")
        self.policy.require_adapters()
        folder = self.folder or self._scratch()
        record = {
            "agent": self.name,
            **self.provenance,
            "environment": _described(env),
            "budget": dataclasses.asdict(budget),
            "config": dataclasses.asdict(self.config),  # type: ignore[call-overload]
        }
        return RunFolder.open(folder, record)

    def validate(self, env: gym.Env[str, str], riddles: Sequence[str], title: str) -> Evaluation:
        """Evaluate the agent, with the adapter that it has, on validation riddles by their ids."""
        config = self.config
        return evaluate_policy(
            self.policy, split_env(env, "validation"), riddles, config.evaluation_samples, config.max_new_tokens,
            self.console, title,
        )  # fmt: skip

    def evaluate_base(self, run: RunFolder, env: gym.Env[str, str]) -> Evaluation | None:
        """Evaluate the base model, once a run; None where no validation riddles are asked for."""
        if not self.config.validation_riddles:
            return None

        def produce(path: Path) -> None:
            self.use_adapter(None)
            validation = split_env(env, "validation")
            riddles = evaluation_riddles(validation, self.config.validation_riddles, self.console)
            path.write_text(json.dumps(to_dict(self.validate(env, riddles, "base model"))), encoding="utf-8")

        return read_json(run.stage("base.json", produce), Evaluation.from_dict)

    def _scratch(self) -> Path:
        """Make a folder that lives as long as the agent."""
        folder = Path(tempfile.mkdtemp(prefix="expit-"))
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        return folder


def _described(env: gym.Env[str, str]) -> dict[str, object] | None:
    """Return what an environment was made with, as JSON values."""
    if env.spec is None:
        return None
    return {"id": env.spec.id, "kwargs": {name: _plain(value) for name, value in env.spec.kwargs.items()}}


def _plain(value: object) -> object:
    """Describe a verifier or a source by its name, and its values where it is a dataclass; never by its address."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        values = {each.name: _plain(getattr(value, each.name)) for each in dataclasses.fields(value)}
        return {"type": type(value).__qualname__, **values}
    return getattr(value, "__qualname__", type(value).__qualname__) if callable(value) else value
