"""How many right replies in whole sentences the verifier refuses: 247, written without sight of its rules.

python -m benchmarks.replies [--show]

replies.jsonl has one reply a line, with its riddle as it was posed. The rules that were made since were made with these
replies in view, so the share that is refused is a lower bound of that for others.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from expit_env import Riddle, Verdict, verify


def judged() -> list[tuple[str, Riddle, Verdict]]:
    """Return every reply with its riddle and its verdict."""
    rows = map(json.loads, Path(__file__).with_suffix(".jsonl").read_text(encoding="utf-8").splitlines())
    replies = [(row.pop("response"), Riddle(**row)) for row in rows]
    return [(response, riddle, verify(riddle, response)) for response, riddle in replies]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--show", action="store_true", help="print the refused replies, with the reason")
    found = judged()
    refused = [reply for reply in found if not reply[2].correct]
    if parser.parse_args().show:
        for response, riddle, verdict in refused:
            print(riddle.question)
            print(f"    answer {riddle.answer!r}, reply {response!r}, {verdict.outcome}: {verdict.rule}")
    print(f"refused {len(refused)} of {len(found)} right replies ({len(refused) / len(found):.0%})")


if __name__ == "__main__":
    main()
