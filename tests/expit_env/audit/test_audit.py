"""The audit: it passes the verifier and catches a broken one, for its attacks are really wrong."""

import functools
import json

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
from scipy import stats
from support.verifiers import literal, somewhere

from expit_env import Riddle
from expit_env.audit import audit as audit_module
from expit_env.audit.attacks import ATTACKS, FORMS
from expit_env.audit.audit import Audit, Constant, Tally, audit
from expit_env.audit.known import Known, meaning
from expit_env.riddles import FAMILIES as ALL_FAMILIES
from expit_env.riddles.bank import BANK, entries
from expit_env.riddles.splits import SPLITS

FAMILIES = ("birds-on-a-wire", "all-but", "pills-every-half-hour")


def test_the_verifier_passes_a_small_audit_and_one_of_the_whole_bank():
    found = audit(FAMILIES, riddles=2)
    assert not found.complaints, found.faults[:3]
    assert found.tally(tuple(FORMS)).tried > 300
    assert found.tally(tuple(ATTACKS)).tried > 2_000
    found = audit((BANK,), riddles=1_000)
    assert not found.faults, found.faults[:3]
    assert found.tally(("the answer",)).tried > sum(len(entries(split)) for split in SPLITS)


@pytest.mark.parametrize(("right", "complaints"), [(9, 0), (10, 1)])
def test_one_answer_that_is_right_on_a_tenth_of_a_split_is_a_complaint(right, complaints):
    found = Audit((), 1, {}, (), (Constant("train", "neither", Tally(100, right)),))
    assert len(found.complaints) == complaints
    assert all("'neither' alone is right on 10.0% of train" in complaint for complaint in found.complaints)


def test_a_verifier_that_passes_or_refuses_too_much_is_caught():
    found = audit(FAMILIES, riddles=1, verifier=somewhere)
    caught = {test for test in ATTACKS if found.tally((test,)).false}
    assert caught >= {"hedge", "denial", "retraction", "everything", "doubled", "broken", "sign", "digits"}
    assert "false passes" in found.complaints[0]
    assert audit(FAMILIES, riddles=1, verifier=somewhere) == found, "the same audit twice is the same"
    found = audit(FAMILIES, riddles=1, verifier=literal)
    assert "false fails" in " ".join(found.complaints)
    assert not found.tally(("the answer", "an alias", "case")).false


def test_the_command_fails_on_a_broken_verifier_and_says_where(expit, monkeypatch, capsys):
    monkeypatch.setattr(audit_module, "audit", functools.partial(audit, verifier=somewhere))
    with pytest.raises(SystemExit, match="false passes; none is acceptable"):
        expit("audit", "--families", "all-but", "--riddles", 1)
    assert "false pass, hedge: all-but/" in capsys.readouterr().out


def test_the_command_prints_one_json_object_and_writes_a_page(expit, capsys, tmp_path):
    expit("audit", "--families", *FAMILIES, "--riddles", 1, "--json", "--out", tmp_path / "audit.md")
    printed = json.loads(capsys.readouterr().out)
    assert set(printed["families"]) == set(FAMILIES)
    assert printed["all"]["false_passes"]["false"] == 0
    assert printed["complaints"] == []
    assert "| birds-on-a-wire |" in (tmp_path / "audit.md").read_text(encoding="utf-8")


def test_an_audit_takes_the_names_of_the_environment_and_needs_a_riddle():
    found = audit(("sequences", BANK), riddles=1, verifier=literal)
    assert found.families == (*(name for name, family in ALL_FAMILIES.items() if family.group == "sequences"), BANK)
    with pytest.raises(ValueError, match="Did you mean 'all-but'"):
        audit(("all-butt",))
    with pytest.raises(ValueError, match="at least 1 riddle"):
        audit(FAMILIES, riddles=0)


@hypothesis.given(st.integers(1, 10_000), st.floats(0, 1))
def test_an_interval_is_wilsons(tried, share):
    tally = Tally(tried, int(tried * share))
    bounds = stats.binomtest(tally.false, tried).proportion_ci(method="wilson")
    assert tally.interval == pytest.approx((bounds.low, bounds.high), abs=1e-9)
    assert Tally(0, 0).interval == (0.0, 1.0)


def test_no_attack_gives_the_right_answer_and_none_is_always_silent():
    found = audit((*ALL_FAMILIES, BANK), riddles=2, verifier=literal)
    assert not found.tally(tuple(ATTACKS)).false, [fault for fault in found.faults if fault.test in ATTACKS][:3]
    assert [test for test in (*FORMS, *ATTACKS) if not found.tally((test,)).tried] == []


def test_what_may_be_right_is_no_attack():
    birds = Known(Riddle("How many birds are left?", "0", ("none", "no birds"), trap="3"))
    assert list(birds.only_wrong(["Zero", "nothing", "none left", "birds", "3", "nowhere"])) == ["3", "nowhere"]
    assert birds.wrong == "3"
    jar = Known(Riddle("What is the jar full of?", "candles", trap="buttons"))
    assert list(jar.only_wrong(["a candle", "the candles", "a button", "candlesticks"])) == ["a button", "candlesticks"]


def test_a_riddle_without_trap_number_or_contrast_can_be_attacked():
    known = Known(Riddle("What has a mouth but never eats?", "a river"))
    replies = [reply for attack in ATTACKS.values() for reply in attack(known, np.random.default_rng(0))]
    assert len(replies) > 100
    assert "river" not in map(meaning, replies)
