"""Small runs of expert iteration on a tiny model, in an environment whose verifier it can please."""

from pathlib import Path

import gymnasium as gym
from support.tiny import terse_model, tiny_policy
from support.verifiers import even

from agents import ExpertIteration, ExpertIterationConfig, FineTuning
from agents.progress import QUIET

CONFIG = ExpertIterationConfig(
    rounds=2, riddles=3, samples=4, extra_samples=6, max_new_tokens=5, few_shot_rounds=0, validation_riddles=2,
    evaluation_samples=2, fine_tuning=FineTuning(rank=2, epochs=1),
)  # fmt: skip


def make_env(verifier=even, **kwargs):
    return gym.make("expit_env:Riddle-v0", verifier=verifier, **({"level": 1} | kwargs))


def make_agent(folder: Path | None, config=CONFIG, console=QUIET) -> ExpertIteration:
    """An agent whose run is recorded as one of the model that is saved beside its folder."""
    provenance = {"model": str(folder.parent / "model")} if folder else {}
    return ExpertIteration(tiny_policy(terse_model()), config, folder, console, provenance)
