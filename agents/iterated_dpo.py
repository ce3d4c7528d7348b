"""Iterated DPO: each round learns to prefer verified answers to refuted ones that the newest policy drew.

Pang et al. 2024, https://arxiv.org/abs/2404.19733; Xiong et al. 2023, https://arxiv.org/abs/2312.11456.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import ClassVar, Self

from agents.conditions import Conditions, at_least
from agents.expert_iteration import SearchAndLearn
from agents.updates import Preference


@dataclass(frozen=True, slots=True)
class IteratedDPOConfig:
    """The settings of iterated DPO.

    Attributes:
        conditions: what all agents share.
        rounds: how often to search and learn.
        riddles: riddles searched in each round, new ones every time.
        samples: answers drawn to each.
        update: how pairs are chosen and learned.
    """

    conditions: Conditions = field(default_factory=Conditions)
    rounds: int = 2
    riddles: int = 240
    samples: int = 16
    update: Preference = field(default_factory=Preference)

    def __post_init__(self) -> None:
        at_least(self, rounds=1, riddles=1, samples=2)

    @property
    def episodes(self) -> int:
        """The most episodes of a whole run, a quarter of them to study."""
        return self.rounds * self.riddles * self.samples * 4 // 3

    def within(self, episodes: int) -> Self:
        """Fit the rounds to a budget: fewer riddles (at least 8), then fewer answers to each, then fewer rounds."""
        riddles = min(self.riddles, max(8, episodes // (self.rounds * self.samples)))
        samples = max(2, min(self.samples, episodes // (self.rounds * riddles)))
        rounds = min(self.rounds, max(1, episodes // (riddles * samples)))
        return dataclasses.replace(self, rounds=rounds, riddles=riddles, samples=samples)


class IteratedDPO(SearchAndLearn[IteratedDPOConfig]):
    """Samples answers, and learns to prefer the right ones to the wrong ones."""

    name: ClassVar[str] = "iterated-dpo"
    config_class = IteratedDPOConfig
    distils = False
