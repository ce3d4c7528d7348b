"""Benchmarks as tables, and the results of several models side by side: ``expit benchmark A.json B.json``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from rich.console import Console

from agents.benchmark_run import Results
from agents.benchmarking import MEASURES, Benchmark, bootstrap, measure, pair_values, whole_pairs
from agents.checks import Sheet, show
from agents.progress import plain
from agents.run import read_json

ACCURACIES = MEASURES[:3]
Found = dict[str, dict[str, Benchmark]]  # by split, and by the name of the result


@dataclass(frozen=True, slots=True)
class Difference:
    """How much better the second of two results is in one measure, on the pairs of a split that both answered.

    The mean of second - first has its 95 % interval, and McNemar's exact p of the pairs in which the two differ; with
    several samples, that is the sign test of the pairs' means.
    """

    split: str
    measure: str
    first: str
    second: str
    riddles: int
    mean: float
    low: float
    high: float
    p: float

    @property
    def words(self) -> str:
        """The difference in words."""
        low, high = sorted(round(100 * abs(bound)) for bound in (self.low, self.high))
        if self.p >= 0.05 or self.low <= 0 <= self.high:
            return f"no difference can be told with {self.riddles} riddles"
        points = f"{low} to {high}" if low < high else str(high)
        return f"{self.second if self.mean > 0 else self.first} is better by {points} points"


def differences(split: str, first: tuple[str, Benchmark], second: tuple[str, Benchmark]) -> list[Difference]:
    """Compare two results in each accuracy, on the pairs that both answered; raise a ValueError if there are none."""
    from scipy import stats

    (one, before), (other, after) = first, second
    old, new = whole_pairs(before.replies), whole_pairs(after.replies)
    shared = [pair for pair in old if pair in new and before.version == after.version]
    if not shared:
        raise ValueError(f"{one} and {other} share no riddles: {before.version} and {after.version}")
    values = np.array([np.subtract(pair_values(*new[pair]), pair_values(*old[pair])) for pair in shared])
    bounds = bootstrap([str(old[pair][0][0].family) for pair in shared], values)
    found = []
    for name, column, (low, high) in zip(ACCURACIES, values.T, bounds.tolist(), strict=False):
        better, differ = int((column > 0).sum()), int((column != 0).sum())
        p = float(stats.binomtest(better, differ).pvalue) if differ else 1.0
        found.append(Difference(split, name, one, other, len(shared), float(column.mean()), low, high, p))
    return found


def compare(files: Sequence[Path]) -> tuple[Found, list[Difference]]:
    """Read results, and compare each with each."""
    found: Found = {}
    stems = [Results.at(file).summary.stem for file in files]
    for file, stem in zip(files, stems, strict=True):
        name, results = stem if stems.count(stem) == 1 else str(file), Results.at(file)
        measured = measure(results.replies(), results.settings()["lists"])
        if not measured:
            raise ValueError(f"{file} has no riddle that was answered together with its contrast")
        for split, one in measured.items():
            found.setdefault(split, {})[name] = one
    pairs = [(split, *two) for split, by_name in found.items() for two in combinations(by_name.items(), 2)]
    return found, [difference for split, one, other in pairs for difference in differences(split, one, other)]


def print_comparison(console: Console, found: Found, compared: Sequence[Difference]) -> None:
    """Print a table of each split, and the differences in numbers and in words."""
    show(console, [measures_sheet(next(iter(by_name.values())).version, by_name) for by_name in found.values()])
    for one in compared:
        numbers = f"{100 * one.mean:+.0f} points [{100 * one.low:+.0f}, {100 * one.high:+.0f}], p = {one.p:.2g}"
        names = f"{one.split}, {one.measure.replace('_', ' ')}, {one.first} and {one.second}"
        console.print(plain(f"{names}: {one.words} ({numbers})."), soft_wrap=True)


def print_results(console: Console, results: Results, measured: Mapping[str, Benchmark]) -> None:
    """Print the tables of one model, how many replies were no answer, what they took, and the names of the files."""
    summary = read_json(results.summary, dict)
    groups = [
        (split, group, str(shares["riddles"]), *(f"{100 * shares[name]:.0f} %" for name in ACCURACIES))
        for split, one in measured.items()
        for group, shares in one.groups.items()
    ]
    header = ("split", "group", "pairs", *(name.removesuffix("_accuracy") for name in ACCURACIES))
    show(console, [measures_sheet(summary["model"], measured), Sheet("Accuracy by group of families", header, groups)])
    for split, one in measured.items():
        unread = ", ".join(f"{count} {rule}" for rule, count in one.rules.items()) or "none"
        cost = summary["splits"][split]["cost"]
        spent = f"{one.tokens:,} tokens in {one.seconds:,.0f} s" + ("" if cost is None else f", ${cost:.4f}")
        console.print(plain(f"{split}: {len(one.replies):,} replies, {spent}. No answer or ambiguous: {unread}."))
    console.print(plain(f"Summary: {results.summary}, every reply: {results.lines}"), soft_wrap=True)


def measures_sheet(title: str, columns: Mapping[str, Benchmark]) -> Sheet:
    """Return a table of all measures with their intervals, a column for each benchmark."""

    def cell(one: Benchmark, name: str) -> str:
        low, high = one.intervals[name]
        return f"{100 * getattr(one, name):.0f} % [{100 * low:.0f}, {100 * high:.0f}]"

    rows = [("pairs", *(str(one.riddles) for one in columns.values()))]
    rows += [(name.replace("_", " "), *(cell(one, name) for one in columns.values())) for name in MEASURES]
    return Sheet(f"{title}, with 95 % intervals over families and riddles", ("", *columns), rows)
