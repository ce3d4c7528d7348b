"""The gallery: every family with its contrast, and a check that notices a page that is not current."""

import math
import sys
from collections import Counter

import pytest

from agents import cli
from expit_env.audit.gallery import gallery, number_of_questions
from expit_env.riddles import FAMILIES, GROUPS, splits
from expit_env.riddles.splits import bare_questions, normalise


def run_command(monkeypatch, *words):
    monkeypatch.setattr(sys, "argv", ["expit", "gallery", *map(str, words)])
    cli.main()


def test_every_family_is_shown_with_its_contrast_under_its_group():
    page = gallery()
    assert page.count("\n## ") == len(GROUPS)
    assert page.count("\n### ") == len(FAMILIES) == page.count("\nContrast:\n")
    one = splits.riddle("all-but/train/0")
    assert f"> {one.question}\n" in page
    assert f"**{one.answer}**, and not {one.trap}. {one.explanation}" in page
    assert page == gallery()


@pytest.mark.parametrize(("family", "split"), [("birds-on-a-wire", "test"), ("months-of-28-days", "train")])
def test_the_number_of_questions_is_near_what_many_draws_tell_and_not_above_what_they_find(family, split):
    drawn = Counter(normalise(bare_questions(family, split, index)[0]) for index in range(2, 50_000, 5))
    told = int(number_of_questions(family, split).replace(",", ""))
    effective = math.comb(10_000, 2) / sum(math.comb(times, 2) for times in drawn.values())
    assert 0.5 * effective <= told <= 2 * effective
    assert told <= 1.5 * len(drawn)


def test_the_check_tells_what_mends_a_page_that_is_not_current(monkeypatch, tmp_path):
    page = tmp_path / "gallery.md"
    with pytest.raises(SystemExit, match=r"expit gallery --out"):
        run_command(monkeypatch, "--check", "--out", page)
    run_command(monkeypatch, "--out", page)
    run_command(monkeypatch, "--check", "--out", page)
    page.write_text(page.read_text(encoding="utf-8") + "more\n", encoding="utf-8")
    with pytest.raises(SystemExit, match=r"expit gallery --out"):
        run_command(monkeypatch, "--check", "--out", page)
