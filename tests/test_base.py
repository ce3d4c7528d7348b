"""Tests of agents.base and agents.trajectory: the loop, the budget, and what an episode leaves behind."""

import dataclasses

import gymnasium as gym
import pytest

import expit_env  # noqa: F401
from agents import Agent, Budget, Completion, Trajectory, TrajectoryStore, rollout
from agents.base import spawn_seeds


class Parrot(Agent):
    """Answers with the number of observations it was given so far."""

    def __init__(self):
        self.seen = []

    def act(self, observations):
        self.seen.append(list(observations))
        return [Completion(str(len(self.seen)), (7, 8), (-0.1, -0.2)) for _ in observations]


def make_env(**kwargs):
    return gym.make("Riddle-v0", **kwargs)


def test_equal_starts_are_copies_of_one_riddle():
    one, same, other = rollout(Parrot(), make_env(), [3, 3, 4])
    assert one.riddle_id == same.riddle_id != other.riddle_id
    assert (one.start, other.start) == (3, 4)


def test_a_riddle_id_is_a_start_and_leads_to_the_contrast():
    (first,) = rollout(Parrot(), make_env(), [5])
    (contrast,) = rollout(Parrot(), make_env(), [first.contrast_id])
    assert contrast.riddle_id == f"{first.riddle_id}/contrast"
    assert contrast.question != first.question


def test_further_attempts_are_asked_in_one_batch_and_replayed():
    agent = Parrot()
    trajectories = rollout(agent, make_env(families="birds-on-a-wire", max_attempts=3), [1, 2])
    assert [len(batch) for batch in agent.seen] == [2, 2, 2]
    for trajectory in trajectories:
        assert [completion.text for completion in trajectory.completions] == ["1", "2", "3"]
        assert len(trajectory.observations) == len(trajectory.rewards) == 3
        assert trajectory.num_tokens == 6
        assert trajectory.answer == "0"


def test_a_right_answer_is_solved():
    class Right(Parrot):
        def act(self, observations):
            return [Completion("They all fly away.\nAnswer: none") for _ in observations]

    (trajectory,) = rollout(Right(), make_env(families="birds-on-a-wire"), [1])
    assert trajectory.solved
    assert trajectory.outcome == "correct"
    assert not trajectory.fell_for_trap


@pytest.mark.parametrize("bounds", [{"episodes": 0}, {"episodes": 1, "tokens": 0}])
def test_a_budget_of_nothing_is_refused(bounds):
    with pytest.raises(ValueError, match="at least one"):
        Budget(**bounds)


def test_seeds_are_different_and_addressed_by_their_path():
    seeds = spawn_seeds([0, 1], 1_000)
    assert len(set(seeds)) == 1_000
    assert seeds == spawn_seeds([0, 1], 1_000)
    assert not set(seeds) & set(spawn_seeds([0, 2], 1_000))


def test_a_store_gives_back_what_it_got(tmp_path):
    store = TrajectoryStore(tmp_path / "trajectories.jsonl")
    trajectories = rollout(Parrot(), make_env(), [1, 2])
    store.extend(trajectories[:1])
    store.extend(trajectories[1:])
    assert list(store) == trajectories


def test_a_torn_line_is_told_with_its_number(tmp_path):
    store = TrajectoryStore(tmp_path / "trajectories.jsonl")
    store.extend(rollout(Parrot(), make_env(), [1]))
    store.path.write_text(store.path.read_text() + '{"start": 1')
    with pytest.raises(ValueError, match="line 2"):
        list(store)


def test_json_keeps_any_text():
    text = 'quote " slash \\ newline \n \u2028 emoji 🐦'
    (trajectory,) = rollout(Parrot(), make_env(), [1])
    changed = dataclasses.replace(trajectory, completions=(Completion(text),))
    assert Trajectory.from_json(changed.to_json()) == changed
    assert "\n" not in changed.to_json()
