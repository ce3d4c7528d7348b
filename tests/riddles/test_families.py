"""Tests of expit_env.riddles: every family by the same rules, so that the next one is tested by being listed."""

import functools
import random
import re
from collections import Counter

import pytest

from expit_env import Kind, verify
from expit_env.riddle import LEVELS
from expit_env.riddles import FAMILIES, GROUPS
from expit_env.riddles.draw import Draw, a, count, word_bank
from expit_env.riddles.family import Family, Instance, fill, normalise, side_of

DISTINCT = 10_000

BAD_GRAMMAR = {
    "an unfilled slot": r"[{}|]",
    "a double space": r"  ",
    "a space before punctuation": r" [,;:?!]",
    "a doubled word": r"\b(?!had |that )([A-Za-z]+) \1\b",
    "'a' before a vowel": r"\b[Aa] (?!one\b|once\b|uni|use|euro)(?:[aeiou]|8|1[18](?!\d))",
    "'an' before a consonant": r"\b[Aa]n (?!hour|honest|honou?r|heir|8|1[18](?!\d)|[A-Z]\b)[^aeiouAEIOU\"']",
    "one of a plural": r"(?<![\d.,:/])\b1 (?!(?:is|was|has|does|less|plus|as|minus)\b)[a-z]+s\b",
    "a wrong plural": r"(?:x|[^e\W]ch(?<!ach)(?<!arch)|sh|[bcdfghjklmnpqrstvwz]y)s\b",
    "a small letter after a full stop": r"\w{3}[.?!] [a-z]",
    "a wrong beginning": r"^[^A-Z0-9'\"]",
    "a wrong end": r"[^?.]$",
}

by_family = pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)


def splits_of(family):
    """The splits whose draws differ: validation draws as train does, from the other side."""
    return ("transfer",) if family.transfer else ("train", "test")


@functools.cache
def pairs(name, split, number=200, level=None):
    """Pairs of riddle and contrast: of one level, or of each in turn."""
    rng = random.Random(20)
    return [FAMILIES[name].generate(rng, level or LEVELS[i % len(LEVELS)], split) for i in range(number)]


def both(family):
    """Every riddle and every contrast of the sample."""
    return [riddle for split in splits_of(family) for pair in pairs(family.name, split) for riddle in pair]


def accepted(riddle):
    return {normalise(text) for text in (riddle.answer, *riddle.aliases)}


@by_family
def test_questions_are_grammatical(family):
    faults = Counter(
        (fault, riddle.question)
        for riddle in both(family)
        for fault, bad in BAD_GRAMMAR.items()
        if re.search(bad, riddle.question)
    )
    assert not faults, list(faults)[:5]


@by_family
def test_the_answer_passes_and_the_trap_fails(family):
    for riddle in both(family)[::10]:
        assert verify(riddle, riddle.answer).correct, riddle
        assert not verify(riddle, riddle.trap).correct, riddle


@by_family
def test_the_trap_is_wrong_and_the_contrast_has_another_answer(family):
    for split in splits_of(family):
        for riddle, contrast in pairs(family.name, split):
            assert normalise(riddle.question) != normalise(contrast.question)
            assert not accepted(riddle) & {normalise(riddle.trap), normalise(contrast.answer), ""}, riddle
            assert not accepted(contrast) & {normalise(contrast.trap), normalise(riddle.answer), ""}, contrast


@by_family
def test_an_answer_is_short_and_no_alias_says_the_same(family):
    for riddle in both(family):
        texts = (riddle.answer, *riddle.aliases)
        assert all(len(text.split()) <= 6 for text in texts), riddle
        unit = riddle.unit if riddle.kind is Kind.NUMBER else None
        assert len({spelled(text, unit) for text in texts}) == len(texts), riddle


def spelled(text, unit):
    """One spelling for texts that are one answer: articles, short forms, a leading *it is* and a unit do not matter."""
    text = text.lower().replace("can't", "cannot").replace("n't", " not")
    text = re.sub(r"^(it is|there (is|are)|they are|you are) ", "", text)
    text = re.sub(r"\b(an?|the) ", "", text)
    return re.sub(rf"^(\d+|no|one) ({unit})$", r"\1", text)


@by_family
def test_what_is_counted_has_a_unit(family):
    for riddle in both(family):
        counted = riddle.kind is Kind.NUMBER and re.search(r"how (many|often)", riddle.question, re.IGNORECASE)
        assert riddle.unit or not counted, riddle


@by_family
def test_explanations_are_sentences_and_hints_do_not_contain_the_answer(family):
    for riddle in both(family):
        assert re.fullmatch(r"[A-Z0-9'\"].*[.!?]['\"]?", riddle.explanation), riddle
        assert not re.search(r"[{}|]|  ", riddle.explanation), riddle
        assert len(riddle.hints) <= 2
        answers = {re.sub(r"^(an?|the) ", "", text) for text in accepted(riddle)}
        for hint in riddle.hints:
            assert not [text for text in answers if f" {text} " in f" {normalise(hint)} "], riddle


@by_family
def test_there_are_enough_wordings_and_no_two_are_alike(family):
    assert len(family.wordings) >= 3
    assert family.transfer or len(family.test_wordings) >= 2
    assert len(family.wordings) + len(family.test_wordings) >= 5
    texts = [normalise(fill(wording, {slot: slot for slot in slots(wording)}, side))
             for wording in family.wordings + family.test_wordings for side in (False, True)]  # fmt: skip
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize(
    "family", [family for family in FAMILIES.values() if not family.transfer], ids=lambda f: f.name
)
def test_test_has_wordings_of_its_own(family):
    for split, wordings in (("train", family.wordings), ("test", family.test_wordings)):
        patterns = [[re.escape(fill(wording, dict.fromkeys(slots(wording), "0"), side)).replace("0", ".*")
                     for wording in wordings] for side in (False, True)]  # fmt: skip
        for pair in pairs(family.name, split)[:15]:
            for riddle, texts in zip(pair, patterns, strict=True):
                assert any(re.search(f"{text}$", riddle.question) for text in texts), riddle


@by_family
def test_there_are_enough_questions(family):
    """Of n draws, the n(n-1)/2 pairs divided by those that are equal estimate how many questions there are.

    It is an estimate of 1 / sum(p^2), which is at most the number of questions. Train and validation have half each.
    """
    for split in splits_of(family):
        drawn = Counter(normalise(riddle.question) for riddle, _ in pairs(family.name, split, 400, 3))
        equal = sum(times * (times - 1) // 2 for times in drawn.values())
        needed = DISTINCT * (2 if split == "train" else 1)
        assert needed * equal <= 400 * 399 / 2, f"{split}: {equal} equal pairs in 400 draws"
    easy = {riddle.question for riddle, _ in pairs(family.name, splits_of(family)[0], 100, 1)}
    assert len(easy) >= 60


@pytest.mark.parametrize("family", [f for f in FAMILIES.values() if "{extra}" in f.wordings[0]], ids=lambda f: f.name)
def test_from_level_4_on_an_irrelevant_number_is_in_the_riddle(family):
    assert all(wording.count("{extra}") == 1 for wording in family.wordings + family.test_wordings)
    for split in splits_of(family):
        for level in LEVELS:
            extra = family.draw_instance(Draw(random.Random(1), split, level)).facts["extra"]
            assert re.fullmatch(r".*\d.*\. " if level >= 4 else "", extra)


def test_a_row_of_counted_letters_goes_on_in_one_way():
    letters = "OTTFFSSENTETTFFSSENT" + "T" * 10  # one to thirty
    for split in ("train", "test"):
        for riddle, _ in pairs("letters-that-count", split):
            row = "".join(re.search(r"[A-Z](?:, [A-Z])+", riddle.question)[0].split(", "))
            assert [letters[at + len(row) :][:1] for at in range(30) if letters.startswith(row, at)] == [riddle.answer]


def test_every_family_is_listed_once_in_its_group():
    assert len(FAMILIES) == sum(len(module.FAMILIES) for module in GROUPS.values())
    assert {family.group for family in FAMILIES.values()} == set(GROUPS)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) for name in FAMILIES)


def test_a_twist_has_the_riddle_on_the_left_and_the_contrast_on_the_right():
    facts = {"n": 5, "k": 2, "birds": "crows", "who": "Ben"}
    wording = "{n} {|wooden }{birds} sit there. {A hunter shoots {k}|{who} takes {k} away}. {How|{n}} many are left?"
    assert fill(wording, facts) == "5 crows sit there. A hunter shoots 2. How many are left?"
    assert fill(wording, facts, contrast=True) == "5 wooden crows sit there. Ben takes 2 away. 5 many are left?"


def test_a_slot_may_ask_for_the_article():
    assert fill("{a_bird} sees {a_perch}.", {"bird": "owl", "perch": "fence"}) == "An owl sees a fence."
    with pytest.raises(KeyError, match="birds"):
        fill("{birds} fly.", {"bird": "owl"})


def test_the_side_depends_on_the_common_words_alone():
    wording = "{n} {birds} {fly|swim {k} times}. How many?"
    sides = [side_of(wording, {"n": n, "birds": "crows", "k": k}) for n in range(40) for k in range(3)]
    assert sides[::3] == sides[1::3] == sides[2::3]
    assert set(sides) == {0, 1}


def test_a_family_without_a_question_on_a_side_says_so():
    one = Instance({}, "1", "2", "One.", "2", "Two.")
    family = Family("one-question", lambda draw: one, ("How many {are|were} there?",))
    side = side_of(family.wordings[0], {})
    assert family.generate(random.Random(0), 1, side=side)[0].question == "How many are there?"
    with pytest.raises(RuntimeError, match="one-question has no riddle for validation at level 1"):
        family.generate(random.Random(0), 1, "validation", side=1 - side)


@pytest.mark.parametrize("level", LEVELS)
def test_a_draw_keeps_held_out_words_and_numbers_apart(level):
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


def test_words_of_one_draw_are_different_and_a_number_can_be_left_out():
    draw = Draw(random.Random(0), "train", 1)
    assert all(len(set(draw.nouns(word_bank("red, blue, green | pink"), 3))) == 3 for _ in range(20))
    assert {draw.within(1, 4, but=6 / 2) for _ in range(50)} == {1, 2, 4}
    with pytest.raises(ValueError, match="2 words drawn from a bank of 1"):
        draw.nouns(word_bank("red | pink"), 2)


@pytest.mark.parametrize("words", ["red, blue", "red, blue |", "| red", "red, blue | blue"])
def test_a_word_bank_without_words_on_both_sides_is_refused(words):
    with pytest.raises(ValueError, match="a word bank needs words"):
        word_bank(words)


def test_articles_and_counts():
    assert [a("apple"), a("pear"), a("11th"), a("110th")] == ["an apple", "a pear", "an 11th", "a 110th"]
    assert [count(1, "bird"), count(3, "bird"), count(2, "goose", "geese")] == ["1 bird", "3 birds", "2 geese"]


def slots(wording):
    return re.findall(r"\{(\w+)\}", wording)
