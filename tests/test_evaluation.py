"""Tests of agents.evaluation: each measure on answers whose outcome is known."""

import dataclasses
import io
import json

import gymnasium as gym
import pytest
from rich.console import Console
from tiny import tiny_model, tiny_tokenizer

import expit_env  # noqa: F401
from agents import Agent, Completion, evaluate, gap_closed, report
from agents.evaluation import (
    MEASURES,
    Answered,
    Comparison,
    Evaluation,
    evaluate_policy,
    evaluation_riddles,
    measured,
    paired_difference,
    split_env,
    summary,
)
from agents.policy import Decoding, LanguageModelPolicy, PolicyAgent
from agents.progress import QUIET

BIRDS = {"families": "birds-on-a-wire", "split": "validation"}


class Says(Agent):
    """Gives the texts in turn, over and over."""

    def __init__(self, *texts):
        self.texts = texts

    def act(self, observations):
        return [Completion(self.texts[i % len(self.texts)]) for i in range(len(observations))]


def answered(name, correct, **changes):
    values = {
        "riddle_id": name,
        "family": "f",
        "question": "?",
        "answer": "0",
        "greedy": "0",
        "correct": correct,
        "trapped": False,
        "contrast_correct": False,
        "sampled_correct": 0,
        "majority_correct": False,
    }
    return Answered(**values | changes)


def test_the_constant_answer_is_right_alone_and_wrong_in_the_pair():
    measured = evaluate(Says("None."), gym.make("Riddle-v0", **BIRDS), [1, 2, 3])
    assert measured.mean("system1_accuracy") == 1
    assert measured.mean("group_accuracy") == 0
    assert measured.split == "validation"


def test_system_2_needs_one_right_sample_and_majority_the_most_frequent():
    env = gym.make("Riddle-v0", **BIRDS)
    measured = evaluate(Says("101"), env, [1, 2], Says("101", "0", "None.", "102"), samples=4)
    assert [riddle.sampled_correct for riddle in measured.riddles] == [2, 2]
    assert measured.mean("system1_accuracy") == 0
    assert measured.mean("system2_accuracy") == 1
    assert measured.mean("majority_accuracy") == 0, "that 0 and none are one answer is known from the right one"
    voted = evaluate(Says("101"), env, [1], Says("101", "None.", "none", "102"), samples=4)
    assert voted.mean("majority_accuracy") == 1, "none is the most frequent, and passes"
    assert evaluate(Says("101"), env, [1], Says("0", "101", "101"), samples=3).mean("majority_accuracy") == 0


@pytest.mark.parametrize("families", ["birds-on-a-wire", "all"])
def test_a_policy_is_evaluated_in_one_batch_as_by_two_agents(families):
    policy, decoding = LanguageModelPolicy(tiny_model(), tiny_tokenizer()), Decoding(max_new_tokens=2)
    env = gym.make("Riddle-v0", families=families, split="validation")
    riddles = evaluation_riddles(env, 6)
    measured = evaluate_policy(policy, env, riddles, 40, decoding.max_new_tokens)
    greedy, drawing = PolicyAgent(policy, dataclasses.replace(decoding, temperature=0.0)), PolicyAgent(policy, decoding)
    apart = evaluate(greedy, env, riddles, drawing, 40)
    # The draws are others, so that only what the one answer decides is the same.
    drawn = {"sampled_correct": 0, "majority_correct": False}
    assert [dataclasses.replace(riddle, **drawn) for riddle in measured.riddles] == [
        dataclasses.replace(riddle, **drawn) for riddle in apart.riddles
    ]
    assert (measured.split, measured.samples) == ("validation", 40)


def test_riddles_without_a_contrast_are_left_out_of_group_accuracy():
    pair = answered("a", True, contrast_correct=True)
    without = answered("b", False, contrast_correct=None)
    assert Evaluation("test", 1, (pair, without)).mean("group_accuracy") == 1
    before, after = (
        Evaluation("test", 1, (without,)),
        Evaluation("test", 1, (answered("b", True, contrast_correct=None),)),
    )
    assert summary(after) | {"group_accuracy": 0} == {
        measure: float(measure == "system1_accuracy") for measure in MEASURES
    }
    assert summary(after)["group_accuracy"] is None
    assert "group_accuracy" not in measured(after)
    console = Console(file=io.StringIO(), width=120)
    console.print(report.table(Comparison(before, after)))
    [row] = [line for line in console.file.getvalue().splitlines() if "group" in line]
    assert row.count("n/a") == 3
    json.loads(json.dumps(Comparison(before, after).summary(), allow_nan=False))


def test_a_riddle_of_a_source_has_no_contrast(tmp_path):
    (tmp_path / "mine.jsonl").write_text('{"question": "What has a neck?", "answer": "a bottle", "split": "train"}')
    env = gym.make("Riddle-v0", source=str(tmp_path / "mine.jsonl"))
    assert evaluate(Says("a bottle"), env, [1]).riddles[0].contrast_correct is None


def test_the_trap_is_counted():
    env = gym.make("Riddle-v0", **BIRDS)
    trap = next(str(number) for number in range(40) if fell(env, number))
    assert evaluate(Says(trap), env, [1]).mean("trap_rate") == 1
    assert evaluate(Says("0"), env, [1]).mean("trap_rate") == 0


def fell(env, number):
    env.reset(seed=1)
    return env.step(str(number))[-1]["fell_for_trap"]


def test_gap_closed_is_a_share_of_the_gap():
    def measured(greedy, sampled):
        riddles = [answered(str(i), i < greedy, sampled_correct=int(i < sampled)) for i in range(10)]
        return Evaluation("validation", 8, tuple(riddles))

    assert gap_closed(measured(1, 5), measured(3, 9)) == pytest.approx(0.5)
    assert gap_closed(measured(5, 5), measured(6, 6)) is None


def test_a_paired_difference_knows_its_sign_and_refuses_other_riddles():
    before = Evaluation("test", 1, tuple(answered(str(i), False) for i in range(30)))
    after = Evaluation("test", 1, tuple(answered(str(i), i % 2 == 0) for i in range(30)))
    mean, low, high = paired_difference(before, after, "system1_accuracy")
    assert mean == pytest.approx(0.5)
    assert 0.2 < low < mean < high < 0.8
    with pytest.raises(ValueError, match="same riddles"):
        paired_difference(before, Evaluation("test", 1, after.riddles[1:]), "system1_accuracy")


def test_the_interval_holds_the_mean_and_is_not_empty_at_the_ends():
    none = Evaluation("test", 1, tuple(answered(str(i), False) for i in range(20)))
    low, high = none.interval("system1_accuracy")
    assert low == 0
    assert 0.1 < high < 0.3


def test_an_unknown_measure_is_refused_with_those_that_exist():
    with pytest.raises(ValueError, match="system1_accuracy"):
        Evaluation("test", 1, (answered("a", True),)).mean("accuracy")


def drawn(split, count, console=QUIET, **kwargs):
    return evaluation_riddles(gym.make("Riddle-v0", split=split, **kwargs), count, console)


def test_the_evaluated_riddles_are_fixed_and_differ_by_split():
    assert drawn("test", 50) == drawn("test", 60)[:50]
    assert not {riddle.split("/")[2] for riddle in drawn("test", 50)} & {
        riddle.split("/")[2] for riddle in drawn("validation", 50)
    }


def test_the_evaluated_riddles_end_with_the_split_and_the_console_says_so():
    console = Console(file=io.StringIO(), width=120)
    found = drawn("test", 1_000, console, families="bank")
    assert sorted(found) == sorted(f"bank/test/{index}" for index in range(len(found)))
    assert f"only {len(found)} riddles in the split test; asked for 1000" in console.file.getvalue()
    with pytest.raises(ValueError, match=f"an index is below {len(found)}"):
        gym.make("Riddle-v0").reset(options={"riddle_id": f"bank/test/{len(found)}"})
    console = Console(file=io.StringIO())
    assert drawn("test", len(found), console, families="bank") == found
    assert not console.file.getvalue()


def test_questions_with_the_same_words_are_evaluated_once(tmp_path):
    rows = [{"question": f"What is {what}", "answer": "it", "split": "test"} for what in ("this?", "THIS ?", "that?")]
    (tmp_path / "mine.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert len(drawn("test", 3, source=str(tmp_path / "mine.jsonl"))) == 2


def test_a_transfer_environment_does_not_ask_for_training_families():
    env = gym.make("Riddle-v0", families=("birds-on-a-wire",), level=2)
    assert split_env(env, "transfer").reset(seed=0)[1]["level"] == 2
    assert split_env(env, "test").reset(seed=0)[1]["family"] == "birds-on-a-wire"


def test_a_comparison_is_read_as_it_was_written(tmp_path):
    one = evaluate(Says("None."), gym.make("Riddle-v0", **BIRDS), [1, 2])
    comparison = Comparison(one, one)
    comparison.write(tmp_path / "evaluation.json")
    assert Comparison.read(tmp_path / "evaluation.json") == comparison
    summed = comparison.summary()
    assert set(summed) == {"split", "riddles", "samples", "base", "trained"}
    assert all(set(summed[name]) == set(MEASURES) for name in ("base", "trained"))
