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

# Imported when asked for: a sampling worker has no use for the libraries that train.
_MODULES = {
    "Agent": "base",
    "Benchmark": "benchmarking",
    "Budget": "base",
    "Completion": "trajectory",
    "Decoding": "policy",
    "Evaluation": "evaluation",
    "ExpertIteration": "expert_iteration",
    "ExpertIterationConfig": "expert_iteration",
    "FineTuning": "fine_tuning",
    "History": "base",
    "LanguageModelPolicy": "policy",
    "PolicyAgent": "policy",
    "TextEmbedding": "embedding",
    "Trajectory": "trajectory",
    "TrajectoryStore": "trajectory",
    "benchmark": "benchmarking",
    "evaluate": "evaluation",
    "gap_closed": "evaluation",
    "rollout": "base",
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
    if name not in _MODULES:
        raise AttributeError(f"module 'agents' has no attribute {name!r}")
    return getattr(importlib.import_module(f"agents.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
