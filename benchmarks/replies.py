"""How often the verifier errs on replies in whole sentences that were written without sight of its rules.

python -m benchmarks.replies [--show]

replies.jsonl has a riddle a line, as it was posed, with replies that are all right or all wrong. Right ones: *seen*,
with which many rules were made; *seen in part*, with which some were; *fresh*, with which none was. Wrong ones: *any
trick*, made to be taken for right ones; *right answer first or in bold*; *any trick, fresh*, with which no rule was
made. All are judged as they are, and with a last line *Answer: ...*: behind right replies that of the riddle, behind
wrong ones its trap. Besides, the words of a riddle's question, and of its last sentence alone, are put in random order
with the answer among them: no sentence, but no other answer either.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from expit_env import Riddle, verify
from expit_env.audit.audit import Tally
from expit_env.riddles import splits

SHORT = 9
"""Words of a short reply, at most: their errors are told apart."""


def rows() -> Iterator[tuple[str, bool, Riddle, str]]:
    """Yield every reply: its set, whether it is right, its riddle, and itself."""
    for line in Path(__file__).with_suffix(".jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        name, right, replies = row.pop("set"), row.pop("right"), row.pop("replies")
        riddle = Riddle(**row)
        for reply in replies:
            yield name, right, riddle, reply


def shuffled(last: bool, tries: int = 12) -> Tally:
    """Count how often words of a question in random order, the answer among them, pass: in each family and split."""
    rng, passed = random.Random(0), []
    for split in ("train", "test", "transfer"):
        for family in splits.families_of(split):
            for index in rng.sample(range(0, splits.INDEX_COUNT, 5), tries):  # of level 1
                riddle = splits.riddle_at(family, split, index)
                asked = re.split(r"(?<=[.!?]) ", riddle.question)[-1] if last else riddle.question
                words = [*re.findall(r"[A-Za-z0-9']+", asked), riddle.answer]
                passed.append(verify(riddle, " ".join(rng.sample(words, len(words)))).correct)
    return Tally(len(passed), sum(passed))


def _told(tally: Tally) -> str:
    low, high = (100 * bound for bound in tally.interval)
    return f"{tally.false}/{tally.tried}: {100 * tally.share:.1f} [{low:.1f}, {high:.1f}] %"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--show", action="store_true", help="print the replies that are judged wrongly, and the rule")
    show = parser.parse_args().show
    errors = defaultdict(lambda: defaultdict(list))
    for name, right, riddle, reply in rows():
        verdict = verify(riddle, reply)
        wrong = verdict.correct != right
        behind = f"{reply}\nAnswer: {riddle.answer if right else riddle.trap}"
        found = errors["right" if right else "wrong", name]
        found["all"].append(wrong)
        found["a last line"].append(verify(riddle, behind).correct != right)
        found[f"up to {SHORT} words"] += [wrong] * (len(reply.split()) <= SHORT)
        if show and wrong:
            print(riddle.question)
            print(f"    answer {riddle.answer!r}, reply {reply!r}, {verdict.outcome}: {verdict.rule}")
    for (kind, name), columns in errors.items():
        told = []
        for column, false in columns.items():
            told.append(f"{column} {_told(Tally(len(false), sum(false)))}")
        print(f"{kind}, {name}: verdicts wrong, {', '.join(told)}")
    for what, last in (("the question", False), ("its last sentence", True)):
        print(f"words of {what} in random order, the answer among them: passed {_told(shuffled(last))}")


if __name__ == "__main__":
    main()
