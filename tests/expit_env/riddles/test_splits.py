"""Addresses, and splits that share no question."""

import dataclasses
import itertools

import pytest

from expit_env.riddles import FAMILIES, splits
from expit_env.riddles.family import normalise


@pytest.mark.parametrize("family", splits.families_of("train"))
def test_no_question_is_in_two_splits_not_even_with_another_opening(family):
    seen = {}
    for split in ("train", "validation", "test"):
        for index in range(200):
            for question in splits.bare_questions(family, split, index):
                assert seen.setdefault(normalise(question), split) == split, question


def test_an_address_is_the_same_riddle_in_every_version_of_python():
    assert splits.riddle("birds-on-a-wire/train/4").question == (
        "David asked 5 neighbours this riddle on the beach. Only Olivia got it right. In a field, 4 starlings are"
        " looking for worms. A hunter sees 18 gulls on a branch and shoots 5. How many gulls remain on the branch?"
    )
    assert splits.riddle("birds-on-a-wire/test/4").question == (
        "Kofi asked 3 colleagues this riddle at the town hall. Only Petra got it right. In a field, 8 ravens are"
        " looking for worms. 4 out of 13 finches on a bough are shot by a hunter. How many are on the bough a"
        " minute later?"
    )


def test_other_wordings_or_words_of_train_have_another_digest(monkeypatch):
    now, family = splits.digest(), FAMILIES["take-away"]
    assert now == "976402a28fe05aa3", "runs that began before cannot be resumed: is that meant?"
    monkeypatch.setitem(FAMILIES, "take-away", dataclasses.replace(family, test_wordings=family.test_wordings[:1]))
    assert splits.digest() == now
    monkeypatch.setitem(FAMILIES, "take-away", dataclasses.replace(family, wordings=family.wordings[:3]))
    assert splits.digest() != now


def test_a_bare_question_is_the_question_without_its_opening():
    for index, contrast in itertools.product(range(5), (False, True)):
        question = splits.riddle_at("birds-on-a-wire", "test", index, contrast).question
        bare = splits.bare_questions("birds-on-a-wire", "test", index)[contrast]
        assert question.endswith(bare)
        assert (question == bare) == (index == 0)


@pytest.mark.parametrize("place", ["", "/train", "/transfer/0", "/train/-1", "/train/9999999", "s/train/0"])
def test_a_wrong_address_is_refused(place):
    for name in (f"birds-on-a-wire{place}", place, None):
        with pytest.raises(ValueError, match="no riddle has the id"):
            splits.riddle(name)
