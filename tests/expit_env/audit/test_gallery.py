"""The gallery: every family with its contrast, and a check that notices a page that is not current."""

import pytest

from expit_env.audit.gallery import gallery
from expit_env.riddles import FAMILIES, GROUPS, splits


def test_every_family_is_shown_and_the_check_fails_on_a_page_that_is_not_current(expit, tmp_path):
    file = tmp_path / "gallery.md"
    with pytest.raises(SystemExit, match=r"expit gallery --out"):
        expit("gallery", "--check", "--out", file)
    expit("gallery", "--out", file)
    expit("gallery", "--check", "--out", file)
    page = file.read_text(encoding="utf-8")
    file.write_text(page + "more\n", encoding="utf-8")
    with pytest.raises(SystemExit, match=r"expit gallery --out"):
        expit("gallery", "--check", "--out", file)

    assert page == gallery()
    assert page.count("\n## ") == len(GROUPS)
    assert page.count("\n### ") == len(FAMILIES) == page.count("\nContrast:\n")
    one = splits.riddle("all-but/train/0")
    assert f"> {one.question}\n" in page
    assert f"**{one.answer}**, and not {one.trap}. {one.explanation}" in page
