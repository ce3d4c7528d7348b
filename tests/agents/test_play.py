"""A game in the terminal: attempts are counted, and a reply that is no answer takes none."""

import gymnasium as gym
import pytest
from rich.console import Console

import expit_env  # noqa: F401 (registers the environments)
from agents.play import play
from expit_env import ANSWER_FORMAT

SETTINGS = {"split": "train", "families": ("birds-on-a-wire",), "level": 1, "attempts": 2, "hints": 1, "seed": 0}
NO_ANSWER = "I think that all of them fly away when they hear the shot"


@pytest.fixture
def riddle():
    env = gym.make("Riddle-v0", families="birds-on-a-wire", level=1)
    question, _ = env.reset(seed=0)
    return question, env.step("0")[-1]["answer"]


def game(monkeypatch, *replies):
    console, lines = Console(record=True, width=500, quiet=False), iter([*replies, ""])

    def reply(_):
        line = next(lines)
        if not isinstance(line, str):
            raise line
        return line

    monkeypatch.setattr(console, "input", reply)
    play(console, **SETTINGS)
    return console.export_text()


@pytest.mark.parametrize("end", ["", KeyboardInterrupt, EOFError])
def test_a_right_answer_is_counted_however_the_game_ends(monkeypatch, riddle, end):
    shown = game(monkeypatch, riddle[1], end)
    assert riddle[0] in shown
    assert "1 of 1 right." in shown


def test_a_reply_that_is_no_answer_is_asked_for_again_and_takes_no_attempt(monkeypatch, riddle):
    shown = game(monkeypatch, NO_ANSWER, "900", NO_ANSWER, NO_ANSWER, riddle[1])
    assert shown.count("That is no answer (no final answer).") == 3
    assert shown.count(ANSWER_FORMAT) == 4
    assert shown.count("The answer is not 900.") == 3
    assert shown.count("Hint:") == 3
    assert "1 of 1 right." in shown


def test_the_last_attempt_reveals_the_answer(monkeypatch, riddle):
    shown = game(monkeypatch, "900", NO_ANSWER, "901")
    assert f"The answer is: {riddle[1]}." in shown
    assert "0 of 1 right." in shown
