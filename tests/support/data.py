"""Rows of the files in tests/data."""

import json
from pathlib import Path

DATA = Path(__file__).parent.parent / "data"


def rows(pattern: str) -> list[dict]:
    """Return the rows of all files whose names match."""
    files = sorted(DATA.glob(pattern))
    return [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]
