"""GRPO as trl has it, rewarded by the environment: the peer that learns from every answer, wrong ones included.

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

from agents.adapter_agent import AdapterAgent, refuse_nonsense
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
"""The file that marks a checkpoint that was written to its end."""


@dataclass(frozen=True, slots=True)
class GRPOAgentConfig:
    """What one run is asked for. What is not named here is trl's default.

    Attributes:
        generations: answers to each riddle, the group whose mean reward is the baseline.
        riddles_per_step: riddles whose answers make one optimiser step; new ones every step.
        learning_rate: at the start; it falls linearly to 0. Far above trl's default, which is for full fine-tuning.
        episodes: how many a whole run takes, where no budget says otherwise; by default as expert iteration.
        temperature, top_p, max_new_tokens: how answers are drawn.
        fine_tuning: the shape of the adapter; nothing else of it is used.
        save_steps: a run that is cut off resumes from the last multiple of so many steps.
        validation_riddles: riddles that base and trained model are evaluated on; 0 for none.
        evaluation_samples: N of System 2 accuracy and majority@N.
        seed: decides every riddle and every draw.
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
        refuse_nonsense(self)
        if self.generations < 2 or self.riddles_per_step < 1:
            raise ValueError(f"GRPO compares at least 2 answers to at least 1 riddle a step, not {self}")


class GRPO(AdapterAgent[GRPOAgentConfig]):
    """trl's GRPOTrainer, whose reward is the environment's; see `AdapterAgent` for the arguments."""

    name: ClassVar[str] = "grpo"
    config_class = GRPOAgentConfig

    def learn(self, env: gym.Env[str, str], budget: Budget | None = None) -> History:
        """Train for as many whole steps as the budget allows.

        Raises:
            ValueError: if the budget is too small for one group, or bounds tokens, or episodes take several answers.
            RunConflictError: if the folder holds a run that was asked for something else.
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
            per_device_train_batch_size=plan.generations,  # a group at a time, which bounds the memory
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
            save_total_limit=2,  # with 1, the old one is gone before the new one is known to be whole
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
    """Make the peer of expert iteration: the same base, LoRA shape, prompt, sampling, validation and seed."""
    asked = setting.config
    config = GRPOAgentConfig(
        episodes=asked.episodes,
        temperature=asked.temperature,
        top_p=asked.top_p,
        max_new_tokens=asked.max_new_tokens,
        fine_tuning=asked.fine_tuning,
        validation_riddles=asked.validation_riddles,
        evaluation_samples=asked.evaluation_samples,
        seed=asked.seed,
    )
    return GRPO(setting.policy, config, setting.folder, setting.console, setting.provenance)


@dataclass(frozen=True, slots=True)
class Plan:
    """How a budget is spent: so many optimiser steps, each on ``generations`` answers to each of ``riddles``."""

    steps: int
    riddles: int
    generations: int

    @property
    def batch(self) -> int:
        """Episodes in a step."""
        return self.riddles * self.generations

    @classmethod
    def of(cls, config: GRPOAgentConfig, budget: Budget) -> Plan:
        """Spend as much of the budget as whole steps can, with steps of at least half the riddles asked for.

        A budget below one step makes one smaller step.

        Raises:
            ValueError: if that cannot be done.
        """
        if budget.tokens is not None:
            raise ValueError("GRPO's budget is one of episodes: trl has no bound on tokens")
        groups = budget.episodes // config.generations
        if not groups:
            raise ValueError(f"a group takes {config.generations} episodes, more than the budget of {budget.episodes}")
        most = min(config.riddles_per_step, groups)
        riddles = max(range(-(-most // 2), most + 1), key=lambda size: (groups // size * size, size))
        return cls(groups // riddles, riddles, config.generations)


class _Judge:
    """The reward function: steps the environment, and keeps the trajectories."""

    def __init__(self, env: gym.Env[str, str], store: TrajectoryStore, policy: LanguageModelPolicy) -> None:
        self._env, self._store = env, store
        self._end_tokens = end_tokens_of(policy.base, policy.tokenizer)

    def rewards(
        self,
        completions: Sequence[Sequence[Mapping[str, str]]],
        completion_ids: Sequence[Sequence[int]],
        seed: Sequence[int],
        **_: object,  # trl hands over much more
    ) -> list[float | None]:
        answers = [
            Completion(messages[-1]["content"], tuple(ids), finished=bool(ids) and ids[-1] in self._end_tokens)
            for messages, ids in zip(completions, completion_ids, strict=True)
        ]
        trajectories: list[Trajectory] = rollout(_Given(answers), self._env, list(seed))
        self._store.extend(trajectories)
        return [trajectory.rewards[-1] for trajectory in trajectories]


class _Given(Agent):
    """Gives the answers that another drew."""

    def __init__(self, answers: list[Completion]) -> None:
        self._answers = answers

    def act(self, observations: Sequence[str]) -> list[Completion]:
        return self._answers


class _Steps(Steps):
    def on_save(self, args: TrainingArguments, state: TrainerState, *_: object, **kwargs: object) -> None:
        write_text(Path(str(args.output_dir)) / f"checkpoint-{state.global_step}" / _WHOLE, "")


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the libraries' own progress bars away, and what they warn each other of."""
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
    """Return the last whole checkpoint, or None, and how many steps were done by then."""
    whole = {int(mark.parent.name.rpartition("-")[2]): mark.parent for mark in folder.glob(f"checkpoint-*/{_WHOLE}")}
    for other in set(folder.glob("checkpoint-*")) - set(whole.values()):
        shutil.rmtree(other)
    return (whole[max(whole)], max(whole)) if whole else (None, 0)


def _keep_lines(path: Path, count: int) -> None:
    """Take back what was appended after the last checkpoint: it will be drawn again."""
    path.touch()
    with path.open(encoding="utf-8") as file:
        lines = list(file)
    if len(lines) < count:
        raise ValueError(
            f"{path} has {len(lines)} trajectories, but the last checkpoint was made after {count}. Delete"
            f" {path.with_name('checkpoints')}, then give the same command again."
        )
    write_text(path, "".join(lines[:count]))
