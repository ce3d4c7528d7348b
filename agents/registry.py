"""The agents by name. To add one, write a file with its class and config, and add a line here."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from agents.base import Agent
from agents.conditions import Conditions
from agents.policy import LanguageModelPolicy
from agents.progress import QUIET

TRAINABLE: Mapping[str, str] = {
    "expert-iteration": "agents.expert_iteration:ExpertIteration",
    "rft": "agents.rft:RFT",
    "iterated-dpo": "agents.iterated_dpo:IteratedDPO",
    "grpo": "agents.grpo:GRPO",
    "sft": "agents.sft:SFT",
}
"""The agents that learn an adapter, and that ``expit train`` can therefore train: subclasses of `AdapterAgent`."""

BASELINES = ("base", "few-shot", "majority", "best-of-n", "random", "constant")
"""The other agents, which `agents.baselines` makes."""

AGENTS = (*TRAINABLE, *BASELINES)


@dataclass(frozen=True, slots=True)
class Setting:
    """The arguments for making an agent; each agent uses those that it needs.

    Attributes:
        policy: the base model.
        conditions: what all agents share.
        budget: the episodes that an agent may spend; its config is fitted to it.
        folder: the run folder of an agent that learns; None to keep nothing.
        console: where progress is shown.
        provenance: model and versions, for the run's record.
    """

    policy: LanguageModelPolicy
    conditions: Conditions = field(default_factory=Conditions)
    budget: int = 1_536
    folder: Path | None = None
    console: Console = QUIET
    provenance: Mapping[str, object] = field(default_factory=dict)


def make_agent(name: str, setting: Setting) -> Agent:
    """Make the agent with that name, its config fitted to the setting.

    Raises:
        ValueError: if there is no such agent.
    """
    if checked_name(name) in BASELINES:
        made: Agent = _load("agents.baselines:MAKE")[name](setting)
        return made
    agent = trainable(name)
    config = agent.config_class(conditions=setting.conditions).within(setting.budget)
    return agent(setting.policy, config, setting.folder, setting.console, setting.provenance)


def trainable(name: str) -> Any:
    """Return the class of an agent that learns an adapter; its settings are those of its ``config_class``.

    Raises:
        ValueError: if there is no such agent, or it learns no adapter.
    """
    if checked_name(name) not in TRAINABLE:
        raise ValueError(f"{name} has no adapter to train: use it in expit compare. Trained are {', '.join(TRAINABLE)}")
    return _load(TRAINABLE[name])


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


def _load(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(module), name)
