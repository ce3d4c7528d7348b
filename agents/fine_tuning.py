"""System 1: distilling verified answers into a LoRA adapter by supervised fine-tuning, with trl and peft.

With a config of accelerate it runs in the processes that ``accelerate launch`` starts, of which this is the program.
"""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple, cast

from agents.conditions import LoRA, above_zero, at_least
from agents.embedded import model_source
from agents.policy import LanguageModelPolicy, load_model, pick_device, prompt

# Imported only for training, because the command's help does not need them.
if TYPE_CHECKING:
    import torch
    from trl.trainer.sft_config import SFTConfig

PROGRAM = "agents.fine_tuning"
"""The module that accelerate runs in each of its processes."""


@dataclass(frozen=True, slots=True)
class FineTuning:
    """How an adapter is trained on answers.

    Attributes:
        learning_rate: at the start; it falls linearly to 0.
        epochs: passes over the answers.
        batch_size: questions a step, each with all its answers.
    """

    learning_rate: float = 2e-3
    epochs: int = 3
    batch_size: int = 4

    def __post_init__(self) -> None:
        at_least(self, epochs=1, batch_size=1)
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
    device: torch.device | None = None,
) -> int:
    """Train a fresh adapter on the base model, and save it to ``folder``.

    The loss is on the answer and its end-of-turn token only, after the prompt. The
    adapter is in fp32; the frozen base, and with it the matmuls, are in bf16 where the device is fast at it.

    ``device`` is the base model's by default. If the policy has a config of accelerate, its processes train instead,
    and share each batch. The adapter is that of one process up to rounding, unless an epoch's last batch is incomplete:
    accelerate fills it up with questions from the epoch's beginning.

    Returns:
        How many tokens the optimiser processed; a prompt counts once for all its answers, as it is read, and the common
        beginning of a batch's prompts once for each process.

    Raises:
        ValueError: if there are no examples, or accelerate cannot divide the batches.
        RuntimeError: if a process that accelerate started fails; the message has the last lines that it wrote.
    """
    import torch
    from datasets import Dataset
    from peft import get_peft_model
    from transformers import PrinterCallback

    from agents.sampling import in_precision
    from agents.shared_prompt import SharedPromptTrainer, Steps, collate, encode_group

    if not examples:
        raise ValueError("there are no examples to fine-tune on")
    if policy.accelerate is not None:
        job = {
            "source": policy.source, "examples": examples, "lora": asdict(lora), "settings": asdict(settings),
            "folder": str(folder), "seed": seed,
        }  # fmt: skip
        return _launch(policy.accelerate, job, settings.batch_size, progress)
    groups = [encode_group(policy.tokenizer, prompt(one), answers) for one, answers in _by_question(examples)]
    seed %= 2**32  # transformers hands it to numpy, which takes no larger one
    torch.manual_seed(seed)
    # A copy, because the trainer patches the model: forward, special tokens, cache.
    device = device or policy.base.device
    dtype = training_dtype(device)
    base: Any = in_precision(policy.base, dtype) if dtype != policy.base.dtype else copy.deepcopy(policy.base)
    adapted: Any = get_peft_model(base, lora.config(base))
    with tempfile.TemporaryDirectory() as scratch:
        trainer = SharedPromptTrainer(
            adapted,
            args=_arguments(settings, scratch, seed, device),
            train_dataset=Dataset.from_list(groups),
            processing_class=policy.tokenizer,
            data_collator=collate,  # type: ignore[arg-type]
            callbacks=[Steps(progress)] if progress else [],
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train()
    weights = trainer.accelerator.get_state_dict(trainer.model_wrapped)  # by all processes, for each may have a part
    if trainer.accelerator.is_main_process:
        adapted.save_pretrained(str(folder), state_dict=weights)
    processed: Any = trainer.accelerator.reduce(torch.tensor(trainer.processed, device=trainer.accelerator.device))
    return int(processed)


def steps(examples: Sequence[Example], settings: FineTuning) -> int:
    """Return how many optimiser steps the training takes."""
    return settings.epochs * -(-len(_by_question(examples)) // settings.batch_size)


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


def _launch(
    config_file: Path, job: Mapping[str, object], batch_size: int, progress: Callable[[int], None] | None
) -> int:
    """Do a job in the processes of a config of accelerate, which end with this function, and with this process."""
    from accelerate.commands.config.config_args import load_config_from_file

    config: Any = load_config_from_file(str(config_file))
    if job["source"] is None:
        raise ValueError("accelerate needs a policy from LanguageModelPolicy.load: its processes load it again")
    if config.num_machines > 1 or batch_size % config.num_processes:
        raise ValueError(
            f"{config_file} has {config.num_processes} processes on {config.num_machines} machine(s): it must be one "
            f"machine, and processes that can share a batch of {batch_size} questions (--batch-size) equally"
        )
    with tempfile.TemporaryDirectory() as scratch, Path(scratch, "log").open("w+", errors="replace") as log:
        file, processed = Path(scratch, "job.json"), None
        file.write_text(json.dumps({**job, "device": "cpu" if config.use_cpu else None}))
        words = ["accelerate.commands.launch", "--config_file", str(config_file), "-m", PROGRAM, str(file)]
        with subprocess.Popen(
            [sys.executable, "-m", *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
            process_group=0,  # Ctrl-C reaches only this process
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        ) as launcher:  # fmt: skip
            stdin, stdout = cast(IO[str], launcher.stdin), cast(IO[str], launcher.stdout)
            try:
                for line in stdout:
                    match line.split():
                        case ["step"] if progress:
                            progress(1)
                        case ["processed", tokens]:
                            processed = int(tokens)
                launcher.wait()
            finally:
                stdin.close()  # see _end_with_parent
                launcher.kill()
                stdout.read()  # until the last process has ended
        if launcher.returncode or processed is None:
            log.seek(0)
            last = "".join(log.readlines()[-40:])
            raise RuntimeError(f"the fine-tuning that accelerate launched with {config_file} failed:\n{last}")
    return processed


def _launched(file: Path) -> None:
    """Do a job of ``_launch`` together with the other processes: the main function of each."""
    job = json.loads(file.read_text())
    # Accelerate moves it to the device, or with FSDP a part of it.
    policy = LanguageModelPolicy(*load_model(model_source(job["source"]), "cpu"))
    processed = fine_tune(
        policy, [Example(*row) for row in job["examples"]], LoRA(**job["lora"]), FineTuning(**job["settings"]),
        Path(job["folder"]), job["seed"], lambda _: _say("step"),
        device=pick_device(job["device"]),
    )  # fmt: skip
    _say(f"processed {processed}")


def _say(line: str) -> None:
    """Write a line for ``_launch`` at once, where print may write its parts between those of other processes."""
    os.write(1, f"{line}\n".encode())


def _end_with_parent() -> None:
    """End this process as soon as the one that called ``_launch`` closes the pipe to it, or dies."""
    os.read(0, 1)
    os._exit(1)


def _arguments(settings: FineTuning, folder: str, seed: int, device: torch.device) -> SFTConfig:
    from trl.trainer.sft_config import SFTConfig

    arguments = SFTConfig(
        output_dir=folder,
        learning_rate=settings.learning_rate,
        num_train_epochs=settings.epochs,
        per_device_train_batch_size=settings.batch_size,
        seed=seed,
        save_strategy="no",
        logging_strategy="no",
        max_length=None,
        remove_unused_columns=False,
        dataset_kwargs={"skip_prepare_dataset": True},
        **trainer_arguments(device),
    )
    arguments.per_device_train_batch_size //= arguments.world_size
    return arguments


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


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    from torch.distributed.elastic.multiprocessing.errors import record

    record(_launched)(Path(sys.argv[1]))  # its exception is the last that the launcher writes
