"""What all agents with a LoRA adapter share: acting, evaluating, saving, and the record of a run."""

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
from agents.evaluation import Evaluation, evaluate_policy, evaluation_riddles, gap_closed, measured, split_env
from agents.policy import GREEDY, LanguageModelPolicy, PolicyAgent
from agents.progress import QUIET
from agents.run import RunFolder, read_json
from agents.trajectory import Completion


class AdapterConfig(Protocol):
    """The settings that every agent with an adapter has, as fields or properties of a frozen dataclass."""

    @property
    def max_new_tokens(self) -> int:
        """The most tokens of an answer."""
        ...

    @property
    def validation_riddles(self) -> int:
        """How many riddles to validate on; 0 for none."""
        ...

    @property
    def evaluation_samples(self) -> int:
        """N of System 2 accuracy and majority@N."""
        ...

    @property
    def episodes(self) -> int:
        """The most episodes of a whole run."""
        ...


Config = TypeVar("Config", bound=AdapterConfig)

_LEAST = {
    "rounds": 1, "riddles": 1, "samples": 1, "extra_samples": 0, "max_new_tokens": 1, "few_shot_rounds": 0,
    "answers_per_riddle": 1, "validation_riddles": 0, "evaluation_samples": 1, "seed": 0, "episodes": 1,
    "save_steps": 1, "rank": 1, "alpha": 1, "epochs": 1, "max_steps": 1, "batch_size": 1, "budget": 1,
    "test_riddles": 1, "attempts": 1, "hints": 0, "concurrency": 1, "few_shot": 0,
}  # fmt: skip
_POSITIVE = ("temperature", "extra_temperature", "learning_rate")
_SHARES = ("top_p", "layers")


def check_numbers(config: Any) -> None:
    """Check the numbers in a config, which is a dataclass or a mapping, and in the configs inside it.

    Raises:
        ValueError: if one is out of range; the message names its flag and the range.
    """
    is_mapping = isinstance(config, Mapping)
    values = config if is_mapping else {each.name: getattr(config, each.name) for each in dataclasses.fields(config)}
    for name, value in values.items():
        flag = f"--{name.replace('_', '-')}"
        if dataclasses.is_dataclass(value):
            check_numbers(value)
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
        config: the settings; by default those of ``config_class``.
        folder: the run folder. An interrupted run resumes, and ends with the same trajectories as an uninterrupted one.
            Without a folder nothing is kept.
        console: where progress is shown.
        provenance: model and versions, for the run's record; a run with a different record is not resumed.
    """

    name: ClassVar[str]
    config_class: ClassVar[type[Any]]

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

    def act(self, observations: Sequence[str]) -> list[Completion]:
        decoding = dataclasses.replace(GREEDY, max_new_tokens=self.config.max_new_tokens)
        return PolicyAgent(self.policy, decoding).act(observations)

    @abstractmethod
    def learn(self, env: gym.Env[str, str], budget: Budget | None = None) -> History:
        """Learn within the budget; by default for as many episodes as the config needs."""

    def save(self, path: Path) -> None:
        if self.adapter is None:
            raise ValueError("nothing was learned yet: call learn first")
        shutil.copytree(self.adapter, path, dirs_exist_ok=True)

    def load(self, path: Path) -> None:
        self.use_adapter(path)

    def use_adapter(self, path: Path | None) -> None:
        """Switch to the adapter in a folder, or to the base model if None."""
        self.policy.use_adapter(path)
        self.adapter = path

    def open_run(self, env: gym.Env[str, str], budget: Budget) -> RunFolder:
        """Start a run in the folder, or resume it.

        Raises:
            ValueError: if the environment allows several attempts per episode.
            RunConflictError: if the folder holds a run with different settings.
            RuntimeError: if the policy cannot use adapters.
        """
        if env.spec is not None and env.spec.kwargs.get("max_attempts", 1) != 1:
            # A budget counts answers, and each further attempt would replay those before it.
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
        """Evaluate the agent with its current adapter on validation riddles, given by their ids."""
        config = self.config
        return evaluate_policy(
            self.policy, split_env(env, "validation"), riddles, config.evaluation_samples, config.max_new_tokens,
            self.console, title,
        )  # fmt: skip

    def evaluate_base(self, run: RunFolder, env: gym.Env[str, str]) -> Evaluation | None:
        """Evaluate the base model once per run; return None if the config has no validation riddles."""
        if not self.config.validation_riddles:
            return None

        def produce(path: Path) -> None:
            self.use_adapter(None)
            validation = split_env(env, "validation")
            riddles = evaluation_riddles(validation, self.config.validation_riddles, self.console)
            base = self.validate(env, riddles, "base model")
            path.write_text(json.dumps(dataclasses.asdict(base)), encoding="utf-8")

        return read_json(run.stage("base.json", produce), Evaluation.from_dict)

    def measure_progress(self, env: gym.Env[str, str], before: Evaluation, title: str) -> dict[str, float]:
        """Evaluate the agent on the riddles of ``before``; return the measures, and the share of the gap it closed."""
        after = self.validate(env, before.riddle_ids, title)
        closed = gap_closed(before, after)
        return measured(after) | ({} if closed is None else {"gap_closed": closed})

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
