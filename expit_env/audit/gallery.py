"""One page with an example of every family of riddles and of its contrast, by group."""

from __future__ import annotations

import functools
import math
from collections import Counter
from collections.abc import Iterator

from expit_env.riddle import Riddle
from expit_env.riddles import FAMILIES, GROUPS, splits
from expit_env.riddles.family import Family, normalise

_PREFACE = """# Gallery

One riddle of every family, in its plainest telling, and its contrast riddle: the same surface with the trick taken out.
Families marked *transfer* are never posed in train. Beside each name: at least about how many questions there are in
train, validation and test at level 3 without the opening sentence that is beside the point, as 400 draws tell (some are
drawn more often than others, so there are more). `expit gallery` writes this page."""

_DRAWS = 400
_ENOUGH = 10_000


def gallery() -> str:
    """Return the page as Markdown: the same for the same families, on every machine."""
    lines = [_PREFACE]
    for group in GROUPS:
        lines += ["", f"## {group[0].upper()}{group[1:]}"]
        for family in FAMILIES.values():
            if family.group == group:
                split = "transfer" if family.transfer else "train"
                counts = ", ".join(number_of_questions(family.name, split) for split in _splits(family))
                lines += ["", f"### {family.name}{', transfer' if family.transfer else ''} ({counts})", ""]
                lines += _told(splits.riddle_at(family.name, split, 0))
                lines += ["", "Contrast:", "", *_told(splits.riddle_at(family.name, split, 0, contrast=True))]
    return "\n".join(lines) + "\n"


@functools.cache
def number_of_questions(family: str, split: str) -> str:
    """Tell about how many questions a family has in a split at level 3, without openings.

    The pairs of some draws, divided by those that are equal, estimate it: the number itself if all are equally likely,
    else less.
    """
    third = range(2, 5 * _DRAWS, 5)  # the indices of level 3
    drawn = Counter(normalise(splits.bare_questions(family, split, index)[0]) for index in third)
    equal = sum(math.comb(times, 2) for times in drawn.values())
    if math.comb(_DRAWS, 2) >= _ENOUGH * equal:
        return f"over {_ENOUGH:,}"
    return f"{float(f'{math.comb(_DRAWS, 2) / equal:.1g}'):,.0f}"


def _splits(family: Family) -> tuple[str, ...]:
    return ("transfer",) if family.transfer else ("train", "validation", "test")


def _told(riddle: Riddle) -> Iterator[str]:
    yield f"> {riddle.question}"
    yield ""
    trap = f", and not {riddle.trap}" if riddle.trap else ""
    yield f"**{riddle.answer}**{trap}. {riddle.explanation}"
