"""What an agent gets without reading: question-blind and bag-of-words baselines, fitted on train only.

python -m benchmarks.blind [--riddles 25] [--json]
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from expit_env import Riddle, verify
from expit_env.audit.audit import Tally
from expit_env.choice import hashed_ngrams
from expit_env.riddles import splits

FEATURES = 1024
FITTED = 40
"""How many riddles of each family of train to fit on, each with its contrast riddle."""

_SEED = 20_261_124

Pair = tuple[Riddle, Riddle]
Baseline = Callable[[Riddle], str]


def pairs(split: str, count: int) -> list[Pair]:
    """Return riddles of every family of a split with their contrast riddles, at fixed random addresses."""
    rng = np.random.default_rng([_SEED, *split.encode()])
    return [
        (splits.riddle_at(family, split, index), splits.riddle_at(family, split, index, True))
        for family in splits.families_of(split)
        for index in rng.integers(splits.INDEX_COUNT, size=count).tolist()
    ]


def most_frequent(train: Sequence[Riddle]) -> Baseline:
    """Always give the answer that is right most often in train."""
    answer = Counter(riddle.answer for riddle in train).most_common(1)[0][0]
    return lambda riddle: answer


def drawn_at_random(train: Sequence[Riddle]) -> Baseline:
    """Give the answer of a random riddle of train."""
    rng = np.random.default_rng(_SEED)
    return lambda riddle: train[int(rng.integers(len(train)))].answer


def some_number(train: Sequence[Riddle]) -> Baseline:
    """Give a random number of the question, or else the most frequent answer."""
    rng, otherwise = np.random.default_rng(_SEED), most_frequent(train)

    def answer(riddle: Riddle) -> str:
        numbers = re.findall(r"\d+", riddle.question)
        return str(rng.choice(numbers)) if numbers else otherwise(riddle)

    return answer


def nearest(train: Sequence[Riddle], copies: bool = False) -> Baseline:
    """Give the answer to the nearest question of train, by the cosine of hashed words and pairs of words.

    With ``copies``, if that question contains its answer, give the number or word at the same place in this question,
    counted among its numbers or among its words.
    """
    known = np.stack([hashed_ngrams(riddle.question, FEATURES) for riddle in train])  # (num_train, FEATURES)

    def answer(riddle: Riddle) -> str:
        neighbour = train[int((known @ hashed_ngrams(riddle.question, FEATURES)).argmax())]
        return (copies and copied(neighbour, riddle.question)) or neighbour.answer

    return answer


def copied(neighbour: Riddle, question: str) -> str | None:
    """Return the number or word at the place in a question where its neighbour has its own answer."""
    for pattern in (r"\d+", r"[^\W_]+"):
        theirs, ours = re.findall(pattern, neighbour.question), re.findall(pattern, question)
        if neighbour.answer in theirs and theirs.index(neighbour.answer) < len(ours):
            return ours[theirs.index(neighbour.answer)]
    return None


def score(baseline: Baseline, tested: Sequence[Pair]) -> dict[str, Tally]:
    """Return how many riddles are right, how many contrast riddles, and how many pairs."""
    right = np.array([[verify(riddle, baseline(riddle)).correct for riddle in pair] for pair in tested])
    counts = {"riddles": right[:, 0].sum(), "contrasts": right[:, 1].sum(), "pairs": right.all(axis=1).sum()}
    return {name: Tally(len(tested), int(count)) for name, count in counts.items()}


def baselines() -> dict[str, Baseline]:
    """Fit all baselines on the riddles of train, and the last two on their contrast riddles as well."""
    drawn = pairs("train", FITTED)
    riddles = [riddle for riddle, _ in drawn]
    both = [riddle for pair in drawn for riddle in pair]
    return {
        "most frequent answer": most_frequent(riddles),
        "an answer of train": drawn_at_random(riddles),
        "a number of the question": some_number(riddles),
        "nearest question": nearest(riddles),
        "nearest question, copying": nearest(riddles, copies=True),
        "nearest question or contrast": nearest(both),
        "nearest question or contrast, copying": nearest(both, copies=True),
    }


def main() -> None:
    """Score all baselines on every split except train, and print the results."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--riddles", type=int, default=25, help="of each family and split")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    fitted = baselines()
    for split in splits.SPLITS[1:]:
        tested = pairs(split, arguments.riddles)
        for name, baseline in fitted.items():
            scored = score(baseline, tested)
            intervals = {of: [tally.share, *tally.interval] for of, tally in scored.items()}
            if arguments.json:
                print(json.dumps({"split": split, "baseline": name} | intervals))
            else:
                cells = (
                    f"{100 * share:.1f} [{100 * low:.1f}, {100 * high:.1f}]" for share, low, high in intervals.values()
                )
                print(f"| {split} | {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
