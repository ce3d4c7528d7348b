"""Each measure of pairs on answers whose outcome is known, and the riddles that are evaluated."""

import dataclasses
import io
import json

import gymnasium as gym
import pytest
from rich.console import Console

from agents import Agent, Completion, evaluate, evaluation, gap_closed, report
from agents.evaluation import MEASURES, Answered, Comparison, Evaluation
from agents.held_out import evaluation_riddles, split_env
from agents.progress import QUIET
from expit_env.riddles import splits


class Says(Agent):
    """Gives the texts in turn, over and over."""

    def __init__(self, *texts):
        self.texts = texts

    def act(self, observations):
        return [Completion(self.texts[i % len(self.texts)]) for i in range(len(observations))]


def birds():
    return gym.make("Riddle-v0", families="birds-on-a-wire", split="validation", side="riddle")


IDS = evaluation_riddles(birds(), 3)


def answered(name, right, passed="", contrast=True):
    """The result on a pair of which the sides in ``right``, r or c or both, are right, and those in ``passed`` once."""
    riddle, other = (
        Answered(name, "f", "?", "0", "0", side in right, side not in right, side in passed, False) for side in "rc"
    )
    return dataclasses.replace(riddle, contrast=other if contrast else None)


def pairs(*right):
    return Evaluation("test", 1, tuple(answered(str(place), sides) for place, sides in enumerate(right)))


def means(found, measures=MEASURES[:5]):
    return [round(found.mean(measure), 3) for measure in measures]


def test_system_2_needs_one_right_sample_and_majority_the_most_frequent_of_both_sides():
    other = {riddle: splits.riddle(f"{riddle}/contrast").answer for riddle in IDS}
    found = evaluate(Says("101"), birds(), IDS[:2], Says("101", "0", "None.", "102"), samples=4)
    assert [riddle.sampled_correct for riddle in found.riddles] == [2, 2]
    assert means(found, MEASURES[:3] + MEASURES[5:8]) == [0, 0, 0, 1, 0, 0]
    found = evaluate(Says("101"), birds(), IDS[:1], Says("None.", other[IDS[0]], "none"), samples=3)
    assert means(found, MEASURES[5:]) == [1, 1, 1, 0]
    assert (found.riddles[0].majority_correct, found.riddles[0].contrast.majority_correct) == (True, False)


def test_that_0_and_none_are_one_answer_is_known_only_to_the_verifier():
    found = evaluate(Says("101"), birds(), IDS[:1], Says("101", "0", "None.", "102"), samples=4)
    assert not found.riddles[0].majority_correct


SAYS = {
    "an oracle": (lambda riddle: riddle.answer, [1, 1, 1, 0, 0]),
    "the trick in another wording": (lambda riddle: "Let me see.\nAnswer: none of them", [1, 0, 0, 1, 0]),
    "the other side's": (lambda riddle: splits.riddle(riddle.contrast_id).answer, [0, 0, 0, 1, 1]),
    "neither": (lambda riddle: "917", [0, 0, 0, 0, 0]),
}


@pytest.mark.parametrize(("says", "shares"), SAYS.values(), ids=SAYS)
def test_the_trick_where_there_is_none_is_overapplied_and_the_literal_answer_underapplied(says, shares):
    asked = {riddle.question: riddle for name in IDS for riddle in map(splits.riddle, (name, f"{name}/contrast"))}
    agent = Says()
    agent.act = lambda observations: [Completion(says(asked[question])) for question in observations]
    found = evaluate(agent, birds(), IDS)
    assert (means(found), found.split, found.headline) == (shares, "validation", "pair_accuracy")
    assert [riddle.contrast.riddle_id for riddle in found.riddles] == [f"{name}/contrast" for name in IDS]


def test_what_needs_a_contrast_is_left_out_where_a_riddle_has_none(written):
    mixed = Evaluation("test", 1, (answered("a", "rc"), answered("b", "", contrast=False)))
    assert means(mixed) == [0.5, 1, 1, 0, 0.5]
    before, after = (Evaluation("test", 1, (answered("b", right, contrast=False),)) for right in ("", "r"))
    alone = {"riddle_accuracy": 1, "underapplied": 0, "riddle_pass": 0, "majority_accuracy": 0}
    assert evaluation.measured(after).items() >= alone.items()
    assert evaluation.summary(after).items() >= (dict.fromkeys(MEASURES) | alone).items()
    console = Console(file=io.StringIO(), width=120)
    console.print(report.table(Comparison(before, after)))
    [row] = [line for line in console.file.getvalue().splitlines() if "overapplied" in line]
    assert (row.count("n/a"), after.headline) == (3, "riddle_accuracy")
    source = gym.make("Riddle-v0", source=written([{"question": "What has a neck?", "answer": "it", "split": "train"}]))
    [found] = evaluate(Says("it"), source, ["mine/train/1"]).riddles
    assert (found.correct, found.contrast) == (True, None)


def test_a_comparison_is_also_summed_up_by_family():
    rights = {"b1": "c", "a1": "rc", "a2": "r"}
    mixed = [dataclasses.replace(answered(name, right), family=name[0]) for name, right in rights.items()]
    before = Evaluation("test", 1, tuple(dataclasses.replace(one, correct=False) for one in mixed))
    found = Comparison(before, Evaluation("test", 1, tuple(mixed))).summary()
    assert {name: one["riddles"] for name, one in found["families"].items()} == {"a": 2, "b": 1}
    assert [found["families"][name]["trained"]["pair_accuracy"] for name in "ab"] == [0.5, 0]
    assert [found["families"][name]["base"]["contrast_accuracy"] for name in "ab"] == [0.5, 1]
    assert (found["riddles"], found["trained"]["contrast_accuracy"]) == (3, pytest.approx(2 / 3))


def test_consistency_is_of_pairs_only():
    alone, four = answered("alone", "r", contrast=False), pairs("rc", "r", "c", "")
    json.dumps(evaluation.summary(Evaluation("test", 1, (alone,))), allow_nan=False)
    assert Evaluation("test", 1, (*four.riddles, alone)).consistency == four.consistency


def test_consistency_is_where_pairs_are_between_the_least_and_the_most_that_the_sides_allow():
    for consistency, *right in (
        (1, "rc", "rc", "", ""), (0.5, "rc", "r", "c", ""), (0, "r", "r", "c", "c"), (0, "rc", "r", "r", "c"),
        (None, "rc", "rc", "rc", "c"), (None, "r", "r"), (None, "", ""),
    ):  # fmt: skip
        assert pairs(*right).consistency == evaluation.summary(pairs(*right))["consistency"] == consistency, right


def test_gap_closed_is_a_share_of_the_gap_and_a_comparison_is_read_as_it_was_written(tmp_path):
    def found(greedy, sampled, contrast=True):
        riddles = [answered(str(i), "rc" * (i < greedy), "rc" * (i < sampled), contrast) for i in range(10)]
        return Evaluation("validation", 8, tuple(riddles))

    before, after = found(1, 5), found(3, 9)
    assert gap_closed(before, after) == pytest.approx(0.5)
    assert gap_closed(found(5, 5), found(6, 6)) is None
    assert gap_closed(found(1, 5, contrast=False), after) == pytest.approx(0.5)
    Comparison(before, after).write(tmp_path / "evaluation.json")
    assert Comparison.read(tmp_path / "evaluation.json") == Comparison(before, after)


def test_a_difference_is_paired_and_has_an_interval_as_a_mean_has():
    before, after = pairs(*[""] * 30), pairs(*["rc", ""] * 15)
    mean, low, high = evaluation.paired_difference(before, after, "pair_accuracy")
    assert mean == pytest.approx(0.5)
    assert 0.2 < low < mean < high < 0.8
    with pytest.raises(ValueError, match="same riddles"):
        evaluation.paired_difference(before, Evaluation("test", 1, after.riddles[1:]), "pair_accuracy")
    low, high = before.interval("pair_accuracy")
    assert low == 0 < 0.05 < high < 0.3, "no right answer is not surely none"
    with pytest.raises(ValueError, match="pair_accuracy"):
        before.mean("accuracy")


def drawn(split, count, console=QUIET, **kwargs):
    return evaluation_riddles(gym.make("Riddle-v0", split=split, side="riddle", **kwargs), count, console)


def test_the_evaluated_riddles_are_fixed_and_differ_by_split():
    assert drawn("test", 50) == drawn("test", 60)[:50]
    places = [{riddle.split("/")[2] for riddle in drawn(split, 50)} for split in ("test", "validation")]
    assert not places[0] & places[1]
    env = gym.make("Riddle-v0", families=("birds-on-a-wire",), level=2)
    assert split_env(env, "transfer").reset(seed=0)[1]["level"] == 2
    other = split_env(env, "test")
    assert other.reset(seed=0)[1]["family"] == "birds-on-a-wire"
    assert not any(other.reset(seed=seed)[1]["riddle_id"].endswith("/contrast") for seed in range(20))


def test_a_small_split_is_evaluated_whole_and_the_console_says_so(written):
    console = Console(file=io.StringIO(), width=120)
    found = drawn("test", 1_000, console, families="bank")
    assert sorted(found) == sorted(f"bank/test/{index}" for index in range(len(found)))
    assert f"only {len(found)} riddles in the split test; asked for 1000" in console.file.getvalue()
    with pytest.raises(ValueError, match=f"an index is below {len(found)}"):
        gym.make("Riddle-v0").reset(options={"riddle_id": f"bank/test/{len(found)}"})
    console = Console(file=io.StringIO())
    assert drawn("test", len(found), console, families="bank") == found
    assert not console.file.getvalue()
    same_words = ("this?", "THIS ?", "that?")
    source = written({"question": f"What is {what}", "answer": "it", "split": "test"} for what in same_words)
    assert len(drawn("test", 3, source=source)) == 2, "questions with the same words are one"
