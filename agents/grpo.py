"""trl's GRPO with the environment's reward: an agent that learns from every answer, including wrong ones.

Shao et al. 2024, https://arxiv.org/abs/2402.03300.
"""

from __future__ import annotations

import copy
import json
import shutil
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import gymnasium as gym
from datasets import Dataset
from transformers import PrinterCallback, ProgressCallback, TrainerState, TrainingArguments
from transformers.utils import logging as transformers_logging
from trl.trainer.grpo_config import GRPOConfig
from trl.trainer.grpo_trainer import GRPOTrainer

from agents.adapter_agent import AdapterAgent, check_numbers
from agents.base import Agent, Budget, History, rollout, spawn_seeds
from agents.expert_iteration import ExpertIterationConfig
from agents.fine_tuning import FineTuning, trainer_arguments
from agents.policy import LanguageModelPolicy, prompt
from agents.progress import stage
from agents.registry import Setting
from agents.run import RunFolder, read_json, read_jsonl, write_text
from agents.sampling.rows import end_tokens_of
from agents.shared_prompt import Steps
from agents.trajectory import Completion, Trajectory, TrajectoryStore, coverage

_WHOLE = "WHOLE"
"""The file that marks a checkpoint as complete."""


@dataclass(frozen=True, slots=True)
class GRPOAgentConfig:
    """The settings of a run; all others are trl's defaults.

    Attributes:
        generations: answers to each riddle, the group whose mean reward is the baseline.
        riddles_per_step: riddles in one optimiser step, new ones every step.
        learning_rate: at the start; it falls linearly to 0. Far above trl's default, which is for full fine-tuning.
        episodes: episodes of a run without a budget; by default as many as in expert iteration.
        temperature, top_p, max_new_tokens: how answers are drawn.
        fine_tuning: the shape of the adapter; its other settings are not used.
        save_steps: steps between checkpoints; an interrupted run resumes from the last one.
        validation_riddles: riddles to evaluate base and trained model on; 0 for none.
        evaluation_samples: N of System 2 accuracy and majority@N.
        seed: determines every riddle and every draw.

    Raises:
        ValueError: if a number is out of range.
    """

    generations: int = 8
    riddles_per_step: int = 8
    learning_rate: float = 1e-4
    episodes: int = ExpertIterationConfig().episodes
    temperature: float = 1.0
    top_p: float = 1.0
    max_new_tokens: int = 16
    fine_tuning: FineTuning = field(default_factory=FineTuning)
    save_steps: int = 4
    validation_riddles: int = 64
    evaluation_samples: int = 8
    seed: int = 0

    def __post_init__(self) -> None:
        check_numbers(self)
        if self.generations < 2 or self.riddles_per_step < 1:
            raise ValueError(f"GRPO needs at least 2 answers to at least 1 riddle per step, not {self}")


class GRPO(AdapterAgent[GRPOAgentConfig]):
    """trl's GRPOTrainer, whose reward is the environment's; see `AdapterAgent` for the arguments."""

    name: ClassVar[str] = "grpo"
    config_class = GRPOAgentConfig

    def learn(self, env: gym.Env[str, str], budget: Budget | None = None) -> History:
        """Train for as many whole steps as the budget allows.

        Raises:
            ValueError: if the budget is too small for one group or limits tokens, or episodes have several attempts.
            RunConflictError: if the folder holds a run with different settings.
        """
        budget = budget or Budget(self.config.episodes)
        plan = Plan.of(self.config, budget)
        run = self.open_run(env, budget)
        self.evaluate_base(run, env)
        adapter = run.stage("adapter", lambda path: self._train(path, run, env, plan))
        shutil.rmtree(run.path / "checkpoints", ignore_errors=True)
        self.use_adapter(adapter)
        path = run.stage("metrics.jsonl", lambda path: self._measure(path, run, env))
        run.stage("DONE", Path.touch)
        metrics = read_json(path, dict)
        return History(metrics["episodes"], metrics["tokens"], (metrics,))

    def _train(self, path: Path, run: RunFolder, env: gym.Env[str, str], plan: Plan) -> None:
        self.use_adapter(None)
        checkpoint, done = _last_checkpoint(run.path / "checkpoints")
        _keep_lines(run.path / "trajectories.jsonl", done * plan.batch)
        judge = _Judge(env, TrajectoryStore(run.path / "trajectories.jsonl"), self.policy)
        with stage(self.console, "grpo: learn", plan.steps * plan.batch) as progress, _quiet():
            progress(done * plan.batch)
            trainer = GRPOTrainer(
                copy.deepcopy(self.policy.base),
                judge.rewards,
                args=self._arguments(plan, run.path / "checkpoints"),
                train_dataset=_prompts(env, self.config.seed, plan),
                processing_class=copy.deepcopy(self.policy.tokenizer),
                peft_config=self.config.fine_tuning.lora(self.policy.base),
                callbacks=[_Steps(lambda steps: progress(steps * plan.batch))],
            )
            trainer.remove_callback(PrinterCallback)
            trainer.remove_callback(ProgressCallback)
            trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        log = [line for line in trainer.state.log_history if "reward" in line]
        write_text(run.path / "steps.jsonl", "".join(json.dumps(line) + "\n" for line in log))
        trainer.model.save_pretrained(str(path))  # type: ignore[union-attr]

    def _arguments(self, plan: Plan, folder: Path) -> GRPOConfig:
        config = self.config
        return GRPOConfig(
            output_dir=str(folder),
            num_generations=config.generations,
            generation_batch_size=plan.batch,
            per_device_train_batch_size=plan.generations,  # one group at a time, to limit memory
            gradient_accumulation_steps=plan.riddles,
            max_steps=plan.steps,
            learning_rate=config.learning_rate,
            temperature=config.temperature,
            top_p=config.top_p,
            max_completion_length=config.max_new_tokens,
            seed=spawn_seeds([config.seed, 1], 1)[0],
            shuffle_dataset=False,
            save_strategy="steps",
            save_steps=config.save_steps,
            save_total_limit=2,  # with 1, the old one would go before the new one is complete
            logging_steps=1,
            **trainer_arguments(self.policy.base.device),
        )

    def _measure(self, path: Path, run: RunFolder, env: gym.Env[str, str]) -> None:
        trajectories = list(TrajectoryStore(run.path / "trajectories.jsonl"))
        steps = list(read_jsonl(run.path / "steps.jsonl", json.loads))
        metrics: dict[str, float] = {
            "round": 0,
            "episodes": len(trajectories),
            "tokens": sum(trajectory.num_tokens for trajectory in trajectories),
            "coverage": coverage(trajectories),
            "learn_seconds": round(sum(step["step_time"] for step in steps), 1),
        }
        before = self.evaluate_base(run, env)
        if before is not None:
            start = time.perf_counter()
            metrics |= self.measure_progress(env, before, "grpo: evaluate")
            metrics["evaluate_seconds"] = round(time.perf_counter() - start, 1)
        path.write_text(json.dumps(metrics) + "\n", encoding="utf-8")


def make(setting: Setting) -> GRPO:
    """Make GRPO with the base model, LoRA shape, prompt, sampling, validation and seed of expert iteration."""
    shared = (
        "episodes", "temperature", "top_p", "max_new_tokens", "fine_tuning", "validation_riddles",
        "evaluation_samples", "seed",
    )  # fmt: skip
    config = GRPOAgentConfig(**{name: getattr(setting.config, name) for name in shared})
    return GRPO(setting.policy, config, setting.folder, setting.console, setting.provenance)


@dataclass(frozen=True, slots=True)
class Plan:
    """How a budget is spent: in ``steps`` optimiser steps, each on ``generations`` answers to each of ``riddles``."""

    steps: int
    riddles: int
    generations: int

    @property
    def batch(self) -> int:
        """Episodes in a step."""
        return self.riddles * self.generations

    @classmethod
    def of(cls, config: GRPOAgentConfig, budget: Budget) -> Plan:
        """Spend as much of the budget as whole steps can, with at least half of ``config.riddles_per_step`` each.

        A budget below one step gives one smaller step.

        Raises:
            ValueError: if the budget is too small for one group, or limits tokens.
        """
        if budget.tokens is not None:
            raise ValueError("GRPO needs a budget in episodes only: trl cannot limit tokens")
        groups = budget.episodes // config.generations
        if not groups:
            raise ValueError(f"a group takes {config.generations} episodes, more than the budget of {budget.episodes}")
        most = min(config.riddles_per_step, groups)
        riddles = max(range(-(-most // 2), most + 1), key=lambda size: (groups // size * size, size))
        return cls(groups // riddles, riddles, config.generations)


class _Judge:
    """The reward function: it steps the environment and stores the trajectories."""

    def __init__(self, env: gym.Env[str, str], store: TrajectoryStore, policy: LanguageModelPolicy) -> None:
        self._env, self._store = env, store
        self._end_tokens = end_tokens_of(policy.base, policy.tokenizer)

    def rewards(
        self,
        completions: Sequence[Sequence[Mapping[str, str]]],
        completion_ids: Sequence[Sequence[int]],
        seed: Sequence[int],
        **_: object,  # trl passes many more
    ) -> list[float | None]:
        answers = [
            Completion(messages[-1]["content"], tuple(ids), finished=bool(ids) and ids[-1] in self._end_tokens)
            for messages, ids in zip(completions, completion_ids, strict=True)
        ]
        trajectories: list[Trajectory] = rollout(_Replay(answers), self._env, list(seed))
        self._store.extend(trajectories)
        return [trajectory.rewards[-1] for trajectory in trajectories]


class _Replay(Agent):
    """Gives answers that were drawn before."""

    def __init__(self, answers: list[Completion]) -> None:
        self._answers = answers

    def act(self, observations: Sequence[str]) -> list[Completion]:
        return self._answers


class _Steps(Steps):
    def on_save(self, args: TrainingArguments, state: TrainerState, *_: object, **kwargs: object) -> None:
        write_text(Path(str(args.output_dir)) / f"checkpoint-{state.global_step}" / _WHOLE, "")


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the libraries' own progress bars, and their warnings to each other."""
    shown = transformers_logging.is_progress_bar_enabled()
    transformers_logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)
            yield
    finally:
        if shown:
            transformers_logging.enable_progress_bar()


def _prompts(env: gym.Env[str, str], seed: int, plan: Plan) -> Dataset:
    seeds = spawn_seeds([seed, 0], plan.steps * plan.riddles)
    return Dataset.from_list([{"prompt": list(prompt(env.reset(seed=one)[0])), "seed": one} for one in seeds])


def _last_checkpoint(folder: Path) -> tuple[Path | None, int]:
    """Return the last complete checkpoint, or None, and its number of steps; delete incomplete ones."""
    complete = {int(mark.parent.name.rpartition("-")[2]): mark.parent for mark in folder.glob(f"checkpoint-*/{_WHOLE}")}
    for other in set(folder.glob("checkpoint-*")) - set(complete.values()):
        shutil.rmtree(other)
    return (complete[max(complete)], max(complete)) if complete else (None, 0)


def _keep_lines(path: Path, count: int) -> None:
    """Drop the lines that were appended after the last checkpoint: their answers will be drawn again."""
    path.touch()
    with path.open(encoding="utf-8") as file:
        lines = list(file)
    if len(lines) < count:
        raise ValueError(
            f"{path} has {len(lines)} trajectories, but the last checkpoint was made after {count}. Delete"
            f" {path.with_name('checkpoints')}, then run the same command again."
        )
    write_text(path, "".join(lines[:count]))
