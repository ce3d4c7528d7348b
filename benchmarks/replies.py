"""How often the verifier errs on replies of chat models that had not seen its rules, as written and with a last line.

python -m benchmarks.replies [--show]

Each line of replies.jsonl is a riddle with replies that are all right or all wrong. The right ones explain the answer
in prose, which the answer contract doesn't read; the wrong ones were written to look right. All are judged as written,
and with a last line *Answer: ...*, which gives the riddle's answer after right replies and its trap after wrong ones.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from expit_env import Riddle, verify
from expit_env.audit.audit import Tally


def rows() -> Iterator[tuple[str, bool, Riddle, str]]:
    """Yield the set of every reply, whether it is right, its riddle, and the reply."""
    for line in Path(__file__).with_suffix(".jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        name, right, replies = row.pop("set"), row.pop("right"), row.pop("replies")
        yield from ((name, right, Riddle(**row), reply) for reply in replies)


def main() -> None:
    """Judge all replies, and print how many verdicts are wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--show", action="store_true", help="print the replies with a last line that are judged wrongly"
    )
    show = parser.parse_args().show
    errors = defaultdict(list)
    for name, right, riddle, reply in rows():
        line = f"{reply}\nAnswer: {riddle.answer if right else riddle.trap}"
        for form, text in (("as written", reply), ("with a last line", line)):
            verdict = verify(riddle, text)
            errors["right" if right else "wrong", name, form].append(verdict.correct != right)
            if show and text == line and verdict.correct != right:
                print(f"{riddle.question}\n    answer {riddle.answer!r}, {verdict.outcome}: {verdict.rule}: {text!r}")
    for (kind, name, form), false in errors.items():
        tally = Tally(len(false), sum(false))
        low, high = (100 * bound for bound in tally.interval)
        print(f"{kind}, {name}, {form}: verdicts wrong {tally.false} of {tally.tried} [{low:.1f}, {high:.1f}] %")


if __name__ == "__main__":
    main()
