"""Small runs of expert iteration on a tiny model, in an environment whose verifier it can please."""

from pathlib import Path

import gymnasium as gym
from support.tiny import terse_model, tiny_policy
from support.verifiers import even

from agents import Conditions, Distillation, ExpertIteration, ExpertIterationConfig, FineTuning, LoRA
from agents.progress import QUIET

CONDITIONS = Conditions(
    LoRA(rank=2), max_new_tokens=5, worked_pairs=1, few_shot_share=0, validation_riddles=2, evaluation_samples=2
)
DISTILLATION = Distillation(fine_tuning=FineTuning(epochs=1))
CONFIG = ExpertIterationConfig(CONDITIONS, rounds=2, riddles=4, samples=6, update=DISTILLATION)


def make_env(verifier=even, **kwargs):
    return gym.make("expit_env:Riddle-v0", verifier=verifier, **({"level": 1} | kwargs))


def make_agent(folder: Path | None, config=CONFIG, console=QUIET) -> ExpertIteration:
    """An agent whose run is recorded as one of the model that is saved beside its folder."""
    provenance = {"model": str(folder.parent / "model")} if folder else {}
    return ExpertIteration(tiny_policy(terse_model()), config, folder, console, provenance)
