"""A run of ``expit train`` on the tiny model that dies by SIGKILL: python -m support.killed_run FOLDER WHERE."""

import os
import signal
import sys
from pathlib import Path

from rich.console import Console
from support.runs import CONFIG, make_env
from support.tiny import terse_model, tiny_policy

from agents.evaluation import Comparison
from agents.policy import LanguageModelPolicy
from agents.training import TrainRequest, train

WHERE = {"before": (), "search": (CONFIG.conditions.seed, 1), "after": None}
"""Where it dies: while it samples with a seed that begins so, or in the last evaluation."""


class Request(TrainRequest):
    environment, policy = (lambda _: make_env()), (lambda _: tiny_policy(terse_model()))


def run(folder: Path) -> None:
    """Train the tiny model as the command does, in an environment whose verifier it can please."""
    train(Request(model="tiny", device="cpu", out=folder, test_riddles=2, config=CONFIG), Console(quiet=True))


def main(folder: str, where: str) -> None:
    sample, dying_seed = LanguageModelPolicy.sample, WHERE[where]

    def die(*_):
        os.kill(os.getpid(), signal.SIGKILL)

    def dying_sample(self, observations, n, decoding, seed, progress, *how):
        progress = die if seed[: len(dying_seed)] == dying_seed else progress
        return sample(self, observations, n, decoding, seed, progress, *how)

    if dying_seed is None:
        Comparison.write = lambda self, path: die(path.write_text("half"))
    else:
        LanguageModelPolicy.sample = dying_sample
    run(Path(folder))


if __name__ == "__main__":
    main(*sys.argv[1:])
