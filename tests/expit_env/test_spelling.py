"""One spelling for one answer: texts that mean the same are equal, and others never are."""

from fractions import Fraction

import hypothesis.strategies as st
import pytest
from hypothesis import assume, given, settings
from support.data import rows

from expit_env.riddle import Kind, infer_kind
from expit_env.spelling import spell

ONES = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
    seventeen eighteen nineteen""".split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
PLACES = """first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth
    fifteenth sixteenth seventeenth eighteenth nineteenth twentieth""".split()
UNITS = {
    "seconds": ("time", 1), "minutes": ("time", 60), "hours": ("time", 3_600), "days": ("time", 86_400),
    "metres": ("length", 100), "centimetres": ("length", 1), "kilometres": ("length", 100_000), "litres": ("volume", 1),
    "kilograms": ("mass", 1), "dollars": ("money", 100), "cents": ("money", 1), "crows": ("crows", 1), "": ("", 1),
    "percent": ("percent", 1), "degrees": ("degrees", 1),
}  # fmt: skip
SHORT = {"hours": "h", "minutes": "min", "kilometres": "km", "centimetres": "cm", "kilograms": "kg"}


def in_words(number, joint):
    if number < 20:
        return ONES[number]
    if number < 100:
        return TENS[number // 10 - 2] + (joint + ONES[number % 10] if number % 10 else "")
    if number < 1_000:
        return f"{ONES[number // 100]} hundred" + (f" and {in_words(number % 100, joint)}" if number % 100 else "")
    rest = f" {in_words(number % 1_000, joint)}" if number % 1_000 else ""
    return f"{in_words(number // 1_000, joint)} thousand{rest}"


@st.composite
def amounts(draw):
    """Draw a value and one spelling of it."""
    number, unit = draw(st.integers(0, 20_000) | st.integers(0, 30)), draw(st.sampled_from(sorted(UNITS)))
    written = [str(number), f"{number:,}", in_words(number, "-"), in_words(number, " "), f"{number}.0", f"+{number}"]
    text, sign = draw(st.sampled_from(written)), draw(st.sampled_from(["", "", "-", "minus "])) if number else ""
    if sign == "-" and not text[0].isdigit():
        sign = "minus "
    text = sign + text.removeprefix("+") if sign else text
    noun = draw(st.sampled_from([unit, SHORT.get(unit, unit)]))
    measure, factor = UNITS[unit]
    return (number * factor * (-1 if sign else 1), measure), f"{text} {noun}".strip()


@st.composite
def fractions(draw):
    below = draw(st.integers(2, 12))
    above = draw(st.integers(1, below - 1))
    part = {2: "half", 4: "quarter"}.get(below, PLACES[below - 1])
    words = f"{ONES[above]} {part}" + ("s" if above > 1 else "")
    decimals = [str(above / below)] if Fraction(str(above / below)) == Fraction(above, below) else []
    return (Fraction(above, below), ""), draw(st.sampled_from([f"{above}/{below}", words, *decimals]))


@st.composite
def places(draw):
    place = draw(st.integers(1, 99))
    teens = place % 100 in (11, 12, 13)
    figures = f"{place}{'th' if teens else {1: 'st', 2: 'nd', 3: 'rd'}.get(place % 10, 'th')}"
    if place <= 20:
        words = PLACES[place - 1]
    elif place % 10:
        words = f"{TENS[place // 10 - 2]}{draw(st.sampled_from('- '))}{PLACES[place % 10 - 1]}"
    else:
        words = figures
    return (place, "place"), draw(st.sampled_from([figures, words, f"{figures} place", f"in {words} place"]))


OTHERS = st.sampled_from([((row["value"], ""), text) for row in rows("spelled.jsonl") for text in row["texts"]])
DRESSED = st.sampled_from(["{}", " {} ", "{}.", "**{}**", '"{}"', "`{}`!", "\\text{{{}}}", "It is {}."])
SPELLED = st.tuples(amounts() | fractions() | places() | OTHERS, DRESSED)


@given(SPELLED, SPELLED)
@settings(max_examples=1_500)
def test_two_answers_are_equal_exactly_if_they_mean_the_same(one, other):
    (value, text), (other_value, other_text) = one[0], other[0]
    assume({value[1], other_value[1]} != {"", "place"} or value[0] != other_value[0])
    equal = spell(one[1].format(text)) == spell(other[1].format(other_text))
    assert equal == (value == other_value), (one, other)


@st.composite
def two_spellings(draw):
    """Draw one value and two spellings of it."""
    number, unit = draw(st.integers(-20_000, 20_000) | st.integers(-30, 130)), draw(st.sampled_from(sorted(UNITS)))
    value = Fraction(number) + draw(st.sampled_from([Fraction(0), Fraction(0), Fraction(1, 2), Fraction(3, 4)]))
    return [f"{draw(st.sampled_from(written(value)))} {unit}".strip() for _ in range(2)]


def written(value):
    """Return spellings of a whole number, halves and quarters."""
    sign, whole, part = "-" if value < 0 else "", int(abs(value)), abs(value) % 1
    words = f"{'minus ' if sign else ''}{in_words(whole, '-' if whole % 2 else ' ')}"
    if not part:
        return [f"{sign}{whole}", f"{sign}{whole:,}", f"{sign}{whole}.0", words]
    name = {Fraction(1, 2): "a half", Fraction(1, 4): "a quarter", Fraction(3, 4): "three quarters"}[part]
    figures = [f"{sign}{float(abs(value))}", f"{sign}{abs(value)}"]
    if sign:
        return figures
    mixed = [] if whole and whole % 100 == 0 else [f"{words} and {name}"]  # one hundred and three quarters: 103/4?
    return [*figures, f"{whole} {part}" if whole else str(part), *mixed]


@given(two_spellings() | (fractions() | places()).map(lambda amount: [amount[1]] * 2), DRESSED, DRESSED)
def test_two_spellings_of_one_value_are_equal_and_marks_and_space_around_them_do_not_matter(texts, one, other):
    assert spell(one.format(texts[0])) == spell(other.format(texts[1]))


@pytest.mark.parametrize("pair", rows("spellings.jsonl"), ids=lambda pair: pair["one"])
def test_spellings_of_one_answer_are_equal_and_those_of_different_answers_differ(pair):
    assert (spell(pair["one"]) == spell(pair["other"])) == pair["equal"]


@given(st.text())
def test_every_text_has_a_spelling_and_its_kind(text):
    assert spell(f" {text}\n") == spell(text)
    assert infer_kind(text) is infer_kind(text, "Who?")
    assert infer_kind("none", f"How much earth is in {text}?") is Kind.NUMBER
    assert infer_kind("none", "Which of them?") is Kind.PHRASE
