"""A run of ``expit train`` on the tiny model that dies by SIGKILL.

python -m support.killed_run FOLDER WHERE [CLUSTER]
"""

import os
import signal
import sys
from pathlib import Path

from rich.console import Console
from support.runs import CONFIG, make_env
from support.tiny import terse_model, tiny_policy, tiny_tokenizer

from agents.evaluation import Comparison
from agents.policy import LanguageModelPolicy
from agents.training import TrainRequest, train

WHERE = {"before": (), "search": (CONFIG.conditions.seed, 1), "after": None}
"""Where it dies: while it samples with a seed that begins so, or in the last evaluation."""


class Request(TrainRequest):
    def environment(self):
        return make_env()

    def policy(self):
        if self.cluster is None:
            return tiny_policy(terse_model())
        from agents.sampling.cluster import RaySampler

        return LanguageModelPolicy(
            terse_model(), tiny_tokenizer(), RaySampler(terse_model(), tiny_tokenizer(), self.cluster)
        )


def run(folder: Path, cluster: str | None = None) -> None:
    """Train the tiny model as the command does, in an environment whose verifier it can please."""
    request = Request(model="tiny", device="cpu", cluster=cluster, out=folder, test_riddles=2, config=CONFIG)
    train(request, Console(quiet=True))


def main(folder: str, where: str, cluster: str | None = None) -> None:
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
    run(Path(folder), cluster)


if __name__ == "__main__":
    main(*sys.argv[1:])
