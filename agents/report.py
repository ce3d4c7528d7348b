"""The report of a run: tables in the terminal, a plot of the learning curve, and an HTML page."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from agents.evaluation import MEASURES, Answered, Comparison, Evaluation, measured, paired_difference
from agents.progress import one_line, plain
from agents.run import read_json, write_text

TITLES = {
    "riddle_accuracy": "riddles",
    "contrast_accuracy": "contrasts",
    "pair_accuracy": "pairs",
    "overapplied": "overapplied",
    "underapplied": "underapplied",
    "riddle_pass": "riddles, any of N",
    "contrast_pass": "contrasts, any of N",
    "pair_pass": "pairs, any of N",
    "majority_accuracy": "pairs, majority of N",
}
SHARES = (
    ("both right", "#2f6b3c"),
    ("only the riddle", "#d08c2f"),
    ("only the contrast", "#8aa6c1"),
    ("neither", "#dddddd"),
)


def table(comparison: Comparison) -> Table:
    """Return a table of base and trained model, with 95 % intervals, a paired one for the difference."""
    base, trained = comparison.base, comparison.trained
    shown = Table(
        "",
        "base",
        "trained",
        "difference",
        title=f"{base.split}: {_asked(base)}, N = {base.samples}",
    )
    for measure in MEASURES:
        mean, low, high = paired_difference(base, trained, measure)
        difference = "n/a" if math.isnan(mean) else f"{100 * mean:+.0f} [{100 * low:+.0f}, {100 * high:+.0f}]"
        shown.add_row(TITLES[measure], _cell(base, measure), _cell(trained, measure), difference)
    return shown


def examples(comparison: Comparison, count: int = 3) -> list[tuple[Answered, Answered]]:
    """Return results before and after on riddles of different families, newly solved ones first."""
    pairs = zip(comparison.base.riddles, comparison.trained.riddles, strict=True)
    chosen: dict[str, tuple[Answered, Answered]] = {}
    for before, after in sorted(pairs, key=lambda pair: _whole(pair[0]) - _whole(pair[1])):
        chosen.setdefault(before.family, (before, after))
    return list(chosen.values())[:count]


def _asked(evaluation: Evaluation) -> str:
    contrasts = " with contrasts" if evaluation.headline == "pair_accuracy" else ""
    return f"{len(evaluation.riddles)} riddles{contrasts}"


def _whole(one: Answered) -> bool:
    return one.correct and (one.contrast is None or one.contrast.correct)


def print_round(console: Console, metrics: Mapping[str, float]) -> None:
    """Print the metrics of a round on one line."""
    parts = [f"round {metrics['round'] + 1:.0f}", f"coverage {metrics['coverage']:.0%}", f"{metrics['rows']:.0f} rows"]
    parts += [f"{TITLES[measure]} {metrics[measure]:.0%}" for measure in MEASURES[:4] if measure in metrics]
    if "gap_closed" in metrics:
        parts.append(f"gap closed {metrics['gap_closed']:.0%}")
    seconds = sum(value for name, value in metrics.items() if name.endswith("_seconds"))
    console.print(" | ".join([*parts, f"{metrics['episodes']:.0f} episodes", f"{seconds:.0f} s"]), soft_wrap=True)


def write_report(run: Path) -> None:
    """Write the page of a finished run, and draw the learning curve if it had validation riddles."""
    sections = [{"base": one.base, "trained": one.trained} for one in map(Comparison.read, _final(run))]
    rounds = [path for path in (run / "base.json", *sorted(run.glob("round-*/validation.json"))) if path.exists()]
    if rounds:
        validated = [read_json(path, Evaluation.from_dict) for path in rounds]
        draw_curve(run / "curve.png", validated)
        sections.append({f"round {index}" if index else "base": one for index, one in enumerate(validated)})
    write_text(run / "report.html", _page(run.name, sections, bool(rounds)))


def _final(run: Path) -> list[Path]:
    """Return the files of the final evaluations of a run."""
    return sorted(run.glob("evaluation-*.json"))


def print_results(console: Console, run: Path) -> None:
    """Print the final tables of a run, and three riddles with the answers before and after."""
    comparisons = {path.stem.removeprefix("evaluation-"): Comparison.read(path) for path in _final(run)}
    for comparison in comparisons.values():
        console.print(table(comparison))
    for before, after in examples(comparisons["test"]) if "test" in comparisons else ():
        for old, new in ((before, after), (before.contrast, after.contrast)):
            if old is None or new is None:
                continue
            console.print()
            console.print(plain(old.question, "bold"))
            for name, one in (("before", old), ("after", new)):
                mark = ("right", "green") if one.correct else ("wrong", "red")
                console.print(Text.assemble(f"  {name:<7}", mark, "  ", one_line(one.greedy)))
    curve = f", curve: {run / 'curve.png'}" if (run / "base.json").exists() else ""
    console.print(plain(f"\nReport: {run / 'report.html'}{curve}"), soft_wrap=True)


def draw_curve(path: Path, rounds: Sequence[Evaluation]) -> None:
    """Draw the shares of validation pairs with both right, only one side, and neither: the base model, then rounds."""
    from matplotlib.figure import Figure

    bars = [_shares(measured(one)) for one in rounds]
    figure = Figure(figsize=(6.4, 4), layout="constrained")
    axes = figure.subplots()
    below = [0.0] * len(bars)
    for place, (title, colour) in enumerate(SHARES):
        heights = [bar[place] for bar in bars]
        axes.bar(range(len(bars)), heights, bottom=below, label=title, color=colour, width=0.7)
        below = [low + height for low, height in zip(below, heights, strict=True)]
    for at, bar in enumerate(bars):
        axes.annotate(f"{100 * bar[0]:.0f} %", (at, bar[0]), ha="center", va="bottom", fontweight="bold")
    axes.set(xlabel="rounds", ylabel="share of validation pairs", ylim=(0, 1))
    axes.set_xticks(range(len(bars)), ["base", *map(str, range(1, len(bars)))])
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, 1.12), ncols=4, fontsize="small", frameon=False)
    part = path.with_suffix(".part.png")
    figure.savefig(part, dpi=150)
    part.replace(path)


def _shares(metrics: Mapping[str, float]) -> tuple[float, float, float, float]:
    """Return the shares of ``SHARES``; without contrasts, a riddle is a pair of its own."""
    riddle = metrics["riddle_accuracy"]
    contrast, pair = metrics.get("contrast_accuracy", riddle), metrics.get("pair_accuracy", riddle)
    only_riddle, only_contrast = max(0.0, riddle - pair), max(0.0, contrast - pair)  # riddles may lack a contrast
    return pair, only_riddle, only_contrast, 1 - pair - only_riddle - only_contrast


def _cell(evaluation: Evaluation, measure: str) -> str:
    low, high = evaluation.interval(measure)
    percent = _percent(evaluation, measure)
    return percent if math.isnan(low) else f"{percent} [{100 * low:.0f}, {100 * high:.0f}]"


def _page(name: str, sections: Sequence[Mapping[str, Evaluation]], curve: bool) -> str:
    picture = '<img src="curve.png" alt="accuracy on validation by round">' if curve else ""
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{html.escape(name)}</title>'
        "<style>body{font:16px/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem}"
        "table{border-collapse:collapse}td,th{padding:.2rem .8rem;text-align:left;border-bottom:1px solid #ddd}"
        ".right{color:#176f2c}.wrong{color:#b3261e}img{max-width:100%}</style>"
        f"<h1>{html.escape(name)}</h1>{picture}{''.join(map(_section, sections))}</html>\n"
    )


def _section(columns: Mapping[str, Evaluation]) -> str:
    """Write what there is to say of the same riddles before, between and after."""
    last, titles = [*columns.values()][-1], "".join(f"<th>{title}" for title in columns)
    rows = "".join(
        f"<tr><th>{TITLES[measure]}" + "".join(f"<td>{_cell(one, measure)}" for one in columns.values())
        for measure in MEASURES
    )
    by_family = [one.by_family() for one in columns.values()]
    families = "".join(
        f"<tr><th>{html.escape(family)}<td>{len(one.riddles)}"
        + "".join(f"<td>{' &rarr; '.join(_percent(each[family], what) for each in by_family)}" for what in MEASURES[:4])
        for family, one in sorted(last.by_family().items(), key=_best_first)
    )
    answers = "".join(
        f"<tr><td>{html.escape(sides[0].question)}<td>{html.escape(sides[0].answer)}{''.join(map(_answer, sides))}"
        for same in zip(*(one.riddles for one in columns.values()), strict=True)
        for sides in (same, [one.contrast for one in same if one.contrast])
        if sides
    )
    return (
        f"<h2>{last.split}</h2><table><tr><th>{titles}{rows}</table>"
        f"<details><summary>By family</summary><table><tr><th>family<th>riddles"
        f"{''.join(f'<th>{TITLES[measure]}' for measure in MEASURES[:4])}{families}</table></details>"
        f"<details><summary>All {_asked(last)}</summary>"
        f"<table><tr><th>riddle<th>answer{titles}{answers}</table></details>"
    )


def _percent(evaluation: Evaluation, measure: str) -> str:
    mean = evaluation.mean(measure)
    return "n/a" if math.isnan(mean) else f"{100 * mean:.0f} %"


def _best_first(family: tuple[str, Evaluation]) -> tuple[float, str]:
    """Return what families are sorted by: the share of pairs, the largest first."""
    return -family[1].mean(family[1].headline), family[0]


def _answer(one: Answered) -> str:
    return f'<td class="{"right" if one.correct else "wrong"}">{html.escape(one.greedy)}'
