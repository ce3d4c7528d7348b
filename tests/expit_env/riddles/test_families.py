"""Every family by the same rules: the next one is tested as soon as it is listed."""

import functools
import random
import re
from collections import Counter

import pytest
from support.data import rows
from support.riddle_rules import accepted, faults

from expit_env import Kind, verify
from expit_env.riddle import LEVELS
from expit_env.riddles import FAMILIES, GROUPS, splits
from expit_env.riddles.draw import Draw
from expit_env.riddles.family import Family, Instance, fill, normalise, side_of

DISTINCT, BAD_GRAMMAR = 10_000, rows("bad_grammar.jsonl")


def by_family(condition=lambda family: True):
    chosen = [family for family in FAMILIES.values() if condition(family)]
    return pytest.mark.parametrize("family", chosen, ids=lambda family: family.name)


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


def slots(wording):
    return re.findall(r"\{(\w+)\}", wording)


@by_family()
def test_riddles_keep_the_rules_and_questions_are_grammatical(family):
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", family.name)
    assert family.group in GROUPS
    for riddle in both(family):
        bad = [row["fault"] for row in BAD_GRAMMAR if re.search(row["pattern"], riddle.question)]
        assert not bad + faults(riddle), riddle


@by_family()
def test_the_contrast_has_another_answer_and_no_alias_repeats_one(family):
    for split in splits_of(family):
        for riddle, contrast in pairs(family.name, split):
            assert normalise(riddle.question) != normalise(contrast.question)
            assert not accepted(riddle) & {normalise(riddle.trap), normalise(contrast.answer), ""}, riddle
            assert not accepted(contrast) & {normalise(contrast.trap), normalise(riddle.answer), ""}, contrast
    for riddle in both(family):
        texts = (riddle.answer, *riddle.aliases)
        assert all(len(text.split()) <= 6 for text in texts), riddle
        unit = riddle.unit if riddle.kind is Kind.NUMBER else None
        assert len({spelled(text, unit) for text in texts}) == len(texts), riddle


@by_family()
def test_no_answer_that_ignores_the_question_is_right_on_both_sides(family):
    """So a constant, a family's favourite answer and one answer to what looks alike have no pair."""
    for split in ("transfer",) if family.transfer else ("train", "validation", "test"):
        found = [[splits.riddle_at(family.name, split, place, side) for side in (False, True)] for place in range(8)]
        for text in {text for pair in found for one in pair for text in (one.answer, *one.aliases, one.trap)}:
            assert not any(all(verify(one, text).correct for one in pair) for pair in found), (split, text)


def spelled(text, unit):
    """One spelling for texts that are one answer: articles, short forms, a leading *it is* and a unit do not matter."""
    text = text.lower().replace("can't", "cannot").replace("n't", " not")
    text = re.sub(r"^(it is|there (is|are)|they are|you are) ", "", text)
    text = re.sub(r"\b(an?|the) ", "", text)
    return re.sub(rf"^(\d+|no|one) ({unit})$", r"\1", text)


@by_family()
def test_there_are_enough_wordings_and_no_two_are_alike(family):
    assert len(family.wordings) >= 3
    assert family.transfer or len(family.test_wordings) >= 2
    assert len(family.wordings) + len(family.test_wordings) >= 5
    texts = [normalise(fill(wording, {slot: slot for slot in slots(wording)}, side))
             for wording in family.wordings + family.test_wordings for side in (False, True)]  # fmt: skip
    assert len(set(texts)) == len(texts)


@by_family(lambda family: not family.transfer)
def test_the_test_split_has_its_own_wordings(family):
    for split, wordings in (("train", family.wordings), ("test", family.test_wordings)):
        patterns = [[re.escape(fill(wording, dict.fromkeys(slots(wording), "0"), side)).replace("0", ".*")
                     for wording in wordings] for side in (False, True)]  # fmt: skip
        for pair in pairs(family.name, split)[:15]:
            for riddle, texts in zip(pair, patterns, strict=True):
                assert any(re.search(f"{text}$", riddle.question) for text in texts), riddle


@by_family()
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


@by_family(lambda family: "{extra}" in family.wordings[0])
def test_from_level_4_on_the_riddle_has_an_irrelevant_number(family):
    assert all(wording.count("{extra}") == 1 for wording in family.wordings + family.test_wordings)
    for split in splits_of(family):
        for level in LEVELS:
            extra = family.draw_instance(Draw(random.Random(1), split, level)).facts["extra"]
            assert re.fullmatch(r".*\d.*\. " if level >= 4 else "", extra)


def test_a_row_of_counted_letters_has_one_continuation():
    letters = "OTTFFSSENTETTFFSSENT" + "T" * 10  # one to thirty
    for split in ("train", "test"):
        for riddle, _ in pairs("letters-that-count", split):
            row = "".join(re.search(r"[A-Z](?:, [A-Z])+", riddle.question)[0].split(", "))
            assert [letters[at + len(row) :][:1] for at in range(30) if letters.startswith(row, at)] == [riddle.answer]


def test_a_wording_is_filled_as_the_riddle_or_the_contrast_with_articles_where_asked():
    facts = {"n": 5, "k": 2, "birds": "crows", "who": "Ben", "perch": "elm"}
    wording = "{n} {|wooden }{birds} sit on {a_perch}. {A hunter shoots {k}|{who} takes {k} away}. {How|{n}} are left?"
    assert fill(wording, facts) == "5 crows sit on an elm. A hunter shoots 2. How are left?"
    assert fill(wording, facts, contrast=True) == "5 wooden crows sit on an elm. Ben takes 2 away. 5 are left?"
    with pytest.raises(KeyError, match="owls"):
        fill("{owls} fly.", facts)


def test_the_side_depends_only_on_the_words_that_riddle_and_contrast_share():
    wording = "{n} {birds} {fly|swim {k} times}. How many?"
    sides = [side_of(wording, {"n": n, "birds": "crows", "k": k}) for n in range(40) for k in range(3)]
    assert sides[::3] == sides[1::3] == sides[2::3]
    assert set(sides) == {0, 1}


def test_a_family_without_a_question_on_a_side_is_an_error_that_names_it():
    one = Instance({}, "1", "2", "One.", "2", "Two.")
    family = Family("one-question", lambda draw: one, ("How many {are|were} there?",))
    side = side_of(family.wordings[0], {})
    assert family.generate(random.Random(0), 1, side=side)[0].question == "How many are there?"
    with pytest.raises(RuntimeError, match="one-question has no riddle for validation at level 1"):
        family.generate(random.Random(0), 1, "validation", side=1 - side)
