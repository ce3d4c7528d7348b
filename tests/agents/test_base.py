"""The loop of acting and judging, the seeds, and what an episode leaves behind."""

import dataclasses

import gymnasium as gym
import pytest

import expit_env  # noqa: F401
from agents import Agent, Budget, Completion, TrajectoryStore, rollout
from agents.base import spawn_seeds
from agents.baselines import ConstantAgent


class Counter(Agent):
    """Answers with how many times it was asked."""

    def __init__(self):
        self.seen = []

    def act(self, observations):
        self.seen.append(list(observations))
        return [Completion(str(len(self.seen)), (7, 8), (-0.1, -0.2)) for _ in observations]


def play(starts, agent=None, **kwargs):
    return rollout(agent or Counter(), gym.make("Riddle-v0", **kwargs), starts)


def test_equal_starts_are_copies_of_one_riddle_and_an_id_is_a_start_too():
    one, same, other = play([3, 3, 4])
    assert one.riddle_id == same.riddle_id != other.riddle_id
    assert (one.start, other.start) == (3, 4)
    (contrast,) = play([one.contrast_id])
    assert (contrast.riddle_id, contrast.contrast_id) == (one.contrast_id, one.riddle_id)
    assert contrast.pair == one.pair != other.pair
    assert contrast.question != one.question


BIRDS = {"families": "birds-on-a-wire", "side": "riddle", "max_attempts": 3}


def test_further_attempts_are_asked_in_one_batch_and_recorded_until_one_is_right():
    agent = Counter()
    trajectories = play([1, 2], agent, **BIRDS)
    assert [len(batch) for batch in agent.seen] == [2, 2, 2]
    for trajectory in trajectories:
        assert [completion.text for completion in trajectory.completions] == ["1", "2", "3"]
        assert len(trajectory.observations) == len(trajectory.rewards) == 3
        assert (trajectory.num_tokens, trajectory.answer, trajectory.solved) == (6, "0", False)
    (trajectory,) = play([1], ConstantAgent("They fly.\nAnswer: none"), **BIRDS)
    assert (trajectory.solved, trajectory.outcome, trajectory.fell_for_trap) == (True, "correct", False)
    assert len(trajectory.rewards) == 1
    assert "fly away" in trajectory.explanation


def test_seeds_are_different_and_depend_on_their_path():
    seeds = spawn_seeds([0, 1], 1_000)
    assert len(set(seeds)) == 1_000
    assert seeds == spawn_seeds([0, 1], 1_000)
    assert not set(seeds) & set(spawn_seeds([0, 2], 1_000))
    with pytest.raises(ValueError, match="at least one"):
        Budget(episodes=1, tokens=0)


def test_a_store_returns_what_was_added_any_text_in_one_line_and_an_incomplete_line_is_an_error(tmp_path):
    store, (one, other) = TrajectoryStore(tmp_path / "trajectories.jsonl"), play([1, 2])
    completion = Completion('quote " slash \\ newline \n \u2028 emoji 🐦', (7, 8), (-0.1, -0.2))
    for trajectories in ([one], [other, dataclasses.replace(one, completions=(completion,))]):
        before = list(store) if store.path.exists() else []
        store.extend(trajectories)
        assert list(store) == before + trajectories
    assert len(store.path.read_text().split("\n")) == 3 + 1
    store.path.write_text(store.path.read_text() + '{"start": 1')
    with pytest.raises(ValueError, match="line 4"):
        list(store)
