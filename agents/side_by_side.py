"""``expit benchmark A.json B.json``: results side by side, and how sure their differences are."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from agents.benchmark_run import Results, measured_in, measures_table
from agents.benchmarking import MEASURES, Benchmark, bootstrap, pair_values, whole_pairs
from agents.progress import plain

ACCURACIES = MEASURES[:3]


@dataclass(frozen=True, slots=True)
class Difference:
    """How much better one result is than another in one measure, on the pairs of one split that both answered.

    Attributes:
        split, measure: where, and what of.
        first, second: the names of the results; a positive difference is in favour of the second.
        riddles: how many pairs they share.
        mean, low, high: of second - first, with its 95 % interval.
        p: McNemar's exact, of the pairs in which the two differ; of several samples, the sign test's of their means.
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

    def __str__(self) -> str:
        bounds = sorted(round(100 * abs(bound)) for bound in (self.low, self.high))
        if self.p >= 0.05 or self.low <= 0 <= self.high:
            return f"no difference can be told with {self.riddles} riddles"
        points = f"by {bounds[0]} to {bounds[1]} points" if bounds[0] < bounds[1] else f"by {bounds[1]} points"
        return f"{self.second if self.mean > 0 else self.first} is better {points}"


def differences(split: str, first: tuple[str, Benchmark], second: tuple[str, Benchmark]) -> list[Difference]:
    """Compare two results in each accuracy, on the pairs that both answered.

    Raises:
        ValueError: if there are none.
    """
    from scipy import stats

    (one, before), (other, after) = first, second
    pairs = [whole_pairs(result.replies) for result in (before, after)]
    shared = [pair for pair in pairs[0] if pair in pairs[1] and before.version == after.version]
    if not shared:
        raise ValueError(f"{one} and {other} share no riddles: {before.version} and {after.version}")
    values = np.array([np.subtract(pair_values(pairs[1][pair]), pair_values(pairs[0][pair])) for pair in shared])
    bounds = bootstrap([pairs[0][pair][0].family for pair in shared], values)
    found = []
    for place, measure in enumerate(ACCURACIES):
        better, worse = int((values[:, place] > 0).sum()), int((values[:, place] < 0).sum())
        p = float(stats.binomtest(better, better + worse).pvalue) if better + worse else 1.0
        low, high = bounds[place].tolist()
        mean = float(values[:, place].mean())
        found.append(Difference(split, measure, one, other, len(shared), mean, low, high, p))
    return found


def compare(files: Sequence[Path]) -> tuple[dict[str, dict[str, Benchmark]], list[Difference]]:
    """Read results, and compare each with each.

    Returns:
        Every benchmark by split and then by the name of its result, and all differences.

    Raises:
        ValueError: if two share no riddles.
    """
    found: dict[str, dict[str, Benchmark]] = {}
    stems = [Results.at(file).summary.stem for file in files]
    for file, stem in zip(files, stems, strict=True):
        name = stem if stems.count(stem) == 1 else str(file)
        results = Results.at(file)
        for split, measured in measured_in(results.replies(), results.read()["settings"]["lists"]).items():
            found.setdefault(split, {})[name] = measured
    pairs = [(split, *two) for split, by_name in found.items() for two in itertools.combinations(by_name.items(), 2)]
    return found, [difference for split, one, other in pairs for difference in differences(split, one, other)]


def show(console: Console, found: Mapping[str, Mapping[str, Benchmark]], compared: Sequence[Difference]) -> None:
    """Print a table of each split, and the differences in numbers and in words."""
    for split, by_name in found.items():
        console.print(measures_table(split, by_name))
    table = Table("points that the second is better by", *(name.replace("_", " ") for name in ACCURACIES))
    table.box, table.caption = SIMPLE_HEAD, "95 % interval, and McNemar's exact p"
    for three in zip(*[iter(compared)] * len(ACCURACIES), strict=True):
        cells = (f"{100 * d.mean:+.0f} [{100 * d.low:+.0f}, {100 * d.high:+.0f}], p {d.p:.2g}" for d in three)
        table.add_row(plain(f"{three[0].split}: {three[0].first}, {three[0].second}"), *cells)
    if compared:
        console.print(table)
    for difference in compared:
        if difference.measure == "pair_accuracy":
            words = f"{difference.split}: {difference.first} and {difference.second}, pair accuracy: {difference}."
            console.print(plain(words), soft_wrap=True)


def to_dict(found: Mapping[str, Mapping[str, Benchmark]], compared: Sequence[Difference]) -> dict[str, object]:
    """Return a comparison as plain values that JSON can hold."""
    splits = {split: {name: one.to_dict() for name, one in by_name.items()} for split, by_name in found.items()}
    told = [{**dataclasses.asdict(difference), "words": str(difference)} for difference in compared]
    return {"splits": splits, "differences": told}


def draw(path: Path, found: Mapping[str, Mapping[str, Benchmark]]) -> None:
    """Draw the accuracies of every result with their intervals, a picture for each split."""
    from matplotlib.figure import Figure

    longest = max(len(by_name) for by_name in found.values())
    figure = Figure(figsize=(4.8 * len(found), 1.6 + 0.6 * longest), layout="constrained")
    for axes, by_name in zip(figure.subplots(1, len(found), squeeze=False)[0], found.values(), strict=True):
        for place, measure in enumerate(ACCURACIES):
            means = np.array([getattr(one, measure) for one in by_name.values()])
            low, high = np.array([one.intervals[measure] for one in by_name.values()]).T
            errors = np.maximum(0, [means - low, high - means])
            heights = np.arange(len(by_name)) + 0.26 * (place - 1)
            axes.barh(heights, means, 0.24, xerr=errors, capsize=2, label=measure.replace("_", " "))
        axes.set_yticks(range(len(by_name)), [name.replace("$", r"\$") for name in by_name])
        axes.invert_yaxis()
        axes.set(xlim=(0, 1), title=next(iter(by_name.values())).version)
        axes.grid(axis="x", alpha=0.3)
    figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=len(ACCURACIES))
    part = path.with_suffix(".part.png")
    figure.savefig(part, dpi=150)
    part.replace(path)
