"""The agents by name. To add one, write a file with a ``make`` function and add a line here."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from agents.base import Agent
from agents.expert_iteration import ExpertIteration, ExpertIterationConfig
from agents.policy import LanguageModelPolicy
from agents.progress import QUIET

TRAINABLE: Mapping[str, str] = {
    "expert-iteration": "agents.registry:make_expert_iteration",
    "grpo": "agents.grpo:make",
}
"""The agents that learn an adapter, and that ``expit train`` can therefore train."""

AGENTS: Mapping[str, str] = {
    **TRAINABLE,
    "base": "agents.baselines:make_base",
    "few-shot": "agents.baselines:make_few_shot",
    "majority": "agents.baselines:make_majority",
    "best-of-n": "agents.baselines:make_best_of_n",
    "random": "agents.baselines:make_random",
    "constant": "agents.baselines:make_constant",
}
"""Each agent's name, and the function that makes it from a `Setting`, as "module:function"."""


@dataclass(frozen=True, slots=True)
class Setting:
    """The arguments for making an agent; each agent uses those that it needs.

    Attributes:
        policy: the base model.
        config: the settings; all agents share its temperature, answer length, LoRA shape, N and seed.
        folder: the run folder of an agent that learns; None to keep nothing.
        console: where progress is shown.
        provenance: model and versions, for the run's record.
    """

    policy: LanguageModelPolicy
    config: ExpertIterationConfig = field(default_factory=ExpertIterationConfig)
    folder: Path | None = None
    console: Console = QUIET
    provenance: Mapping[str, object] = field(default_factory=dict)


def make_agent(name: str, setting: Setting) -> Agent:
    """Make the agent with that name.

    Raises:
        ValueError: if there is no such agent.
    """
    module, _, function = AGENTS[checked_name(name)].partition(":")
    return getattr(importlib.import_module(module), function)(setting)


def checked_name(name: str) -> str:
    """Return the name of an agent unchanged.

    Raises:
        ValueError: if there is no such agent; the message suggests the closest name.
    """
    if name not in AGENTS:
        close = difflib.get_close_matches(name, AGENTS, n=1)
        guess = f" Did you mean {close[0]!r}?" if close else ""
        raise ValueError(f"there is no agent {name!r}.{guess} What exists: {', '.join(AGENTS)}")
    return name


def make_expert_iteration(setting: Setting) -> Agent:
    """Make the agent that searches, filters and distils."""
    return ExpertIteration(setting.policy, setting.config, setting.folder, setting.console, setting.provenance)
