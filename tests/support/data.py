"""Rows of the files in tests/data, and rows of riddles as a user would write them."""

import json
from pathlib import Path

DATA = Path(__file__).parent.parent / "data"


def rows(pattern: str) -> list[dict]:
    """Return the rows of all files whose names match."""
    files = sorted(DATA.glob(pattern))
    return [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]


THINGS = ("clock", "river", "needle", "bottle", "road", "candle", "mirror", "ladder", "anchor", "window")
ROWS = [
    {"question": f"What number {number} has a {thing} in it?", "answer": f"a {thing}", "trap": "a giraffe"}
    for thing in THINGS
    for number in range(9)
]
