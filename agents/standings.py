"""The results of a comparison: a row with intervals for each agent, as a table and as a picture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.table import Table

from agents.base import Spending
from agents.evaluation import Evaluation, summary
from agents.run import read_json

_BOOTSTRAP_SEED = 20_261_123
_RESAMPLES = 9_999


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one agent with one seed.

    Attributes:
        agent, seed: the agent's name and its seed.
        upper_bound: whether the verifier picked among its N answers; a riddle then counts as right if any of them is.
        examples: the share of its learning, or of its answers, in which the prompt showed solved examples.
        evaluation: its answers to the fixed riddles.
        spent, minutes: on learning, without evaluations.
        note: why it stopped early, if it did.
    """

    agent: str
    seed: int
    upper_bound: bool
    examples: float
    evaluation: Evaluation
    spent: Spending
    minutes: float
    note: str = ""

    def values(self) -> np.ndarray:
        """Return 1 for each pair that it got right, else 0, as an array of shape (num_pairs,)."""
        return self.evaluation.valued(self.measure)

    @property
    def measure(self) -> str:
        """The measure that it is ranked by: the evaluation's headline, or for an upper bound that of N samples."""
        headline = self.evaluation.headline
        return headline.replace("accuracy", "pass") if self.upper_bound else headline

    @classmethod
    def read(cls, path: Path) -> Result:
        """Read a result from its JSON file."""
        return read_json(path, cls._from_dict)

    @classmethod
    def _from_dict(cls, row: dict) -> Result:
        return cls(**row | {"evaluation": Evaluation.from_dict(row["evaluation"]), "spent": Spending(**row["spent"])})


@dataclass(frozen=True, slots=True)
class Standing:
    """The results of one agent over all its seeds; episodes, tokens and minutes are means over the seeds.

    ``riddles`` is the number of pairs, or of riddles if none has a contrast; ``contrast`` and ``overapplied`` are then
    None. Of an upper bound, all shares are those of any of N samples.
    """

    agent: str
    upper_bound: bool
    examples: float
    seeds: tuple[int, ...]
    riddles: int
    samples: int
    mean: float
    low: float
    high: float
    by_seed: tuple[float, ...]
    riddle: float
    contrast: float | None
    overapplied: float | None
    episodes: float
    tokens: float
    gradient_tokens: float
    minutes: float
    notes: tuple[str, ...]

    @classmethod
    def of(cls, results: Sequence[Result]) -> Standing:
        """Summarise the results of one agent."""
        values = np.stack([result.values() for result in results])  # (num_seeds, num_riddles)
        low, high = interval(results)
        first = results[0]
        shares, kind = [summary(result.evaluation) for result in results], "pass" if first.upper_bound else "accuracy"
        return cls(
            agent=first.agent,
            upper_bound=first.upper_bound,
            examples=first.examples,
            seeds=tuple(result.seed for result in results),
            riddles=values.shape[1],
            samples=first.evaluation.samples,
            mean=float(values.mean()),
            low=low,
            high=high,
            by_seed=tuple(values.mean(axis=1).tolist()),
            riddle=fmean(result.evaluation.mean(f"riddle_{kind}") for result in results),
            contrast=_mean_of(shares, f"contrast_{kind}"),
            overapplied=None if first.upper_bound else _mean_of(shares, "overapplied"),
            episodes=fmean(result.spent.episodes for result in results),
            tokens=fmean(result.spent.tokens for result in results),
            gradient_tokens=fmean(result.spent.gradient_tokens for result in results),
            minutes=fmean(result.minutes for result in results),
            notes=tuple(result.note for result in results if result.note),
        )


def interval(results: Sequence[Result]) -> tuple[float, float]:
    """Return the 95 % interval of an agent's accuracy.

    For one seed, or if all values are equal, it is Wilson's interval over the riddles. For several seeds it is a
    bootstrap that resamples both seeds and riddles, because all seeds answer the same riddles.
    """
    values = np.stack([result.values() for result in results])  # (num_seeds, num_riddles)
    if len(results) == 1 or values.min() == values.max():
        return results[0].evaluation.interval(results[0].measure)
    rng = np.random.default_rng(_BOOTSTRAP_SEED)
    seeds = rng.integers(len(values), size=(_RESAMPLES, len(values), 1))
    riddles = rng.integers(values.shape[1], size=(_RESAMPLES, 1, values.shape[1]))
    low, high = np.quantile(values[seeds, riddles].mean(axis=(1, 2)), [0.025, 0.975])
    return float(low), float(high)


def table(standings: Sequence[Standing], split: str, budget: int) -> Table:
    """Return the comparison as a table, the best first, upper bounds marked."""
    first = standings[0]
    seeds, samples = ", ".join(map(str, first.seeds)), max(one.samples for one in standings)
    title = f"{split}: {first.riddles} {_asked(first)}, budget {budget:,} episodes, seeds {seeds}"
    caption = (
        f"95 % over {_asked(first)} and seeds. * upper bound on {samples} sampled answers: the verifier picks. Solved"
        f" examples were in the prompt for a share of the learning, or of the answers: {_examples(standings)}."
    )
    shown = Table(title=title, caption=caption, box=SIMPLE_HEAD, collapse_padding=True)
    shown.add_column("agent", no_wrap=True)
    for heading in (
        "right" if first.contrast is None else "pairs",
        "95 %",
        "riddles",
        "con-\ntrasts",
        "over-\napplied",
        "episodes",
        "tokens",
        "gradient\ntokens",
        "min",
    ):
        shown.add_column(heading, justify="right", no_wrap=True)
    for one in sorted(standings, key=lambda one: -one.mean):
        shown.add_row(
            _title(one), f"{100 * one.mean:.0f} %", f"[{100 * one.low:.0f}, {100 * one.high:.0f}]",
            _percent(one.riddle), _percent(one.contrast), _percent(one.overapplied), f"{one.episodes:,.0f}",
            f"{one.tokens:,.0f}", f"{one.gradient_tokens:,.0f}", f"{one.minutes:.1f}",
        )  # fmt: skip
    return shown


def draw(path: Path, standings: Sequence[Standing], split: str, budget: int) -> None:
    """Draw a bar with its interval for each agent, upper bounds hatched."""
    from matplotlib.figure import Figure

    ordered = sorted(standings, key=lambda one: one.mean)
    figure = Figure(figsize=(6.4, 1 + 0.4 * len(ordered)), layout="constrained")
    axes = figure.subplots()
    means = np.array([one.mean for one in ordered])
    errors = np.array([[max(0, one.mean - one.low), max(0, one.high - one.mean)] for one in ordered]).T
    bars = axes.barh([_title(one) for one in ordered], means, xerr=errors, capsize=3, color="#4878a8")
    for bar, one in zip(bars, ordered, strict=True):
        if one.upper_bound:
            bar.set(facecolor="none", edgecolor="#4878a8", hatch="///")
    axes.set(xlim=(0, 1), xlabel=f"share of {ordered[0].riddles} {split} {_asked(ordered[0])} right (* upper bound)")
    axes.set_title(f"{budget:,} episodes, {len(ordered[0].seeds)} seed(s), 95 % intervals", fontsize="medium")
    axes.grid(axis="x", alpha=0.3)
    part = path.with_suffix(".part.png")
    figure.savefig(part, dpi=150)
    part.replace(path)


def _examples(standings: Sequence[Standing]) -> str:
    shares: dict[float, list[str]] = {}
    for one in standings:
        shares.setdefault(one.examples, []).append(one.agent)
    return "; ".join(f"{100 * share:.0f} % for {', '.join(shares[share])}" for share in sorted(shares, reverse=True))


def _asked(row: Standing) -> str:
    return "riddles" if row.contrast is None else "pairs"


def _title(row: Standing) -> str:
    return row.agent + (" *" if row.upper_bound else "")


def _percent(share: float | None) -> str:
    return "n/a" if share is None else f"{100 * share:.0f} %"


def _mean_of(summaries: Iterable[Mapping[str, float | None]], measure: str) -> float | None:
    shares = [share for one in summaries if (share := one[measure]) is not None]
    return fmean(shares) if shares else None
