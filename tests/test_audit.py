"""The audit: it catches a broken verifier, its attacks are really wrong, its intervals are right."""

import functools
import json
import sys

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
from scipy import stats

from agents import cli
from expit_env import Outcome, Riddle, Verdict, verify
from expit_env.audit import audit as audit_module
from expit_env.audit.attacks import ATTACKS, FORMS
from expit_env.audit.audit import Audit, Constant, Tally, audit, best_constant
from expit_env.audit.known import Known, in_words, meaning
from expit_env.riddles import FAMILIES as ALL_FAMILIES
from expit_env.riddles.bank import BANK, entries
from expit_env.riddles.splits import SPLITS
from expit_env.spelling import spell

FAMILIES = ("birds-on-a-wire", "all-but", "pills-every-half-hour")


def verdict(correct):
    return Verdict(Outcome.CORRECT if correct else Outcome.WRONG, None, "a stand-in")


def lenient(riddle, reply):
    """The filter that everybody writes first."""
    return verdict(riddle.answer.lower() in reply.lower())


def literal(riddle, reply):
    return verdict(reply.strip().lower() in {text.lower() for text in (riddle.answer, *riddle.aliases)})


def run_command(monkeypatch, *words):
    monkeypatch.setattr(sys, "argv", ["expit", *words])
    cli.main()


def test_the_verifier_passes_a_small_audit():
    found = audit(FAMILIES, riddles=2)
    assert not found.complaints, found.faults[:3]
    assert found.tally(tuple(FORMS)).tried > 300
    assert found.tally(tuple(ATTACKS)).tried > 2_000


def test_the_verifier_passes_an_audit_of_the_whole_bank():
    found = audit((BANK,), riddles=1_000)
    assert not found.faults, found.faults[:3]
    judged = sum(len(entries(split)) for split in SPLITS)
    assert found.tally(("the answer",)).tried > judged


def test_groups_and_the_bank_are_named_as_in_the_environment():
    found = audit(("sequences", BANK), riddles=1, verifier=literal)
    assert found.families == (*(name for name, family in ALL_FAMILIES.items() if family.group == "sequences"), BANK)
    assert audit_module._select(()) == (*ALL_FAMILIES, BANK)


@pytest.mark.parametrize(("right", "complaints"), [(9, 0), (10, 1)])
def test_one_answer_to_a_tenth_of_a_split_is_a_complaint(right, complaints):
    found = Audit((), 1, {}, (), (Constant("train", "neither", Tally(100, right)),))
    assert len(found.complaints) == complaints
    assert all("'neither' alone is right on 10.0% of train" in complaint for complaint in found.complaints)


def test_every_attack_and_form_has_something_to_say():
    found = audit((*FAMILIES, "overtaking", "wetter-as-it-dries"), riddles=8)
    silent = [test for test in (*FORMS, *ATTACKS) if not found.tally((test,)).tried]
    assert not silent


def test_a_verifier_that_looks_for_the_answer_anywhere_is_caught():
    found = audit(FAMILIES, riddles=1, verifier=lenient)
    caught = {test for test in ATTACKS if found.tally((test,)).false}
    assert caught >= {"hedge", "denial", "retraction", "everything", "doubled", "broken", "sign", "digits"}
    assert "false passes" in found.complaints[0]


def test_a_verifier_that_refuses_too_much_is_caught():
    found = audit(FAMILIES, riddles=1, verifier=literal)
    assert "false fails" in " ".join(found.complaints)
    assert not found.tally(("the answer", "an alias", "case")).false


@pytest.mark.parametrize("families", [(), ("overtaking",)])
def test_no_attack_gives_the_right_answer(families, monkeypatch):
    """Judged by the riddle's own answers, letter by letter: so not one attack says what is right."""
    monkeypatch.setattr(audit_module, "_CONSTANT_RIDDLES", 1)
    found = audit(families, riddles=1, verifier=literal)
    assert not found.tally(tuple(ATTACKS)).false, [f for f in found.faults if f.test in ATTACKS][:3]


def test_the_command_fails_on_a_broken_verifier_and_says_where(monkeypatch, capsys):
    monkeypatch.setattr(audit_module, "audit", functools.partial(audit, verifier=lenient))
    with pytest.raises(SystemExit, match="false passes; none is acceptable"):
        run_command(monkeypatch, "audit", "--families", "all-but", "--riddles", "1")
    told = capsys.readouterr().out
    assert "all-but" in told
    assert "false pass, hedge: all-but/" in told


def test_the_command_prints_one_json_object_and_writes_a_page(monkeypatch, capsys, tmp_path):
    page = tmp_path / "audit.md"
    run_command(monkeypatch, "audit", "--families", *FAMILIES, "--riddles", "1", "--json", "--out", str(page))
    told = json.loads(capsys.readouterr().out)
    assert set(told["families"]) == set(FAMILIES)
    assert told["all"]["false_passes"]["false"] == 0
    assert told["complaints"] == []
    assert "| birds-on-a-wire |" in page.read_text(encoding="utf-8")


def test_a_family_that_does_not_exist_is_refused_with_the_nearest():
    with pytest.raises(ValueError, match="Did you mean 'all-but'"):
        audit(("all-butt",))
    with pytest.raises(ValueError, match="at least 1 riddle"):
        audit(FAMILIES, riddles=0)


def test_the_same_audit_twice_is_the_same():
    assert audit(("all-but",), riddles=1, verifier=lenient) == audit(("all-but",), riddles=1, verifier=lenient)


def test_the_best_constant_is_the_one_that_passes_most(monkeypatch):
    monkeypatch.setattr(audit_module, "_CONSTANT_RIDDLES", 2)
    monkeypatch.setattr(audit_module.splits, "families_of", lambda split: ("birds-on-a-wire", "all-but"))
    best = best_constant("train", verify)
    assert best.answer in ("0", "none")
    assert best.score == Tally(4, 2)
    assert best.pays


@pytest.mark.parametrize(
    ("tally", "low", "high"),
    [(Tally(10, 0), 0.0, 0.27753), (Tally(10, 5), 0.23659, 0.76341), (Tally(100, 1), 0.00177, 0.05449)],
)
def test_an_interval_has_its_known_ends(tally, low, high):
    assert tally.interval == pytest.approx((low, high), abs=1e-5)


@hypothesis.given(st.integers(1, 10_000), st.floats(0, 1))
def test_an_interval_is_wilsons(tried, share):
    tally = Tally(tried, int(tried * share))
    bounds = stats.binomtest(tally.false, tried).proportion_ci(method="wilson")
    assert tally.interval == pytest.approx((bounds.low, bounds.high), abs=1e-9)


def test_nothing_tried_is_nothing_known():
    assert Tally(0, 0).interval == (0.0, 1.0)


@hypothesis.given(st.integers(0, 999))
def test_a_number_in_words_is_that_number(number):
    assert spell(in_words(number)) == str(number)


def test_an_answer_that_may_be_right_is_no_attack():
    known = Known(Riddle("How many birds are left?", "0", ("none", "no birds"), trap="3"))
    assert list(known.only_wrong(["Zero", "nothing", "none left", "birds", "3", "nowhere"])) == ["3", "nowhere"]
    assert known.wrong == "3"


def test_a_riddle_without_trap_number_or_contrast_can_be_attacked():
    known = Known(Riddle("What has a mouth but never eats?", "a river"))
    rng = np.random.default_rng(0)
    replies = [reply for attack in ATTACKS.values() for reply in attack(known, rng)]
    assert len(replies) > 100
    assert not [reply for reply in replies if meaning(reply) == "river"]


def test_a_place_is_no_attack_where_it_is_an_alias():
    day, birds = (Known(Riddle("On what day is it out?", "9", aliases)) for aliases in (("the 9th day",), ("9 birds",)))
    rng = np.random.default_rng(0)
    assert list(ATTACKS["ordinal"](day, rng)) == []
    assert "ninth" in list(ATTACKS["ordinal"](birds, rng))


def test_an_answer_in_another_number_is_no_wrong_one():
    known = Known(Riddle("What is the jar full of?", "candles", trap="buttons"))
    others = ("a candle", "the candles", "a button", "candlesticks")
    assert list(known.only_wrong(others)) == ["a button", "candlesticks"]
