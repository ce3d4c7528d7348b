"""What is seen while a stage runs: a progress bar with an estimate of the time left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

QUIET = Console(quiet=True)


@contextmanager
def stage(console: Console, title: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show a bar for ``total`` units of work; call what it yields with the units done since the last call."""
    columns = (
        TextColumn("{task.description:<28}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=console.quiet) as progress:
        task = progress.add_task(title, total=total)
        yield lambda units: progress.advance(task, units)
