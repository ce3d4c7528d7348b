"""A whole training run: model, environment, agent, final evaluation and report, in one folder."""

from __future__ import annotations

import importlib.metadata
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import gymnasium as gym
from rich.console import Console

from agents.base import Budget
from agents.embedded import embedded_model_path, model_hash
from agents.evaluation import evaluate_policy, split_env, to_dict
from agents.expert_iteration import ExpertIteration, ExpertIterationConfig
from agents.policy import LanguageModelPolicy
from agents.run import RunFolder

EMBEDDED = "embedded"
FINAL_SPLITS = ("test", "transfer")


@dataclass(frozen=True, slots=True)
class TrainRequest:
    """What ``expit train`` is asked for.

    Attributes:
        agent: who learns.
        model: "embedded" (SmolLM2-135M-Instruct), a local folder, or an id on the Hugging Face Hub.
        device: cuda, mps or cpu; by default the first of them that is there.
        out: the run folder. A run that was cut off goes on when the same is asked again.
        families: families of riddles to train on; all by default.
        level: 1 (easy) to 5; mixed by default.
        budget: episodes that the agent may spend; by default as many as the rounds take.
        test_riddles: riddles of each of test and transfer in the final evaluation.
        config: of the agent.
    """

    agent: Literal["expert-iteration", "grpo"] = "expert-iteration"
    model: str = EMBEDDED
    device: str | None = None
    out: Path = Path("runs/riddles")
    families: tuple[str, ...] = ()
    level: int | None = None
    budget: int | None = None
    test_riddles: int = 100
    config: ExpertIterationConfig = field(default_factory=ExpertIterationConfig)

    def environment(self) -> gym.Env[str, str]:
        """Make the environment that is asked for, on its train split.

        Raises:
            ValueError: if there are no such families or no such level.
        """
        return gym.make("expit_env:Riddle-v0", split="train", families=self.families or "all", level=self.level)

    def resolved_model(self) -> str:
        """Return a folder or Hub id that transformers can load, fetching the embedded model where it is asked for."""
        return str(embedded_model_path()) if self.model == EMBEDDED else self.model

    def provenance(self) -> dict[str, object]:
        """Return what a run's record says of model and versions."""
        path = Path(self.resolved_model())
        packages = ("torch", "transformers", "trl", "peft", "gymnasium", "numpy")
        return {
            "model": self.model,
            "model_hash": model_hash(path) if path.is_dir() else None,
            "device": self.device,
            "versions": {name: importlib.metadata.version(name) for name in packages},
        }


def train(request: TrainRequest, console: Console) -> Path:
    """Train an agent, or go on where a run was cut off, and evaluate it once on test and once on transfer.

    Returns:
        The run folder.
    """
    env = request.environment()
    policy = LanguageModelPolicy.load(request.resolved_model(), request.device)
    agent = _make_agent(request, policy, console)
    agent.learn(env, Budget(request.budget or request.config.episodes))
    run = RunFolder(request.out)
    for split in FINAL_SPLITS:
        run.stage(f"evaluation-{split}.json", lambda path, split=split: _final(path, split, agent, env, request))
    return request.out


def _make_agent(request: TrainRequest, policy: LanguageModelPolicy, console: Console) -> ExpertIteration:
    return ExpertIteration(policy, request.config, request.out, console, request.provenance())


def _final(path: Path, split: str, agent: ExpertIteration, env: gym.Env[str, str], request: TrainRequest) -> None:
    """Measure base and trained on the same riddles of a split that nothing was chosen on."""
    other, adapter, samples = split_env(env, split), agent.adapter, request.config.evaluation_samples
    measured = {}
    for name, folder in (("base", None), ("trained", adapter)):
        agent.use_adapter(folder)
        measured[name] = to_dict(
            evaluate_policy(
                agent.policy, other, request.test_riddles, samples, request.config.max_new_tokens, agent.console,
                f"{split}: {name}",
            )
        )  # fmt: skip
    agent.use_adapter(adapter)
    path.write_text(json.dumps(measured), encoding="utf-8")
