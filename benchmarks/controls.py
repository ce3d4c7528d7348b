"""What the parts of expert iteration on pairs are worth: the default beside what it has to beat.

    python -m benchmarks.controls --seeds 0 1 2

Each way starts from the embedded model, studies the same riddles, and is asked the same validation and test pairs,
greedily. Bare answers are shorter, so that 36 are drawn where 8 with a reason are. A finished part is not run again,
and a run that was cut off resumes; ``--ways`` runs only some, and the table has all that are in the folder.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import gymnasium as gym
import tyro
from rich.console import Console

from agents.adapter_agent import AdapterAgent
from agents.base import Agent, Budget, NothingToLearnError
from agents.baselines import FewShotAgent
from agents.conditions import Conditions
from agents.evaluation import Evaluation, evaluate
from agents.expert_iteration import ExpertIteration
from agents.expert_iteration import ExpertIterationConfig as Search
from agents.held_out import evaluation_riddles, split_env
from agents.policy import LanguageModelPolicy
from agents.run import RunFolder, hold, read_json, read_jsonl, write_text
from agents.sft import SFT, SFTAgentConfig
from agents.training import TrainRequest
from agents.updates import Distillation

HEADER = "| way | seed | validation: pairs | overapplied | test: riddles | contrasts | pairs | overapplied | tokens |"
SHOWN = ("riddle_accuracy", "contrast_accuracy", "pair_accuracy", "overapplied")
PAIRS: Mapping[str, int] = {"validation": 200, "test": 400}
"""How many pairs of each split are asked."""


class RiddlesOnly(gym.Wrapper[str, str, str, str]):
    """Names no contrasts: around an environment that asks riddles only, a world in which the shortcut pays."""

    def reset(self, **how: Any) -> tuple[str, dict[str, Any]]:
        """Draw a riddle."""
        observation, info = self.env.reset(**how)
        return observation, {**info, "contrast_id": None}

    def step(self, action: str) -> tuple[str, Any, bool, bool, dict[str, Any]]:
        """Judge an answer."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        return observation, reward, terminated, truncated, {**info, "contrast_id": None}


@dataclass(frozen=True)
class Way:
    """A way to learn: an agent with its config, which gets the seed, in the world of pairs or of riddles only."""

    agent: type[AdapterAgent[Any]]
    config: Any
    pairs: bool = True


FEW_SHOT = "examples in the prompt, no training"
BARE = Conditions(reasons=False, max_new_tokens=12)
WAYS = {
    "expert iteration": Way(ExpertIteration, Search()),
    "worked examples alone": Way(SFT, SFTAgentConfig()),
    "bare answers": Way(ExpertIteration, Search(BARE, samples=36)),
    "single answers": Way(ExpertIteration, Search(update=Distillation(learn_from="answers"))),
    "riddles only": Way(ExpertIteration, Search(), pairs=False),
    "no worked examples": Way(ExpertIteration, Search(Conditions(worked_pairs=0))),
    "all right answers": Way(ExpertIteration, Search(update=Distillation(answers_per_riddle=None))),
}


def main(
    seeds: tuple[int, ...] = (0, 1, 2), ways: tuple[str, ...] = (FEW_SHOT, *WAYS), out: Path = Path("runs/controls")
) -> None:
    """Run the ways with the seeds, and print the table of what is in the folder.

    Args:
        seeds: of the runs.
        ways: which ways.
        out: the folder.
    """
    console, request = Console(), TrainRequest(out=out)
    env, policy = request.environment(), request.policy()
    for seed in seeds:
        for way in ways:
            folder = out / f"{way.replace(' ', '-').replace(',', '')}-{seed}"
            with hold(folder):
                try:
                    agent = _learned(way, seed, folder, env, policy, request.provenance(), console)
                except NothingToLearnError as error:
                    tokens = f"{error.history.spent.tokens:,}"
                    write_text(
                        folder / "row.json", json.dumps([way, seed, "found nothing to learn", *5 * ["-"], tokens])
                    )
                    continue
                run = RunFolder(folder)
                for split in PAIRS:
                    run.stage(f"{split}.json", partial(_ask, agent, env, split, console))
                _row(folder, way, seed)
    print(HEADER + "\n" + "|---" * 9 + "|")
    rows = [read_json(path, list) for path in out.glob("*/row.json")]
    for row in sorted(rows, key=lambda row: ([FEW_SHOT, *WAYS].index(row[0]), row[1])):
        print(f"| {' | '.join(map(str, row))} |")


def _learned(
    way: str,
    seed: int,
    folder: Path,
    env: gym.Env[str, str],
    policy: LanguageModelPolicy,
    provenance: Mapping[str, object],
    console: Console,
) -> Agent:
    """Let an agent learn, or find what it has learned."""
    if way == FEW_SHOT:
        shared = Conditions(seed=seed)
        RunFolder.open(folder, {**provenance, "conditions": dataclasses.asdict(shared)})
        few_shot = FewShotAgent(policy, shared)
        policy.use_adapter(None)
        few_shot.learn(env, Budget(Search().episodes))
        return few_shot
    chosen = WAYS[way]
    config = dataclasses.replace(chosen.config, conditions=dataclasses.replace(chosen.config.conditions, seed=seed))
    agent = chosen.agent(policy, config, folder, console, provenance)
    assert env.spec is not None
    agent.learn(env if chosen.pairs else RiddlesOnly(gym.make(env.spec, side="riddle")), Budget(config.episodes))
    return agent


def _ask(agent: Agent, env: gym.Env[str, str], split: str, console: Console, path: Path) -> None:
    """Ask pairs of a split, greedily."""
    asked = split_env(env, split)
    found = evaluate(agent, asked, evaluation_riddles(asked, PAIRS[split], console), console=console, title=split)
    path.write_text(json.dumps(dataclasses.asdict(found)), encoding="utf-8")


def _row(folder: Path, way: str, seed: int) -> None:
    """Write a line of the table."""
    validation, test = (read_json(folder / f"{split}.json", Evaluation.from_dict) for split in PAIRS)
    rounds = list(read_jsonl(folder / "metrics.jsonl", json.loads)) if way != FEW_SHOT else []
    low, high = (f"{100 * bound:.0f}" for bound in test.interval("pair_accuracy"))
    asked = [(validation, measure) for measure in SHOWN[2:]] + [(test, measure) for measure in SHOWN]
    shares = [f"{100 * split.mean(measure):.1f} %" for split, measure in asked]
    shares[-2] += f" [{low}, {high}]"
    tokens = sum(int(one.get("tokens", 0)) for one in rounds)
    write_text(folder / "row.json", json.dumps([way, seed, *shares, f"{tokens:,}"]))


if __name__ == "__main__":
    tyro.cli(main)
