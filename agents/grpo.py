"""trl's GRPO with the environment's reward: an agent that learns from every answer, including wrong ones.

Shao et al. 2024, https://arxiv.org/abs/2402.03300.
"""

from __future__ import annotations

import copy
import dataclasses
import functools
import json
import math
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import gymnasium as gym

from agents.adapter_agent import AdapterAgent
from agents.base import Budget, History, Metered, Spending, judge, spawn_seeds
from agents.casebook import Casebook
from agents.conditions import Conditions, above_zero, at_least
from agents.fine_tuning import quiet, trainer_arguments
from agents.policy import LanguageModelPolicy, prompt
from agents.progress import stage
from agents.run import Stages, write_text
from agents.trackers import Log
from agents.trajectory import Completion, TrajectoryStore, coverage

# Imported where something is trained: the command's help needs none of them.
if TYPE_CHECKING:
    from datasets import Dataset
    from trl.trainer.grpo_config import GRPOConfig

_WHOLE = "WHOLE"
"""The file that marks a checkpoint as complete."""


@dataclass(frozen=True, slots=True)
class GRPOAgentConfig:
    """The settings of GRPO. What is not named here is trl's default.

    Attributes:
        conditions: what all agents share.
        episodes: how many a whole run takes, if no budget says otherwise.
        generations: answers to each riddle; their mean reward is the baseline.
        riddles_per_step: riddles whose answers make one optimiser step; new ones every step.
        learning_rate: at the start; it falls linearly to 0. Far above trl's default, which is for full fine-tuning.
        save_steps: an interrupted run resumes from the last multiple of this many steps.
    """

    conditions: Conditions = field(default_factory=Conditions)
    episodes: int = 7_680
    generations: int = 8
    riddles_per_step: int = 8
    learning_rate: float = 1e-4
    save_steps: int = 4

    def __post_init__(self) -> None:
        at_least(self, episodes=1, generations=2, riddles_per_step=1, save_steps=1)
        above_zero(self, learning_rate=float("inf"))

    def within(self, episodes: int) -> Self:
        """Fit the run to a budget."""
        return dataclasses.replace(self, episodes=episodes)


class GRPO(AdapterAgent[GRPOAgentConfig]):
    """trl's GRPOTrainer, whose reward is the environment's; see `AdapterAgent` for the arguments."""

    name: ClassVar[str] = "grpo"
    config_class = GRPOAgentConfig
    samples_itself = True
    distils = False

    def learn(self, env: gym.Env[str, str], budget: Budget | None = None) -> History:
        """Train for as many whole steps as the budget allows.

        Raises:
            ValueError: if the budget is too small for one group or limits tokens, or episodes take several answers.
            RunConflictError: if the folder holds a run with different settings.
            RuntimeError: if the policy samples on a server: trl samples here.
        """
        budget = budget or Budget(self.config.episodes)
        least = budget.episodes - budget.episodes // 4  # what studying leaves at least
        Plan.of(self.config, dataclasses.replace(budget, episodes=least))
        if self.policy.in_process() is not self.policy:
            raise RuntimeError("grpo samples inside trl, not from a server: leave out --sampler")
        run, metered = self.open_run(env, budget)
        before, stages, cases = self.evaluate_base(run, env), Stages(run, "round-000"), self.study(run, metered)
        studied = metered.spent
        plan = Plan.of(self.config, metered.left or budget)
        self.examples = self.config.conditions.share_shown(plan.steps) if cases.cases else 0.0
        store = TrajectoryStore(stages.path / "trajectories.jsonl")
        train = functools.partial(self._train, folder=stages.path, store=store, env=metered, plan=plan, cases=cases)
        self.adapter = stages.stage("adapter", "learn", train)
        shutil.rmtree(stages.path / "checkpoints", ignore_errors=True)
        trajectories = list(store)
        took = Spending.on(trajectories, int(stages.took["gradient_tokens"]))
        metered.spent = studied + took
        learned = {"round": 0, "step": plan.steps, **dataclasses.asdict(took), "coverage": coverage(trajectories)}
        metrics = self.measure(stages, learned, before, env)
        stages.finish()
        write_text(run.path / "metrics.jsonl", json.dumps(metrics) + "\n")
        return History(metered.spent, (metrics,))

    def _train(
        self, path: Path, folder: Path, store: TrajectoryStore, env: Metered, plan: Plan, cases: Casebook
    ) -> Mapping[str, float]:
        from transformers import PrinterCallback
        from trl.trainer.grpo_trainer import GRPOTrainer

        self.policy.use_adapter(None)
        checkpoint, done = _last_checkpoint(folder / "checkpoints")
        _keep_lines(store.path, done * plan.batch)
        env.spent += Spending.on(list(store))
        reward = _Reward(env, store, self.policy)
        with stage(self.console, "grpo: learn", plan.steps * plan.batch) as progress, quiet():
            progress(done * plan.batch)
            trainer = GRPOTrainer(
                copy.deepcopy(self.policy.base),
                reward.rewards,
                args=self._arguments(plan, folder / "checkpoints"),
                train_dataset=_prompts(env, self.config.conditions, plan, cases),
                processing_class=copy.deepcopy(self.policy.tokenizer),
                peft_config=self.config.conditions.lora.config(self.policy.base),
                callbacks=[_checkpoints(lambda steps: progress(steps * plan.batch), self.log)],
            )
            trainer.remove_callback(PrinterCallback)
            trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        log = [line for line in trainer.state.log_history if "reward" in line]
        write_text(folder / "steps.jsonl", "".join(json.dumps(line) + "\n" for line in log))
        trainer.model.save_pretrained(str(path))  # type: ignore[union-attr]
        seconds = round(sum(line["step_time"] for line in log), 1)  # also of steps before an interruption
        return {"gradient_tokens": max(line["num_tokens"] for line in log), "learn_seconds": seconds}

    def _arguments(self, plan: Plan, folder: Path) -> GRPOConfig:
        from trl.trainer.grpo_config import GRPOConfig

        config, shared = self.config, self.config.conditions
        return GRPOConfig(
            output_dir=str(folder),
            num_generations=config.generations,
            generation_batch_size=plan.batch,
            per_device_train_batch_size=plan.together,
            gradient_accumulation_steps=plan.batch // plan.together,
            max_steps=plan.steps,
            learning_rate=config.learning_rate,
            temperature=shared.temperature,
            top_p=shared.top_p,
            max_completion_length=shared.max_new_tokens,
            seed=spawn_seeds([shared.seed, 1], 1)[0],
            shuffle_dataset=False,
            save_strategy="steps",
            save_steps=config.save_steps,
            save_total_limit=2,  # with 1, the old one would go before the new one is complete
            logging_steps=1,
            **trainer_arguments(self.policy.base.device),
        )


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

    @property
    def together(self) -> int:
        """Answers in one forward pass: few, because prompts with worked examples are long, and so take much memory."""
        return math.gcd(2, self.generations)

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


class _Reward:
    """The reward function: it steps the environment and stores the trajectories."""

    def __init__(self, env: gym.Env[str, str], store: TrajectoryStore, policy: LanguageModelPolicy) -> None:
        from agents.sampling.rows import end_tokens_of

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
        trajectories = judge(self._env, seed, answers)
        self._store.extend(trajectories)
        return [trajectory.rewards[-1] for trajectory in trajectories]


def _checkpoints(step_done: Callable[[int], None], log: Log) -> Any:
    """Return a callback that reports and logs steps, and marks a checkpoint that was written to its end."""
    from agents.shared_prompt import Steps

    class Checkpoints(Steps):
        def on_save(self, args: Any, state: Any, *_: object, **kwargs: object) -> None:
            write_text(Path(str(args.output_dir)) / f"checkpoint-{state.global_step}" / _WHOLE, "")

        def on_log(self, args: Any, state: Any, *_: object, logs: Mapping[str, float], **kwargs: object) -> None:
            log({"step": state.global_step, **logs})

    return Checkpoints(step_done)


def _prompts(env: gym.Env[str, str], shared: Conditions, plan: Plan, cases: Casebook) -> Dataset:
    from datasets import Dataset

    rows = []
    for index, seed in enumerate(spawn_seeds([shared.seed, 0], plan.steps * plan.riddles)):
        question = env.reset(seed=seed)[0]
        solved = cases.nearest(question) if shared.shows_examples(index // plan.riddles, plan.steps) else ()
        rows.append({"prompt": list(prompt(question, solved)), "seed": seed})
    return Dataset.from_list(rows)


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
