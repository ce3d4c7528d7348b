"""Tests of expit_env.episode: whether a reply fell for the trap is told fast, and as reading it would tell it."""

import hypothesis
import hypothesis.strategies as st
import pytest

from expit_env import Outcome, Riddle, Verdict, verify
from expit_env.bare import is_bare, lacks_a_word
from expit_env.episode import fell_for_trap
from expit_env.riddles import splits

TRAINED = [splits.riddle_at(name, "train", index) for name in splits.families_of("train") for index in (1, 3)]
WORDS = ["it", "is", "not", "the", "a", "answer", "of", "so", "none", "'s", "7", ":", ".", "?", "<answer>", "</answer>"]


def judged(riddle, reply):
    """Whether a reply passes where the trap is the right answer."""
    return verify(Riddle(riddle.question, riddle.trap), reply).correct


@pytest.mark.parametrize("reply", ["3", " The trap. ", "the trap!", "the trap of it", "x" * 500, "...", ""])
def test_a_trap_is_told_without_reading_the_reply_only_where_reading_would_tell_it(reply):
    for trap in ("The Trap", "3", "x" * 500, "..."):
        riddle = Riddle("Is it the trap or 4?", "4", trap=trap)
        expected = judged(riddle, reply)
        assert not is_bare(reply, trap) or expected
        assert fell_for_trap(riddle, reply, Verdict(Outcome.WRONG, reply, "any")) == expected


@hypothesis.settings(deadline=None, max_examples=300)
@hypothesis.given(st.data())
def test_whether_a_reply_fell_for_the_trap_is_what_a_second_judgement_says(data):
    riddle = data.draw(st.sampled_from([riddle for riddle in TRAINED if riddle.trap]))
    other = data.draw(st.sampled_from(TRAINED))
    texts = [riddle.trap, riddle.answer, other.answer, *(riddle.trap or "").split(), *riddle.aliases]
    parts = data.draw(st.lists(st.sampled_from([*texts, *WORDS]), max_size=5))
    reply = data.draw(st.sampled_from([" ", "", "\n"])).join(parts)
    verdict = verify(riddle, reply)
    if verdict.outcome is Outcome.WRONG and riddle.trap.isdigit() and (verdict.extracted or "").isdigit():
        expected = verdict.extracted == riddle.trap
    else:
        expected = verdict.outcome is Outcome.WRONG and judged(riddle, reply)
    assert fell_for_trap(riddle, reply, verdict) == expected
    assert not (lacks_a_word(reply, riddle.trap, riddle.question) and judged(riddle, reply))


def test_a_phrase_that_is_not_there_needs_no_second_judgement():
    question = "What has keys but can't open a door?"
    assert lacks_a_word("It is a dog.", "a piano", question)
    assert not lacks_a_word("It is a piano stool.", "a piano", question)
    assert not lacks_a_word("It is \\u0070iano", "a piano", question)
    assert not lacks_a_word("six", "7", "How many keys has it?")


@pytest.mark.parametrize(
    ("outcome", "true_outcome", "fell"),
    [
        (Outcome.CORRECT, Outcome.WRONG, True),
        (Outcome.WRONG, Outcome.CORRECT, False),
        (Outcome.WRONG, Outcome.WRONG, True),
        (Outcome.WRONG, None, True),
    ],
)
def test_a_flipped_verdict_does_not_decide_who_fell_for_the_trap(outcome, true_outcome, fell):
    riddle = Riddle("How many are left?", "0", trap="3")
    assert fell_for_trap(riddle, "3", Verdict(outcome, "3", "any", true_outcome)) == fell
