"""The peak memory of a command with all its processes.

    python -m benchmarks.memory expit train

Memory is the sum of the proportional set sizes, in which pages that processes share count once. Linux only.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def watching(pid: int, seconds: float) -> Iterator[list[int]]:
    """Within the context, collect how many bytes a process and its descendants hold, every so many seconds."""
    done, held = threading.Event(), [0]

    def watch() -> None:
        while not done.wait(seconds):
            held.append(sum(map(proportional_set_size, process_tree(pid))))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield held
    finally:
        done.set()
        watcher.join()


def process_tree(pid: int) -> list[int]:
    """Return the ids of a process and of all its descendants, as far as they have not ended."""
    children: list[str] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            children += task.read_text(encoding="ascii").split()
    return [pid, *(member for child in children for member in process_tree(int(child)))]


def proportional_set_size(pid: int) -> int:
    """Return the memory of a process, in bytes, with its share of shared pages; 0 if it has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


def main() -> int:
    """Run the command, print its peak, and return its exit status."""
    with subprocess.Popen(sys.argv[1:]) as process, watching(process.pid, seconds=1) as held:
        status = process.wait()
    print(f"all its processes together: at most {max(held) / 1e9:.2f} GB")
    return status


if __name__ == "__main__":
    sys.exit(main())
