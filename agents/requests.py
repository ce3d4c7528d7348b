"""What the commands are asked for in common: a model, and riddles to learn."""

from __future__ import annotations

import hashlib
import importlib.metadata
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import gymnasium as gym
import tyro

from agents.embedded import EMBEDDED, model_hash, model_source
from agents.held_out import split_env
from agents.policy import LanguageModelPolicy, pick_device
from agents.run import UNCOMPARED
from expit_env import RiddleList, open_source
from expit_env.riddles import GROUPS
from expit_env.riddles.splits import GENERATOR_VERSION, digest

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


@dataclass(frozen=True)
class ModelRequest:
    """A model, here or on a server.

    Attributes:
        model: "embedded" (SmolLM2-135M-Instruct), a local folder, or an id on the Hugging Face Hub. With a sampler: the
            model's name on that server.
        device: cuda, mps or cpu; by default the first of them that is available.
        sampler: a server with an OpenAI-compatible API to sample from, such as http://localhost:8000/v1 (vLLM), or
            several separated by commas; by default answers are sampled in this process.
        weights: with a sampler, the model to fine-tune here: "embedded", a folder or a Hub id; by default --model.
        cluster: a Ray cluster to sample on: auto for the one that this machine belongs to, local to start one here, or
            an address such as ray://head:10001.
        accelerate: a config file, as "accelerate config" writes it, for the fine-tuning of expert-iteration, rft and
            sft: its processes share each batch. By default they fine-tune in this process.
    """

    model: str = EMBEDDED
    device: str | None = None
    sampler: str | None = None
    weights: str | None = None
    cluster: str | None = None
    accelerate: Path | None = None

    def __post_init__(self) -> None:
        one_place(self.sampler, self.cluster)
        if self.accelerate is not None and not self.accelerate.is_file():
            raise ValueError(f"--accelerate: there is no file {self.accelerate}; accelerate config writes one")
        if self.weights is not None and self.sampler is None:
            raise ValueError("--weights goes with --sampler: without a server, --model names the weights")
        if self.device is not None:
            pick_device(self.device)

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
            policy = LanguageModelPolicy.load(self.resolved_model(), self.device, self.cluster)
        else:
            # Imported here because only a server needs the package openai.
            from agents.sampling.http import HTTPSampler
            from agents.served_policy import ServedPolicy

            policy = ServedPolicy(HTTPSampler(self.sampler, self.model), self.weights_name(), self.device)
        policy.accelerate = self.accelerate
        return policy

    def provenance(self) -> dict[str, object]:
        """Return what the record of a run says about model and versions."""
        from agents.sampling.workers import usable_cores

        path = Path(self.resolved_model())
        packages = ("expit-env", "torch", "transformers", "trl", "peft", "gymnasium", "numpy")
        return {
            "model": self.model,
            "model_hash": model_hash(path) if path.is_dir() else None,
            "device": self.device,
            **self._sampled(),
            "generator_version": GENERATOR_VERSION,
            "train_digest": digest(),
            "versions": {name: importlib.metadata.version(name) for name in packages},
            UNCOMPARED: {
                "cores": usable_cores(),
                "sampler": self.sampler,
                "cluster": self.cluster,
                "accelerate": str(self.accelerate or ""),
            },
        }

    def _sampled(self) -> dict[str, object]:
        """Return how answers are sampled: in another precision, the same seed gives other answers."""
        if self.sampler:
            return {"served": True, "weights": self.weights_name()}
        from agents.sampling import sampling_dtype

        return {"sampled_in": str(sampling_dtype(pick_device("cpu" if self.cluster else self.device)))}


def one_place(sampler: str | None, cluster: str | None) -> None:
    """Check that answers are to come from a server or from a cluster, if from either.

    Raises:
        ValueError: if both are given.
    """
    if sampler is not None and cluster is not None:
        raise ValueError("give --sampler or --cluster: answers come from a server or from a cluster")


@dataclass(frozen=True)
class LearningRequest(ModelRequest):
    """A model, and riddles to learn.

    Attributes:
        source: riddles of your own instead of the built-in families: riddles.jsonl, hf:DATASET or reasoning-gym:NAME.
        skip_bad: leave out bad rows of a file or dataset and count them, instead of stopping with an error.
        families: families to train on, by name or by group, or all; ``expit families`` lists them.
        level: 1 (easy) to 5, or all of them mixed; by default 1 for the built-in families (which a laptop learns in
            minutes), and all for a source.
    """

    source: str | None = None
    skip_bad: bool = False
    families: Families = ()
    level: int | Literal["all"] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.skip_bad and self.source is None:
            raise ValueError("--skip-bad goes with --source: the built-in families have no rows")

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

    def provenance(self) -> dict[str, object]:
        """Return what the record of a run says about model, source and versions."""
        return {**super().provenance(), **self._source_content()}

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
