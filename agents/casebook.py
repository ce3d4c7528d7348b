"""Case memory: worked examples that the environment reveals, and which of them are nearest to a riddle at hand."""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from collections.abc import Iterable

import gymnasium as gym

from agents.base import judge, spawn_seeds
from agents.policy import Solved
from agents.trajectory import Completion, Trajectory, borne_out, likeliest, pairs_of, whole_pairs

BARE_WORDS = 6
"""An answer of more words needs a mark: see `expit_env.ANSWER_FORMAT`."""
_STUDY = 20_261_127
"""Sets the seeds of what is studied apart from those of what is searched."""
_DRAWS = 4_000
"""The most riddles that are looked at to find some of every family; to look at one takes no episode."""
_LOOKS = 8
"""How many pairs of a family are looked at for each one that is studied."""


class Casebook:
    """Worked examples, a case for each riddle together with its contrast.

    Args:
        cases: the questions of each case with their worked answers.
        shown: how many cases are shown before a question.
    """

    def __init__(self, cases: Iterable[Solved], shown: int) -> None:
        self.cases, self.shown = [list(case) for case in cases], shown
        self._words = [_words(*(question for question, _ in case)) for case in self.cases]
        frequency = Counter(word for words in self._words for word in words)
        self._weight = {word: math.log(1 + len(self.cases) / count) for word, count in frequency.items()}
        self._length = [math.sqrt(sum(self._weight[word] ** 2 for word in words)) or 1.0 for words in self._words]

    @classmethod
    def of(cls, studied: Iterable[Trajectory], reasons: bool, shown: int) -> Casebook:
        """Make the cases of the episodes that `study` played; without ``reasons``, an answer is all there is to it."""
        pairs = pairs_of(studied).values()
        return cls(([(one.question, worked(one, reasons)) for one in pair] for pair in pairs), shown)

    def extended(self, trajectories: Iterable[Trajectory]) -> Casebook:
        """Return a casebook that also has the pairs which an agent solved itself, with its likeliest answers."""
        own = (list(likeliest(right).items()) for right in whole_pairs(borne_out(trajectories)))
        solved = [[(question, answers[0]) for question, answers in pair] for pair in own]
        return Casebook([*self.cases, *solved], self.shown)

    @property
    def examples(self) -> list[tuple[str, str]]:
        """All questions with their worked answers."""
        return [example for case in self.cases for example in case]

    def nearest(self, question: str) -> Solved:
        """Return the examples of the cases that share most words with a question, rare words above all.

        The case that has the question itself is left out.
        """
        words = _words(question)
        scores = [
            sum(self._weight[word] ** 2 for word in words & case) / length
            for case, length in zip(self._words, self._length, strict=True)
        ]
        others = [at for at, case in enumerate(self.cases) if all(question != asked for asked, _ in case)]
        best = sorted(others, key=lambda place: -scores[place])[: self.shown]
        return [example for place in sorted(best) for example in self.cases[place]]


def study(env: gym.Env[str, str], pairs: int, seed: int, most: int) -> list[Trajectory]:
    """Play some riddles of each family with their contrasts, without an answer: the end of an episode reveals it.

    Of those that it has looked at, it plays the ones that are worded least alike.

    Args:
        env: the environment.
        pairs: how many riddles of each family.
        seed: decides which.
        most: the most episodes.
    """
    looked: dict[str, dict[tuple[str, ...], frozenset[str]]] = {}
    misses = 0
    for each in spawn_seeds([seed, _STUDY], _DRAWS if pairs else 0):
        question, info = env.reset(seed=each)
        family = looked.setdefault(info["family"], {})
        pair = tuple(sorted(str(info[name]) for name in ("riddle_id", "contrast_id") if info.get(name)))
        misses += 1
        if len(family) < _LOOKS * pairs and pair not in family:
            family[pair] = _words(question)
            misses = 0
        if misses > 20 * len(looked) + 100:
            break
    chosen = [_least_alike(family, pairs) for family in looked.values()]
    starts: list[str] = []
    for pair in filter(None, itertools.chain.from_iterable(itertools.zip_longest(*chosen))):
        if len(starts) + len(pair) <= most:
            starts += pair  # the riddle before its contrast
    return judge(env, starts, [Completion("")] * len(starts))


def _least_alike(words: dict[tuple[str, ...], frozenset[str]], count: int) -> list[tuple[str, ...]]:
    """Return the first pair, and then again and again the one that shares least with all that are chosen."""
    shared = dict.fromkeys(words, 0.0)  # of each that is left: at most, with one that is chosen (Jaccard)
    chosen: list[tuple[str, ...]] = []
    while shared and len(chosen) < count:
        chosen.append(min(shared, key=shared.__getitem__))
        del shared[chosen[-1]]
        new = words[chosen[-1]]
        for pair in shared:
            shared[pair] = max(shared[pair], len(new & words[pair]) / max(1, len(new | words[pair])))
    return chosen


def worked(trajectory: Trajectory, reasons: bool) -> str:
    """Return the answer that the environment revealed, after its explanation if there is one."""
    why = trajectory.explanation if reasons else None
    answer = str(trajectory.answer)
    if not why and len(answer.split()) <= BARE_WORDS:
        return answer
    return f"{why}\nAnswer: {answer}" if why else f"Answer: {answer}"


def _words(*questions: str) -> frozenset[str]:
    return frozenset(word for question in questions for word in re.findall(r"\w+", question.casefold()))
