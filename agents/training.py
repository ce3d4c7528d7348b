"""A whole training run: model, environment, agent, final evaluation and report, in one folder."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import gymnasium as gym
import tyro
from rich.console import Console

from agents.adapter_agent import AdapterAgent, check_numbers
from agents.base import Budget
from agents.embedded import EMBEDDED, model_hash, model_source
from agents.evaluation import Comparison, evaluate_policy, evaluation_riddles, split_env
from agents.expert_iteration import ExpertIterationConfig
from agents.policy import LanguageModelPolicy, pick_device
from agents.registry import TRAINABLE, Setting, checked_name, make_agent
from agents.run import UNCOMPARED, RunFolder, hold, read_json
from expit_env import RiddleList, open_source
from expit_env.riddles import GROUPS
from expit_env.riddles.splits import GENERATOR_VERSION

FINAL_SPLITS = ("test", "transfer")

FIRST_GROUPS = (
    "counting traps", "comparison", "order and position", "impossible premises", "kinship and names",
    "measure and parallel work", "everyday physics", "time and calendar",
)  # fmt: skip
"""The default groups of families: a model of 135M parameters learns them in minutes on a laptop. The others (words and
letters, deduction, sequences, what am I) need more search."""

FAMILIES_HELP = f"families of riddles, by name or by group; expit families lists them. The groups: {', '.join(GROUPS)}."
_DEFAULT = f"(default: the first {len(FIRST_GROUPS)} groups, or all of a source; all means every family)"
Families = Annotated[tuple[str, ...], tyro.conf.arg(help=FAMILIES_HELP, help_behavior_hint=_DEFAULT)]

OLLAMA_WEIGHTS = {
    "qwen2.5:0.5b": "Qwen/Qwen2.5-0.5B-Instruct",
    "qwen2.5:1.5b": "Qwen/Qwen2.5-1.5B-Instruct",
    "smollm2:135m": EMBEDDED,
    "smollm2:360m": "HuggingFaceTB/SmolLM2-360M-Instruct",
}
"""The weights of some models that Ollama serves; for any other, give ``--weights``."""


@dataclass(frozen=True, slots=True)
class TrainRequest:
    """The arguments of ``expit train``.

    Attributes:
        agent: the agent that learns, one of ``agents.registry.TRAINABLE``.
        model: "embedded" (SmolLM2-135M-Instruct), a local folder, or an id on the Hugging Face Hub. With a sampler: the
            model's name on that server.
        device: cuda, mps or cpu; by default the first of them that is available.
        sampler: a server with an OpenAI-compatible API to sample from, such as http://localhost:8000/v1 (vLLM); by
            default answers are sampled in this process.
        weights: with a sampler, the model to fine-tune here: "embedded", a folder or a Hub id; by default --model.
        out: the run folder. An interrupted run resumes when the same command is run again.
        source: riddles of your own instead of the built-in families: riddles.jsonl, hf:DATASET or reasoning-gym:NAME.
        skip_bad: leave out bad rows of a file or dataset and count them, instead of stopping with an error.
        families: families to train on, by name or by group, or all; ``expit families`` lists them.
        level: 1 (easy) to 5, or all of them mixed; by default 1 for the built-in families (which a laptop learns in
            minutes), and all for a source.
        budget: episodes that the agent may spend; by default as many as the rounds need.
        test_riddles: riddles of test and of transfer in the final evaluation; none is repeated, so a small split may
            have fewer.
        config: the agent's settings.
    """

    agent: Annotated[str, tyro.conf.arg(help=f"who learns: {' or '.join(TRAINABLE)}.")] = "expert-iteration"
    model: str = EMBEDDED
    device: str | None = None
    sampler: str | None = None
    weights: str | None = None
    out: Path = Path("runs/riddles")
    source: str | None = None
    skip_bad: bool = False
    families: Families = ()
    level: int | Literal["all"] | None = None
    budget: int | None = None
    test_riddles: int = 64
    config: Annotated[ExpertIterationConfig, tyro.conf.arg(name="")] = field(default_factory=ExpertIterationConfig)

    def __post_init__(self) -> None:
        checked_name(self.agent)
        check_numbers(self)
        if self.skip_bad and self.source is None:
            raise ValueError("--skip-bad goes with --source: the built-in families have no rows")
        if self.weights is not None and self.sampler is None:
            raise ValueError("--weights goes with --sampler: without a server, --model names the weights")
        if self.sampler is not None and self.agent == "grpo":
            raise ValueError("grpo samples inside trl, not from a server: leave out --sampler")

    def environment(self) -> gym.Env[str, str]:
        """Make the requested environment on its train split.

        Raises:
            ValueError: if a family or the level does not exist, or the source lacks a split that is needed.
        """
        families = self.families or ("all" if self.source else FIRST_GROUPS)
        source = {"source": self._source_name()} if self.source else {}
        kwargs = {"families": families, "level": self.resolved_level(), **source}
        env = gym.make("expit_env:Riddle-v0", split="train", **kwargs)
        for split in ("validation", *self.final_splits()):
            split_env(env, split)
        return env

    def resolved_level(self) -> int | None:
        """Return the level that riddles are drawn at; None for all."""
        if self.level is None:
            return None if self.source else 1
        return None if self.level == "all" else self.level

    def final_splits(self) -> tuple[str, ...]:
        """Return the splits of the final evaluation; only the built-in families have transfer."""
        return FINAL_SPLITS[:1] if self.source else FINAL_SPLITS

    def weights_name(self) -> str:
        """Return the model to fine-tune: "embedded", a local folder, or a Hub id."""
        served = OLLAMA_WEIGHTS.get(self.model, self.model) if self.sampler else self.model
        return self.weights or served

    def resolved_model(self) -> str:
        """Return a folder or Hub id that transformers can load, after preparing the embedded model if it is used."""
        return model_source(self.weights_name())

    def policy(self) -> LanguageModelPolicy:
        """Load the model, or connect to the one on the server.

        Raises:
            OSError: if neither a folder nor the Hub has the model.
            ModuleNotFoundError: if there is a server and the package openai is not installed.
        """
        if self.sampler is None:
            return LanguageModelPolicy.load(self.resolved_model(), self.device)
        # Imported here because only a server needs the package openai.
        from agents.sampling.http import HTTPSampler
        from agents.served_policy import ServedPolicy

        return ServedPolicy(HTTPSampler(self.sampler, self.model), self.weights_name(), self.device)

    def provenance(self) -> dict[str, object]:
        """Return what the record of a run says about model, source and versions."""
        from agents.sampling.workers import usable_cores

        path = Path(self.resolved_model())
        packages = ("expit-env", "torch", "transformers", "trl", "peft", "gymnasium", "numpy")
        return {
            "model": self.model,
            "model_hash": model_hash(path) if path.is_dir() else None,
            "device": self.device,
            **self._sampled(),
            **self._source_content(),
            "generator_version": GENERATOR_VERSION,
            "versions": {name: importlib.metadata.version(name) for name in packages},
            UNCOMPARED: {"cores": usable_cores(), "workers": self._workers()},
        }

    def _source_name(self) -> str | None:
        if self.source is None or not self.skip_bad:
            return self.source
        return self.source + ("&skip_bad" if "?" in self.source else "?skip_bad")

    def _source_content(self) -> dict[str, object]:
        """Identify the riddles of a source: by a hash of its file or rows, or by its version."""
        if self.source is None:
            return {}
        file, source = Path(self.source.partition("?")[0]), open_source(self._source_name())
        if not isinstance(source, RiddleList):
            return {"source_version": importlib.metadata.version("reasoning-gym")}
        content = file.read_bytes() if file.is_file() else repr(source.riddles).encode()
        return {"source_sha256": hashlib.sha256(content).hexdigest()}

    def _workers(self) -> int:
        """Return how many worker processes sample."""
        from agents.sampling.workers import MOST_WORKERS, usable_cores

        has_workers = self.sampler is None and pick_device(self.device).type == "cpu" and os.name == "posix"
        return min(usable_cores(), MOST_WORKERS) if has_workers else 0

    def _sampled(self) -> dict[str, object]:
        """Return how answers are sampled: in another precision, the same seed gives other answers."""
        if self.sampler:
            return {"sampler": self.sampler, "weights": self.weights_name()}
        from agents.sampling import sampling_dtype

        return {"sampled_in": str(sampling_dtype(pick_device(self.device)))}


def train(request: TrainRequest, console: Console) -> Path:
    """Train an agent, or resume an interrupted run, and evaluate it once on test and once on transfer.

    Returns:
        The run folder.
    """
    env = request.environment()
    print_rows(env, console)
    with hold(request.out):
        agent = _make_agent(request, request.policy(), console)
        agent.learn(env, Budget(request.config.episodes if request.budget is None else request.budget))
        run = RunFolder(request.out)
        for split in request.final_splits():
            run.stage(f"evaluation-{split}.json", lambda path, split=split: _final(path, split, agent, env, request))
    return request.out


def _make_agent(request: TrainRequest, policy: LanguageModelPolicy, console: Console) -> AdapterAgent:
    provenance = {**request.provenance(), "test_riddles": request.test_riddles}
    agent = make_agent(request.agent, Setting(policy, request.config, request.out, console, provenance))
    if not isinstance(agent, AdapterAgent):
        raise ValueError(f"{request.agent} has no adapter to train: use it in expit compare")
    return agent


def _final(path: Path, split: str, agent: AdapterAgent, env: gym.Env[str, str], request: TrainRequest) -> None:
    """Evaluate base and trained model on the same riddles of a split that no choice was based on."""
    if agent.adapter is None:
        raise ValueError("the agent learned nothing to evaluate: give it a larger budget")
    run = TrainedRun(agent.policy, agent.adapter, lambda: env, request.config.max_new_tokens)
    samples = request.config.evaluation_samples
    compare_with_base(run, split, request.test_riddles, samples, agent.console).write(path)


@dataclass(frozen=True, slots=True)
class TrainedRun:
    """A finished run, opened again.

    Attributes:
        policy: its base model; after ``policy.use_adapter(adapter)``, its trained model.
        adapter: the last adapter it learned.
        make_env: makes its training environment, which needs its source of riddles.
        max_new_tokens: the token limit of its answers.
    """

    policy: LanguageModelPolicy
    adapter: Path
    make_env: Callable[[], gym.Env[str, str]]
    max_new_tokens: int

    @classmethod
    def open(cls, folder: Path, device: str | None = None, sampler: str | None = None) -> TrainedRun:
        """Open the run in a folder, to sample in this process or from a server that has the model under the same name.

        Raises:
            ValueError: if the folder holds no run with an adapter, or its record is broken.
        """
        adapter = _last_adapter(folder)
        model, weights, environment, kwargs, length = read_json(folder / "config.json", _recorded)
        request = TrainRequest(model=model if sampler else weights, device=device, sampler=sampler)
        return cls(request.policy(), adapter, functools.partial(gym.make, f"expit_env:{environment}", **kwargs), length)


def _recorded(record: dict) -> tuple[str, str, str, dict, int]:
    """Return the recorded model, weights, environment, its arguments, and the token limit of answers."""
    model, environment = record["model"], record["environment"]
    weights, length = record.get("weights", model), record["config"]["max_new_tokens"]
    return model, weights, environment["id"], environment["kwargs"], length


def compare_with_base(run: TrainedRun, split: str, riddles: int, samples: int, console: Console) -> Comparison:
    """Evaluate a run's base model and its trained one on the same riddles of a split."""
    run.policy.require_adapters()
    env, evaluations = split_env(run.make_env(), split), []
    ids = evaluation_riddles(env, riddles, console)
    for name, adapter in (("base", None), ("trained", run.adapter)):
        run.policy.use_adapter(adapter)
        title = f"{split}: {name}"
        evaluations.append(evaluate_policy(run.policy, env, ids, samples, run.max_new_tokens, console, title))
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
    rounds = sorted((done.parent / "adapter" for done in folder.glob("round-*/DONE")), reverse=True)
    return [adapter for adapter in (folder / "adapter", *rounds) if adapter.is_dir()]
