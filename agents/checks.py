"""Output of the commands audit, splits and families: tables of counts, as text or Markdown, and lists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from agents.progress import plain
from expit_env.audit.attacks import ATTACKS, FORMS
from expit_env.audit.audit import Audit, Fault, Tally
from expit_env.audit.overlap import NEAR, Block, Overlap
from expit_env.riddles import FAMILIES, GROUPS
from expit_env.riddles.bank import BANK
from expit_env.riddles.splits import families_of, riddle_at

SHOWN_FAULTS = 20
_SHOWN_REPLY = 120


class Sheet(NamedTuple):
    """A table of text."""

    title: str
    header: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


def show(console: Console, sheets: Iterable[Sheet]) -> None:
    """Print tables; all columns except the first are right-aligned."""
    for sheet in sheets:
        table = Table(title=plain(sheet.title), title_justify="left")
        for place, name in enumerate(sheet.header):
            table.add_column(plain(name), justify="right" if place else "left", no_wrap=not place)
        for row in sheet.rows:
            table.add_row(*map(plain, row))
        console.print(table)


def write_page(path: Path, title: str, command: str, sheets: Iterable[Sheet]) -> None:
    """Write tables as a Markdown page that names the command which wrote it."""
    lines = [f"# {title}", "", "Written by", "", f"    {command}"]
    for sheet in sheets:
        lines += ["", f"## {sheet.title}", "", _line(sheet.header), _line(["---"] * len(sheet.header))]
        lines += [_line(row) for row in sheet.rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def audit_sheets(audit: Audit) -> list[Sheet]:
    """Return the tables of an audit: by family, by form and by attack, and the best constant answers."""
    forms, attacks = tuple(FORMS), tuple(ATTACKS)
    families = [
        (name, *_counts(audit.tally(forms, name)), *_counts(audit.tally(attacks, name))) for name in audit.families
    ]
    families.append(("all", *_counts(audit.tally(forms)), *_counts(audit.tally(attacks))))
    of_forms = [(form, *_counts(audit.tally((form,)))) for form in FORMS]
    of_attacks = [(attack, *_counts(audit.tally((attack,)))) for attack in ATTACKS]
    constants = [
        (one.split, one.answer, *_counts(one.score), f"{one.score.share:.1%}{', over the bound' if one.pays else ''}")
        for one in audit.constants
    ]
    right, wrong = ("right replies", "false fails", "95 %, in %"), ("wrong replies", "false passes", "95 %, in %")
    sheets = [
        Sheet("By family", ("family", *right, *wrong), families),
        Sheet("Right replies", ("form", *right), of_forms),
        Sheet("Wrong replies", ("attack", *wrong), of_attacks),
    ]
    if constants:
        sheets.append(
            Sheet("Best constant answer", ("split", "answer", "riddles", "right", "95 %, in %", "share"), constants)
        )
    return sheets


def audit_faults(audit: Audit) -> list[str]:
    """Describe some false verdicts: one of each family and test before a second of any, false passes first."""
    seen: dict[tuple[str | None, str], int] = {}
    ranked = []
    for fault in audit.faults:
        key = fault.riddle.family, fault.test
        seen[key] = seen.get(key, 0) + 1
        ranked.append((seen[key], fault.test in FORMS, fault))
    ranked.sort(key=lambda entry: entry[:2])
    return [_describe(fault) for _, _, fault in ranked[:SHOWN_FAULTS]]


def audit_record(audit: Audit) -> dict[str, object]:
    """Return an audit as ``expit audit --json`` prints it."""
    return {
        "riddles": audit.riddles,
        "families": {name: _record(audit, name) for name in audit.families},
        "all": _record(audit),
        "constants": {one.split: {"answer": one.answer, "share": one.score.share} for one in audit.constants},
        "faults": [
            {"test": fault.test, "riddle_id": fault.riddle.riddle_id, "reply": fault.reply, "rule": fault.verdict.rule}
            for fault in audit.faults
        ],
        "complaints": audit.complaints,
    }


def overlap_sheets(blocks: Sequence[Block], overlaps: Sequence[Overlap]) -> list[Sheet]:
    """Return the overlap matrices of the splits, and the pairs of families with any overlap."""
    pairs = [
        (
            " / ".join(one.splits),
            " / ".join(dict.fromkeys(one.families)),
            f"{one.exact:,}",
            f"{one.near:,}",
            one.example,
        )
        for one in overlaps
    ]
    near = f"Questions near to one of an earlier split (word sets, Jaccard of at least {NEAR})"
    return [
        _matrix("Questions that are in an earlier split, too", blocks, [(one.splits, one.exact) for one in overlaps]),
        _matrix(near, blocks, [(one.splits, one.near) for one in overlaps]),
        Sheet("By pair of families", ("splits", "families", "exact", "near", "such as"), sorted(pairs)),
    ]


def families_listed() -> str:
    """List every family with a question, by group and split, and the bank."""
    lines = []
    for group in GROUPS:
        for split, shown in (("train", "train, validation, test"), ("transfer", "transfer")):
            names = [name for name in families_of(split) if FAMILIES[name].group == group]
            lines += [f"{group} ({shown})"] * bool(names)
            lines += [f"  {name:<26}{riddle_at(name, split, 0).question}" for name in names]
    lines += ["hand-written, not part of all (train, validation, test, transfer)"]
    return "\n".join([*lines, f"  {BANK:<26}{riddle_at(BANK, 'train', 0).question}"])


def _matrix(title: str, blocks: Sequence[Block], shared: Iterable[tuple[tuple[str, str], int]]) -> Sheet:
    """Return a table with a row for each split, and its overlap with each earlier split."""
    sizes, cells = Counter[str](), Counter[tuple[str, str]]()
    for block in blocks:
        sizes[block.split] += len(block.questions)
    for splits, number in shared:
        cells[splits] += number
    names = tuple(sizes)
    rows = [
        (
            late,
            f"{sizes[late]:,}",
            *(f"{cells[late, early]:,}" for early in names[:place]),
            *[""] * (len(names) - place),
        )
        for place, late in enumerate(names)
    ]
    return Sheet(title, ("split", "questions", *names), rows)


def _record(audit: Audit, family: str | None = None) -> dict[str, dict[str, object]]:
    tallies = {"false_fails": audit.tally(tuple(FORMS), family), "false_passes": audit.tally(tuple(ATTACKS), family)}
    return {
        name: {"tried": tally.tried, "false": tally.false, "interval": tally.interval}
        for name, tally in tallies.items()
    }


def _counts(tally: Tally) -> tuple[str, str, str]:
    low, high = tally.interval
    return f"{tally.tried:,}", str(tally.false), f"{100 * low:.2f} to {100 * high:.2f}"


def _describe(fault: Fault) -> str:
    kind = "false fail" if fault.test in FORMS else "false pass"
    reply = fault.reply if len(fault.reply) <= _SHOWN_REPLY else fault.reply[:_SHOWN_REPLY] + "..."
    return (
        f"{kind}, {fault.test}: {fault.riddle.riddle_id}: {fault.riddle.question}\n"
        f"    answer {fault.riddle.answer!r}, reply {reply!r}, verdict {fault.verdict.outcome} ({fault.verdict.rule})"
    )


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"
