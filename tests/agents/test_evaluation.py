"""Each measure on answers whose outcome is known, and the riddles that are evaluated."""

import dataclasses
import io
import json

import gymnasium as gym
import pytest
from rich.console import Console
from support.tiny import tiny_policy

from agents import Agent, Completion, evaluate, evaluation, gap_closed, report
from agents.evaluation import MEASURES, Answered, Comparison, Evaluation, evaluate_policy, evaluation_riddles
from agents.policy import Decoding, PolicyAgent
from agents.progress import QUIET
from expit_env.riddles import splits


class Says(Agent):
    """Gives the texts in turn, over and over."""

    def __init__(self, *texts):
        self.texts = texts

    def act(self, observations):
        return [Completion(self.texts[i % len(self.texts)]) for i in range(len(observations))]


def birds():
    return gym.make("Riddle-v0", families="birds-on-a-wire", split="validation")


def answered(name, correct, sampled=0, contrast=False):
    return Answered(name, "f", "?", "0", "0", correct, False, contrast, sampled, False)


def right_on(share, count=30, split="test"):
    return Evaluation(split, 1, tuple(answered(str(i), share(i)) for i in range(count)))


def test_system_2_needs_one_right_sample_and_majority_the_most_frequent():
    found = evaluate(Says("101"), birds(), [1, 2], Says("101", "0", "None.", "102"), samples=4)
    assert [riddle.sampled_correct for riddle in found.riddles] == [2, 2]
    assert (found.mean("system1_accuracy"), found.mean("system2_accuracy")) == (0, 1)
    assert found.mean("majority_accuracy") == 0, "that 0 and none are one answer is known only to the verifier"
    voted = evaluate(Says("101"), birds(), [1], Says("101", "None.", "none", "102"), samples=4)
    assert voted.mean("majority_accuracy") == 1, "none is the most frequent, and passes"
    assert evaluate(Says("101"), birds(), [1], Says("0", "101", "101"), samples=3).mean("majority_accuracy") == 0


@pytest.mark.parametrize("families", ["birds-on-a-wire", "all"])
def test_a_policy_is_evaluated_in_one_batch_as_by_two_agents(families):
    policy, decoding = tiny_policy(), Decoding(max_new_tokens=2)
    env = gym.make("Riddle-v0", families=families, split="validation")
    riddles = evaluation_riddles(env, 6)
    found = evaluate_policy(policy, env, riddles, 40, decoding.max_new_tokens)
    greedy, drawing = PolicyAgent(policy, dataclasses.replace(decoding, temperature=0.0)), PolicyAgent(policy, decoding)
    apart = evaluate(greedy, env, riddles, drawing, 40)
    # The draws differ, so only what the one greedy answer decides is the same.
    drawn = {"sampled_correct": 0, "majority_correct": False}
    assert [dataclasses.replace(riddle, **drawn) for riddle in found.riddles] == [
        dataclasses.replace(riddle, **drawn) for riddle in apart.riddles
    ]
    assert (found.split, found.samples) == ("validation", 40)


def test_riddles_without_a_contrast_are_left_out_of_group_accuracy(written):
    pair, alone = answered("a", True, contrast=True), answered("b", False, contrast=None)
    assert Evaluation("test", 1, (pair, alone)).mean("group_accuracy") == 1
    before, after = (Evaluation("test", 1, (answered("b", right, contrast=None),)) for right in (False, True))
    assert evaluation.summary(after) == {name: float(name == "system1_accuracy") for name in MEASURES} | {
        "group_accuracy": None
    }
    assert "group_accuracy" not in evaluation.measured(after)
    console = Console(file=io.StringIO(), width=120)
    console.print(report.table(Comparison(before, after)))
    [row] = [line for line in console.file.getvalue().splitlines() if "group" in line]
    assert row.count("n/a") == 3
    json.loads(json.dumps(Comparison(before, after).summary(), allow_nan=False))
    source = written([{"question": "What has a neck?", "answer": "a bottle", "split": "train"}])
    assert evaluate(Says("a bottle"), gym.make("Riddle-v0", source=source), [1]).riddles[0].contrast_correct is None


def test_a_constant_answer_is_right_alone_and_wrong_in_the_pair_where_it_is_the_trap():
    found = evaluate(Says("None."), birds(), [1, 2, 3])
    assert (found.mean("system1_accuracy"), found.mean("group_accuracy"), found.split) == (1, 0, "validation")
    riddle = splits.riddle(found.riddles[0].riddle_id)
    assert found.mean("trap_rate") == 0
    assert evaluate(Says(riddle.trap), birds(), [riddle.riddle_id]).mean("trap_rate") == 1


def test_gap_closed_is_a_share_of_the_gap_and_a_comparison_is_read_as_it_was_written(tmp_path):
    def found(greedy, sampled):
        riddles = [answered(str(i), i < greedy, sampled=int(i < sampled)) for i in range(10)]
        return Evaluation("validation", 8, tuple(riddles))

    before, after = found(1, 5), found(3, 9)
    assert gap_closed(before, after) == pytest.approx(0.5)
    assert gap_closed(found(5, 5), found(6, 6)) is None
    Comparison(before, after).write(tmp_path / "evaluation.json")
    assert Comparison.read(tmp_path / "evaluation.json") == Comparison(before, after)


def test_a_difference_is_paired_and_has_an_interval_as_a_mean_has():
    before, after = right_on(lambda i: False), right_on(lambda i: i % 2 == 0)
    mean, low, high = evaluation.paired_difference(before, after, "system1_accuracy")
    assert mean == pytest.approx(0.5)
    assert 0.2 < low < mean < high < 0.8
    with pytest.raises(ValueError, match="same riddles"):
        evaluation.paired_difference(before, Evaluation("test", 1, after.riddles[1:]), "system1_accuracy")
    low, high = before.interval("system1_accuracy")
    assert low == 0 < 0.05 < high < 0.3, "no right answer is not surely none"
    with pytest.raises(ValueError, match="system1_accuracy"):
        before.mean("accuracy")


def drawn(split, count, console=QUIET, **kwargs):
    return evaluation_riddles(gym.make("Riddle-v0", split=split, **kwargs), count, console)


def test_the_evaluated_riddles_are_fixed_and_differ_by_split():
    assert drawn("test", 50) == drawn("test", 60)[:50]
    places = [{riddle.split("/")[2] for riddle in drawn(split, 50)} for split in ("test", "validation")]
    assert not places[0] & places[1]
    env = gym.make("Riddle-v0", families=("birds-on-a-wire",), level=2)
    assert evaluation.split_env(env, "transfer").reset(seed=0)[1]["level"] == 2
    assert evaluation.split_env(env, "test").reset(seed=0)[1]["family"] == "birds-on-a-wire"


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
