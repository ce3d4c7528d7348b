"""The ``expit`` command."""

from __future__ import annotations

import os
import sys
from typing import Annotated

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")

import tyro
from rich.console import Console

from agents.training import TrainRequest

app = tyro.extras.SubcommandApp()


@app.command(name="train")
def _train(request: Annotated[TrainRequest, tyro.conf.OmitArgPrefixes, tyro.conf.arg(name="")]) -> None:
    """Teach a model riddles and report it. Interrupted at any moment, the same command goes on where it was."""
    from agents.report import print_results, write_report
    from agents.training import train

    console = Console()
    run = train(request, console)
    write_report(run)
    print_results(console, run)


def main() -> None:
    """Run the command line; an expected error is one message and exit status 1."""
    try:
        app.cli(prog="expit", config=(tyro.conf.OmitArgPrefixes,))
    except KeyboardInterrupt:
        sys.exit("\nInterrupted. The same command goes on from the last whole stage.")
    except (ValueError, OSError, RuntimeError) as error:
        sys.exit(f"expit: {error}")
