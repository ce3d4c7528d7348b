"""Checks the folder of a small real run, as CI does: python tests/support/check_run.py FOLDER."""

import json
import sys
from pathlib import Path

from agents.evaluation import Comparison
from agents.trajectory import TrajectoryStore


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def check(run: Path) -> None:
    """Assert that every stage left what it promises, and that something was learned."""
    record = json.loads((run / "config.json").read_text(encoding="utf-8"))
    assert record["model_hash"], "the run does not say which model it used"
    rounds = lines(run / "metrics.jsonl")
    assert len(rounds) == record["config"]["rounds"]
    for index, metrics in enumerate(rounds):
        folder = run / f"round-{index:03d}"
        trajectories = list(TrajectoryStore(folder / "trajectories.jsonl"))
        assert (folder / "DONE").exists()
        assert (folder / "adapter" / "adapter_model.safetensors").stat().st_size > 0
        assert len(trajectories) == metrics["episodes"]
        answers = {trajectory.text.strip() for trajectory in trajectories if trajectory.solved}
        learned = {row["answer"] for row in lines(folder / "sft.jsonl")}
        assert set() < learned <= answers, "nothing was learned, or an answer that nobody verified"
    for split in ("test", "transfer"):
        assert len(Comparison.read(run / f"evaluation-{split}.json").base.riddles) == 16
    base = json.loads((run / "base.json").read_text(encoding="utf-8"))["riddles"]
    before = sum(riddle["correct"] for riddle in base) / len(base)
    assert rounds[-1]["system1_accuracy"] > before, f"nothing was learned: {before} -> {rounds[-1]}"
    assert (run / "curve.png").stat().st_size > 10_000
    assert "<h2>test</h2>" in (run / "report.html").read_text(encoding="utf-8")


if __name__ == "__main__":
    check(Path(sys.argv[1]))
    print("the run is whole")
