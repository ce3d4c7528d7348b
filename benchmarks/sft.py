"""How fast fine-tuning is: the project's, which reads each prompt once for all its answers, against trl's own."""

from __future__ import annotations

import copy
import statistics
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import gymnasium as gym
from datasets import Dataset
from transformers import PrinterCallback
from trl.trainer.sft_config import SFTConfig
from trl.trainer.sft_trainer import SFTTrainer

import expit_env  # noqa: F401  (registers Riddle-v0)
from agents.fine_tuning import FineTuning, Row, fine_tune, trainer_arguments
from agents.policy import LanguageModelPolicy, load_model, prompt
from agents.sampling.rows import encode
from agents.shared_prompt import Steps

STEPS = 6
"""How many steps are timed, after one to warm up."""

ANSWERS = ("None.", "Zero birds.", "0, they flew away.")
ROWS = 16
"""Rows per step of trl."""


def training_speeds(folder: Path) -> dict[str, float]:
    """Fine-tune in fp32 on the same rows in both ways, and return the tokens per second of each.

    The tokens of a row are those of its prompt and its answer, whether the prompt is read again for it or not.
    """
    base, tokenizer = load_model(folder)
    policy, settings = LanguageModelPolicy(base, tokenizer), FineTuning(epochs=1)
    questions = (1 + STEPS) * max(settings.batch_size, -(-ROWS // len(ANSWERS)))
    env = gym.make("Riddle-v0")
    rows = [Row(env.reset(seed=seed)[0], answer) for seed in range(questions) for answer in ANSWERS]
    tokens = [len(encode(tokenizer, prompt(row.question))) + len(tokenizer(row.answer).input_ids) + 1 for row in rows]

    def ours(step: Callable[[int], None], scratch: Path) -> None:
        some = rows[: (1 + STEPS) * settings.batch_size * len(ANSWERS)]
        fine_tune(policy, some, settings, scratch / "adapter", 0, step)

    def trl(step: Callable[[int], None], scratch: Path) -> None:
        _plain(policy, rows[: (1 + STEPS) * ROWS], settings, step, scratch)

    ways = {"ours": (ours, settings.batch_size * len(ANSWERS)), "trl": (trl, ROWS)}
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
    policy: LanguageModelPolicy, rows: list[Row], settings: FineTuning, step: Callable[[int], None], scratch: Path
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
        peft_config=settings.lora(policy.base),
        callbacks=[Steps(step)],
    )
    trainer.remove_callback(PrinterCallback)
    trainer.train()
