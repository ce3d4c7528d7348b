"""System 1: distilling verified answers into a LoRA adapter by supervised fine-tuning, with trl and peft."""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agents.policy import LanguageModelPolicy, prompt

# Imported only for training, because the command's help does not need them.
if TYPE_CHECKING:
    import torch
    from peft import LoraConfig
    from transformers import PreTrainedModel
    from trl.trainer.sft_config import SFTConfig


@dataclass(frozen=True, slots=True)
class FineTuning:
    """How an adapter is trained.

    Attributes:
        rank: of the LoRA matrices (Hu et al. 2021, https://arxiv.org/abs/2106.09685).
        alpha: the LoRA update is scaled by alpha / rank.
        target_modules: the linear modules to adapt; "all-linear" means all except the head.
        layers: the share of the model's layers to adapt, from the top; those below need no gradients.
        learning_rate: at the start; it falls linearly to 0.
        epochs: passes over the rows.
        max_steps: optimiser steps, instead of epochs, if given.
        batch_size: questions per step, each with all its answers.
    """

    rank: int = 16
    alpha: int = 32
    target_modules: str | tuple[str, ...] = "all-linear"
    layers: float = 0.5
    learning_rate: float = 2e-3
    epochs: int = 2
    max_steps: int | None = None
    batch_size: int = 4

    def lora(self, model: PreTrainedModel) -> LoraConfig:
        """Return the shape of the adapter on a model; all agents in a comparison share it."""
        from peft import LoraConfig

        modules = self.target_modules if isinstance(self.target_modules, str) else list(self.target_modules)
        count = model.config.get_text_config().num_hidden_layers
        below = "|".join(map(str, range(count - max(1, round(self.layers * count)))))
        excluded = rf"(?:.*\.)?(?:layers|h|blocks)\.(?:{below})\..*" if below else None
        return LoraConfig(
            r=self.rank, lora_alpha=self.alpha, target_modules=modules, exclude_modules=excluded, task_type="CAUSAL_LM"
        )


@dataclass(frozen=True, slots=True)
class Row:
    """One question with one answer to learn."""

    question: str
    answer: str


def fine_tune(
    policy: LanguageModelPolicy,
    rows: Sequence[Row],
    settings: FineTuning,
    folder: Path,
    seed: int,
    progress: Callable[[int], None] | None = None,
    few_shot: bool = False,
) -> float:
    """Train a fresh adapter on the base model and save it to ``folder``.

    The loss is on the answer and its end-of-turn token only, in fp32, after the plain prompt, or the few-shot one.

    Returns:
        The mean training loss, in nats a token.

    Raises:
        ValueError: if there are no rows.
    """
    import torch
    from datasets import Dataset
    from peft import get_peft_model
    from transformers import PrinterCallback, ProgressCallback

    from agents.shared_prompt import SharedPromptTrainer, Steps, collate, encode_group

    if not rows:
        raise ValueError("there are no rows to fine-tune on")
    groups = [encode_group(policy.tokenizer, prompt(one, few_shot), answers) for one, answers in _by_question(rows)]
    torch.manual_seed(seed)
    # A copy, because the trainer patches the model: forward, special tokens, cache settings.
    adapted: Any = get_peft_model(copy.deepcopy(policy.base), settings.lora(policy.base))
    with tempfile.TemporaryDirectory() as scratch:
        trainer = SharedPromptTrainer(
            adapted,
            args=_arguments(settings, scratch, seed, policy.base.device),
            train_dataset=Dataset.from_list(groups),
            processing_class=policy.tokenizer,
            data_collator=collate,  # type: ignore[arg-type]
            callbacks=[Steps(progress)] if progress else [],
        )
        trainer.remove_callback(PrinterCallback)
        trainer.remove_callback(ProgressCallback)
        loss = trainer.train().training_loss
        adapted.save_pretrained(str(folder))
    return float(loss)


def steps(rows: Sequence[Row], settings: FineTuning) -> int:
    """Return how many optimiser steps the training takes."""
    return settings.max_steps or settings.epochs * -(-len(_by_question(rows)) // settings.batch_size)


def _by_question(rows: Sequence[Row]) -> list[tuple[str, list[str]]]:
    """Group the different answers to each question; a repeated answer starts a new group."""
    groups: list[tuple[str, list[str]]] = []
    latest: dict[str, list[str]] = {}
    for row in rows:
        if row.question not in latest or row.answer in latest[row.question]:
            latest[row.question] = []
            groups.append((row.question, latest[row.question]))
        latest[row.question].append(row.answer)
    return groups


def _arguments(settings: FineTuning, folder: str, seed: int, device: torch.device) -> SFTConfig:
    from trl.trainer.sft_config import SFTConfig

    return SFTConfig(
        output_dir=folder,
        learning_rate=settings.learning_rate,
        num_train_epochs=settings.epochs,
        max_steps=settings.max_steps or -1,
        per_device_train_batch_size=settings.batch_size,
        seed=seed,
        save_strategy="no",
        logging_strategy="no",
        max_length=None,
        remove_unused_columns=False,
        dataset_kwargs={"skip_prepare_dataset": True},
        **trainer_arguments(device),
    )


def trainer_arguments(device: torch.device) -> dict[str, Any]:
    """Return the arguments that all of trl's trainers share here: fp32, on the policy's device, without log output."""
    return {
        "bf16": False, "activation_checkpointing": False, "report_to": "none", "disable_tqdm": True,
        "use_cpu": device.type == "cpu", "dataloader_pin_memory": device.type == "cuda",
    }  # fmt: skip
