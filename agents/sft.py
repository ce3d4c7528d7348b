"""SFT on the worked examples alone, without any search: what a search has to beat."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Self

import gymnasium as gym

from agents.adapter_agent import AdapterAgent
from agents.base import Budget, History, NothingToLearnError, Spending
from agents.conditions import Conditions
from agents.fine_tuning import Example, FineTuning, fine_tune, steps
from agents.progress import stage
from agents.run import Stages, write_text


@dataclass(frozen=True, slots=True)
class SFTAgentConfig:
    """The settings of SFT on worked examples.

    Attributes:
        conditions: what all agents share; its ``worked_pairs`` are what is learned from.
        fine_tuning: how the adapter is trained.
    """

    conditions: Conditions = field(default_factory=Conditions)
    fine_tuning: FineTuning = field(default_factory=lambda: FineTuning(epochs=4))

    @property
    def episodes(self) -> int:
        """More than any number of families needs, of which a quarter may be spent on worked examples."""
        return 4 * 2 * 1_000 * max(1, self.conditions.worked_pairs)

    def within(self, episodes: int) -> Self:
        """Fit the run to a budget, which only limits the worked examples."""
        return dataclasses.replace(self)


class SFT(AdapterAgent[SFTAgentConfig]):
    """Studies some riddles of each family and learns what the environment reveals about them."""

    name: ClassVar[str] = "sft"
    config_class = SFTAgentConfig

    def learn(self, env: gym.Env[str, str], budget: Budget | None = None) -> History:
        """Study, and fine-tune once.

        Raises:
            RunConflictError: if the folder holds a run with different settings.
            NothingToLearnError: if nothing was studied.
        """
        run, metered = self.open_run(env, budget or Budget(self.config.episodes))
        before, stages, shared = self.evaluate_base(run, env), Stages(run, "round-000"), self.config.conditions
        examples = [Example(*example) for example in self.study(run, metered).examples]
        if not examples:
            message = "sft studied nothing: it needs --worked-pairs of at least 1, and a budget of at least 8 episodes"
            raise NothingToLearnError(message, History(metered.spent))

        def distil(path: Path) -> Mapping[str, float]:
            with stage(self.console, "distil", steps(examples, self.config.fine_tuning)) as progress:
                settings = self.config.fine_tuning
                tokens = fine_tune(self.policy, examples, shared.lora, settings, path, shared.seed, progress)
            return {"gradient_tokens": tokens}

        self.adapter = stages.stage("adapter", "distil", distil)
        metered.spent += Spending(gradient_tokens=int(stages.took["gradient_tokens"]))
        metrics = self.measure(stages, {"round": 0, "rows": len(examples)}, before, env)
        stages.finish()
        write_text(run.path / "metrics.jsonl", json.dumps(metrics) + "\n")
        return History(metered.spent, (metrics,))
