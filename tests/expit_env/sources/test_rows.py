"""One row is one riddle: a bad one is refused with file, line and reason, and choices become lettered options."""

import re

import pytest
from support.data import ROWS, rows

from expit_env import Kind, open_source, verify
from expit_env.sources.rows import read_row

CHOICES = {
    "question": "What has hands but cannot clap?", "choices": ["a man", "a clock", "an alarm clock", "a shadow"],
    "answer": "a clock", "trap": "a man",
}  # fmt: skip

TOO_LONG = {
    "question": ("What? " * 500_000, "a text of 2,999,999 characters is longer"),
    "answer": (10**1_000, "a text of 1,001 characters is longer than the 1,000"),
    "aliases": (["nine " * 201], "a text of 1,004 characters"), "trap": ("nine " * 201, "a text of 1,004 characters"),
    "choices": (["nine"] * 1_001, "1,001 texts are more than"),
}  # fmt: skip
BAD = rows("bad_rows.jsonl") + [
    {"row": {"question": "What?", "answer": "9", name: text}, "message": f"{name}: {message}"}
    for name, (text, message) in TOO_LONG.items()
]


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad["message"])
def test_a_bad_row_is_refused_with_file_line_and_reason_or_left_out_and_counted(written, bad):
    source = written([ROWS[0], bad["row"], *ROWS[1:]])
    with pytest.raises(ValueError, match=rf"mine.jsonl, line 2: .*{re.escape(bad['message'])}"):
        open_source(source)
    with pytest.warns(UserWarning, match="1 bad rows were left out"):
        loaded = open_source(f"{source}?skip_bad")
    [reason] = loaded.skipped
    assert "line 2: " in reason
    assert len(loaded.riddles) == len(ROWS)


def read(fields):
    return read_row(fields, 1, "here", "mine").riddle


def test_choices_are_lettered_and_answered_by_letter_or_text():
    riddle = read(CHOICES)
    assert riddle.question.endswith("\nA. a man\nB. a clock\nC. an alarm clock\nD. a shadow")
    assert (riddle.answer, riddle.aliases, riddle.trap, riddle.kind) == ("B", ("a clock",), "A", Kind.CHOICE)
    for right in ("B", "b", "(B)", "a clock", "B. a clock", "The answer is B.", "Answer: B", "Answer: a clock"):
        assert verify(riddle, right).correct, right


def test_another_option_or_several_do_not_pass():
    for reply in (
        "A", "C", "a man", "an alarm clock", "alarm clock", "B. a man", "A. a clock", "a man, a clock, a shadow",
        "B or C", "a clock or a man", "A B C D", "not B", "man clock", "B, an alarm clock", "Answer: a shadow", "",
    ):  # fmt: skip
        assert not verify(read(CHOICES), reply).correct, reply
    longer = read(CHOICES | {"answer": "an alarm clock"})
    assert (verify(longer, "an alarm clock").correct, verify(longer, "a clock").correct) == (True, False)
