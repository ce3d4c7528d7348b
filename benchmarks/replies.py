"""How often the verifier errs on replies in whole sentences that were written without sight of its rules.

python -m benchmarks.replies [--show]

replies.jsonl has a riddle a line, as it was posed, with replies that are all right or all wrong. The sets: *seen*,
right replies with which many rules were made; *seen in part*, with which some were made; *fresh*, with which none was;
*any trick*, wrong replies made to be taken for right ones; *right answer first or in bold*, wrong ones in which the
right answer stands out. Each set is judged as it is, and with a last line *Answer: ...*: with the right replies that of
the riddle, with the wrong ones its trap.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from expit_env import Riddle, Verdict, verify
from expit_env.audit import Tally


def judged() -> Iterator[tuple[str, bool, str, Riddle, Verdict]]:
    """Yield for every reply its set, whether it is right, the reply, its riddle and its verdict."""
    for line in Path(__file__).with_suffix(".jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        name, right, replies = row.pop("set"), row.pop("right"), row.pop("replies")
        riddle = Riddle(**row)
        line = f"Answer: {riddle.answer if right else riddle.trap}"
        for reply in replies:
            yield name, right, reply, riddle, verify(riddle, reply)
            yield f"{name}, with a line", right, f"{reply}\n{line}", riddle, verify(riddle, f"{reply}\n{line}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--show", action="store_true", help="print the replies that are judged wrongly, and the rule")
    show = parser.parse_args().show
    faults = defaultdict(list)
    for name, right, reply, riddle, verdict in judged():
        faults[name, right].append(verdict.correct != right)
        if show and verdict.correct != right:
            print(riddle.question)
            print(f"    answer {riddle.answer!r}, reply {reply!r}, {verdict.outcome}: {verdict.rule}")
    for (name, right), false in faults.items():
        tally = Tally(len(false), sum(false))
        low, high = tally.interval
        what = "right replies refused" if right else "wrong replies passed"
        print(f"{name}: {tally.false} of {tally.tried} {what}, {tally.share:.1%} [{low:.1%}, {high:.1%}]")


if __name__ == "__main__":
    main()
