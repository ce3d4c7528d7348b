"""Riddle-v0, a Gymnasium environment of riddles with a verified reward. Importing it registers the environment."""

from __future__ import annotations

from gymnasium.envs.registration import register

from expit_env.choice import RiddleChoiceEnv
from expit_env.env import RiddleEnv
from expit_env.riddle import Kind, Outcome, Riddle, Verdict
from expit_env.sources import open_source
from expit_env.sources.riddle_list import RiddleList
from expit_env.sources.source import RiddleSource
from expit_env.verifier import ANSWER_FORMAT, verify
from expit_env.verifiers import JudgeError, JudgeVerifier, NoisyVerifier
from expit_env.wrappers import Curriculum

__all__ = [
    "ANSWER_FORMAT",
    "Curriculum",
    "JudgeError",
    "JudgeVerifier",
    "Kind",
    "NoisyVerifier",
    "Outcome",
    "Riddle",
    "RiddleChoiceEnv",
    "RiddleEnv",
    "RiddleList",
    "RiddleSource",
    "Verdict",
    "open_source",
    "verify",
]

register(id="Riddle-v0", entry_point="expit_env.env:RiddleEnv")
register(id="RiddleChoice-v0", entry_point="expit_env.choice:RiddleChoiceEnv")
