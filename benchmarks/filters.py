"""What a filter is worth: the trajectories of finished runs are selected anew, learned anew, and asked on validation.

    python -m benchmarks.filters runs/s0 runs/s1 runs/s2

A verifier of answers passes a right answer with a wrong reason. The search is the same for every filter; only which of
the verified answers to the same riddles are learned, from all rounds, is not. Finished parts are kept.
"""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import tyro
from rich.console import Console

from agents.casebook import Casebook
from agents.conditions import Conditions
from agents.evaluation import Evaluation, evaluate
from agents.held_out import evaluation_riddles, split_env
from agents.policy import Decoding, PolicyAgent
from agents.progress import stage
from agents.run import RunFolder, read_json
from agents.training import TrainedRun, trained_adapters
from agents.trajectory import Trajectory, TrajectoryStore
from agents.updates import Distillation, Fit

SHOWN = ("riddle_accuracy", "contrast_accuracy", "pair_accuracy", "overapplied")

Filter = Callable[[Sequence[Trajectory]], list[Trajectory]]
"""Takes the trajectories of a round, and returns those that may be learned."""


def as_drawn(drawn: Sequence[Trajectory]) -> list[Trajectory]:
    """Return all: of the right answers to a riddle, the likeliest is learned."""
    return list(drawn)


def first_found(drawn: Sequence[Trajectory]) -> list[Trajectory]:
    """Return all without likelihoods: the first right answer to a riddle is learned."""
    return [
        dataclasses.replace(one, completions=tuple(dataclasses.replace(each, logprobs=()) for each in one.completions))
        for one in drawn
    ]


def agreed(least: int) -> Filter:
    """Return a filter that leaves out riddles with fewer right answers than ``least``, as a lucky guess has."""

    def chosen(drawn: Sequence[Trajectory]) -> list[Trajectory]:
        right = Counter(one.riddle_id for one in drawn if one.learnable)
        return [one for one in drawn if right[one.riddle_id] >= least]

    return chosen


FILTERS: Mapping[str, Filter] = {
    "the likeliest": as_drawn,
    "the first found": first_found,
    "the likeliest, where 2 of 8 are right": agreed(2),
}


def main(
    runs: tyro.conf.Positional[tuple[Path, ...]],
    filters: tuple[str, ...] = tuple(FILTERS),
    riddles: int = 200,
    out: Path = Path("runs/filters"),
) -> None:
    """Learn the trajectories of runs with each filter, and print the table of validation pairs.

    Args:
        runs: the folders of finished runs of expert iteration.
        filters: which filters.
        riddles: how many riddles of validation, with their contrasts.
        out: the folder of the new adapters.
    """
    console = Console()
    print("| filter | run | rows | riddles | contrasts | pairs | overapplied |\n" + "|---" * 7 + "|")
    for name in filters:
        for run in runs:
            folder = RunFolder.open(out / f"{name.replace(' ', '-').replace(',', '')}-{run.name}", {"run": str(run)})
            rows, found = _measured(run, FILTERS[name], folder, riddles, console)
            shares = " | ".join(f"{100 * found.mean(measure):.1f} %" for measure in SHOWN)
            print(f"| {name} | {run.name} | {rows} | {shares} |", flush=True)


def _measured(run: Path, chosen: Filter, folder: RunFolder, riddles: int, console: Console) -> tuple[int, Evaluation]:
    """Learn what a filter leaves of a run, unless that is done, and evaluate it."""
    opened, config = TrainedRun.open(run), read_json(run / "config.json", lambda record: record["config"])
    recorded = config["conditions"]
    conditions = Conditions(seed=recorded["seed"], reasons=recorded["reasons"], worked_pairs=recorded["worked_pairs"])
    update, studied = Distillation(), TrajectoryStore(run / "studied.jsonl")
    worked = Casebook.of(studied, conditions.reasons, conditions.worked_pairs).examples
    rounds = [chosen(list(TrajectoryStore(each))) for each in sorted(run.glob("round-*/trajectories.jsonl"))]
    rows = update.select(rounds, worked)

    def fit(path: Path) -> None:
        with stage(console, f"{run.name}: fit", update.steps(rows)) as progress:
            update.fit(rows, Fit(opened.policy, conditions.lora, path, conditions.seed, None, progress))

    def ask(path: Path) -> None:
        opened.policy.use_adapter(folder.stage("adapter", fit) if chosen is not as_drawn else trained_adapters(run)[0])
        env = split_env(opened.make_env(), "validation")
        agent = PolicyAgent(opened.policy, Decoding(0.0, 1.0, conditions.max_new_tokens))
        found = evaluate(agent, env, evaluation_riddles(env, riddles), console=console)
        path.write_text(json.dumps(dataclasses.asdict(found)))

    return len(rows), read_json(folder.stage(f"validation-{riddles}.json", ask), Evaluation.from_dict)


if __name__ == "__main__":
    tyro.cli(main)
