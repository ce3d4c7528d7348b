"""Reading an answer: kinds, numbers, stems."""

import hypothesis
import hypothesis.strategies as st
import pytest

from expit_env.answers import Kind, _may_list, infer_kind, options_of
from expit_env.text import UNREADABLE, fold, stem, tokenise
from expit_env.values import Value, read_values


def values(text: str) -> list[str]:
    return [str(item) for item in read_values(tokenise(fold(text))) if isinstance(item, Value)]


@pytest.mark.parametrize(
    ("answer", "question", "kind"),
    [
        ("9", "", Kind.NUMBER),
        ("-5", "", Kind.NUMBER),
        ("2.5", "", Kind.NUMBER),
        ("1,000", "", Kind.NUMBER),
        ("twenty-one", "", Kind.NUMBER),
        ("none", "How many are left?", Kind.NUMBER),
        ("none", "How much dirt is there?", Kind.NUMBER),
        ("no birds", "How many are left?", Kind.NUMBER),
        ("none", "Which of them is right?", Kind.PHRASE),
        ("second", "", Kind.ORDINAL),
        ("2nd", "", Kind.ORDINAL),
        ("third place", "", Kind.ORDINAL),
        ("second hand", "", Kind.PHRASE),
        ("3 hours", "", Kind.QUANTITY),
        ("half an hour", "", Kind.QUANTITY),
        ("1/3", "", Kind.FRACTION),
        ("two thirds", "", Kind.FRACTION),
        ("half", "", Kind.FRACTION),
        ("yes", "", Kind.YES_NO),
        ("No", "", Kind.YES_NO),
        ("S", "", Kind.LETTER),
        ("the letter m", "", Kind.LETTER),
        ("Mary", "", Kind.PHRASE),
        ("a piano", "", Kind.PHRASE),
        ("one of them", "", Kind.PHRASE),
        ("steel", "Which is heavier, a kilogram of feathers or a kilogram of steel?", Kind.CHOICE),
        ("a dog", "Is it a cat or a dog?", Kind.CHOICE),
        ("they weigh the same", "Which is heavier, a kilogram of feathers or a kilogram of steel?", Kind.PHRASE),
    ],
)
def test_kind_is_inferred(answer: str, question: str, kind: Kind) -> None:
    assert infer_kind(answer, question) is kind


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("9", ["9"]),
        ("+8", ["8"]),
        ("-5", ["-5"]),
        ("\u22125", ["-5"]),
        ("minus five", ["-5"]),
        ("1,000", ["1000"]),
        ("3.50", ["7/2"]),
        (".5", ["1/2"]),
        ("\uff11\uff12", ["12"]),
        ("twenty-one", ["21"]),
        ("two hundred and five", ["205"]),
        ("one thousand two hundred", ["1200"]),
        ("a dozen", ["12"]),
        ("half a dozen", ["6"]),
        ("one and a half", ["3/2"]),
        ("1 1/2", ["3/2"]),
        ("a third", ["1/3"]),
        ("two thirds", ["2/3"]),
        ("\u00bd", ["1/2"]),
        ("second", ["ordinal 2"]),
        ("22nd", ["ordinal 22"]),
        ("twenty-third", ["ordinal 23"]),
        ("11 seconds", ["11"]),
        ("9/1", ["ratio 9"]),
        ("seven or eight", ["7", "8"]),
        ("one two three", ["1", "2", "3"]),
        ("the one", []),
        ("09", []),
        ("1e3", []),
        ("0,1,2", []),
        ("9:00", []),
        ("1/0", []),
        ("9" * 5000, []),
    ],
)
def test_numbers_are_read(text: str, expected: list[str]) -> None:
    assert values(text) == expected


@pytest.mark.parametrize(
    "text", ["3\u00b2", "\u2460", "3\u20e3", "\u0663", "\u202e91", "9\x00", "\u2167", "\u2116", "\ud800"]
)
def test_look_alikes_stay_unreadable(text: str) -> None:
    assert UNREADABLE in tokenise(fold(text))


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("They don\u2019t", ["they", "do", "not"]),
        ("Mary's", ["mary", "'s"]),
        ("it's", ["it", "is"]),
        ("**none**", ["none"]),
        ("# `0`", ["0"]),
        ("<b>0</b>", ["0"]),
        (r"\frac{1}{3}", ["1", "/", "3"]),
        ("caf\u00e9 cafe\u0301", ["cafe", "cafe"]),
        ("n\u200bone", ["none"]),
        ("2*3", ["2", "*", "3"]),
    ],
)
def test_dress_is_taken_off(text: str, tokens: list[str]) -> None:
    assert tokenise(fold(text)) == tokens


@pytest.mark.parametrize(
    ("word", "expected"),
    [("birds", "bird"), ("wolves", "wolf"), ("boxes", "box"), ("glass", "glass"), ("bus", "bus"), ("flies", "fly")],
)
def test_stem(word: str, expected: str) -> None:
    assert stem(word) == expected


def test_options_are_told_apart_by_what_they_do_not_share() -> None:
    question = tokenise("which weighs more, a kilogram of feathers, a kilogram of wool or a kilogram of steel?")
    assert set(options_of(question)) == {frozenset({word}) for word in ("feather", "wool", "steel")}


@hypothesis.settings(deadline=None)
@hypothesis.given(st.text())
def test_any_text_is_read(text: str) -> None:
    assert infer_kind(text, text) is infer_kind(text, text)
    assert fold(fold(text)) == fold(text)


@hypothesis.given(
    st.lists(st.sampled_from([*"or Oo'-.*_`<>$3\\\n", "or", " or ", "\u00ad", "ｏ", "\\text{or}", "<b>"])).map("".join)
)
def test_a_question_that_has_an_or_may_list_options(text):
    asked = fold(text)
    assert _may_list(asked) or "or" not in tokenise(asked)


def test_most_questions_need_not_be_read_for_options():
    assert not _may_list("for how long does an orange work before it is worn out?")
