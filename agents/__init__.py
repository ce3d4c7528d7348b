"""The learners: agents that reach the riddles only through Gymnasium."""

from agents.base import Agent, Budget, History, rollout
from agents.evaluation import Evaluation, evaluate, gap_closed
from agents.expert_iteration import ExpertIteration, ExpertIterationConfig
from agents.fine_tuning import FineTuning
from agents.policy import Decoding, LanguageModelPolicy, PolicyAgent
from agents.trajectory import Completion, Trajectory, TrajectoryStore

__all__ = [
    "Agent",
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
    "Trajectory",
    "TrajectoryStore",
    "evaluate",
    "gap_closed",
    "rollout",
]
