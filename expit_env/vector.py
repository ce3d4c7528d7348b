"""RiddleVectorEnv, what gym.make_vec("Riddle-v0") makes: many riddles side by side, in one loop without wrappers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.utils import seeding
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from expit_env.env import text_spaces
from expit_env.episode import Episode, Levels, Rules, Verifier, read_options, unknown
from expit_env.noisy import verifier_of
from expit_env.sources import RiddleSource, open_source

Observations = tuple[str, ...]
Infos = dict[str, Any]


class RiddleVectorEnv(VectorEnv[Observations, Sequence[str], np.ndarray]):
    """Many `RiddleEnv` in one, for speed: same seeds, same riddles, same infos as in a `SyncVectorEnv` of them.

    The arguments are those of `RiddleEnv`, and:

    - `num_envs`: how many riddles are posed at a time.
    - `autoreset_mode`: `"SameStep"` (the default): the step that ends an episode already returns the next question; the
      last observation and info of the ended one are in `infos["final_obs"]` and `infos["final_info"]`. `"Disabled"`:
      ended episodes stay as they are until `reset(options={"reset_mask": ...})`. Gymnasium's `"NextStep"` is refused:
      with one answer an episode it would waste every second step.

    Observations are a tuple of strings; actions are any sequence of strings. `reset` takes the options of `RiddleEnv`,
    of which `riddle_id` may be a sequence with one address (or None: draw one) for each environment, and Gymnasium's
    `reset_mask`, a boolean array of the environments to reset.
    """

    def __init__(
        self,
        num_envs: int = 1,
        split: str = "train",
        families: str | Sequence[str] = "all",
        level: int | None = None,
        max_attempts: int = 1,
        hints: int = 0,
        verifier: Verifier | None = None,
        source: str | RiddleSource | None = None,
        render_mode: str | None = None,
        autoreset_mode: str | AutoresetMode = AutoresetMode.SAME_STEP,
    ) -> None:
        if render_mode not in (None, "ansi"):
            raise unknown("render mode of a vector environment", render_mode, ("ansi",))
        self.num_envs = num_envs
        self.render_mode = render_mode
        self.autoreset_mode = _autoreset_mode(autoreset_mode)
        self.metadata = {"render_modes": ["ansi"], "render_fps": 4, "autoreset_mode": self.autoreset_mode}
        self._source = open_source(source)
        spaces = text_spaces(self._source.question_length, max_attempts)
        self.single_observation_space, self.single_action_space = spaces
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._deck = self._source.deck(split, families, level)
        self._rules = Rules(max_attempts, hints, verifier_of(verifier, self._source.verify))
        self._generators: list[np.random.Generator | None] = [None] * num_envs
        self._seeds: list[int] = [-1] * num_envs
        self._episodes: list[Episode] = []

    @property
    def np_random(self) -> tuple[np.random.Generator, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The generator of each environment, as SyncVectorEnv has it."""
        return tuple(self._generator(i) for i in range(self.num_envs))

    @property
    def np_random_seed(self) -> tuple[int, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The seed of each environment's generator, as SyncVectorEnv has it."""
        return tuple(self._seeds[i] for i, _ in enumerate(self.np_random))

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> tuple[Observations, Infos]:
        seeds = self._each_seed(seed)
        options = dict(options or {})
        chosen = self._chosen(options.pop("reset_mask", None))
        riddle_ids, level = self._each_riddle_id(options)
        if not self._episodes and len(chosen) < self.num_envs:
            raise gym.error.ResetNeeded("the first reset must be of all environments: leave reset_mask away")
        for i in chosen:
            if seeds[i] is not None:
                self._generators[i], self._seeds[i] = seeding.np_random(seeds[i])
        fresh = self._pose({i: riddle_ids[i] for i in chosen}, level)
        self._episodes = [fresh.get(i) or self._episodes[i] for i in range(self.num_envs)]
        return self._observations(), self._batch((i, episode.info) for i, episode in fresh.items())

    def step(self, actions: Sequence[str]) -> tuple[Observations, np.ndarray, np.ndarray, np.ndarray, Infos]:
        if isinstance(actions, str) or len(actions) != self.num_envs:
            raise ValueError(f"step takes {self.num_envs} answers, one for each environment, not {actions!r}")
        self._refuse_ended()
        results = [episode.attempt(action) for episode, action in zip(self._episodes, actions, strict=True)]
        terminations = np.array([episode.over for episode in self._episodes], dtype=np.bool_)
        rewards = np.array([reward for reward, _ in results], dtype=np.float64)
        infos = [info for _, info in results]
        if self.autoreset_mode is AutoresetMode.DISABLED:
            batched = self._batch(enumerate(infos))
        else:
            batched = self._autoreset(infos, np.flatnonzero(terminations).tolist())
        return self._observations(), rewards, terminations, np.zeros(self.num_envs, dtype=np.bool_), batched

    def render(self) -> tuple[str, ...] | None:
        if self.render_mode is None:
            return None
        return tuple("\n".join(episode.transcript()) for episode in self._episodes)

    def _autoreset(self, infos: list[dict[str, Any]], ended: list[int]) -> Infos:
        """Pose the next riddle wherever an episode has ended, and batch the infos as SyncVectorEnv does."""
        final = [(i, infos[i], self._episodes[i].observation) for i in ended]
        for i, episode in self._pose(dict.fromkeys(ended)).items():
            self._episodes[i] = episode
            infos[i] = episode.info
        batched = self._batch(enumerate(infos))
        if final:
            mask = np.zeros(self.num_envs, dtype=np.bool_)
            mask[ended] = True
            batched["final_obs"], batched["_final_obs"] = _objects(self.num_envs), mask
            batched["final_obs"][ended] = [observation for _, _, observation in final]
            batched["final_info"], batched["_final_info"] = self._batch((i, info) for i, info, _ in final), mask.copy()
        return batched

    def _pose(self, riddle_ids: Mapping[int, str | None], level: Levels = None) -> dict[int, Episode]:
        """Begin an episode in some environments: with the riddle of an address, or with one that is drawn."""
        riddles = {i: self._source.riddle(name) for i, name in riddle_ids.items() if name is not None}
        drawing = [i for i in riddle_ids if i not in riddles]
        riddles |= zip(drawing, self._deck.draw_each([self._generator(i) for i in drawing], level), strict=True)
        return {i: Episode(riddles[i], self._rules) for i in riddle_ids}

    def _generator(self, i: int) -> np.random.Generator:
        generator = self._generators[i]
        if generator is None:
            generator, self._seeds[i] = seeding.np_random()
            self._generators[i] = generator
        return generator

    def _observations(self) -> Observations:
        return tuple([episode.observation for episode in self._episodes])

    def _refuse_ended(self) -> None:
        if not self._episodes:
            raise gym.error.ResetNeeded("no riddle has been asked yet: call reset() before step()")
        ended = [i for i, episode in enumerate(self._episodes) if episode.over]
        if ended:
            raise gym.error.ResetNeeded(f'the episodes {ended} are over: reset them with options={{"reset_mask": ...}}')

    def _each_seed(self, seed: int | Sequence[int | None] | None) -> Sequence[int | None]:
        if seed is None:
            return [None] * self.num_envs
        if isinstance(seed, int):
            return [seed + i for i in range(self.num_envs)]
        if len(seed) != self.num_envs:
            raise ValueError(f"reset takes one seed, or {self.num_envs}, one for each environment, not {len(seed)}")
        return seed

    def _chosen(self, mask: Any) -> list[int]:
        """Return the environments to reset."""
        if mask is None:
            return list(range(self.num_envs))
        if not isinstance(mask, np.ndarray) or mask.dtype != np.bool_ or mask.shape != (self.num_envs,):
            raise TypeError(f"reset_mask must be a boolean numpy array of shape ({self.num_envs},), not {mask!r}")
        if not mask.any():
            raise ValueError("reset_mask names no environment to reset")
        return np.flatnonzero(mask).tolist()

    def _each_riddle_id(self, options: dict[str, Any]) -> tuple[Sequence[str | None], Levels]:
        """Return the address that is asked for of each environment, and the level of what is drawn."""
        riddle_id, level = read_options(options, ("reset_mask",))
        if riddle_id is None or isinstance(riddle_id, str):
            return [riddle_id] * self.num_envs, level
        if len(riddle_id) != self.num_envs:
            raise ValueError(f"riddle_id takes one address, or {self.num_envs}, not {len(riddle_id)}")
        return riddle_id, level

    def _batch(self, infos: Iterable[tuple[int, Mapping[str, Any]]]) -> Infos:
        """Batch infos: under each key an array, and under the key with a '_' before it a mask of who has it.

        Infos with the same keys are set at once, a column at a time: that is where the speed comes from.
        """
        groups = defaultdict(list)
        for i, info in infos:
            groups[tuple(info)].append((i, info))
        batched: Infos = {}
        for keys, members in groups.items():
            whole = len(members) == self.num_envs
            index = slice(None) if whole else np.array([i for i, _ in members])
            for key, values in zip(keys, zip(*[info.values() for _, info in members], strict=True), strict=True):
                self._set_column(batched, key, index, values)
        return batched

    def _set_column(self, batched: Infos, key: str, index: slice | np.ndarray, values: Sequence[Any]) -> None:
        if key not in batched:
            number = type(values[0]) in (int, float, bool)
            batched[key] = np.zeros(self.num_envs, dtype=type(values[0])) if number else _objects(self.num_envs)
            batched[f"_{key}"] = np.zeros(self.num_envs, dtype=np.bool_)
        batched[key][index] = values
        batched[f"_{key}"][index] = True


def _objects(size: int) -> np.ndarray:
    return np.full(size, None, dtype=object)


def _autoreset_mode(mode: str | AutoresetMode) -> AutoresetMode:
    allowed = (AutoresetMode.SAME_STEP, AutoresetMode.DISABLED)
    names = [each.value for each in allowed]
    if mode in (AutoresetMode.NEXT_STEP, AutoresetMode.NEXT_STEP.value):
        raise ValueError(f"autoreset_mode 'NextStep' would waste every second step on a reset: use one of {names}")
    if mode not in (*allowed, *names):
        raise unknown("autoreset mode", mode, names)
    return AutoresetMode(mode)
