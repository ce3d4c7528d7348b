"""RFT: rejection-sampling fine-tuning, one round of search, and all different right answers learned.

Yuan et al. 2023, https://arxiv.org/abs/2308.01825.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import ClassVar, Self

from agents.conditions import Conditions, at_least
from agents.expert_iteration import SearchAndLearn
from agents.updates import Distillation


@dataclass(frozen=True, slots=True)
class RFTConfig:
    """The settings of RFT.

    Attributes:
        conditions: what all agents share.
        riddles: riddles searched.
        samples: answers drawn to each.
        update: how the answers are distilled.
    """

    conditions: Conditions = field(default_factory=Conditions)
    riddles: int = 480
    samples: int = 16
    update: Distillation = field(default_factory=lambda: Distillation(answers_per_riddle=None))

    def __post_init__(self) -> None:
        at_least(self, riddles=2, samples=1)

    @property
    def rounds(self) -> int:
        """One."""
        return 1

    @property
    def episodes(self) -> int:
        """The most episodes of a whole run, a quarter of them to study."""
        return self.riddles * self.samples * 4 // 3

    def within(self, episodes: int) -> Self:
        """Fit the search to a budget: fewer riddles (at least 8), then fewer answers to each."""
        riddles = min(self.riddles, max(8, episodes // self.samples))
        return dataclasses.replace(self, riddles=riddles, samples=max(1, min(self.samples, episodes // riddles)))


class RFT(SearchAndLearn[RFTConfig]):
    """Samples many answers once, and learns all different right ones, as `Distillation` chooses them."""

    name: ClassVar[str] = "rft"
    config_class = RFTConfig
