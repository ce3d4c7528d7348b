"""Errors that say what exists."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def unknown(what: str, name: object, names: Iterable[str]) -> ValueError:
    """Return the error for a name that does not exist; it suggests the closest name and lists all."""
    names = tuple(names)
    close = difflib.get_close_matches(str(name), names, n=1)
    guess = f" Did you mean {close[0]!r}?" if close else ""
    return ValueError(f"there is no {what} {name!r}.{guess} What exists: {', '.join(names)}")
