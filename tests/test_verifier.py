"""The answer contract: no false pass, no right answer that keeps the contract refused, total, pure, linear."""

import json
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given

from expit_env import ANSWER_FORMAT, Outcome, Riddle, verify
from expit_env.riddles import splits
from expit_env.riddles.bank import entries

DATA = Path(__file__).parent / "data"
MARKS = ("{}", "<answer>{}</answer>", "\\boxed{{{}}}", "Answer: {}", "**Final answer:** {}.", "The answer is {}.")

BIRDS = Riddle(
    "There are 8 crows on a fence. A hunter shoots 3 of them. How many are left?", "0", trap="5", unit="crows|birds"
)
GOATS = Riddle("A widow has 23 goats. All but 7 run away. How many goats does she still have?", "7", trap="16")
BREAD = Riddle("2 loaves bake in 4 hours. How long do 8 loaves take side by side?", "4 hours", trap="16 hours")
RACE = Riddle("You overtake the runner in third place. What place are you in now?", "third", trap="second")
SISTERS = Riddle("April's mother has three children: May, June and who else?", "April", trap="July")
RIVER = Riddle("What has a mouth but never eats?", "a river", ("a jar",), trap="a bird")
BAT = Riddle("Yes or no: is a bat a bird?", "no", trap="yes")
CAPITAL = Riddle("What is the capital of Australia?\nA. Sydney\nB. Canberra\nC. Perth", "B", ("Canberra",), trap="A")


def labelled():
    for path in sorted(DATA.glob("verifier_*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            response, right, contract = row.pop("response"), row.pop("correct"), row.pop("contract", False)
            yield Riddle(**row), response, right, contract


def generated():
    for split in splits.SPLITS:
        for family in splits.families_of(split):
            for index in range(5):
                yield splits.riddle_at(family, split, index)
                yield splits.riddle_at(family, split, index, contrast=True)
        for riddle, contrast in entries(split):
            yield riddle
            if contrast:
                yield contrast


def test_no_labelled_wrong_reply_passes_and_no_right_one_that_keeps_the_contract_is_refused():
    rows = list(labelled())
    assert sum(contract for *_, contract in rows) > 400
    assert [(riddle.question, reply) for riddle, reply, right, _ in rows if verify(riddle, reply).correct > right] == []
    refused = [
        (riddle.question, reply) for riddle, reply, _, keeps in rows if keeps and not verify(riddle, reply).correct
    ]
    assert refused == []


@pytest.mark.parametrize("mark", MARKS)
def test_every_answer_and_alias_passes_and_no_trap_does(mark):
    for riddle in generated():
        for answer in (riddle.answer, *riddle.aliases):
            verdict = verify(riddle, mark.format(answer))
            assert (verdict.outcome, verdict.extracted) == (Outcome.CORRECT, riddle.answer), (riddle.question, answer)
        if riddle.trap:
            verdict = verify(riddle, mark.format(riddle.trap))
            assert (verdict.outcome, verdict.extracted) == (Outcome.WRONG, riddle.trap), (riddle.question, riddle.trap)


@pytest.mark.parametrize(
    ("riddle", "response"),
    [
        (BIRDS, "The shot scared them away.\nAnswer: none"),
        (BIRDS, "There are no crows."),
        (BIRDS, "8 - 3 = 5, but the shot scares them. So the answer is 5? No.\n\n**Answer:** zero birds\n"),
        (BIRDS, "<think>The answer is 5.</think>\n\\[ \\boxed{0} \\]"),
        (BIRDS, "Answer: <answer>0</answer>"),
        (BIRDS, "<answer>None</answer> ... \\boxed{\\text{no birds}}."),
        (GOATS, "7 goats"),
        (GOATS, "### Final answer: $7$"),
        (GOATS, "**Final Answer:**\n\\[\n\\boxed{7}\n\\]"),
        (GOATS, "<answer>\\boxed{7}</answer>"),
        (GOATS, "The answer is \\(7\\)."),
        (GOATS, "_Answer:_ 7"),
        (BREAD, "The answer is: 240 minutes"),
        (BREAD, "**Four hours**"),
        (RACE, "You are in 3rd place."),
        (SISTERS, "It's April!"),
        (RIVER, "JAR"),
        (BAT, "Nope."),
        (CAPITAL, "(B)"),
        (CAPITAL, "B) Canberra"),
        (CAPITAL, "option B"),
    ],
)
def test_these_keep_the_contract(riddle, response):
    assert verify(riddle, response).outcome is Outcome.CORRECT


@pytest.mark.parametrize(
    ("riddle", "response", "outcome", "rule"),
    [
        (BIRDS, "", "no_answer", "empty"),
        (BIRDS, "None. The shot scared them away.", "no_answer", "no final answer"),
        (BIRDS, "None or 5", "no_answer", "no final answer"),
        (BIRDS, "5", "wrong", "bare answer"),
        (BIRDS, "5 crows", "wrong", "bare answer"),
        (BIRDS, "0 hunters", "wrong", "bare answer"),
        (BIRDS, "Answer: 0\nBut I doubt it.", "no_answer", "text after the final answer"),
        (BIRDS, "<answer>0</answer> is wrong", "no_answer", "text after the final answer"),
        (BIRDS, "Answer: 0\nAnswer: 5", "ambiguous", "different final answers"),
        (BIRDS, "<answer>5</answer>\nThe answer is 0.", "ambiguous", "different final answers"),
        (BIRDS, "Answer:", "no_answer", "nothing in the answer line"),
        (BIRDS, "<answer>0", "ambiguous", "broken answer tag"),
        (BIRDS, "0</answer>", "ambiguous", "broken answer tag"),
        (BIRDS, "<answer><answer>0</answer>", "ambiguous", "broken answer tag"),
        (BIRDS, "\\boxed{0", "ambiguous", "broken box"),
        (BIRDS, "\\boxed 0", "ambiguous", "broken box"),
        (BIRDS, "It is not <answer>0</answer>", "ambiguous", "denied answer"),
        (BIRDS, "never: \\boxed{0}", "ambiguous", "denied answer"),
        (BIRDS, "It isn’t the <answer>0</answer>", "ambiguous", "denied answer"),
        (BIRDS, "Not\nAnswer: 0", "ambiguous", "denied answer"),
        (BIRDS, "5 or \\boxed{0}", "ambiguous", "denied answer"),
        (BIRDS, "$x \\neq \\boxed{0}$", "ambiguous", "denied answer"),
        (GOATS, "1\\boxed{7}", "ambiguous", "denied answer"),
        (GOATS, "$-\\boxed{7}$", "ambiguous", "denied answer"),
        (GOATS, "_Answer: 8_\nAnswer: 7", "ambiguous", "different final answers"),
        (GOATS, "Answer  : 8\nAnswer: 7", "ambiguous", "different final answers"),
        (GOATS, "7 a day", "wrong", "bare answer"),
        (BIRDS, "<think>0", "no_answer", "unfinished thought"),
        (BIRDS, "<think>0</think>", "no_answer", "empty"),
        (BIRDS, "The wrong answer is 0.", "no_answer", "no final answer"),
        (BIRDS, "One answer is 0.", "no_answer", "no final answer"),
        (BIRDS, "The answer is not 0.", "wrong", "answer sentence"),
        (BIRDS, "Answer: 0?", "wrong", "answer line"),
        (BIRDS, "Answer: 0/58 birds", "wrong", "answer line"),
        (BIRDS, "not: 0", "no_answer", "no final answer"),
        (BIRDS, "No. 1", "no_answer", "no final answer"),
        (GOATS, "twenty-fifth minus 18", "no_answer", "no final answer"),
        (GOATS, "7 or 16", "no_answer", "no final answer"),
        (BREAD, "4 days", "wrong", "bare answer"),
        (BREAD, "4", "wrong", "bare answer"),
        (RACE, "a third", "wrong", "bare answer"),
        (RACE, "3 hours", "wrong", "bare answer"),
        (RIVER, "a bird, a river", "wrong", "bare answer"),
        (BAT, "no and yes", "no_answer", "no final answer"),
        (CAPITAL, "A) Canberra", "no_answer", "no final answer"),
        (CAPITAL, "A, B", "no_answer", "no final answer"),
    ],
)
def test_these_do_not_and_the_rule_says_why(riddle, response, outcome, rule):
    verdict = verify(riddle, response)
    assert (verdict.outcome, verdict.rule) == (Outcome(outcome), rule)


@given(st.text() | st.lists(st.sampled_from(["Answer:", "0", "<answer>", "</answer>", "\\boxed{", "}", " ", "\n"])))
def test_any_text_is_judged_and_twice_the_same(parts):
    text = "".join(parts)
    assert verify(BIRDS, text) == verify(BIRDS, text)


@given(st.text())
def test_text_around_a_final_answer_decides_nothing_but_whether_something_follows(text):
    if verify(BIRDS, text).rule == "no final answer" and "answer" not in text.lower():
        assert verify(BIRDS, f"{text}\nAnswer: 0").correct or "<think>" in text
        assert not verify(BIRDS, f"{text}\nAnswer: 5").correct


def test_the_format_that_agents_are_told_names_the_mark_that_passes():
    assert "Answer:" in ANSWER_FORMAT
    assert verify(BIRDS, "They flee.\nAnswer: 0").correct
