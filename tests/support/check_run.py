"""Checks the folder of a small real run, as CI does: python tests/support/check_run.py FOLDER."""

import json
import sys
from pathlib import Path

from agents.casebook import worked
from agents.evaluation import Comparison, Evaluation, summary
from agents.trajectory import TrajectoryStore


def lines(path: Path) -> list:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def check(run: Path) -> None:
    """Assert that every stage left what it promises, and that something was learned."""
    record = json.loads((run / "config.json").read_text(encoding="utf-8"))
    assert record["model_hash"], "the run does not say which model it used"
    studied = list(TrajectoryStore(run / "studied.jsonl"))
    answers = examples = {worked(one, record["config"]["conditions"]["reasons"]) for one in studied}
    assert len({one.riddle_id for one in studied}) == len(studied) > 0
    rounds = lines(run / "metrics.jsonl")
    assert len(rounds) == record["config"]["rounds"]
    for index, metrics in enumerate(rounds):
        folder = run / f"round-{index:03d}"
        trajectories = list(TrajectoryStore(folder / "trajectories.jsonl"))
        assert (folder / "DONE").exists()
        assert (folder / "adapter" / "adapter_model.safetensors").stat().st_size > 0
        assert len(trajectories) == metrics["episodes"]
        answers = answers | {trajectory.text.strip() for trajectory in trajectories if trajectory.solved}
        learned = {answer for _, answer in lines(folder / "rows.jsonl")}
        assert examples < learned <= answers, "nothing was learned, or an answer that nobody verified"
    for split in ("test", "transfer"):
        assert len(Comparison.read(run / f"evaluation-{split}.json").base.riddles) == 16
    before = summary(Evaluation.from_dict(json.loads((run / "base.json").read_text(encoding="utf-8"))))
    sides = ("riddle_accuracy", "contrast_accuracy")
    assert sum(rounds[-1][side] - before[side] for side in sides) > 0, f"nothing was learned: {before} -> {rounds[-1]}"
    assert (run / "curve.png").stat().st_size > 10_000
    assert "<h2>test</h2>" in (run / "report.html").read_text(encoding="utf-8")


if __name__ == "__main__":
    check(Path(sys.argv[1]))
    print("the run is whole")
