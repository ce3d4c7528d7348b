"""One spelling for one answer: equal values meet, and different ones never do."""

from fractions import Fraction

import hypothesis.strategies as st
import pytest
from hypothesis import assume, given, settings

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


def others():
    pairs = [
        (("a towel", ""), ["a towel", "Towel", "the towel", "**towel**"]),
        (("b", ""), ["B", "(B)", "b.", "option B", "the letter b"]),
        (("no", ""), ["no", "No.", "nope"]),
        (("3 march", ""), ["March 3", "3 March", "the 3rd of March", "March 3rd"]),
        (("5 march", ""), ["5th of March", "Mar 5"]),
        (("none", ""), ["none", "None!"]),
        (("a b", ""), ["A, B", "a b"]),
        (("20 5", ""), ["twenty, five", "20; 5"]),
        (("5/0", ""), ["5/0"]), (("10/5", ""), ["10/5"]), (("3^2", ""), ["3²"]), (("2*3", ""), ["2*3"]),
    ]  # fmt: skip
    return st.sampled_from([(value, text) for value, texts in pairs for text in texts])


DRESSED = st.sampled_from(["{}", " {} ", "{}.", "**{}**", '"{}"', "`{}`!", "\\text{{{}}}", "It is {}."])
SPELLED = st.tuples(amounts() | fractions() | places() | others(), DRESSED)


@given(SPELLED, SPELLED)
@settings(max_examples=1_500)
def test_two_answers_meet_exactly_if_they_mean_the_same(one, other):
    (value, text), (other_value, other_text) = one[0], other[0]
    assume({value[1], other_value[1]} != {"", "place"} or value[0] != other_value[0])
    meet = spell(one[1].format(text)) == spell(other[1].format(other_text))
    assert meet == (value == other_value), (one, other)


@st.composite
def two_spellings(draw):
    """Draw one value and two spellings of it."""
    number, unit = draw(st.integers(-20_000, 20_000) | st.integers(-30, 130)), draw(st.sampled_from(sorted(UNITS)))
    value = Fraction(number) + draw(st.sampled_from([Fraction(0), Fraction(0), Fraction(1, 2), Fraction(3, 4)]))
    return [f"{draw(st.sampled_from(written(value)))} {unit}".strip() for _ in range(2)]


def written(value):
    """Return spellings of a whole number, halves and quarters."""
    sign, whole, part = "-" if value < 0 else "", int(abs(value)), abs(value) % 1
    words = f"{'minus ' if sign else ''}{in_words(whole, draw_joint(whole))}"
    if not part:
        return [f"{sign}{whole}", f"{sign}{whole:,}", f"{sign}{whole}.0", words]
    name = {Fraction(1, 2): "a half", Fraction(1, 4): "a quarter", Fraction(3, 4): "three quarters"}[part]
    figures = [f"{sign}{float(abs(value)):g}", f"{sign}{abs(value)}"]
    return figures if sign else [*figures, f"{whole} {part}" if whole else str(part), f"{words} and {name}"]


def draw_joint(number):
    return "-" if number % 2 else " "


@given(two_spellings(), DRESSED, DRESSED)
def test_two_spellings_of_one_value_meet(texts, one, other):
    assert spell(one.format(texts[0])) == spell(other.format(texts[1]))


@given(fractions() | places(), DRESSED, DRESSED)
def test_dress_makes_no_difference(amount, one, other):
    assert spell(one.format(amount[1])) == spell(other.format(amount[1]))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("half an hour", "30 min"), ("$5", "500 cents"), ("two and a half", "2.5"), ("1 1/2", "one and a half"),
        ("a dozen", "12"), ("a hundred", "100"), ("roosters don't lay eggs", "Roosters do not lay eggs."),
        ("crème brûlée", "creme brulee"), ("ten per cent", "10%"), ("no one", "Nobody"), ("9½", "19/2"),
        ("\uff19", "9"),
        ("$\\text{9}$", "9"), ("\\(9\\)", "9"), ("\\boxed{9}", "9"),
        ("sixtieth", "60th"), ("a third of a mile", "1/3 mile"),
        ("They're equal", "equal"), ("The S", "s"), ("one foot", "12 inches"), ("a second hand", "second hand"),
    ],
)  # fmt: skip
def test_these_meet(one, other):
    assert spell(one) == spell(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("twenty-fifth", "4"), ("A) Canberra", "Canberra"), ("51/0", "51"), ("9/1", "9"), ("0/5", "0"), ("07", "7"),
        ("1,5", "15"), ("1.5", "15"), ("5-2", "3"), ("-5", "5"), ("~9", "9"), (">9", "9"), ("9?", "9"), ("!9", "9"),
        ("3²", "32"), ("2**3", "23"), ("1e1", "10"), ("1 000", "1000"), ("9:30", "930"), ("42 feet", "42 metres"),
        ("seven or eight", "78"), ("piano", "pianos"), ("not a piano", "a piano"), ("нone", "none"), ("an a", "a"),
        ("third", "1/3"), ("-1 1/2", "-1/2"), ("9 and -1/2", "8.5"), ("3 a day", "3 days"), ("9 a m", "9 metres"),
        ("zero dozen", "12"), ("zero hundred", "100"), ("½3", "1/23"), ("twenty * five", "25"),
        ("an H", "an hour"),
        ("No. 1", "nobody"), ("not 1", "0"), ("one hundred, five", "105"), ("\u202e21", "21"),
    ],
)  # fmt: skip
def test_these_do_not(one, other):
    assert spell(one) != spell(other)


@given(st.text())
def test_every_text_has_a_spelling_and_its_kind(text):
    assert spell(text) == spell(text)
    assert infer_kind(text) in Kind


def test_none_is_a_number_where_one_is_asked():
    assert infer_kind("none", "How much earth is in a hole?") is Kind.NUMBER
    assert infer_kind("none", "Which of them?") is Kind.PHRASE
