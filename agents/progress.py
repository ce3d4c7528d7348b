"""Terminal output: foreign text made safe, and the progress of a stage with an estimate of the time left."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

QUIET = Console(quiet=True)
SECONDS_BETWEEN_LINES = 30.0


def plain(text: str, style: str = "") -> Text:
    """Return foreign text without markup, with the characters that control a terminal replaced."""
    return Text("".join(map(_visible, text)), style)


def one_line(text: str) -> Text:
    """Return foreign text on one line, made safe as in `plain`."""
    return plain(" ".join(text.split()) or "(nothing)")


def _visible(char: str) -> str:
    if char.isprintable() or char == "\n":
        return char
    return " " if char.isspace() else "\N{REPLACEMENT CHARACTER}"


@contextmanager
def stage(console: Console, title: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """Show the progress of ``total`` units of work; call the yielded function with the units done since the last call.

    A terminal shows a bar; a file or a pipe gets a line now and then.
    """
    if not console.is_terminal:
        yield from _lines(console, title, total)
        return
    columns = (
        TextColumn("{task.description:<28}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=console.quiet) as progress:
        task = progress.add_task(title, total=total)
        yield lambda units: progress.advance(task, units)


def _lines(console: Console, title: str, total: int | None) -> Iterator[Callable[[int], None]]:
    start = last = time.monotonic()
    done = 0

    def advance(units: int) -> None:
        nonlocal done, last
        done, now = done + units, time.monotonic()
        if total and 0 < done < total and now - last >= SECONDS_BETWEEN_LINES:
            last, left = now, (now - start) / done * (total - done)
            console.print(plain(f"{title}: {done:,} of {total:,}, about {left:.0f} s left"), soft_wrap=True)

    console.print(plain(f"{title} ..."), soft_wrap=True)
    yield advance
    console.print(plain(f"{title}: {time.monotonic() - start:.0f} s"), soft_wrap=True)
