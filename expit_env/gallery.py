"""One page with an example of every family of riddles and of its contrast, by group."""

from __future__ import annotations

from collections.abc import Iterator

from expit_env import splits
from expit_env.families import FAMILIES, GROUPS
from expit_env.riddle import Riddle

_PREFACE = """# Gallery

One riddle of every family, in its plainest telling, and its contrast riddle: the same surface with the trick taken out.
Families marked *transfer* are never posed in train. `expit gallery` writes this page."""


def gallery() -> str:
    """Return the page as Markdown: the same for the same families, on every machine."""
    lines = [_PREFACE]
    for group in GROUPS:
        lines += ["", f"## {group[0].upper()}{group[1:]}"]
        for family in FAMILIES.values():
            if family.group == group:
                split = "transfer" if family.transfer else "train"
                lines += ["", f"### {family.name}{', transfer' if family.transfer else ''}", ""]
                lines += _told(splits.riddle_at(family.name, split, 0))
                lines += ["", "Contrast:", "", *_told(splits.riddle_at(family.name, split, 0, contrast=True))]
    return "\n".join(lines) + "\n"


def _told(riddle: Riddle) -> Iterator[str]:
    yield f"> {riddle.question}"
    yield ""
    trap = f", and not {riddle.trap}" if riddle.trap else ""
    yield f"**{riddle.answer}**{trap}. {riddle.explanation}"
