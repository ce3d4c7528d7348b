"""What an episode leaves behind: Completion, Trajectory, and the append-only TrajectoryStore."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from agents.run import read_jsonl


@dataclass(frozen=True, slots=True)
class Completion:
    """One answer drawn from a policy.

    Attributes:
        text: the answer, without special tokens.
        token_ids: its tokens, the end-of-turn token included where there is one. Empty for an agent without tokens.
        logprobs: of each token under the policy that sampled it, in nats: after temperature and top-p.
        finished: whether it ended by itself rather than at the token limit.
        counted: how many tokens it has, as a server counts them that does not tell all of them; else 0.
        prompt_tokens: how many tokens the server counted in the prompt, at the first completion of a request; else 0.
    """

    text: str
    token_ids: tuple[int, ...] = ()
    logprobs: tuple[float, ...] = ()
    finished: bool = True
    counted: int = 0
    prompt_tokens: int = 0

    @property
    def num_tokens(self) -> int:
        return max(len(self.token_ids), self.counted)


@dataclass(frozen=True, slots=True)
class Trajectory:
    """One episode: what was asked, what was answered, what it earned.

    Attributes:
        start: the seed, or the riddle id, that the episode was reset with.
        riddle_id, family, level, split, contrast_id: from ``info`` after reset; None where it has none.
        observations, completions, rewards: one of each for every attempt.  # (num_attempts,)
        outcome, extracted: what the verifier made of the last attempt.
        answer: the right answer, which the environment tells at the end.
        fell_for_trap: whether the last attempt was the tempting literal answer.
        rule: which mark the answer has, or what is missing, in the verifier's words.
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

    @property
    def solved(self) -> bool:
        return self.rewards[-1] > 0

    @property
    def question(self) -> str:
        return self.observations[0]

    @property
    def text(self) -> str:
        """The last answer."""
        return self.completions[-1].text

    @property
    def num_tokens(self) -> int:
        """How many tokens were generated, over all attempts."""
        return sum(completion.num_tokens for completion in self.completions)

    def to_json(self) -> str:
        """Write the trajectory as one line of JSON."""
        return json.dumps(dataclasses.asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, line: str | bytes) -> Trajectory:
        """Read a line that ``to_json`` wrote."""
        row = json.loads(line)
        row["completions"] = tuple(
            Completion(**{**c, "token_ids": tuple(c["token_ids"]), "logprobs": tuple(c["logprobs"])})
            for c in row["completions"]
        )
        return cls(**row | {"observations": tuple(row["observations"]), "rewards": tuple(row["rewards"])})


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
