"""The answer contract: no wrong reply passes, no right one that keeps the contract fails."""

import hypothesis.strategies as st
import pytest
from hypothesis import given
from support.data import rows

from expit_env import ANSWER_FORMAT, Outcome, Riddle, verify
from expit_env.riddles import splits
from expit_env.riddles.bank import entries

MARKS = ("{}", "<answer>{}</answer>", "\\boxed{{{}}}", "Answer: {}", "**Final answer:** {}.", "The answer is {}.")

RIDDLES = {
    "birds": Riddle("There are 8 crows. 3 are shot. How many are left?", "0", trap="5", unit="crows|birds"),
    "goats": Riddle("A widow has 23 goats. All but 7 run away. How many goats does she still have?", "7", trap="16"),
    "bread": Riddle("2 loaves bake in 4 hours. How long do 8 take side by side?", "4 hours", trap="16 hours"),
    "race": Riddle("You overtake the runner in third place. What place are you in now?", "third", trap="second"),
    "sisters": Riddle("April's mother has three children: May, June and who else?", "April", trap="July"),
    "river": Riddle("What has a mouth but never eats?", "a river", ("a jar",), trap="a bird"),
    "bat": Riddle("Yes or no: is a bat a bird?", "no", trap="yes"),
    "capital": Riddle("What is the capital of Australia?\nA. Sydney\nB. Canberra\nC. Perth", "B", ("Canberra",), "A"),
}
BIRDS = RIDDLES["birds"]


def generated():
    for split in splits.SPLITS:
        for family in splits.families_of(split):
            for index in range(5):
                yield from (splits.riddle_at(family, split, index, contrast) for contrast in (False, True))
        yield from (riddle for entry in entries(split) for riddle in entry if riddle)


def test_no_labelled_wrong_reply_passes_and_no_right_one_that_keeps_the_contract_fails():
    labelled = rows("verifier_*.jsonl")
    assert sum(row.get("contract", False) for row in labelled) > 400
    for row in labelled:
        reply, right, contract = row.pop("response"), row.pop("correct"), row.pop("contract", False)
        assert contract <= verify(Riddle(**row), reply).correct <= right, (row["question"], reply)


@pytest.mark.parametrize("mark", MARKS)
def test_every_answer_and_alias_passes_and_no_trap_does(mark):
    for riddle in generated():
        for answer in (riddle.answer, *riddle.aliases):
            verdict = verify(riddle, mark.format(answer))
            assert (verdict.outcome, verdict.extracted) == (Outcome.CORRECT, riddle.answer), (riddle.question, answer)
        if riddle.trap:
            verdict = verify(riddle, mark.format(riddle.trap))
            assert (verdict.outcome, verdict.extracted) == (Outcome.WRONG, riddle.trap), (riddle.question, riddle.trap)


@pytest.mark.parametrize("row", rows("contract.jsonl"), ids=lambda row: f"{row['riddle']}-{row['rule']}")
def test_the_rule_of_a_verdict_says_what_decided_it(row):
    verdict = verify(RIDDLES[row["riddle"]], row["reply"])
    assert (verdict.outcome, verdict.rule) == (Outcome(row["outcome"]), row["rule"])


@given(st.text() | st.lists(st.sampled_from(["Answer:", "0", "<answer>", "</answer>", "\\boxed{", "}", " ", "\n"])))
def test_any_text_gets_a_verdict_and_always_the_same_one(parts):
    text = "".join(parts)
    assert verify(BIRDS, text) == verify(BIRDS, text)


@given(st.text())
def test_text_before_a_final_answer_decides_nothing(text):
    if verify(BIRDS, text).rule == "no final answer" and "answer" not in text.lower():
        verdict = verify(BIRDS, f"{text}\nAnswer: 0")
        assert verdict.correct or verdict.rule in ("denied answer", "unfinished thought")
        assert not verify(BIRDS, f"{text}\nAnswer: 5").correct


@pytest.mark.parametrize("line", ["They flee.", "No", "Three or", "No, they all flee", "Nobody thinks so"])
def test_the_mark_that_agents_are_asked_for_passes_and_no_on_the_line_before_denies_nothing(line):
    assert "Answer:" in ANSWER_FORMAT
    assert verify(BIRDS, f"{line}\nAnswer: 0").correct
