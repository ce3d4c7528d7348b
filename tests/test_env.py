"""Tests of expit_env.env: Riddle-v0 by its contract."""

import json
import pickle
import subprocess
import sys
import warnings

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from stable_baselines3.common.env_util import make_vec_env

from expit_env import Outcome, RiddleEnv, Verdict
from expit_env.riddles import FAMILIES, splits

BIRDS = "birds-on-a-wire"


def make(**kwargs):
    return gym.make("Riddle-v0", **kwargs)


def seen(env, seeds):
    return [env.reset(seed=seed)[1]["riddle_id"] for seed in seeds]


def ask(env, number=0, split="train", family=BIRDS):
    """Pose a riddle by its address; return it with what reset returned."""
    riddle = splits.riddle(f"{family}/{split}/{number}")
    return riddle, *env.reset(options={"riddle_id": riddle.riddle_id})


@pytest.mark.parametrize("kwargs", [{}, {"max_attempts": 3, "hints": 2}, {"render_mode": "ansi"}])
def test_check_env_has_nothing_to_say(kwargs):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(make(**kwargs).unwrapped)


def test_equal_seeds_give_equal_riddles_and_reset_without_seed_goes_on():
    env, other = make(), make()
    assert seen(env, range(5)) == seen(other, range(5))
    env.reset(seed=7), other.reset(seed=7)
    onward = [env.reset()[1]["riddle_id"] for _ in range(5)]
    assert onward == [other.reset()[1]["riddle_id"] for _ in range(5)]
    assert len(set(onward)) == 5


def test_the_first_info_is_the_address_and_nothing_more():
    riddle, question, info = ask(make())
    assert question == riddle.question
    assert info == {
        "riddle_id": riddle.riddle_id, "family": BIRDS, "level": 1, "split": "train", "contrast_id": riddle.contrast_id,
    }  # fmt: skip


def test_a_right_answer_ends_the_episode_with_one():
    env = make(max_attempts=3)
    riddle, *_ = ask(env)
    _, reward, terminated, truncated, info = env.step(riddle.answer)
    assert (reward, terminated, truncated) == (1.0, True, False)
    assert (info["outcome"], info["answer"], info["fell_for_trap"]) == (Outcome.CORRECT, riddle.answer, False)
    assert (info["attempts_left"], type(reward), type(terminated)) == (0, float, bool)


def test_the_trap_is_worth_nothing_and_is_named():
    env = make()
    riddle, *_ = ask(env)
    _, reward, terminated, _, info = env.step(riddle.trap)
    assert (reward, terminated, info["fell_for_trap"], info["answer"]) == (0.0, True, True, riddle.answer)


def test_the_contrast_riddle_is_posed_by_its_id():
    env = make()
    riddle, _, info = ask(env)
    question, contrast = env.reset(options={"riddle_id": info["contrast_id"]})
    assert question != riddle.question
    assert contrast["contrast_id"] == riddle.riddle_id
    assert env.step(riddle.trap)[1] == 1.0


def test_a_wrong_answer_is_refuted_and_hinted_at_while_attempts_are_left():
    env = make(max_attempts=4, hints=2)
    riddle, question, _ = ask(env)
    for number in range(3):
        observation, reward, terminated, truncated, info = env.step(str(900 + number))
        assert (reward, terminated, truncated, info["attempts_left"]) == (0.0, False, False, 3 - number)
        assert not {"answer", "fell_for_trap"} & set(info)
        assert observation.startswith(question + "\n")
        assert f"not {900 + number}." in observation
        assert [hint in observation for hint in riddle.hints] == [True, number > 0]
        assert observation in env.observation_space
    assert env.step("903")[2]


def test_without_hints_there_are_none():
    env = make(max_attempts=3)
    riddle, *_ = ask(env)
    assert not any(hint in env.step("900")[0] for hint in riddle.hints)


def test_the_reply_cannot_break_the_next_observation():
    verdict = Verdict(Outcome.WRONG, "ünï\n" * 10_000, "test")
    env = make(max_attempts=3, verifier=lambda riddle, response: verdict)
    env.reset(seed=0)
    for _ in range(2):
        assert env.step("x")[0] in env.observation_space


@pytest.mark.parametrize("outcome", [Outcome.NO_ANSWER, Outcome.AMBIGUOUS])
def test_a_reply_without_one_answer_is_told_so(outcome):
    env = make(max_attempts=2, verifier=lambda riddle, response: Verdict(outcome, None, "test"))
    question, _ = env.reset(seed=0)
    observation, *_, info = env.step("hm")
    assert observation.removeprefix(question).startswith("\nThat was ")
    assert info["extracted"] is None


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
def test_a_level_is_kept(level):
    env = make(level=level)
    assert {env.reset(seed=seed)[1]["level"] for seed in range(20)} == {level}


def test_every_level_and_family_is_drawn():
    env = make()
    infos = [env.reset(seed=seed)[1] for seed in range(60 * len(FAMILIES))]
    assert {info["level"] for info in infos} == {1, 2, 3, 4, 5}
    assert {info["family"] for info in infos} == set(splits.families_of("train"))


@pytest.mark.parametrize("split", [split for split in splits.SPLITS if splits.families_of(split)])
def test_a_split_is_kept(split):
    env = make(split=split)
    for seed in range(10):
        _, info = env.reset(seed=seed)
        assert info["split"] == split
        assert info["family"] in splits.families_of(split)


@pytest.mark.parametrize("families", [BIRDS, [BIRDS], (BIRDS, BIRDS)])
def test_families_are_chosen_by_name(families):
    env = make(families=families)
    assert {env.reset(seed=seed)[1]["family"] for seed in range(10)} == {BIRDS}


def test_families_are_chosen_by_group():
    group = FAMILIES[BIRDS].group
    env = make(families=group)
    assert {FAMILIES[env.reset(seed=seed)[1]["family"]].group for seed in range(20)} == {group}


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"families": "birds-on-a-wier"}, r"no family 'birds-on-a-wier'\. Did you mean 'birds-on-a-wire'\? .*birds"),
        ({"families": []}, "families is empty"),
        (
            {"families": BIRDS, "split": "transfer"},
            "'birds-on-a-wire' has no riddles in the split 'transfer', only in tr",
        ),
        ({"split": "tran"}, r"no split 'tran'\. Did you mean 'train'\?"),
        ({"level": 6}, "no level 6"),
        ({"level": True}, "no level True"),
        ({"max_attempts": 0}, "max_attempts must be a whole number of at least 1, not 0"),
        ({"max_attempts": 1.5}, r"max_attempts must be .* not 1\.5"),
        ({"hints": -1}, "hints must be a whole number of at least 0, not -1"),
    ],
)
def test_a_wrong_argument_is_refused_with_what_exists(kwargs, message):
    with pytest.raises(ValueError, match=message):
        make(**kwargs)


def test_an_unknown_render_mode_is_refused_with_what_exists():
    with pytest.raises(TypeError, match=r"no render mode 'ansii'\. Did you mean 'ansi'\? What exists: ansi, human"):
        RiddleEnv(render_mode="ansii")


@pytest.mark.filterwarnings("ignore:.*render_mode='rgb_array'")
def test_stable_baselines_makes_a_batch_of_it_by_its_name():
    batch, alone = make_vec_env("Riddle-v0", n_envs=2, seed=3), make()
    assert batch.reset().tolist() == [alone.reset(seed=seed)[0] for seed in (3, 4)]
    answers = [splits.riddle(info["riddle_id"]).answer for info in batch.reset_infos]
    assert batch.step(answers)[1].tolist() == [1.0, 1.0]


def test_a_wrong_option_is_refused():
    env = make()
    with pytest.raises(ValueError, match=r"no reset option 'ridle_id'\. Did you mean 'riddle_id'\?"):
        env.reset(options={"ridle_id": f"{BIRDS}/train/0"})
    with pytest.raises(ValueError, match="no riddle has the id 'birds'"):
        env.reset(options={"riddle_id": "birds"})
    with pytest.raises(ValueError, match=r"no family 'birds-on-wire'\. Did you mean 'birds-on-a-wire'\?"):
        env.reset(options={"level": {"birds-on-wire": 3}})


def test_a_step_out_of_turn_is_refused():
    env = make().unwrapped
    with pytest.raises(gym.error.ResetNeeded, match="no riddle has been asked"):
        env.step("3")
    riddle, *_ = ask(env)
    env.step(riddle.answer)
    with pytest.raises(gym.error.ResetNeeded, match="the episode is over"):
        env.step(riddle.answer)


@pytest.mark.parametrize("action", [3, None, b"3", ["3"]])
def test_an_action_that_is_no_text_is_refused(action):
    env = make()
    env.reset(seed=0)
    with pytest.raises(TypeError, match="an action is a string"):
        env.step(action)


@pytest.mark.parametrize("action", ["", "\x00", "\ud800", "héllo 🐦", "x" * 1_000_000, np.str_("3")])
def test_every_string_is_a_legal_action(action):
    env = make()
    ask(env)
    assert env.step(action)[1:4] == (0.0, True, False)


def test_a_broken_verifier_stops_the_run():
    def broken(riddle, response):
        raise ConnectionError("the judge is out")

    env = make(verifier=broken)
    env.reset(seed=0)
    with pytest.raises(ConnectionError, match="the judge is out"):
        env.step("3")


def test_a_verifier_must_return_a_verdict():
    env = make(verifier=lambda riddle, response: 1.0)
    env.reset(seed=0)
    with pytest.raises(TypeError, match="must return a Verdict"):
        env.step("3")


def test_ansi_returns_the_transcript_and_the_answer_at_its_end_only():
    env = make(max_attempts=2, render_mode="ansi")
    riddle, question, _ = ask(env)
    assert env.render() == f"Riddle: {question}"
    env.step("900")
    assert "Agent: 900\nVerdict: wrong\nThe answer is not 900." in env.render()
    assert "Answer:" not in env.render()
    env.step("901")
    assert env.render().endswith(f"Answer: {riddle.answer}")


def test_human_prints_each_line_once(capsys):
    env = make(render_mode="human")
    riddle, question, _ = ask(env)
    env.step("900")
    assert env.render() is None
    printed = capsys.readouterr().out
    assert printed.count(question) == 1
    assert printed.endswith(f"Agent: 900\nVerdict: wrong\nAnswer: {riddle.answer}\n")


def test_a_pickled_env_goes_on_as_the_original():
    env = make(max_attempts=2).unwrapped
    env.reset(seed=3)
    copy = pickle.loads(pickle.dumps(env))
    assert copy.step("900") == env.step("900")
    copy.step("900"), env.step("900")
    assert copy.reset() == env.reset()


def test_the_spec_survives_json():
    env = make(families=[BIRDS], split="test", max_attempts=2)
    again = gym.make(gym.envs.registration.EnvSpec.from_json(env.spec.to_json()))
    assert json.loads(env.spec.to_json())["entry_point"] == "expit_env.env:RiddleEnv"
    assert again.reset(seed=5) == env.reset(seed=5)


def test_it_runs_under_the_usual_wrappers():
    env = gym.wrappers.RecordEpisodeStatistics(gym.wrappers.TimeLimit(make(max_attempts=5), 2))
    riddle, *_ = ask(env)
    env.step("900")
    *_, truncated, info = env.step("901")
    assert truncated
    assert info["episode"]["l"] == 2
    ask(env)
    assert env.step(riddle.answer)[4]["episode"]["r"] == 1.0


def test_importing_is_fast_and_light():
    code = (
        "import sys, time, gymnasium; start = time.process_time(); import expit_env;"
        "print(time.process_time() - start, 'torch' in sys.modules, 'agents' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    seconds, torch, agents = done.stdout.split()
    assert float(seconds) < 0.3
    assert (torch, agents) == ("False", "False")
