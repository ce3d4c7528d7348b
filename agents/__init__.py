"""The learners: agents that reach the riddles only through Gymnasium."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agents.base import Agent, Budget, History, rollout
    from agents.benchmarking import Benchmark, benchmark
    from agents.embedding import TextEmbedding
    from agents.evaluation import Evaluation, evaluate, gap_closed
    from agents.expert_iteration import ExpertIteration, ExpertIterationConfig
    from agents.fine_tuning import FineTuning
    from agents.policy import Decoding, LanguageModelPolicy, PolicyAgent
    from agents.trajectory import Completion, Trajectory, TrajectoryStore

# Imported on first use, because a sampling worker does not need the training libraries.
_MODULES = {
    "base": ("Agent", "Budget", "History", "rollout"),
    "benchmarking": ("Benchmark", "benchmark"),
    "embedding": ("TextEmbedding",),
    "evaluation": ("Evaluation", "evaluate", "gap_closed"),
    "expert_iteration": ("ExpertIteration", "ExpertIterationConfig"),
    "fine_tuning": ("FineTuning",),
    "policy": ("Decoding", "LanguageModelPolicy", "PolicyAgent"),
    "trajectory": ("Completion", "Trajectory", "TrajectoryStore"),
}

__all__ = [
    "Agent",
    "Benchmark",
    "Budget",
    "Completion",
    "Decoding",
    "Evaluation",
    "ExpertIteration",
    "ExpertIterationConfig",
    "FineTuning",
    "History",
    "LanguageModelPolicy",
    "PolicyAgent",
    "TextEmbedding",
    "Trajectory",
    "TrajectoryStore",
    "benchmark",
    "evaluate",
    "gap_closed",
    "rollout",
]


def __getattr__(name: str) -> object:
    for module, names in _MODULES.items():
        if name in names:
            return getattr(importlib.import_module(f"agents.{module}"), name)
    raise AttributeError(f"module 'agents' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
