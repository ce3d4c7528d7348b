"""What new wordings cost: any expit command in a world where train and validation have only some of the wordings.

    python -m benchmarks.wordings 0 5 train --agent sft --out runs/five
    python -m benchmarks.wordings 5 6 evaluate runs/five --split validation --riddles 200 --samples 1 --json

The first learns from the first five wordings of each family, the second asks validation pairs in the sixth.
"""

from __future__ import annotations

import dataclasses
import sys

from agents.cli import main
from expit_env.riddles import FAMILIES


def keep(first: int, end: int) -> None:
    """Leave each family of this process only its wordings from ``first`` to ``end - 1``; one without any is gone.

    Transfer, which has wordings of its own, stays as it is.
    """
    for name, family in list(FAMILIES.items()):
        if not family.transfer:
            FAMILIES[name] = dataclasses.replace(family, wordings=family.wordings[first:end])
            if not FAMILIES[name].wordings:
                del FAMILIES[name]


if __name__ == "__main__":
    keep(int(sys.argv.pop(1)), int(sys.argv.pop(1)))
    main()
