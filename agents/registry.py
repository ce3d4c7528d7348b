"""The agents by name, and what each is made from. A new one is a file with a ``make`` and a line here."""

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
"""The agents that learn an adapter, which is what ``expit train`` trains."""

AGENTS: Mapping[str, str] = {
    **TRAINABLE,
    "base": "agents.baselines:make_base",
    "few-shot": "agents.baselines:make_few_shot",
    "majority": "agents.baselines:make_majority",
    "best-of-n": "agents.baselines:make_best_of_n",
    "random": "agents.baselines:make_random",
    "constant": "agents.baselines:make_constant",
}
"""Each agent's name, and where the function is that makes one of a `Setting`, as "module:function"."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What any agent is made from; each takes of it what it needs.

    Attributes:
        policy: the base model.
        config: what agents are asked for; the peers share its temperature, answer length, LoRA shape, N and seed.
        folder: the run folder of an agent that learns; None keeps nothing.
        console: where progress is shown.
        provenance: model and versions, for the record of a run.
    """

    policy: LanguageModelPolicy
    config: ExpertIterationConfig = field(default_factory=ExpertIterationConfig)
    folder: Path | None = None
    console: Console = QUIET
    provenance: Mapping[str, object] = field(default_factory=dict)


def make_agent(name: str, setting: Setting) -> Agent:
    """Make the agent of that name.

    Raises:
        ValueError: if there is no such agent.
    """
    module, _, function = AGENTS[known(name)].partition(":")
    return getattr(importlib.import_module(module), function)(setting)


def known(name: str) -> str:
    """Return the name of an agent as it is.

    Raises:
        ValueError: if there is no such agent; the message names the nearest one.
    """
    if name not in AGENTS:
        close = difflib.get_close_matches(name, AGENTS, n=1)
        guess = f" Did you mean {close[0]!r}?" if close else ""
        raise ValueError(f"there is no agent {name!r}.{guess} What exists: {', '.join(AGENTS)}")
    return name


def make_expert_iteration(setting: Setting) -> Agent:
    return ExpertIteration(setting.policy, setting.config, setting.folder, setting.console, setting.provenance)
