"""What the parts of expert iteration on pairs are worth: the default beside what it has to beat.

    python -m benchmarks.controls --seeds 0 1 2

Each way starts from the embedded model, studies the same riddles, and is asked the same validation and test pairs.
Bare answers are shorter, so that 36 are drawn where 8 with a reason are. A finished part is not run again, and a run
that was cut off resumes; ``--ways`` runs only some, and the table has all that are in the folder.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gymnasium as gym
import tyro
from rich.console import Console

from agents.adapter_agent import AdapterConfig
from agents.base import Budget, NothingToLearnError
from agents.baselines import FewShotAgent
from agents.conditions import Conditions
from agents.evaluation import Comparison, Evaluation, evaluate
from agents.expert_iteration import ExpertIterationConfig as Search
from agents.held_out import evaluation_riddles, split_env
from agents.run import RunFolder, hold, read_json, read_jsonl, write_text
from agents.sft import SFTAgentConfig
from agents.training import TrainRequest, train
from agents.updates import Distillation

HEADER = "| way | seed | validation pairs | test: riddles | contrasts | pairs | overapplied | tokens |"
SHOWN = ("riddle_accuracy", "contrast_accuracy", "pair_accuracy", "overapplied")


class RiddlesOnly(gym.Wrapper[str, str, str, str]):
    """Asks riddles, and names no contrasts: a world in which the shortcut pays."""

    def reset(self, **how: Any) -> tuple[str, dict[str, Any]]:
        """Draw a riddle."""
        observation, info = self.env.reset(**how)
        return observation, {**info, "contrast_id": None}

    def step(self, action: str) -> tuple[str, Any, bool, bool, dict[str, Any]]:
        """Judge an answer."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        return observation, reward, terminated, truncated, {**info, "contrast_id": None}


class RiddlesOnlyRequest(TrainRequest):
    """A run in the world of `RiddlesOnly`."""

    def environment(self) -> gym.Env[str, str]:
        """Make its environment."""
        spec = super().environment().unwrapped.spec
        assert spec is not None
        return RiddlesOnly(gym.make(spec, side="riddle"))


@dataclass(frozen=True)
class Way:
    """A way to learn: an agent with its config, which gets the seed, in a world."""

    agent: str
    config: AdapterConfig
    request: type[TrainRequest] = TrainRequest


FEW_SHOT = "examples in the prompt, no training"
BARE = Conditions(reasons=False, max_new_tokens=12)
WAYS = {
    "expert iteration": Way("expert-iteration", Search()),
    "worked examples alone": Way("sft", SFTAgentConfig()),
    "bare answers": Way("expert-iteration", Search(BARE, samples=36)),
    "single answers": Way("expert-iteration", Search(update=Distillation(learn_from="answers"))),
    "riddles only": Way("expert-iteration", Search(), RiddlesOnlyRequest),
    "no worked examples": Way("expert-iteration", Search(Conditions(worked_pairs=0))),
    "all right answers": Way("expert-iteration", Search(update=Distillation(answers_per_riddle=None))),
}


def main(
    seeds: tuple[int, ...] = (0, 1, 2),
    ways: tuple[str, ...] = (FEW_SHOT, *WAYS),
    riddles: int = 100,
    out: Path = Path("runs/controls"),
) -> None:
    """Run the ways with the seeds, and print the table of what is in the folder.

    Args:
        seeds: of the runs.
        ways: which ways.
        riddles: how many riddles of test, with their contrasts.
        out: the folder.
    """
    console = Console()
    for seed in seeds:
        for way in ways:
            folder = out / f"{way.replace(' ', '-').replace(',', '')}-{seed}"
            try:
                if way == FEW_SHOT:
                    _prompt(folder, seed, riddles, console)
                else:
                    _train(WAYS[way], folder, seed, riddles, console)
                _row(folder, way, seed)
            except NothingToLearnError as error:
                tokens = f"{error.history.spent.tokens:,}"
                write_text(folder / "row.json", json.dumps([way, seed, "found nothing to learn", *4 * ["-"], tokens]))
    print(HEADER + "\n" + "|---" * 8 + "|")
    rows = [read_json(path, list) for path in out.glob("*/row.json")]
    for row in sorted(rows, key=lambda row: ([FEW_SHOT, *WAYS].index(row[0]), row[1])):
        print(f"| {' | '.join(map(str, row))} |")


def _row(folder: Path, way: str, seed: int) -> None:
    """Write a line of the table."""
    if way == FEW_SHOT:
        evaluations = [read_json(folder / f"{split}.json", Evaluation.from_dict) for split in ("validation", "test")]
        pairs, test, tokens = [evaluations[0].mean("pair_accuracy")], evaluations[1], 0
    else:
        base = read_json(folder / "base.json", Evaluation.from_dict)
        rounds = list(read_jsonl(folder / "metrics.jsonl", json.loads))
        pairs = [base.mean("pair_accuracy"), *(one["pair_accuracy"] for one in rounds)]
        test = Comparison.read(folder / "evaluation-test.json").trained
        tokens = sum(int(one.get("tokens", 0)) for one in rounds)
    shares = [f"{100 * test.mean(measure):.0f} %" for measure in SHOWN]
    low, high = test.interval("pair_accuracy")
    shares[2] = f"**{shares[2].removesuffix(' %')}** [{100 * low:.0f}, {100 * high:.0f}] %"
    trend = " -> ".join(f"{100 * pair:.0f}" for pair in pairs)
    write_text(folder / "row.json", json.dumps([way, seed, f"{trend} %", *shares, f"{tokens:,}"]))


def _train(way: Way, folder: Path, seed: int, riddles: int, console: Console) -> None:
    """Train as ``expit train`` does."""
    config: Any = way.config
    config = dataclasses.replace(config, conditions=dataclasses.replace(config.conditions, seed=seed))
    train(way.request(agent=way.agent, out=folder, test_riddles=riddles, config=config), console)


def _prompt(folder: Path, seed: int, riddles: int, console: Console) -> None:
    """Evaluate the base model with the worked examples in its prompt."""
    conditions = Conditions(seed=seed)
    request = TrainRequest(out=folder, test_riddles=riddles)
    env = request.environment()
    with hold(folder):
        run = RunFolder.open(folder, {**request.provenance(), "test_riddles": riddles})
        agent = FewShotAgent(request.policy(), conditions)
        agent.learn(env, Budget(Search().episodes))
        for split, count in (("validation", conditions.validation_riddles), ("test", riddles)):
            asked = split_env(env, split)

            def answer(path: Path, asked: gym.Env[str, str] = asked, count: int = count) -> None:
                found = evaluate(agent, asked, evaluation_riddles(asked, count, console), console=console)
                path.write_text(json.dumps(dataclasses.asdict(found)))

            run.stage(f"{split}.json", answer)


if __name__ == "__main__":
    tyro.cli(main)
