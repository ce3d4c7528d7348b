"""Tests of expit_env.riddles: every family by the same rules, so that the next one is tested by being listed."""

import functools
import os
import re
import string
import subprocess
import sys
from collections import Counter
from types import FunctionType

import numpy as np
import pytest

from expit_env.riddle import LEVELS
from expit_env.riddles import FAMILIES, GROUPS
from expit_env.riddles.family import LISTENERS, NAMES, PLACES, Bank, Draw, _filled, a, bank, count
from expit_env.riddles.splits import normalise

DRAWS = 200
SAMPLE = 400
DISTINCT = 10_000

BAD_GRAMMAR = {
    "an unfilled slot": r"[{}]",
    "a double space": r"  ",
    "a space before punctuation": r" [,;:?!]",
    "a doubled word": r"\b(?!had |that )([A-Za-z]+) \1\b",
    "'a' before a vowel": r"\b[Aa] (?!one\b|once\b|uni|use|euro)(?:[aeiou]|8|1[18](?!\d))",
    "'an' before a consonant": r"\b[Aa]n (?!hour|honest|honou?r|heir|8|1[18](?!\d)|[A-Z]\b)[^aeiouAEIOU\"']",
    "one of a plural": r"(?<![\d.,:/])\b1 (?!(?:is|was|has|does|less|plus|as|minus)\b)[a-z]+s\b",
    "a wrong plural": r"(?:x|[^e\W]ch(?<!ach)(?<!arch)|sh|[bcdfghjklmnpqrstvwz]y)s\b",
    "a small letter after a full stop": r"\w{3}[.?!] [a-z]",
}

by_family = pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)


def splits_of(family):
    """The splits whose draws differ: validation draws as train does, and the splits part what comes out."""
    return ("transfer",) if family.transfer else ("train", "test")


@functools.cache
def pairs(name, split, number=DRAWS, level=None):
    """Draw pairs of riddle and contrast: of one level, or of each in turn."""
    rng = np.random.default_rng(20)
    return [FAMILIES[name].generate(rng, level or LEVELS[i % len(LEVELS)], split) for i in range(number)]


def both(family):
    """Every riddle and every contrast of the sample."""
    return (riddle for split in splits_of(family) for pair in pairs(family.name, split) for riddle in pair)


def accepted(riddle):
    return {normalise(text) for text in (riddle.answer, *riddle.aliases)}


@by_family
def test_questions_are_grammatical(family):
    faults = Counter()
    for riddle in both(family):
        question = riddle.question
        faults.update((fault, question) for fault, bad in BAD_GRAMMAR.items() if re.search(bad, question))
        if not re.match(r"[A-Z0-9\"']", question) or not question.endswith(("?", ".")):
            faults["a wrong beginning or end", question] += 1
    assert not faults, list(faults)[:5]


@by_family
def test_the_trap_is_wrong_and_the_contrast_has_another_answer(family):
    for split in splits_of(family):
        for riddle, contrast in pairs(family.name, split):
            assert normalise(riddle.question) != normalise(contrast.question)
            for one in (riddle, contrast):
                assert normalise(one.trap or "") not in accepted(one) | {""}, one
            assert normalise(contrast.answer) not in accepted(riddle), riddle
            assert normalise(riddle.answer) not in accepted(contrast), contrast


@by_family
def test_explanations_are_there_and_hints_do_not_tell(family):
    for riddle in both(family):
        assert re.fullmatch(r"[A-Z0-9'\"].*[.!?]['\"]?", riddle.explanation), riddle
        assert not re.search(r"[{}]|  ", riddle.explanation), riddle
        assert len(riddle.hints) <= 2
        told = {bare for text in accepted(riddle) if (bare := re.sub(r"^(an?|the) ", "", text))}
        for hint in riddle.hints:
            assert not [text for text in told if f" {text} " in f" {normalise(hint)} "], riddle


@by_family
def test_templates_are_filled_as_python_formats_them(family):
    rng = np.random.default_rng(3)
    for split in splits_of(family):
        facts = family.tell(Draw(rng, split, 3)).facts
        for template in (text for pair in family.wordings + family.test_wordings for text in pair):
            assert _filled(template, facts) == template.format_map(facts)


@pytest.mark.parametrize("template", ["{n:02d} birds", "{n!r} birds", "{bird.name}", "{0} birds"])
def test_a_slot_that_is_more_than_a_name_is_refused(template):
    with pytest.raises(ValueError, match="a slot is a name and nothing else"):
        _filled(template, {"n": 3})


def test_a_template_may_have_a_percent_sign_braces_or_no_slot():
    assert _filled("{n} % of {{birds}}", {"n": 3}) == "3 % of {birds}"
    assert _filled("all 100%", {"n": 3}) == "all 100%"


@by_family
def test_there_are_enough_wordings_and_they_are_different(family):
    assert len(family.wordings) >= 3
    assert family.transfer or len(family.test_wordings) >= 2
    assert len(family.wordings) + len(family.test_wordings) >= 5
    texts = [normalise(text) for pair in family.wordings + family.test_wordings for text in pair]
    assert len(set(texts)) == len(texts)


@by_family
def test_wordings_of_train_and_test_do_not_mix(family):
    if family.transfer:
        return
    for split, own, other in (
        ("train", family.wordings, family.test_wordings),
        ("test", family.test_wordings, family.wordings),
    ):
        for pair in pairs(family.name, split)[:15]:
            for side, riddle in enumerate(pair):
                assert any(_is_worded(riddle.question, wording[side]) for wording in own), riddle.question
                assert not any(_is_worded(riddle.question, wording[side]) for wording in other), riddle.question


@by_family
def test_held_out_words_are_in_test_only(family):
    if family.transfer:
        return
    banks = _banks_of(family)
    words = {side: {part for b in banks for word in getattr(b, side) for part in word.split(":")}
             for side in ("train", "test")}  # fmt: skip
    wordings = " ".join(normalise(text) for pair in family.wordings + family.test_wordings for text in pair)
    for split, own, other in (("train", "train", "test"), ("test", "test", "train")):
        forbidden = {word for word in words[other] - words[own] if not _has(wordings, word)}
        allowed = sorted(map(normalise, words[own]), key=len, reverse=True)
        for riddle in (riddle for pair in pairs(family.name, split)[:50] for riddle in pair):
            rest = f" {normalise(riddle.question)} "
            for word in allowed:
                rest = rest.replace(f" {word} ", "  ")
            assert not [word for word in forbidden if _has(rest, word)], riddle.question


@by_family
def test_there_are_enough_questions(family):
    """The collision estimate: of n draws, n(n-1)/2 pairs, those that are equal tell how many questions there are.

    Pairs divided by equal pairs estimates 1 / sum(p^2), which is the number of questions if all are equally likely and
    less than it if not: a family that reaches the bound by this estimate has at least as many. Train and validation
    share what is drawn, half each, so it has to reach twice the bound for them.
    """
    for split in splits_of(family):
        drawn = Counter(normalise(riddle.question) for riddle, _ in pairs(family.name, split, SAMPLE, 3))
        equal = sum(times * (times - 1) // 2 for times in drawn.values())
        needed = DISTINCT * (2 if split == "train" else 1)
        assert needed * equal <= SAMPLE * (SAMPLE - 1) / 2, f"{split}: {equal} equal pairs in {SAMPLE} draws"
    easy = {riddle.question for riddle, _ in pairs(family.name, splits_of(family)[0], 100, 1)}
    assert len(easy) >= 60


def test_from_level_4_on_many_families_put_a_number_beside_the_point_into_the_riddle():
    holding = [
        family for family in FAMILIES.values() if any("{extra}" in text for pair in family.wordings for text in pair)
    ]
    assert len(holding) >= 12
    for family in holding:
        for template in (text for pair in family.wordings + family.test_wordings for text in pair):
            assert template.count("{extra}") == 1, template
        for split in splits_of(family):
            told = {level: family.tell(Draw(np.random.default_rng(1), split, level)).facts["extra"] for level in LEVELS}
            assert not told[1] + told[2] + told[3]
            assert re.fullmatch(r"[A-Z].*\d.*\. ", told[4])
            assert re.fullmatch(r"[A-Z].*\d.*\. ", told[5])


def test_a_row_of_counted_letters_goes_on_in_one_way():
    tens = "TTTTTTTTTT"  # twenty-one to thirty
    letters = "OTTFFSSENTETTFFSSENT" + tens
    for split in ("train", "test"):
        for riddle, _ in pairs("letters-that-count", split):
            row = "".join(re.search(r"[A-Z](?:, [A-Z])+", riddle.question)[0].split(", "))
            assert [letters[at + len(row) :][:1] for at in range(30) if letters.startswith(row, at)] == [riddle.answer]


def test_the_same_riddles_under_any_hash_seed():
    code = (
        "import hashlib, numpy as np; from expit_env.riddles import FAMILIES;"
        "splits = lambda f: ('transfer',) if f.transfer else ('train', 'test');"
        "text = repr([f.generate(np.random.default_rng(i), 1 + i, s)"
        " for f in FAMILIES.values() for s in splits(f) for i in range(5)]);"
        "print(len(text), hashlib.sha256(text.encode()).hexdigest())"
    )
    environments = [{**os.environ, "PYTHONHASHSEED": seed} for seed in ("1", "2")]
    runs = [subprocess.run([sys.executable, "-c", code], env=e, capture_output=True, text=True, check=True)
            for e in environments]  # fmt: skip
    assert runs[0].stdout
    assert runs[0].stdout == runs[1].stdout


def test_every_family_is_listed_once_under_its_group():
    assert len(FAMILIES) == sum(len(module.FAMILIES) for module in GROUPS.values())
    assert {family.group for family in FAMILIES.values()} == set(GROUPS)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) for name in FAMILIES)


@pytest.mark.parametrize("level", LEVELS)
def test_a_draw_keeps_held_out_words_and_numbers_apart(level):
    colours = bank("red, blue, green | grey, pink")

    def drawn(split):
        draw = Draw(np.random.default_rng(level), split, level)
        return {draw.noun(colours) for _ in range(99)}, {draw.number(1, 14) for _ in range(299)}

    words, numbers = drawn("train")
    assert words == set(colours.train)
    assert numbers == {n for n in range(1, (14 if level < 3 else 27) + 1) if n % 7}
    words, numbers = drawn("test")
    assert words == set(colours.test)
    assert {7, 14} <= numbers


def test_a_number_can_be_left_out():
    draw = Draw(np.random.default_rng(0), "train", 1)
    assert {draw.within(1, 4, but=6 / 2) for _ in range(50)} == {1, 2, 4}


@pytest.mark.parametrize("words", ["red, blue", "red, blue |", "| red", "red, blue | blue"])
def test_a_bank_without_words_on_both_sides_is_refused(words):
    with pytest.raises(ValueError, match="a bank needs words"):
        bank(words)


def test_articles_and_counts():
    assert [a("apple"), a("pear"), a("11th"), a("110th")] == ["an apple", "a pear", "an 11th", "a 110th"]
    assert [count(1, "bird"), count(3, "bird"), count(2, "goose", "geese")] == ["1 bird", "3 birds", "2 geese"]


def _is_worded(question, template):
    """Whether a question is this template, filled, behind any opening."""
    pieces = list(string.Formatter().parse(template))
    *texts, end = [text for text, _, _, _ in pieces] + [""] * (pieces[-1][1] is not None)
    place = 0
    for text in texts:
        place = question.find(text, place)
        if place < 0:
            return False
        place += len(text)
    return question.endswith(end) and place + len(end) <= len(question)


def _has(text, word):
    return f" {normalise(word)} " in f" {text} "


def _banks_of(family):
    """Return the banks that a family's code names, itself or in what it calls, and those of the openings."""
    banks, seen, functions = {NAMES, PLACES, LISTENERS}, set(), [family.tell]
    while functions:
        function = functions.pop()
        seen.add(function)
        named = [function.__globals__.get(name) for name in function.__code__.co_names]
        banks.update(value for value in named if isinstance(value, Bank))
        functions.extend(value for value in named if isinstance(value, FunctionType) and value not in seen)
    return banks
