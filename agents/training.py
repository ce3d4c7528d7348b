"""A whole training run: model, environment, agent, final evaluation and report, in one folder."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import gymnasium as gym
import tyro
from rich.console import Console

from agents.adapter_agent import AdapterAgent, AdapterConfig
from agents.base import Budget
from agents.conditions import at_least
from agents.evaluation import Comparison, evaluate
from agents.held_out import evaluation_riddles, split_env
from agents.policy import Decoding, LanguageModelPolicy, PolicyAgent
from agents.registry import TRAINABLE, trainable
from agents.requests import LearningRequest, ModelRequest
from agents.run import RunFolder, hold, read_json
from agents.trackers import Tracker, open_log
from expit_env import RiddleList, open_source

AGENT_HELP = f"who learns: {', '.join(TRAINABLE)}. Each has flags of its own: expit train --agent NAME --help"


@dataclass(frozen=True)
class TrainRequest(LearningRequest):
    """The arguments of ``expit train``.

    Attributes:
        agent: the agent that learns, one of ``agents.registry.TRAINABLE``.
        out: the run folder. An interrupted run resumes when the same command is run again.
        budget: episodes that the agent may spend; by default as many as its settings need.
        test_riddles: riddles of test and of transfer in the final evaluation; none is repeated, so a small split may
            have fewer.
        log: where the metrics of every round are logged, too: tensorboard, trackio or wandb.
        config: the agent's own settings; by default its defaults.
    """

    agent: Annotated[str, tyro.conf.arg(help=AGENT_HELP)] = "expert-iteration"
    out: Path = Path("runs/riddles")
    budget: int | None = None
    test_riddles: int = 64
    log: Tracker | None = None
    config: AdapterConfig = None  # type: ignore[assignment] (made below)

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self, budget=1, test_riddles=1)
        if self.accelerate is not None and not trainable(self.agent).distils:
            raise ValueError(f"{self.agent} does not fine-tune by accelerate: leave out --accelerate")
        if self.config is None:
            object.__setattr__(self, "config", trainable(self.agent).config_class())

    @classmethod
    def of(cls, agent: str) -> type[TrainRequest]:
        """Return the arguments of ``expit train --agent AGENT``, whose flags are those of the agent's own config.

        Raises:
            ValueError: if there is no such agent, or it learns no adapter.
        """
        config = trainable(agent).config_class
        flat = Annotated[config, tyro.conf.arg(name="")]
        fields = [
            ("agent", Annotated[str, tyro.conf.arg(help=AGENT_HELP)], agent),
            ("config", flat, field(default_factory=config)),
        ]
        return dataclasses.make_dataclass("TrainRequest", fields, bases=(cls,), frozen=True)


def train(request: TrainRequest, console: Console) -> Path:
    """Train an agent, or resume an interrupted run, and evaluate it once on test and once on transfer.

    Returns:
        The run folder.
    """
    env = request.environment()
    print_rows(env, console)
    with hold(request.out):
        provenance = {**request.provenance(), "test_riddles": request.test_riddles}
        agent = trainable(request.agent)(request.policy(), request.config, request.out, console, provenance)
        if request.log is not None:
            agent.log = open_log(request.log, request.out, dataclasses.asdict(request.config))
        agent.learn(env, Budget(request.config.episodes if request.budget is None else request.budget))
        run = RunFolder(request.out)
        for split in request.final_splits():
            run.stage(f"evaluation-{split}.json", lambda path, split=split: _final(path, split, agent, env, request))
    return request.out


def _final(path: Path, split: str, agent: AdapterAgent, env: gym.Env[str, str], request: TrainRequest) -> None:
    """Evaluate base and trained model on the same riddles of a split that no choice was based on."""
    if agent.adapter is None:
        raise ValueError("the agent learned nothing to evaluate: give it a larger budget")
    shared = request.config.conditions
    run = TrainedRun(agent.policy, agent.adapter, lambda: env, shared.decoding())
    compare_with_base(run, split, request.test_riddles, shared.evaluation_samples, agent.console).write(path)


@dataclass(frozen=True, slots=True)
class TrainedRun:
    """A finished run, opened again.

    Attributes:
        policy: its base model; after ``policy.use_adapter(adapter)``, its trained model.
        adapter: the last adapter it learned.
        make_env: makes its training environment, which needs its source of riddles.
        decoding: how it drew answers while it learned.
    """

    policy: LanguageModelPolicy
    adapter: Path
    make_env: Callable[[], gym.Env[str, str]]
    decoding: Decoding

    @classmethod
    def open(
        cls, folder: Path, device: str | None = None, sampler: str | None = None, cluster: str | None = None
    ) -> TrainedRun:
        """Open the run in a folder, to sample here, on a cluster, or from a server that has the model of the same name.

        Raises:
            ValueError: if the folder holds no run with an adapter, or its record is broken.
        """
        adapter = _last_adapter(folder)
        model, weights, environment, kwargs, decoding = read_json(folder / "config.json", _recorded)
        request = ModelRequest(model if sampler else weights, device, sampler, cluster=cluster)
        return cls(
            request.policy(), adapter, functools.partial(gym.make, f"expit_env:{environment}", **kwargs), decoding
        )


def _recorded(record: dict) -> tuple[str, str, str, dict, Decoding]:
    """Return the recorded model, weights, environment, its arguments, and how answers were drawn."""
    model, environment = record["model"], record["environment"]
    decoding = {name: record["config"]["conditions"][name] for name in ("temperature", "top_p", "max_new_tokens")}
    return model, record.get("weights", model), environment["id"], environment["kwargs"], Decoding(**decoding)


def compare_with_base(run: TrainedRun, split: str, riddles: int, samples: int, console: Console) -> Comparison:
    """Evaluate a run's base model and its trained one on the same riddles of a split."""
    run.policy.require_adapters()
    env, evaluations = split_env(run.make_env(), split), []
    ids = evaluation_riddles(env, riddles, console)
    for name, adapter in (("base", None), ("trained", run.adapter)):
        run.policy.use_adapter(adapter)
        greedy = dataclasses.replace(run.decoding, temperature=0.0)
        agent, search = PolicyAgent(run.policy, greedy), PolicyAgent(run.policy, run.decoding)
        evaluations.append(evaluate(agent, env, ids, search, samples, console, f"{split}: {name}"))
    return Comparison(*evaluations)


def print_rows(env: gym.Env[str, str], console: Console) -> None:
    """Print how many rows of a file or dataset are used in each split of a run, and why others are left out."""
    kwargs = env.spec.kwargs if env.spec else {}
    source = open_source(kwargs.get("source"))
    if not isinstance(source, RiddleList):
        return
    parts = []
    for split in ("train", "validation", "test"):
        rows, chosen, used = (
            len(source.deck(split, families, level).riddles)
            for families, level in (("all", None), (kwargs["families"], None), (kwargs["families"], kwargs["level"]))
        )
        unused = {"families": rows - chosen, "levels": chosen - used}
        why = ", ".join(f"{count} of other {what}" for what, count in unused.items() if count)
        parts.append(f"{split} {used} of {rows} rows ({why})" if why else f"{split} {used}")
    parts += [f"bad rows left out: {len(source.skipped)}"] if source.skipped else []
    console.print(f"{source.name}: {', '.join(parts)}", markup=False, highlight=False, soft_wrap=True)


def _last_adapter(folder: Path) -> Path:
    if adapters := trained_adapters(folder):
        return adapters[0]
    near = ", ".join(str(other) for other in sorted(folder.parent.glob("*")) if trained_adapters(other)) or "none"
    raise ValueError(f"{folder} holds no run with a trained adapter; runs next to it: {near}. Train one: expit train")


def trained_adapters(folder: Path) -> list[Path]:
    """Return the trained adapters of the run in a folder, the last one first."""
    if not (folder / "config.json").is_file():
        return []
    rounds = sorted(folder.glob("round-*/DONE"), reverse=True)
    return [adapter for done in rounds if (adapter := done.parent / "adapter").is_dir()]
