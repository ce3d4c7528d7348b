"""Tests of expit_env.answer_key: a key that is worked out bit by bit judges as one that is worked out at once."""

import inspect
import itertools
from functools import cached_property

import pytest

from expit_env import verify
from expit_env.accepted import accepted_forms
from expit_env.answer_key import AnswerKey, answer_key
from expit_env.asked import asked
from expit_env.riddles import splits
from expit_env.values import Value

PARTS = [name for name, part in inspect.getmembers(AnswerKey) if isinstance(part, cached_property)]


def forget():
    for cached in (answer_key, asked, accepted_forms):
        cached.cache_clear()


def replies(riddle, other):
    said = (riddle.answer, *riddle.aliases[:2], riddle.trap or "7", other.answer, "17 metres")
    frames = (
        "{}",
        "The answer is {}.",
        "It is {}",
        "Answer: {}",
        "not {}",
        "{} or none",
        "{} of them are left, of course",
    )
    return [frame.format(text) for text in said for frame in frames] + [riddle.explanation, riddle.question]


@pytest.mark.parametrize("split", ["train", "test", "transfer"])
def test_what_was_asked_before_does_not_change_a_verdict(split):
    riddles = [splits.riddle_at(family, split, index) for family in splits.families_of(split) for index in (2,)]
    for riddle, other in itertools.pairwise(riddles):
        for reply in replies(riddle, other):
            forget()
            lazy = verify(riddle, reply)
            forget()
            key = answer_key(riddle.question, riddle.answer, riddle.aliases, riddle.trap, riddle.kind)
            for part in PARTS[:: 1 if len(reply) % 2 else -1]:
                getattr(key, part)
            assert verify(riddle, reply) == lazy


def test_a_right_number_is_accepted_before_the_question_is_read():
    forget()
    riddle = splits.riddle("birds-on-a-wire/train/0")
    key = answer_key(riddle.question, riddle.answer, riddle.aliases, riddle.trap, riddle.kind)
    assert key.accepts(Value("cardinal", 0))
    assert not key.accepts(Value("cardinal", 33))
    assert "tokens" not in vars(asked(riddle.question))
    assert key.accepts(Value("cardinal", 0, next(unit for unit in key.values["cardinal", 0] if unit)))
    assert "tokens" in vars(asked(riddle.question))
