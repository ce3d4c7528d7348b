"""Python in a process of its own, with the packages and the test support of this one."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping

import psutil

WORKER = "agents.sampling.workers"


def python(*words: object, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run Python with these arguments, such as ``"-c", code``, and return what it printed and how it ended."""
    command = [sys.executable, *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment(environ))


def environment(changes: Mapping[str, str]) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **changes}


def workers() -> set[psutil.Process]:
    """Return the sampling workers of this process that are alive: those that forked from one of its children."""
    parents = [child for child in psutil.Process().children() if not is_over(child)]
    parents = [child for child in parents if any(WORKER in word for word in child.cmdline())]
    return {child for parent in parents for child in parent.children() if not is_over(child)}


def is_over(process: psutil.Process) -> bool:
    """Whether a process has ended, if only in that nobody has asked yet how."""
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for what another process or thread is about to do; that it takes a minute is a failure."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)
