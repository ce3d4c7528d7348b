"""What a family draws from: words and numbers, some of them held out for the test split."""

import random

import pytest

from expit_env.riddle import LEVELS
from expit_env.riddles.draw import Draw, word_bank


@pytest.mark.parametrize("level", LEVELS)
def test_words_and_numbers_of_test_are_held_out_from_train(level):
    colours = word_bank("red, blue, green | grey, pink")

    def drawn(split):
        draw = Draw(random.Random(level), split, level)
        return {draw.noun(colours) for _ in range(99)}, {draw.number(1, 14) for _ in range(299)}

    words, numbers = drawn("train")
    assert words == set(colours.train)
    assert numbers == {n for n in range(1, (14 if level < 3 else 27) + 1) if n % 7}
    words, numbers = drawn("test")
    assert words == set(colours.test)
    assert {7, 14} <= numbers


def test_words_of_one_draw_are_different_and_a_word_bank_with_too_few_is_refused():
    draw = Draw(random.Random(0), "train", 1)
    assert all(len(set(draw.nouns(word_bank("red, blue, green | pink"), 3))) == 3 for _ in range(20))
    assert {draw.within(1, 4, but=6 / 2) for _ in range(50)} == {1, 2, 4}
    for words in ("red, blue", "red, blue |", "| red", "red, blue | blue"):
        with pytest.raises(ValueError, match="a word bank needs words"):
            word_bank(words)
    with pytest.raises(ValueError, match="2 words drawn from a bank of 1"):
        draw.nouns(word_bank("red | pink"), 2)
