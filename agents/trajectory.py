"""What an episode produces: Completion, Trajectory, and the append-only TrajectoryStore."""

from __future__ import annotations

import dataclasses
import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from agents.run import read_jsonl


@dataclass(frozen=True, slots=True)
class Completion:
    """One answer drawn from a policy.

    Attributes:
        text: the answer, without special tokens.
        token_ids: its tokens, including the end-of-turn token if it has one; empty for an agent without tokens.
            # (num_tokens,)
        logprobs: log-probability of each token under the sampling policy, in nats, after temperature and top-p; empty
            if the sampler cannot know them.  # (num_tokens,)
        finished: whether it ended on its own rather than at the token limit.
        counted: the number of tokens, from a server that does not return all tokens themselves; else 0.
        prompt_tokens: the server's count of tokens in the prompt, at the first completion of a request; else 0.
        seconds: its share of the time that sampling took, if that was measured; else 0.
        prompt_ids: the tokens that it was drawn after; empty if the sampler does not know them, or if read from a
            `TrajectoryStore`, whose files they would nearly double.  # (prompt_length,)
    """

    text: str
    token_ids: tuple[int, ...] = ()
    logprobs: tuple[float, ...] = ()
    finished: bool = True
    counted: int = 0
    prompt_tokens: int = 0
    seconds: float = 0.0
    prompt_ids: tuple[int, ...] = field(default=(), compare=False)

    @property
    def num_tokens(self) -> int:
        """How many tokens were generated."""
        return max(len(self.token_ids), self.counted)

    @property
    def mean_logprob(self) -> float:
        """The mean of the log-probabilities, in nats; 0 if they are not known."""
        return sum(self.logprobs) / len(self.logprobs) if self.logprobs else 0.0


@dataclass(frozen=True, slots=True)
class Trajectory:
    """One episode: observations, answers and rewards.

    Attributes:
        start: the seed or riddle id that the episode was reset with.
        riddle_id, family, level, split, contrast_id: from ``info`` after reset; None if missing there.
        observations, completions, rewards: one of each per attempt.  # (num_attempts,)
        outcome, extracted: the verifier's verdict on the last attempt.
        answer: the right answer, which the environment reveals at the end.
        fell_for_trap: whether the last attempt was the tempting literal answer.
        rule: which mark the answer has, or what is missing, in the verifier's words.
        explanation: of the right answer, which the environment reveals at the end, too.
    """

    start: int | str
    riddle_id: str | None
    family: str | None
    level: int | None
    split: str | None
    contrast_id: str | None
    observations: tuple[str, ...]
    completions: tuple[Completion, ...]
    rewards: tuple[float, ...]
    outcome: str | None
    extracted: str | None
    answer: str | None
    fell_for_trap: bool
    rule: str | None = None
    explanation: str | None = None

    @property
    def pair(self) -> tuple[str, ...]:
        """The ids of the riddle and of its contrast, if it has one: equal for both."""
        return tuple(sorted(str(side) for side in (self.riddle_id or self.start, self.contrast_id) if side is not None))

    @property
    def solved(self) -> bool:
        """Whether the last answer is right."""
        return self.rewards[-1] > 0

    @property
    def learnable(self) -> bool:
        """Whether the last answer is right, and ended on its own."""
        return self.solved and self.completions[-1].finished

    @property
    def question(self) -> str:
        """The first observation."""
        return self.observations[0]

    @property
    def text(self) -> str:
        """The last answer."""
        return self.completions[-1].text

    @property
    def reason(self) -> str:
        """What the last answer says before its mark, in lower case; empty where there is no mark."""
        return self.text.casefold().rpartition("answer:")[0].strip()

    @property
    def num_tokens(self) -> int:
        """How many tokens were generated, over all attempts."""
        return sum(completion.num_tokens for completion in self.completions)

    def to_json(self) -> str:
        """Write the trajectory as one line of JSON, without the tokens of its prompts."""
        row = dataclasses.asdict(self)
        for completion in row["completions"]:
            del completion["prompt_ids"]
        return json.dumps(row, ensure_ascii=False)

    @classmethod
    def from_json(cls, line: str | bytes) -> Trajectory:
        """Read a line that ``to_json`` wrote."""
        row = json.loads(line)
        row["completions"] = tuple(
            Completion(**c | {"token_ids": tuple(c["token_ids"]), "logprobs": tuple(c["logprobs"])})
            for c in row["completions"]
        )
        return cls(**row | {"observations": tuple(row["observations"]), "rewards": tuple(row["rewards"])})


def pairs_of(trajectories: Iterable[Trajectory]) -> dict[tuple[str, ...], list[Trajectory]]:
    """Return the trajectories of each pair of a riddle and its contrast, in their order."""
    pairs: dict[tuple[str, ...], list[Trajectory]] = {}
    for trajectory in trajectories:
        pairs.setdefault(trajectory.pair, []).append(trajectory)
    return pairs


def whole_pairs(trajectories: Iterable[Trajectory]) -> list[list[Trajectory]]:
    """Return the right, finished trajectories of each pair of which every side has one."""
    found = []
    for pair, drawn in pairs_of(trajectories).items():
        right = [one for one in drawn if one.learnable]
        if len({one.riddle_id for one in right}) == len(pair):
            found.append(right)
    return found


def borne_out(trajectories: Iterable[Trajectory]) -> list[Trajectory]:
    """Leave out answers whose reason led to another answer more often: that they are right does not follow from it.

    So a reason that belongs to a riddle is not learned for its contrast, where the answer was a lucky guess.
    """
    drawn = list(trajectories)
    led: dict[str, Counter[str | None]] = {}
    for one in drawn:
        led.setdefault(one.reason, Counter())[one.extracted] += 1
    return [one for one in drawn if not one.reason or led[one.reason][one.extracted] == max(led[one.reason].values())]


def likeliest(trajectories: Iterable[Trajectory]) -> dict[str, list[str]]:
    """Return the different answers to each question, those first that the policy that drew them found likeliest."""
    found: dict[str, dict[str, float]] = {}
    for one in trajectories:
        found.setdefault(one.observations[-1], {}).setdefault(one.text.strip(), one.completions[-1].mean_logprob)
    return {question: sorted(answers, key=lambda text: -answers[text]) for question, answers in found.items()}


def coverage(trajectories: Iterable[Trajectory]) -> float:
    """Return the share of riddles with at least one right answer."""
    solved: dict[str | None, bool] = {}
    for trajectory in trajectories:
        solved[trajectory.riddle_id] = solved.get(trajectory.riddle_id, False) or trajectory.solved
    return sum(solved.values()) / len(solved)


@dataclass(frozen=True, slots=True)
class TrajectoryStore:
    """Trajectories in a file of JSON lines that is only ever appended to."""

    path: Path

    def extend(self, trajectories: Iterable[Trajectory]) -> None:
        """Append trajectories and force them to the disk."""
        with self.path.open("a", encoding="utf-8") as file:
            file.writelines(trajectory.to_json() + "\n" for trajectory in trajectories)
            file.flush()
            os.fsync(file.fileno())

    def __iter__(self) -> Iterator[Trajectory]:
        return read_jsonl(self.path, Trajectory.from_json)
