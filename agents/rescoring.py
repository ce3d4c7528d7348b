"""``expit rescore``: the replies of a benchmark, judged again with the verifier as it is now."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import gymnasium as gym
from rich.console import Console
from rich.text import Text

from agents.benchmark_run import SPLITS, Results, measured_in
from agents.benchmarking import Reply, judge_replies, version
from agents.progress import one_line, plain
from agents.run import hold_file
from agents.trajectory import Completion

_VERDICT = ("answer", "outcome", "rule", "extracted", "trapped")


def rescore(path: Path, write: bool = False) -> list[tuple[Reply, Reply]]:
    """Judge the replies of a benchmark again with the verifier as it is now.

    Returns:
        The replies whose outcome has changed, before and after. Only with ``write`` are they changed in the files.

    Raises:
        ValueError: if the riddles are no longer those that were asked.
    """
    results = Results.at(path)
    with hold_file(results.summary):
        summary, before = results.read(), results.replies()
        settings, lists = summary["settings"], {split: version(split) for split in SPLITS}
        if settings.get("lists") != lists:
            asked, today = (", ".join(each.values()) for each in (settings.get("lists") or {}, lists))
            raise ValueError(f"{path} was asked {asked or 'unknown riddles'}; here are {today}, which are others")
        env = gym.make("expit_env:Riddle-v0", split=SPLITS[0])
        asked = [(reply.riddle_id, reply.sample) for reply in before]
        judged = judge_replies(env, asked, [Completion(reply.reply) for reply in before])
        after = [
            dataclasses.replace(reply, **{name: getattr(again, name) for name in _VERDICT})
            for reply, again in zip(before, judged, strict=True)
        ]
        if write:
            results.rewrite(after, settings)
            results.write(settings, measured_in(after, lists), summary["price"])
    return [(old, new) for old, new in zip(before, after, strict=True) if old.outcome != new.outcome]


def print_flips(console: Console, path: Path, flips: Sequence[tuple[Reply, Reply]], written: bool) -> None:
    """Print each verdict that flips, and how many there are."""
    for before, after in flips:
        console.print(plain(f"\n{before.riddle_id}: {before.question}", "bold"), soft_wrap=True)
        console.print(Text("  reply   ").append_text(one_line(before.reply)), soft_wrap=True)
        for when, one in (("before", before), ("after", after)):
            console.print(plain(f"  {when:<8}{one.outcome} ({one.rule})"), soft_wrap=True)
    done = "written" if written else "nothing is written without --write"
    console.print(plain(f"{path}: {len(flips)} verdicts flip; {done}."), soft_wrap=True)
