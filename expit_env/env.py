"""RiddleEnv, registered as Riddle-v0: one question, one answer, one reward."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium as gym

from expit_env.episode import REFUTATION_LENGTH, Episode, Rules, read_options
from expit_env.errors import unknown
from expit_env.riddle import Riddle, Verifier
from expit_env.sources import open_source
from expit_env.sources.source import Levels, RiddleSource
from expit_env.text_space import SharedText
from expit_env.verifiers import verifier_of

RESPONSE_LENGTH = 4096
HINT_LENGTH = 512
SIDES = ("both", "riddle", "contrast")


class RiddleEnv(gym.Env[str, str]):
    r"""A riddle is asked in words; the agent answers in words; a right answer is worth 1.

    ## Description

    Lateral riddles with a trap: the sum that the numbers suggest is not the one that is asked for. Each comes from a
    family that draws its wording, nouns and numbers, and each has a contrast: the same surface with the trick taken
    out, where the literal answer is right. An agent that has learned the answer and not the trick fails the pair.

    >>> import gymnasium as gym, expit_env
    >>> env = gym.make("Riddle-v0")
    >>> question, info = env.reset(options={"riddle_id": "birds-on-a-wire/train/0"})
    >>> _, reward, terminated, _, info = env.step("The shot scares the others away.\nAnswer: none")
    >>> reward
    1.0

    ## Action Space

    `Text`: the whole reply, reasoning included. Every string is a legal action, even one that the space would not
    sample. The verifier looks for one final answer in it; `expit_env.ANSWER_FORMAT` is the sentence that tells an agent
    how to give one, and `expit_env.verify` has the rules.

    ## Observation Space

    `Text`: the question. After a failed attempt with attempts left, a line follows for each: what the answer is not, or
    `ANSWER_FORMAT` where there was none, and then the hint, if one is due.

    ## Starting State

    A family of the split, one of its riddles, and that riddle or its contrast, each equally likely, drawn from the
    environment's generator: equal seeds give equal questions. `reset(options={"riddle_id": ...})` asks the one at that
    address, of any split and side; `info["contrast_id"]` is the address of the other side.
    `reset(options={"level": 3})` draws at that level, whatever the argument says, and
    `options={"level": {"birds-on-a-wire": 3}}` sets it for one family only.

    ## Rewards

    1 for a right answer, 0 for any other: no partial credit, no format bonus. A verifier that raises stops the run; a
    failure is never a reward of 0.

    ## Episode End

    The episode terminates with the right answer or with the last attempt. It is never truncated.

    ## Information

    After reset: `riddle_id`, `family`, `level`, `split`, and `contrast_id`, the address of the other side. After a
    step also `outcome` (correct, wrong, no_answer, ambiguous), `extracted` (the final answer, or None), `rule` (which
    mark it has, or what is missing), `attempts_left`, and `true_outcome` where a `NoisyVerifier` judges. At the end
    also `answer`, `explanation` and `fell_for_trap` (whether the final answer is the trap).

    ## Arguments

    - `split`: `"train"`, `"validation"`, `"test"` (the families of train in unseen wordings, nouns and numbers) or
      `"transfer"` (families never in train).
    - `families`: `"all"`, the name of a family or of a group of families, or a sequence of names. `"bank"` is a fixed
      collection of hand-written riddles, which `"all"` leaves out; not all of them have a contrast.
    - `side`: `"both"`, or only `"riddle"` or only `"contrast"`. In "both", a riddle without a contrast is asked itself.
    - `level`: 1 (easy) to 5, or None for all.
    - `max_attempts`: how many replies an episode takes at most.
    - `hints`: how many hints an episode gives at most, one after each failed attempt.
    - `verifier`: a callable `(riddle, response) -> Verdict`; None for `expit_env.verify`.
    - `source`: where riddles come from: None for the families of this package, a file `"riddles.jsonl"`,
      `"hf:DATASET"`, `"reasoning-gym:NAME"` (see `expit_env.open_source`), or a `RiddleSource`.
    - `render_mode`: `"ansi"` (`render` returns the transcript) or `"human"` (it is printed as it goes).

    ## References

    - Anthony, Tian, Barber: Thinking Fast and Slow with Deep Learning and Tree Search. NeurIPS 2017.
      https://arxiv.org/abs/1705.08439
    - Zelikman, Wu, Mu, Goodman: STaR: Bootstrapping Reasoning With Reasoning. NeurIPS 2022.
      https://arxiv.org/abs/2203.14465
    - Lin, Wu, Yang, Lee, Ren: RiddleSense: Reasoning about Riddle Questions. Findings of ACL 2021.
      https://arxiv.org/abs/2101.00376

    ## Version History

    - v0: first version.
    """

    metadata = {"render_modes": ["ansi", "human"], "render_fps": 4}  # noqa: RUF012 (Gymnasium declares it so)

    def __init__(
        self,
        split: str = "train",
        families: str | Sequence[str] = "all",
        side: str = "both",
        level: int | None = None,
        max_attempts: int = 1,
        hints: int = 0,
        verifier: Verifier | None = None,
        source: str | RiddleSource | None = None,
        render_mode: str | None = None,
    ) -> None:
        self.render_mode = checked_render_mode(render_mode, self.metadata["render_modes"])
        self._source = open_source(source)
        self.observation_space, self.action_space = text_spaces(self._source.question_length, max_attempts)
        self._deck = self._source.deck(split, families, level)
        if side not in SIDES:
            raise unknown("side", side, SIDES)
        self._side = side
        self._rules = Rules(max_attempts, hints, verifier_of(verifier, self._source.verify))
        self._episode: Episode | None = None
        self._printed = 0

    @property
    def families(self) -> tuple[str, ...]:
        """The families that riddles are drawn from."""
        return self._deck.families

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[str, dict[str, Any]]:
        """Draw a riddle, or take the one that the options name, and return its question."""
        riddle_id, level = read_options(options)
        super().reset(seed=seed)
        riddle = self._draw(level) if riddle_id is None else self._source.riddle(riddle_id)
        self._episode = Episode(riddle, self._rules)
        self._printed = 0
        self._show()
        return self._episode.observation, dict(self._episode.info)

    def step(self, action: str) -> tuple[str, float, bool, bool, dict[str, Any]]:
        """Judge an answer.

        Raises:
            ResetNeeded: if there is no open episode.
            TypeError: if the answer is not a string.
        """
        episode = self._episode
        if episode is None:
            raise gym.error.ResetNeeded("no riddle has been asked yet: call reset() before step()")
        if episode.over:
            raise gym.error.ResetNeeded("the episode is over, the riddle is answered: call reset() for the next one")
        reward, info = episode.attempt(action)
        self._show()
        return episode.observation, reward, episode.over, False, info

    def render(self) -> str | None:  # pyright: ignore[reportIncompatibleMethodOverride] (a frame is a string here)
        """Return the transcript of the episode in mode ansi; print its new lines in mode human."""
        if self.render_mode is None:
            gym.logger.warn('render() does nothing without a render mode: gym.make("Riddle-v0", render_mode="ansi")')
            return None
        if self.render_mode == "ansi":
            return "\n".join(self._episode.transcript() if self._episode else [])
        self._show()
        return None

    def _draw(self, level: Levels) -> Riddle:
        riddle = self._deck.draw(self.np_random, level)
        if self._side == "riddle" or (self._side == "both" and self.np_random.random() < 0.5):
            return riddle
        if riddle.contrast_id is not None:
            return self._source.riddle(riddle.contrast_id)
        if self._side == "contrast":
            raise ValueError(f"side='contrast' needs riddles with a contrast, and {riddle.riddle_id} has none")
        return riddle

    def _show(self) -> None:
        """In mode human, print the new lines of the transcript without control characters: text may be foreign."""
        if self.render_mode != "human" or self._episode is None:
            return
        transcript = self._episode.transcript()
        if transcript[self._printed :]:
            new = "\n".join(transcript[self._printed :])
            print("".join(char if char.isprintable() or char == "\n" else "\ufffd" for char in new), flush=True)
            self._printed = len(transcript)


def checked_render_mode(render_mode: str | None, modes: Sequence[str]) -> str | None:
    """Return the render mode if it is None or one of ``modes``.

    Raises:
        TypeError: if it is neither. Stable-Baselines3 tries "rgb_array", and after a TypeError no render mode.
    """
    if render_mode not in (None, *modes):
        raise TypeError(*unknown("render mode", render_mode, modes).args)
    return render_mode


def text_spaces(question_length: int, max_attempts: int) -> tuple[SharedText, SharedText]:
    """Return the spaces of observations and of actions."""
    attempts = max(0, max_attempts - 1) if isinstance(max_attempts, int) else 0
    longest = question_length + attempts * (REFUTATION_LENGTH + HINT_LENGTH)
    return SharedText(longest), SharedText(RESPONSE_LENGTH)
