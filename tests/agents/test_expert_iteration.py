"""The loop on a tiny model: its stages, its budget, and that it resumes where it was interrupted."""

import dataclasses
import functools
import json
from pathlib import Path

import pytest
from support.killed_run import run
from support.runs import CONDITIONS, CONFIG, make_agent, make_env
from support.verifiers import never

from agents import Budget, Completion
from agents.base import NothingToLearnError
from agents.conditions import Conditions
from agents.fine_tuning import Example
from agents.policy import prompt
from agents.shared_prompt import encode_group
from agents.trajectory import Trajectory, TrajectoryStore
from agents.updates import Distillation, Preference

STAGES = ("trajectories.jsonl", "rows.jsonl", "adapter", "validation.json", "metrics.json", "DONE")
ROUNDS = ("round-000", "round-001")


def unvalidated(worked_pairs=0, few_shot_share=0.0, **changes):
    shared = {"validation_riddles": 0, "worked_pairs": worked_pairs, "few_shot_share": few_shot_share}
    return dataclasses.replace(CONFIG, conditions=dataclasses.replace(CONDITIONS, **shared), **changes)


def trajectories_of(folder):
    return [t for path in sorted(folder.glob("round-*/trajectories.jsonl")) for t in TrajectoryStore(path)]


def test_every_stage_leaves_its_file(learned):
    assert len(learned.history.rounds) == 2
    for name in ROUNDS:
        assert {path.name for path in (learned.folder / name).iterdir()} == {*STAGES, "took.json"}
    studied, trajectories = list(TrajectoryStore(learned.folder / "studied.jsonl")), trajectories_of(learned.folder)
    assert 0 < len(studied) <= CONFIG.episodes // 4
    assert learned.history.spent.episodes == len(studied) + len(trajectories) <= CONFIG.episodes
    assert learned.history.spent.tokens == sum(trajectory.num_tokens for trajectory in trajectories)
    printed = [line[:7] for line in learned.printed.splitlines() if "| coverage" in line]
    assert printed == ["round 1", "round 2"], "people count from 1"
    for line in (learned.folder / "metrics.jsonl").read_text().splitlines():
        assert {"search_seconds", "distil_seconds", "evaluate_seconds"} <= json.loads(line).keys()


def test_a_run_interrupted_at_every_stage_ends_as_one_that_never_was(tmp_path, monkeypatch):
    rename, interrupted = Path.rename, []
    stages = [f"{name}/{stage}" for name in ROUNDS for stage in STAGES]
    names = ["base.json", "studied.jsonl", *stages, "evaluation-test.json", "evaluation-transfer.json"]

    def interrupt(path, target):
        if (name := str(target.relative_to(tmp_path / "run"))) not in interrupted:
            interrupted.append(name)
            raise KeyboardInterrupt
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", interrupt)
    for _ in names:
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path / "run")
    run(tmp_path / "run")
    monkeypatch.undo()
    run(tmp_path / "unbroken")
    assert interrupted == names
    for name in [name for name in names if "json" in name]:
        assert (tmp_path / "run" / name).read_bytes() == (tmp_path / "unbroken" / name).read_bytes()
    assert not list((tmp_path / "run").rglob("*.part"))


def test_riddles_are_searched_together_with_their_contrasts(tmp_path):
    make_agent(tmp_path, unvalidated(rounds=1)).learn(make_env())
    answers = {}
    for trajectory in trajectories_of(tmp_path):
        answers.setdefault(trajectory.start, []).append(trajectory)
    assert len({several[0].pair for several in answers.values()}) == CONFIG.riddles / 2 == len(answers) / 2
    assert {len(several) for several in answers.values()} == {CONFIG.samples}


def test_only_the_search_of_the_first_rounds_shows_examples(tmp_path, monkeypatch):
    agent, drawn, learned = make_agent(tmp_path, unvalidated(1, few_shot_share=0.5)), {}, []
    sample, encode = agent.policy.sample, "agents.shared_prompt.encode_group"
    monkeypatch.setattr(agent.policy, "sample", lambda *a: drawn.update({a[3][1]: a[5]}) or sample(*a))
    monkeypatch.setattr(encode, lambda *a: learned.append(a[1]) or encode_group(*a))
    agent.learn(make_env())
    assert (drawn.keys(), drawn[1]) == ({0, 1}, None)
    assert (agent.examples, len(drawn[0]("How many are left?"))) == (0.5, 2), "one case: a riddle and its contrast"
    assert Conditions(few_shot_share=0.3).share_shown(1) == 1, "a single round is shown them throughout"
    assert all(len(messages) == len(prompt("?")) for messages in learned)


def test_a_budget_of_episodes_is_never_passed_and_one_of_tokens_ends_the_search_after_a_round(tmp_path):
    def learn(name, *budget, worked_pairs=0):
        return make_agent(tmp_path / name, unvalidated(worked_pairs)).learn(make_env(), Budget(*budget))

    with pytest.raises(NothingToLearnError) as raised:  # no pair is searched to its end
        learn("episodes", 9, worked_pairs=1)
    assert raised.value.history.spent.episodes == 9
    one = learn("tokens", 1_000, 20)
    assert (len(one.rounds), one.spent.episodes) == (1, CONFIG.riddles * CONFIG.samples)
    assert one.spent.tokens > 20
    assert len(learn("more", 1_000, one.spent.tokens + 1).rounds) == 2


def test_learning_again_starts_from_the_base_model_and_each_round_is_logged(tmp_path):
    agent = make_agent(None, unvalidated(rounds=1))
    logged = []
    agent.log = logged.append
    for name in ("first", "second"):
        agent.folder = tmp_path / name
        agent.learn(make_env())
        assert logged.pop().items() >= {"round": 0, "episodes": len(trajectories_of(tmp_path / name))}.items()
    assert trajectories_of(tmp_path / "first") == trajectories_of(tmp_path / "second") != []


def test_a_round_without_a_right_answer_is_an_error_that_gives_the_options_and_says_what_was_spent(tmp_path):
    with pytest.raises(NothingToLearnError, match=r"another --out.*--samples.*--level 1") as raised:
        make_agent(tmp_path, unvalidated()).learn(make_env(never))
    assert raised.value.history.spent.episodes == CONFIG.riddles * CONFIG.samples


def trajectory(question, text, solved=True, finished=True, logprobs=(), extracted=None):
    """An answer to a riddle, or to its contrast, which is asked by the same question with an exclamation mark."""
    sides = [f"f/train/0{question.strip('!')}{side}" for side in ("", "/contrast")]
    own, other = sides[:: -1 if question.endswith("!") else 1]
    said = Completion(text, (1,) * len(logprobs), logprobs, finished)
    return Trajectory(
        0, own, "f", 1, "train", other, (question,), (said,), (float(solved),),
        "correct" if solved else "wrong", extracted or text, "0", False,
    )  # fmt: skip


def test_only_verified_finished_different_answers_are_learned_in_the_order_they_were_found():
    found = [
        trajectory("q", "No birds are left."), trajectory("q", "3", solved=False),
        trajectory("q", "None of them is", finished=False), trajectory("q", "None."), trajectory("q", " None. "),
        trajectory("q", "None are left."), trajectory("p", "9"),
    ]  # fmt: skip
    answers, newer = functools.partial(Distillation, learn_from="answers"), [trajectory("q", "0")]
    two = [Example("q", "No birds are left."), Example("q", "None."), Example("p", "9")]
    assert answers(answers_per_riddle=2).select([found]) == two
    assert answers().select([found, newer]) == two[::2]
    assert answers(pooled=False).select([found, newer]) == [Example("q", "0")]
    assert Distillation().select([found, newer]) == [], "no contrast is solved"


def test_a_pair_is_learned_once_both_its_sides_are_solved_in_any_rounds():
    first = [trajectory("q", "0"), trajectory("q!", "3", solved=False), trajectory("p", "1"), trajectory("p!", "2")]
    second = [trajectory("q!", "4"), trajectory("r!", "5"), trajectory("r", "6", finished=False)]
    assert Distillation().select([first]) == [Example("p", "1"), Example("p!", "2")]
    rows = [Example("q", "0"), Example("q!", "4"), Example("p", "1"), Example("p!", "2")]
    assert Distillation().select([first, second]) == rows
    assert Distillation(pooled=False).select([first, second]) == []
    alone = dataclasses.replace(first[0], contrast_id=None)
    assert Distillation().select([[alone]]) == rows[:1], "a riddle without a contrast is a pair of its own"


def test_a_right_answer_is_not_learned_from_a_reason_that_leads_elsewhere():
    flew, stay = "They all flew off.\nAnswer: 0", "Wooden birds stay.\nAnswer: 4"
    guess, wrong = flew.replace("0", "4"), flew.replace("They", "THEY")
    bare = [trajectory("p", "2"), trajectory("p", "9", False), trajectory("p!", "2"), trajectory("p!", "9", False)]
    found = [
        trajectory("q", flew, extracted="0"), trajectory("q!", wrong, False, extracted="0"),
        trajectory("q!", guess, extracted="4"), *bare,
    ]  # fmt: skip
    assert Distillation().select([found]) == [Example("p", "2"), Example("p!", "2")], "a bare answer has no reason"
    assert Distillation().select([found, [trajectory("q!", stay, extracted="4")]])[:2] == [
        Example("q", flew), Example("q!", stay),
    ]  # fmt: skip
    assert Example("q!", guess) in Distillation().select([found[:1] + found[2:]]), "as often as elsewhere is enough"


def test_the_likeliest_answer_by_the_mean_over_its_tokens_is_learned_and_the_worked_examples_are():
    found = [
        trajectory("q", "So 0.", logprobs=(-1.0, -1.0)), trajectory("q", "0", logprobs=(-1.5,)),
        trajectory("q", "All flew, so 0.", logprobs=(-0.5, -0.9, -0.5)), trajectory("q!", "4", logprobs=(-9.0,)),
    ]  # fmt: skip
    learned = [Example("q", "All flew, so 0."), Example("q!", "4")]
    worked = [("How many?", "One.\nAnswer: 1")]
    assert Distillation().select([found], worked) == [Example(*worked[0]), *learned]
    assert Distillation().select([found]) == learned
    assert len(Distillation(answers_per_riddle=None).select([found])) == 4


def test_a_preference_is_a_right_against_a_frequent_wrong_answer_to_one_riddle():
    found = [
        trajectory("q", "None."), trajectory("q", "3", solved=False), trajectory("q", "4", solved=False),
        trajectory("q", "4 ", solved=False), trajectory("q", "4 bi", solved=False, finished=False),
        trajectory("p", "3", solved=False), trajectory("r", "9"),
    ]  # fmt: skip
    assert Preference().select([found]) == [("q", "None.", "4"), ("q", "None.", "3")]
    assert Preference(pairs_per_riddle=1).select([found[:2], found[2:]]) == [("q", "None.", "4")]
