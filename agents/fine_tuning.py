"""System 1: distilling verified answers into a LoRA adapter by supervised fine-tuning, with trl and peft."""

from __future__ import annotations

import copy
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from agents.conditions import LoRA, above_zero, at_least
from agents.policy import LanguageModelPolicy, prompt

# Imported only for training, because the command's help does not need them.
if TYPE_CHECKING:
    import torch
    from trl.trainer.sft_config import SFTConfig


@dataclass(frozen=True, slots=True)
class FineTuning:
    """How an adapter is trained on answers.

    Attributes:
        learning_rate: at the start; it falls linearly to 0.
        epochs: passes over the answers.
        max_steps: optimiser steps, in place of epochs, where given.
        batch_size: questions a step, each with all its answers.
    """

    learning_rate: float = 2e-3
    epochs: int = 3
    max_steps: int | None = None
    batch_size: int = 4

    def __post_init__(self) -> None:
        at_least(self, epochs=1, max_steps=1, batch_size=1)
        above_zero(self, learning_rate=float("inf"))


class Example(NamedTuple):
    """A question with an answer to learn."""

    question: str
    answer: str


def fine_tune(
    policy: LanguageModelPolicy,
    examples: Sequence[Example],
    lora: LoRA,
    settings: FineTuning,
    folder: Path,
    seed: int,
    progress: Callable[[int], None] | None = None,
    *,
    previous: Path | None = None,
) -> int:
    """Train an adapter on the base model, a fresh one or the ``previous`` one further, and save it to ``folder``.

    The loss is on the answer and its end-of-turn token only, after the prompt. The
    adapter is in fp32; the frozen base, and with it the matmuls, are in bf16 where the device is fast at it.

    Returns:
        How many tokens the optimiser processed; a prompt counts once for all its answers, as it is read.

    Raises:
        ValueError: if there are no examples.
    """
    import torch
    from datasets import Dataset
    from peft import PeftModel, get_peft_model
    from transformers import PrinterCallback, ProgressCallback

    from agents.sampling import in_precision
    from agents.shared_prompt import SharedPromptTrainer, Steps, collate, encode_group

    if not examples:
        raise ValueError("there are no examples to fine-tune on")
    groups = [encode_group(policy.tokenizer, prompt(one), answers) for one, answers in _by_question(examples)]
    torch.manual_seed(seed)
    # A copy, because the trainer patches the model: forward, special tokens, cache.
    dtype = training_dtype(policy.base.device)
    base: Any = in_precision(policy.base, dtype) if dtype != policy.base.dtype else copy.deepcopy(policy.base)
    adapted: Any = (
        PeftModel.from_pretrained(base, str(previous), is_trainable=True)
        if previous
        else get_peft_model(base, lora.config(base))
    )
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
        trainer.train()
        adapted.save_pretrained(str(folder))
    return trainer.processed


def steps(examples: Sequence[Example], settings: FineTuning) -> int:
    """Return how many optimiser steps the training takes."""
    return settings.max_steps or settings.epochs * -(-len(_by_question(examples)) // settings.batch_size)


def _by_question(examples: Sequence[Example]) -> list[tuple[str, list[str]]]:
    """Group the different answers to each question; a repeated answer starts a new group."""
    groups: list[tuple[str, list[str]]] = []
    latest: dict[str, list[str]] = {}
    for question, answer in examples:
        if question not in latest or answer in latest[question]:
            latest[question] = []
            groups.append((question, latest[question]))
        latest[question].append(answer)
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


def training_dtype(device: torch.device) -> torch.dtype:
    """Return bf16 where matmuls are fast in it, else fp32: in fp16, gradients would vanish."""
    import torch

    from agents.sampling import sampling_dtype

    return torch.bfloat16 if sampling_dtype(device) == torch.bfloat16 else torch.float32


def trainer_arguments(device: torch.device) -> dict[str, Any]:
    """Return the arguments that all of trl's trainers share here: fp32, on the policy's device, without log output."""
    return {
        "bf16": False, "activation_checkpointing": False, "report_to": "none", "disable_tqdm": True,
        "use_cpu": device.type == "cpu", "dataloader_pin_memory": device.type == "cuda",
    }  # fmt: skip


@contextmanager
def quiet() -> Iterator[None]:
    """Silence the libraries' own progress bars, and their warnings to each other."""
    import datasets
    from transformers.utils import logging as transformers_logging

    shown = transformers_logging.is_progress_bar_enabled(), datasets.are_progress_bars_disabled()
    transformers_logging.disable_progress_bar()
    datasets.disable_progress_bars()
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)
            yield
    finally:
        if shown[0]:
            transformers_logging.enable_progress_bar()
        if not shown[1]:
            datasets.enable_progress_bars()
