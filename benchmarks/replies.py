"""How often the verifier errs on replies of chat models that had not seen its rules, as written and with a last line.

python -m benchmarks.replies [--show]

replies.jsonl has a riddle a line with replies that are all right or all wrong. Right ones are explanations in prose,
which the answer contract doesn't read; wrong ones were written to be taken for right ones. All are judged as they are,
and with a last line *Answer: ...*: behind right replies the riddle's answer, behind wrong ones its trap.
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
    """Yield every reply: its set, whether it is right, its riddle, and itself."""
    for line in Path(__file__).with_suffix(".jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        name, right, replies = row.pop("set"), row.pop("right"), row.pop("replies")
        yield from ((name, right, Riddle(**row), reply) for reply in replies)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--show", action="store_true", help="print the replies with a last line that are judged wrongly"
    )
    show = parser.parse_args().show
    errors = defaultdict(list)
    for name, right, riddle, reply in rows():
        line = f"{reply}\nAnswer: {riddle.answer if right else riddle.trap}"
        for form, said in (("as written", reply), ("with a last line", line)):
            verdict = verify(riddle, said)
            errors["right" if right else "wrong", name, form].append(verdict.correct != right)
            if show and said == line and verdict.correct != right:
                print(f"{riddle.question}\n    answer {riddle.answer!r}, {verdict.outcome}: {verdict.rule}: {said!r}")
    for (kind, name, form), false in errors.items():
        tally = Tally(len(false), sum(false))
        low, high = (100 * bound for bound in tally.interval)
        print(f"{kind}, {name}, {form}: verdicts wrong {tally.false} of {tally.tried} [{low:.1f}, {high:.1f}] %")


if __name__ == "__main__":
    main()
