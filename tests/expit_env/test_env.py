"""Riddle-v0 by its contract."""

import gymnasium as gym
import numpy as np
import pytest
from stable_baselines3.common.env_util import make_vec_env
from support.data import rows

from expit_env import Outcome, RiddleChoiceEnv, RiddleEnv, Verdict
from expit_env.riddles import FAMILIES, splits

BIRDS = "birds-on-a-wire"


def make(**kwargs):
    return gym.make("Riddle-v0", **kwargs)


def ask(env, number=0):
    """Ask a riddle of train by its address; return it with what reset returned."""
    riddle = splits.riddle(f"{BIRDS}/train/{number}")
    return riddle, *env.reset(options={"riddle_id": riddle.riddle_id})


def test_equal_seeds_give_equal_riddles_and_a_reset_without_a_seed_continues():
    env, other = make(), make()
    assert [env.reset(seed=seed) for seed in range(5)] == [other.reset(seed=seed) for seed in range(5)]
    onward = [env.reset() for _ in range(5)]
    assert onward == [other.reset() for _ in range(5)]
    assert len({info["riddle_id"] for _, info in onward}) == 5


def test_a_right_answer_ends_the_episode_with_one():
    env = make(max_attempts=3)
    riddle, question, info = ask(env)
    assert question == riddle.question
    assert info == {
        "riddle_id": riddle.riddle_id, "family": BIRDS, "level": 1, "split": "train", "contrast_id": riddle.contrast_id,
    }  # fmt: skip
    _, reward, terminated, truncated, info = env.step(riddle.answer)
    assert (reward, terminated, truncated) == (1.0, True, False)
    assert (info["outcome"], info["answer"], info["fell_for_trap"]) == (Outcome.CORRECT, riddle.answer, False)
    assert (info["attempts_left"], type(reward), type(terminated)) == (0, float, bool)


def test_the_trap_earns_nothing_and_is_the_answer_of_the_contrast():
    env = make()
    riddle, question, info = ask(env)
    _, reward, terminated, _, last = env.step(riddle.trap)
    assert (reward, terminated, last["fell_for_trap"], last["answer"]) == (0.0, True, True, riddle.answer)
    other, contrast = env.reset(options={"riddle_id": info["contrast_id"]})
    assert (other != question, contrast["contrast_id"]) == (True, riddle.riddle_id)
    assert env.step(riddle.trap)[1] == 1.0


@pytest.mark.parametrize(("side", "share"), [("both", 0.5), ("riddle", 0), ("contrast", 1)])
def test_a_riddle_and_its_contrast_are_equally_likely_unless_one_is_asked_for(side, share):
    env, default = make(side=side), make()
    infos = [env.reset(seed=seed)[1] for seed in range(1_000)]
    contrasts = [info["riddle_id"].endswith("/contrast") for info in infos]
    assert np.mean(contrasts) == pytest.approx(share, abs=0.04 if side == "both" else 0)
    assert (side == "both") == (infos[:20] == [default.reset(seed=seed)[1] for seed in range(20)])
    for info in infos[:60]:
        other = env.reset(options={"riddle_id": info["contrast_id"]})[1]
        assert info == other | {"riddle_id": other["contrast_id"], "contrast_id": other["riddle_id"]}


@pytest.mark.parametrize("hints", [0, 2])
def test_a_wrong_answer_is_refuted_and_followed_by_a_hint_while_attempts_are_left(hints):
    env = make(max_attempts=4, hints=hints)
    riddle, question, _ = ask(env)
    for number in range(3):
        observation, reward, terminated, truncated, info = env.step(str(900 + number))
        assert (reward, terminated, truncated, info["attempts_left"]) == (0.0, False, False, 3 - number)
        assert not {"answer", "explanation", "fell_for_trap"} & set(info)
        assert observation.startswith(question + "\n")
        assert f"not {900 + number}." in observation
        assert [hint in observation for hint in riddle.hints] == [hints > 0, hints > 0 and number > 0]
        assert observation in env.observation_space
    *_, terminated, _, info = env.step("903")
    assert (terminated, info["answer"], info["explanation"]) == (True, riddle.answer, riddle.explanation)


@pytest.mark.parametrize("outcome", [Outcome.NO_ANSWER, Outcome.AMBIGUOUS, Outcome.WRONG])
def test_an_observation_says_what_was_wrong_with_a_reply_and_fits_the_space(outcome):
    extracted = "ünï\n" * 10_000 if outcome is Outcome.WRONG else None
    env = make(max_attempts=3, verifier=lambda riddle, response: Verdict(outcome, extracted, "test"))
    question, _ = env.reset(seed=0)
    for _ in range(2):
        observation, *_, info = env.step("hm")
        assert observation.removeprefix(question).startswith("\nThe answer is not " if extracted else "\nThat was ")
        assert observation in env.observation_space
        assert info["extracted"] == extracted


def test_every_level_and_family_is_drawn_unless_some_are_asked_for():
    env, group = make(), FAMILIES[BIRDS].group
    infos = [env.reset(seed=seed)[1] for seed in range(60 * len(FAMILIES))]
    assert {info["split"] for info in infos} == {"train"}
    assert {info["level"] for info in infos} == {1, 2, 3, 4, 5}
    assert {info["family"] for info in infos} == set(splits.families_of("train"))
    for families in (BIRDS, [BIRDS], (BIRDS, BIRDS), group):
        env = make(families=families, level=3)
        infos = [env.reset(seed=seed)[1] for seed in range(20)]
        assert {info["level"] for info in infos} == {3}
        assert {FAMILIES[info["family"]].group for info in infos} == {group}
        assert ({info["family"] for info in infos} == {BIRDS}) == (families != group)
    for split in splits.SPLITS:
        env = make(split=split)
        infos = [env.reset(seed=seed)[1] for seed in range(10)]
        assert {info["split"] for info in infos} == {split}
        assert {info["family"] for info in infos} <= set(splits.families_of(split))


@pytest.mark.parametrize("wrong", rows("wrong_arguments.jsonl"), ids=lambda wrong: wrong["message"])
def test_a_wrong_argument_or_reset_option_is_refused_with_what_exists(wrong):
    with pytest.raises(ValueError, match=wrong["message"]):
        make(**wrong["make"]).reset(options=wrong["reset"])


def test_an_unknown_render_mode_is_refused_with_what_exists():
    with pytest.raises(TypeError, match=r"no render mode 'ansii'\. Did you mean 'ansi'\? What exists: ansi, human"):
        RiddleEnv(render_mode="ansii")
    with pytest.raises(TypeError, match=r"no render mode 'human'\. What exists: ansi"):
        RiddleChoiceEnv(render_mode="human")


@pytest.mark.filterwarnings("ignore:.*render_mode='rgb_array'")
def test_stable_baselines_makes_a_batch_of_it_by_its_name():
    batch, alone = make_vec_env("Riddle-v0", n_envs=2, seed=3), make()
    assert batch.reset().tolist() == [alone.reset(seed=seed)[0] for seed in (3, 4)]
    answers = [splits.riddle(info["riddle_id"]).answer for info in batch.reset_infos]
    assert batch.step(answers)[1].tolist() == [1.0, 1.0]


def test_a_step_before_reset_or_after_the_end_is_refused():
    env = make().unwrapped
    with pytest.raises(gym.error.ResetNeeded, match="no riddle has been asked"):
        env.step("3")
    riddle, *_ = ask(env)
    env.step(riddle.answer)
    with pytest.raises(gym.error.ResetNeeded, match="the episode is over"):
        env.step(riddle.answer)


@pytest.mark.parametrize("action", ["", "\x00", "\ud800", "héllo 🐦", "x" * 1_000_000, np.str_("3")])
def test_every_string_is_a_legal_action_and_nothing_else_is(action):
    env = make()
    ask(env)
    assert env.step(action)[1:4] == (0.0, True, False)
    for other in (3, None, b"3", ["3"]):
        ask(env)
        with pytest.raises(TypeError, match="an action is a string"):
            env.step(other)


def test_a_broken_verifier_stops_the_run():
    def broken(riddle, response):
        raise ConnectionError("the judge is out")

    for verifier, error, message in (
        (broken, ConnectionError, "the judge is out"),
        (lambda riddle, response: 1.0, TypeError, "must return a Verdict"),
    ):
        env = make(verifier=verifier)
        env.reset(seed=0)
        with pytest.raises(error, match=message):
            env.step("3")


def test_the_transcript_shows_the_answer_only_at_the_end(capsys):
    env, human = make(max_attempts=2, render_mode="ansi"), make(render_mode="human")
    riddle, question, _ = ask(env)
    assert env.render() == f"Riddle: {question}"
    env.step("900")
    assert "Agent: 900\nVerdict: wrong\nThe answer is not 900." in env.render()
    assert "Answer:" not in env.render()
    env.step("901")
    assert env.render().endswith(f"Answer: {riddle.answer}")
    ask(human)
    human.step("900")
    assert human.render() is None
    printed = capsys.readouterr().out
    assert printed.count(question) == 1
    assert printed.endswith(f"Agent: 900\nVerdict: wrong\nAnswer: {riddle.answer}\n")
