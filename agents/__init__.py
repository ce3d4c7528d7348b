"""The learners: agents that reach the riddles only through Gymnasium."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agents.base import Agent, Budget, History, Metered, Spending, judge, rollout, spawn_seeds
    from agents.benchmarking import Benchmark, benchmark
    from agents.conditions import Conditions, LoRA
    from agents.embedding import TextEmbedding
    from agents.evaluation import Evaluation, evaluate, gap_closed
    from agents.expert_iteration import ExpertIteration, ExpertIterationConfig
    from agents.fine_tuning import Example, FineTuning, fine_tune
    from agents.grpo import GRPO, GRPOAgentConfig
    from agents.iterated_dpo import IteratedDPO, IteratedDPOConfig
    from agents.policy import Decoding, LanguageModelPolicy, PolicyAgent
    from agents.rft import RFT, RFTConfig
    from agents.trajectory import Completion, Trajectory, TrajectoryStore
    from agents.updates import Distillation, Fit, Preference, Update

# Imported on first use, because a sampling worker does not need the training libraries.
_MODULES = {
    "base": ("Agent", "Budget", "History", "Metered", "Spending", "judge", "rollout", "spawn_seeds"),
    "benchmarking": ("Benchmark", "benchmark"),
    "conditions": ("Conditions", "LoRA"),
    "embedding": ("TextEmbedding",),
    "evaluation": ("Evaluation", "evaluate", "gap_closed"),
    "expert_iteration": ("ExpertIteration", "ExpertIterationConfig"),
    "fine_tuning": ("Example", "FineTuning", "fine_tune"),
    "grpo": ("GRPO", "GRPOAgentConfig"),
    "iterated_dpo": ("IteratedDPO", "IteratedDPOConfig"),
    "policy": ("Decoding", "LanguageModelPolicy", "PolicyAgent"),
    "rft": ("RFT", "RFTConfig"),
    "trajectory": ("Completion", "Trajectory", "TrajectoryStore"),
    "updates": ("Distillation", "Fit", "Preference", "Update"),
}

__all__ = [
    "GRPO",
    "RFT",
    "Agent",
    "Benchmark",
    "Budget",
    "Completion",
    "Conditions",
    "Decoding",
    "Distillation",
    "Evaluation",
    "Example",
    "ExpertIteration",
    "ExpertIterationConfig",
    "FineTuning",
    "Fit",
    "GRPOAgentConfig",
    "History",
    "IteratedDPO",
    "IteratedDPOConfig",
    "LanguageModelPolicy",
    "LoRA",
    "Metered",
    "PolicyAgent",
    "Preference",
    "RFTConfig",
    "Spending",
    "TextEmbedding",
    "Trajectory",
    "TrajectoryStore",
    "Update",
    "benchmark",
    "evaluate",
    "fine_tune",
    "gap_closed",
    "judge",
    "rollout",
    "spawn_seeds",
]


def __getattr__(name: str) -> object:
    for module, names in _MODULES.items():
        if name in names:
            return getattr(importlib.import_module(f"agents.{module}"), name)
    raise AttributeError(f"module 'agents' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
