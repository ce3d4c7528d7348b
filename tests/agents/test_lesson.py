"""The lesson: it learns only what its own search found."""

import io

import pytest
from rich.console import Console
from support.tiny import tiny_policy

from agents import lesson
from agents.policy import FEW_SHOT
from agents.trajectory import Completion


@pytest.mark.parametrize(("answers", "gold"), [(["3", "Three.", "1"], None), (["3", "None.", "None.", "0"], "None.")])
def test_the_most_frequent_right_answer_is_learned_and_without_one_a_hint_is_offered(monkeypatch, answers, gold):
    policy, console, turns = tiny_policy(), Console(file=io.StringIO(), width=120), iter([answers[:1], answers])
    sample = policy.sample

    def say(questions, n, *how):
        """Give the answers, over and over, before the policy learns, and its own afterwards."""
        said = next(turns, None)
        return [[Completion(said[i % len(said)]) for i in range(n)]] if said else sample(questions, n, *how)

    monkeypatch.setattr(policy, "sample", say)
    result, shown = lesson.teach(policy, console, samples=6, hint=False, seed=0), console.file.getvalue()
    assert (result.before, result.gold, result.after is None) == ("3", gold, gold is None)
    assert ("expit lesson --hint" in shown) == (gold is None)
    assert ("10 steps" in shown) == (gold is not None)
    assert shown.count(f"shows {len(FEW_SHOT)} solved examples first") == 1
