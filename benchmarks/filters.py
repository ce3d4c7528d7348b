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
from itertools import chain
from pathlib import Path

import tyro
from rich.console import Console

from agents.base import spawn_seeds
from agents.casebook import Casebook
from agents.conditions import LoRA
from agents.evaluation import Evaluation, evaluate
from agents.fine_tuning import FineTuning
from agents.held_out import evaluation_riddles, split_env
from agents.policy import Decoding, PolicyAgent
from agents.progress import stage
from agents.run import RunFolder, read_json
from agents.training import TrainedRun
from agents.trajectory import Trajectory, TrajectoryStore, borne_out, likeliest, whole_pairs
from agents.updates import Distillation, Fit

SHOWN = ("riddle_accuracy", "contrast_accuracy", "pair_accuracy", "overapplied")

Filter = Callable[[Sequence[Trajectory]], Sequence[Trajectory]]
"""Takes the trajectories of all rounds, and returns those that may be learned."""


def first_found(drawn: Sequence[Trajectory]) -> list[Trajectory]:
    """Return all without likelihoods: the first right answer to a riddle is learned."""
    return [
        dataclasses.replace(one, completions=tuple(dataclasses.replace(each, logprobs=()) for each in one.completions))
        for one in drawn
    ]


def agreed(drawn: Sequence[Trajectory]) -> list[Trajectory]:
    """Leave out riddles with a single right answer in a round, as a lucky guess is."""
    right = Counter(one.riddle_id for one in drawn if one.learnable)
    return [one for one in drawn if right[one.riddle_id] > 1]


FILTERS: Mapping[str, Filter] = {
    "every right answer": list,
    "the first found": first_found,
    "where 2 of 8 are right": agreed,
    "borne out by the reason": borne_out,
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
    if unknown := set(filters) - FILTERS.keys():
        raise SystemExit(f"no filter {unknown}; there are {', '.join(map(repr, FILTERS))}")
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
    shared = config["conditions"]
    update = Distillation(fine_tuning=FineTuning(**config["update"]["fine_tuning"]))
    files = sorted(run.glob("round-*/trajectories.jsonl"))
    drawn = [one for file in files for one in TrajectoryStore(file)]
    best = likeliest(chain(*whole_pairs(chosen(drawn))))
    studied = TrajectoryStore(run / "studied.jsonl")
    worked = Casebook.of(studied, shared["reasons"], shared["worked_pairs"]).examples
    seed = spawn_seeds([shared["seed"], len(files) - 1, 1], 1)[0]  # as the run's last round had it
    rows = [*worked, *((question, answers[0]) for question, answers in best.items())]

    def fit(path: Path) -> None:
        with stage(console, f"{run.name}: fit", update.steps(rows)) as progress:
            update.fit(rows, Fit(opened.policy, LoRA(**shared["lora"]), path, seed, progress))

    def ask(path: Path) -> None:
        opened.policy.use_adapter(folder.stage("adapter", fit))
        env = split_env(opened.make_env(), "validation")
        agent = PolicyAgent(opened.policy, Decoding(0.0, 1.0, shared["max_new_tokens"]))
        found = evaluate(agent, env, evaluation_riddles(env, riddles), console=console)
        path.write_text(json.dumps(dataclasses.asdict(found)))

    return len(rows), read_json(folder.stage(f"validation-{riddles}.json", ask), Evaluation.from_dict)


if __name__ == "__main__":
    tyro.cli(main)
