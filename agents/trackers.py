"""Trackers: the metrics of a run in TensorBoard, Trackio or Weights & Biases, through their own writers."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

Tracker = Literal["tensorboard", "trackio", "wandb"]
Log = Callable[[Mapping[str, float]], None]
"""Takes the metrics of an optimiser step, as ``step``, or of a finished round: ``round``, from 0."""


def open_log(tracker: Tracker, run: Path, settings: Mapping[str, object]) -> Log:
    """Return what logs the rounds of a run.

    TensorBoard's files are in the run's folder; Trackio and W&B keep it under the folder's name in the project
    "expit", as their own settings and environment variables have it.

    Raises:
        ModuleNotFoundError: if the library is not installed.
    """
    try:
        if tracker == "tensorboard":
            return _tensorboard(run / "tensorboard")
        library: Any = importlib.import_module(tracker)  # trackio has the interface of wandb
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(f"--log {tracker} needs that package: pip install -e '.[{tracker}]'") from error
    library.init(project="expit", name=run.name, config=dict(settings))
    return lambda metrics: library.log(dict(metrics), step=_step(metrics))


def _tensorboard(folder: Path) -> Log:
    from torch.utils.tensorboard import SummaryWriter

    writer = SummaryWriter(str(folder))

    def log(metrics: Mapping[str, float]) -> None:
        for name, value in metrics.items():
            writer.add_scalar(name, value, _step(metrics))
        writer.flush()

    return log


def _step(metrics: Mapping[str, float]) -> int:
    return int(metrics.get("step", metrics.get("round", 0)))
