"""Conditions: what agents must have in common for a comparison to be fair; and how a config checks its numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from agents.policy import Decoding

# Imported where an adapter is made: the command's help needs neither.
if TYPE_CHECKING:
    from peft import LoraConfig
    from transformers import PreTrainedModel


class SettingError(RuntimeError):
    """A setting makes no sense; no ValueError, because the parser of the command line would report that as its own."""


def at_least(config: Any, **bounds: int) -> None:
    """Check that fields of a config are None or at least their bound.

    Raises:
        SettingError: if one is not; the message names its flag.
    """
    for name, bound in bounds.items():
        value = getattr(config, name)
        if value is not None and not value >= bound:
            raise SettingError(f"--{name.replace('_', '-')} must be at least {bound}, not {value}")


def above_zero(config: Any, **most: float) -> None:
    """Check that fields of a config are None or above 0, and at most their bound.

    Raises:
        SettingError: if one is not; the message names its flag.
    """
    for name, bound in most.items():
        value = getattr(config, name)
        if value is not None and not 0 < value <= bound:
            limit = "" if bound == float("inf") else f" and at most {bound:g}"
            raise SettingError(f"--{name.replace('_', '-')} must be above 0{limit}, not {value}")


@dataclass(frozen=True, slots=True)
class LoRA:
    """The shape of an adapter (Hu et al. 2021, https://arxiv.org/abs/2106.09685).

    Attributes:
        rank: of the matrices.
        alpha: the scale of the matrices, times rank.
        target_modules: the linear modules that get one; "all-linear" means every one but the head.
        layers: the share of the model's layers, from the top, whose modules do; those below need no gradients.
    """

    rank: int = 16
    alpha: int = 32
    target_modules: str | tuple[str, ...] = "all-linear"
    layers: float = 0.5

    def __post_init__(self) -> None:
        at_least(self, rank=1, alpha=1)
        above_zero(self, layers=1.0)

    def config(self, model: PreTrainedModel) -> LoraConfig:
        """Return peft's description of this adapter on a model."""
        from peft import LoraConfig

        modules = self.target_modules if isinstance(self.target_modules, str) else list(self.target_modules)
        count = model.config.get_text_config().num_hidden_layers
        below = "|".join(map(str, range(count - max(1, round(self.layers * count)))))
        excluded = rf"(?:.*\.)?(?:layers|h|blocks)\.(?:{below})\..*" if below else None
        return LoraConfig(
            r=self.rank, lora_alpha=self.alpha, target_modules=modules, exclude_modules=excluded, task_type="CAUSAL_LM"
        )


@dataclass(frozen=True, slots=True)
class Conditions:
    """What the agents of a comparison share; the config of every agent that learns has one.

    Attributes:
        lora: the shape of the adapter.
        temperature: of the samples that agents learn from.
        top_p: the nucleus of the samples that agents learn from.
        max_new_tokens: an answer longer than this is unfinished; nothing is learned from an unfinished right answer.
        reasons: whether answers give the reason first, as worked examples with their explanations do.
        worked_pairs: riddles of each family that are studied with their contrasts before learning: they are played, and
            what the end of an episode reveals is a worked example.
        few_shot_share: the share of learning, from its start, in which the prompt shows the nearest worked examples.
        validation_riddles: riddles that base and trained model are evaluated on; 0 for none.
        evaluation_samples: N of pass@N and majority@N.
        seed: decides every riddle and every draw.
    """

    lora: LoRA = field(default_factory=LoRA)
    temperature: float = 0.7
    top_p: float = 1.0
    max_new_tokens: int = 64
    reasons: bool = True
    worked_pairs: int = 4
    few_shot_share: float = 1 / 3
    validation_riddles: int = 64
    evaluation_samples: int = 4
    seed: int = 0

    def __post_init__(self) -> None:
        at_least(
            self, max_new_tokens=1, validation_riddles=0, evaluation_samples=1, seed=0, few_shot_share=0, worked_pairs=0
        )
        above_zero(self, temperature=float("inf"), top_p=1.0)
        if self.few_shot_share > 1:
            raise SettingError(f"--few-shot-share must be at most 1, not {self.few_shot_share}")

    def decoding(self) -> Decoding:
        """Return how samples are drawn."""
        return Decoding(self.temperature, self.top_p, self.max_new_tokens)

    def shows_examples(self, done: int, total: int) -> bool:
        """Whether the prompt shows worked examples when ``done`` of ``total`` rounds or steps are over."""
        return done < self.few_shot_share * total

    def share_shown(self, total: int) -> float:
        """Return the share of ``total`` rounds or steps in which the prompt shows worked examples."""
        return sum(self.shows_examples(done, total) for done in range(total)) / total
