"""The results of a comparison: a row with intervals for each agent, as a table and as a picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.table import Table

from agents.evaluation import Evaluation, summary
from agents.run import read_json

if TYPE_CHECKING:
    from agents.comparison import CompareRequest

_BOOTSTRAP_SEED = 20_261_123
_RESAMPLES = 9_999


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one agent with one seed.

    Attributes:
        agent, seed: the agent's name and its seed.
        upper_bound: whether the verifier picked among its N answers; a riddle then counts as right if any of them is.
        evaluation: its answers to the fixed riddles.
        episodes, tokens, minutes: spent on learning, without evaluations.
        note: why it stopped early, if it did.
    """

    agent: str
    seed: int
    upper_bound: bool
    evaluation: Evaluation
    episodes: int
    tokens: int
    minutes: float
    note: str = ""

    def values(self) -> np.ndarray:
        """Return 1 for each riddle that it got right, else 0, as an array of shape (num_riddles,)."""
        return self.evaluation.values("system2_accuracy" if self.upper_bound else "system1_accuracy")

    @classmethod
    def read(cls, path: Path) -> Result:
        """Read a result from its JSON file."""
        return read_json(path, lambda row: cls(**row | {"evaluation": Evaluation.from_dict(row["evaluation"])}))


@dataclass(frozen=True, slots=True)
class Row:
    """The results of one agent over all its seeds; episodes, tokens and minutes are means over the seeds.

    Group accuracy is None if no riddle has a contrast riddle.
    """

    agent: str
    upper_bound: bool
    seeds: tuple[int, ...]
    riddles: int
    mean: float
    low: float
    high: float
    by_seed: tuple[float, ...]
    trap_rate: float
    group_accuracy: float | None
    episodes: float
    tokens: float
    minutes: float
    notes: tuple[str, ...]

    @classmethod
    def of(cls, results: Sequence[Result]) -> Row:
        """Summarise the results of one agent."""
        values = np.stack([result.values() for result in results])  # (num_seeds, num_riddles)
        low, high = interval(results)
        first = results[0]
        shares = [summary(result.evaluation)["group_accuracy"] for result in results]
        groups = [share for share in shares if share is not None]
        return cls(
            agent=first.agent,
            upper_bound=first.upper_bound,
            seeds=tuple(result.seed for result in results),
            riddles=values.shape[1],
            mean=float(values.mean()),
            low=low,
            high=high,
            by_seed=tuple(values.mean(axis=1).tolist()),
            trap_rate=_mean(result.evaluation.mean("trap_rate") for result in results),
            group_accuracy=_mean(groups) if groups else None,
            episodes=_mean(result.episodes for result in results),
            tokens=_mean(result.tokens for result in results),
            minutes=_mean(result.minutes for result in results),
            notes=tuple(result.note for result in results if result.note),
        )


def interval(results: Sequence[Result]) -> tuple[float, float]:
    """Return the 95 % interval of an agent's accuracy.

    For one seed, or if all values are equal, it is Wilson's interval over the riddles. For several seeds it is a
    bootstrap that resamples both seeds and riddles, because all seeds answer the same riddles.
    """
    values = np.stack([result.values() for result in results])  # (num_seeds, num_riddles)
    if len(results) == 1 or values.min() == values.max():
        measure = "system2_accuracy" if results[0].upper_bound else "system1_accuracy"
        return results[0].evaluation.interval(measure)
    rng = np.random.default_rng(_BOOTSTRAP_SEED)
    seeds = rng.integers(len(values), size=(_RESAMPLES, len(values), 1))
    riddles = rng.integers(values.shape[1], size=(_RESAMPLES, 1, values.shape[1]))
    low, high = np.quantile(values[seeds, riddles].mean(axis=(1, 2)), [0.025, 0.975])
    return float(low), float(high)


def table(rows: Sequence[Row], request: CompareRequest) -> Table:
    """Return the comparison as a table, the best first, upper bounds marked."""
    seeds = ", ".join(map(str, request.seeds))
    title = f"{request.split}: {rows[0].riddles} riddles, budget {request.budget:,} episodes, seeds {seeds}"
    caption = f"95 % over riddles and seeds. * upper bound on {request.samples} sampled answers: the verifier picks"
    shown = Table(title=title, caption=caption, box=SIMPLE_HEAD)
    shown.add_column("agent", no_wrap=True)
    for heading in ("right", "95 %", "trap", "group", "episodes", "tokens", "min"):
        shown.add_column(heading, justify="right", no_wrap=True)
    for row in sorted(rows, key=lambda row: -row.mean):
        shown.add_row(
            _title(row), f"{100 * row.mean:.0f} %", f"[{100 * row.low:.0f}, {100 * row.high:.0f}]",
            f"{100 * row.trap_rate:.0f} %",
            "n/a" if row.group_accuracy is None else f"{100 * row.group_accuracy:.0f} %", f"{row.episodes:,.0f}",
            f"{row.tokens:,.0f}", f"{row.minutes:.1f}",
        )  # fmt: skip
    return shown


def draw(path: Path, rows: Sequence[Row], request: CompareRequest) -> None:
    """Draw a bar with its interval for each agent, upper bounds hatched."""
    from matplotlib.figure import Figure

    ordered = sorted(rows, key=lambda row: row.mean)
    figure = Figure(figsize=(6.4, 1 + 0.4 * len(rows)), layout="constrained")
    axes = figure.subplots()
    means = np.array([row.mean for row in ordered])
    errors = np.array([[max(0, row.mean - row.low), max(0, row.high - row.mean)] for row in ordered]).T
    bars = axes.barh([_title(row) for row in ordered], means, xerr=errors, capsize=3, color="#4878a8")
    for bar, row in zip(bars, ordered, strict=True):
        if row.upper_bound:
            bar.set(facecolor="none", edgecolor="#4878a8", hatch="///")
    axes.set(xlim=(0, 1), xlabel=f"share of {rows[0].riddles} {request.split} riddles right (* upper bound)")
    axes.set_title(f"{request.budget:,} episodes, {len(request.seeds)} seed(s), 95 % intervals", fontsize="medium")
    axes.grid(axis="x", alpha=0.3)
    part = path.with_suffix(".part.png")
    figure.savefig(part, dpi=150)
    part.replace(path)


def _title(row: Row) -> str:
    return row.agent + (" *" if row.upper_bound else "")


def _mean(values: Iterable[float]) -> float:
    return float(np.mean(list(values)))
