"""Tests of expit_env.noisy: verdicts flipped at known rates, the same everywhere."""

import os
import pickle
import subprocess
import sys

import gymnasium as gym
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expit_env import NoisyVerifier, Outcome, Riddle, Verdict, verify
from expit_env.sources import Families

RIDDLE = Riddle("A farmer has 17 sheep. All but 9 die. How many are left?", "9", trap="8")
TEXTS = st.text(st.characters(), max_size=30)

FLIPS = """
from expit_env import NoisyVerifier, Riddle
from expit_env.sources import Families
riddle = Riddle("A farmer has 17 sheep. All but 9 die. How many are left?", "9", trap="8")
noisy = NoisyVerifier(false_pass=0.5, false_fail=0.5, seed=3)
print([noisy(riddle, f"{number}, and that is it").outcome for number in range(60)])
"""


def always(outcome):
    return lambda riddle, response: Verdict(outcome, None, "test")


def rate(outcome, count=20_000, **rates):
    """How often the verdict on a response is another than ``outcome``."""
    noisy = NoisyVerifier(always(outcome), **rates)
    return sum(noisy(RIDDLE, str(number)).outcome is not outcome for number in range(count)) / count


@pytest.mark.parametrize("outcome", list(Outcome))
@pytest.mark.parametrize("flipped", [0.0, 0.03, 0.3, 1.0])
def test_verdicts_are_flipped_at_the_rate_asked_for(outcome, flipped):
    name, other = ("false_fail", "false_pass") if outcome is Outcome.CORRECT else ("false_pass", "false_fail")
    bound = 4.5 * (flipped * (1 - flipped) / 20_000) ** 0.5
    assert abs(rate(outcome, **{name: flipped}) - flipped) <= bound
    assert rate(outcome, 500, **{other: 1.0}) == 0


def test_another_seed_and_another_riddle_flip_others():
    contrast = Riddle("A farmer has 17 sheep. 9 die. How many are left?", "8", trap="9")
    told = [
        [NoisyVerifier(always(Outcome.WRONG), 0.5, seed=seed)(riddle, str(i)).correct for i in range(200)]
        for seed, riddle in ((0, RIDDLE), (1, RIDDLE), (0, contrast))
    ]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert 60 < sum(a != b for a, b in zip(told[one], told[other], strict=True)) < 140


@given(TEXTS, st.integers(0, 2**70))
def test_a_verdict_is_a_function_of_seed_riddle_and_response(response, seed):
    noisy = NoisyVerifier(false_pass=0.5, false_fail=0.5, seed=seed)
    verdict, truth = noisy(RIDDLE, response), verify(RIDDLE, response)
    assert noisy(RIDDLE, response) == verdict == pickle.loads(pickle.dumps(noisy))(RIDDLE, response)
    assert (verdict.true_outcome, verdict.extracted) == (truth.outcome, truth.extracted)
    assert (verdict.rule == truth.rule) == (verdict.outcome is truth.outcome)


def test_every_process_flips_the_same():
    told = set()
    for hash_seed in ("0", "1", "random"):
        environ = os.environ | {"PYTHONHASHSEED": hash_seed}
        done = subprocess.run([sys.executable, "-c", FLIPS], env=environ, capture_output=True, text=True, check=True)
        told.add(done.stdout)
    assert len(told) == 1
    assert "Outcome.CORRECT" in told.pop()


@pytest.mark.parametrize("rates", [{"false_pass": 1.1}, {"false_fail": -0.1}, {"false_pass": float("nan")}])
def test_a_rate_that_is_no_probability_is_refused(rates):
    with pytest.raises(ValueError, match="must be a probability from 0 to 1, not"):
        NoisyVerifier(**rates)


def test_the_environment_tells_the_true_outcome():
    env = gym.make("Riddle-v0", families="birds-on-a-wire", verifier=NoisyVerifier(false_pass=1.0, false_fail=1.0))
    _, info = env.reset(seed=0)
    assert "true_outcome" not in info
    _, reward, _, _, info = env.step("900")
    assert (reward, info["outcome"], info["true_outcome"]) == (1.0, Outcome.CORRECT, Outcome.WRONG)
    env.reset(seed=0)
    _, reward, _, _, info = env.step(info["answer"])
    assert (reward, info["outcome"], info["true_outcome"]) == (0.0, Outcome.WRONG, Outcome.CORRECT)
    assert info["rule"].startswith("noise: ")


def test_the_vector_environment_tells_the_true_outcome():
    options = {"families": "birds-on-a-wire", "verifier": NoisyVerifier(false_pass=1.0)}
    env = gym.make_vec("Riddle-v0", num_envs=3, **options)
    env.reset(seed=0)
    _, rewards, *_, infos = env.step(["900"] * 3)
    assert rewards.tolist() == [1.0] * 3
    assert infos["true_outcome"].tolist() == [Outcome.WRONG] * 3


def test_without_noise_the_environment_says_nothing_of_it():
    env = gym.make("Riddle-v0")
    env.reset(seed=0)
    assert "true_outcome" not in env.step("900")[4]


class Odd(Families):
    """A source whose own verifier takes only the answer *odd*."""

    @property
    def verify(self):
        return lambda riddle, response: Verdict(
            Outcome.CORRECT if response == "odd" else Outcome.WRONG, response, "odd"
        )


@pytest.mark.parametrize("inner", [None, verify])
def test_a_source_keeps_its_own_verifier_under_noise(inner):
    options = {"families": "birds-on-a-wire", "source": Odd(), "verifier": NoisyVerifier(inner)}
    env = gym.make("Riddle-v0", **options)
    env.reset(seed=0)
    assert env.step("odd")[1] == (1.0 if inner is None else 0.0)


@pytest.mark.parametrize("noise", [{}, {"false_pass": 1.0}, {"false_fail": 1.0}])
def test_noise_does_not_change_who_fell_for_the_trap(noise):
    env = gym.make("Riddle-v0", families="birds-on-a-wire", verifier=NoisyVerifier(**noise))
    _, info = env.reset(seed=0)
    riddle = Families().riddle(info["riddle_id"])
    for reply, fell in ((riddle.trap, True), (f"There are {riddle.trap} left.", True), (riddle.answer, False)):
        env.reset(seed=0)
        assert env.step(reply)[-1]["fell_for_trap"] == fell
