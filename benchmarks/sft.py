"""How fast fine-tuning on reasons is: the project's, in bf16 where that is fast and in fp32, against trl's own.

    python -m benchmarks.sft

`benchmarks.throughput` measures it, too.
"""

from __future__ import annotations

import copy
import statistics
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest import mock

import gymnasium as gym
import torch
from datasets import Dataset
from transformers import PrinterCallback
from trl.trainer.sft_config import SFTConfig
from trl.trainer.sft_trainer import SFTTrainer

import expit_env  # noqa: F401  (registers Riddle-v0)
from agents.base import judge
from agents.casebook import worked
from agents.conditions import LoRA
from agents.embedded import embedded_model_path
from agents.fine_tuning import Example, FineTuning, fine_tune, trainer_arguments
from agents.policy import LanguageModelPolicy, load_model, prompt
from agents.sampling.rows import encode
from agents.shared_prompt import Steps
from agents.trajectory import Completion

STEPS = 6
"""How many steps are timed, after one to warm up."""

ROWS = 16
"""Rows per step of trl."""


def training_speeds(folder: Path) -> dict[str, float]:
    """Fine-tune on worked examples in each way, and return the tokens per second of each, prompts included."""
    base, tokenizer = load_model(folder)
    policy, settings = LanguageModelPolicy(base, tokenizer), FineTuning(epochs=1)
    env = gym.make("Riddle-v0", level=1)
    rows = [
        Example(one.question, worked(one, reasons=True))
        for one in judge(env, range((1 + STEPS) * ROWS), [Completion("")] * ((1 + STEPS) * ROWS))
    ]
    tokens = [len(encode(tokenizer, prompt(row.question))) + len(tokenizer(row.answer).input_ids) + 1 for row in rows]

    def ours(step: Callable[[int], None], scratch: Path) -> None:
        fine_tune(policy, rows[: (1 + STEPS) * settings.batch_size], LoRA(), settings, scratch / "adapter", 0, step)

    def ours_in_fp32(step: Callable[[int], None], scratch: Path) -> None:
        with mock.patch("agents.fine_tuning.training_dtype", return_value=torch.float32):
            ours(step, scratch)

    def trl(step: Callable[[int], None], scratch: Path) -> None:
        _plain(policy, rows, settings, step, scratch)

    ways = {"ours": (ours, settings.batch_size), "fp32": (ours_in_fp32, settings.batch_size), "trl": (trl, ROWS)}
    return {
        name: statistics.mean(tokens) * per_step / statistics.median(_seconds(way))
        for name, (way, per_step) in ways.items()
    }


def _seconds(way: Callable[[Callable[[int], None], Path], None]) -> list[float]:
    """Return how long each step took, except the first."""
    ends: list[float] = []
    with tempfile.TemporaryDirectory() as scratch:
        way(lambda _: ends.append(time.perf_counter()), Path(scratch))
    return [end - start for start, end in pairwise(ends)]


def _plain(
    policy: LanguageModelPolicy, rows: list[Example], settings: FineTuning, step: Callable[[int], None], scratch: Path
) -> None:
    """Fine-tune with trl's own trainer, one row per answer, without the defaults that waste time on a CPU."""
    answered: list[dict[str, Any]] = [
        {
            "prompt": [dict(message) for message in prompt(row.question)],
            "completion": [{"role": "assistant", "content": row.answer}],
        }
        for row in rows
    ]
    trainer = SFTTrainer(
        copy.deepcopy(policy.base),  # type: ignore[arg-type]
        args=SFTConfig(
            output_dir=str(scratch),
            learning_rate=settings.learning_rate,
            num_train_epochs=1,
            per_device_train_batch_size=ROWS,
            save_strategy="no",
            logging_strategy="no",
            **trainer_arguments(policy.base.device),
        ),
        train_dataset=Dataset.from_list(answered),
        processing_class=copy.deepcopy(policy.tokenizer),
        peft_config=LoRA().config(policy.base),
        callbacks=[Steps(step)],
    )
    trainer.remove_callback(PrinterCallback)
    trainer.train()


if __name__ == "__main__":
    for name, speed in training_speeds(embedded_model_path()).items():
        print(f"{name:<5} {speed:>6,.0f} tokens a second")
