"""One page with an example of every family of riddles and of its contrast, by group."""

from __future__ import annotations

import functools
import math
from collections import Counter
from collections.abc import Iterator

from expit_env.riddle import Riddle, normalise
from expit_env.riddles import FAMILIES, GROUPS, splits
from expit_env.riddles.family import Family

_PREFACE = """# Gallery

One riddle of every family, at level 1, and its contrast: the same surface with the trick taken out. Families marked
*transfer* are never asked in train. The numbers after a name say how many questions there are at least in train,
validation and test, or in transfer, at level 3 and without the opening: estimates from 400 draws. `expit gallery`
writes this page."""

_DRAWS = 400
_ENOUGH = 10_000


def gallery() -> str:
    """Return the page as Markdown: the same for the same families, on every machine."""
    lines = [_PREFACE]
    for group in GROUPS:
        lines += ["", f"## {group[0].upper()}{group[1:]}"]
        for family in FAMILIES.values():
            if family.group == group:
                lines += ["", *_entry(family)]
    return "\n".join(lines) + "\n"


@functools.cache
def number_of_questions(family: str, split: str) -> str:
    """Estimate how many questions a family has in a split at level 3, without openings, and return it as text.

    The number of pairs among some draws, divided by the number of equal pairs, estimates the number of questions if all
    are equally likely, and less if they are not.
    """
    third = range(2, 5 * _DRAWS, 5)  # the indices of level 3
    drawn = Counter(normalise(splits.bare_questions(family, split, index)[0]) for index in third)
    equal = sum(math.comb(times, 2) for times in drawn.values())
    if math.comb(_DRAWS, 2) >= _ENOUGH * equal:
        return f"over {_ENOUGH:,}"
    return f"{float(f'{math.comb(_DRAWS, 2) / equal:.1g}'):,.0f}"


def _entry(family: Family) -> Iterator[str]:
    names = ("transfer",) if family.transfer else ("train", "validation", "test")
    counts = ", ".join(number_of_questions(family.name, split) for split in names)
    yield f"### {family.name}{', transfer' if family.transfer else ''} ({counts})"
    for contrast in (False, True):
        if contrast:
            yield from ("", "Contrast:")
        yield from _paragraphs(splits.riddle_at(family.name, names[0], 0, contrast))


def _paragraphs(riddle: Riddle) -> Iterator[str]:
    trap = f", and not {riddle.trap}" if riddle.trap else ""
    yield from ("", f"> {riddle.question}", "", f"**{riddle.answer}**{trap}. {riddle.explanation}")
