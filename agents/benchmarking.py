"""How good any agent is on fixed lists of riddles and their contrasts, without training."""

from __future__ import annotations

import dataclasses
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import gymnasium as gym
import numpy as np

from agents.base import Agent, judge
from agents.policy import GREEDY, LanguageModelPolicy, PolicyAgent
from agents.trajectory import Completion, Trajectory
from expit_env import Outcome
from expit_env.riddles import FAMILIES
from expit_env.riddles.splits import GENERATOR_VERSION, INDEX_COUNT, families_of

MEASURES = (
    "pair_accuracy", "riddle_accuracy", "contrast_accuracy", "overapplied", "underapplied", "no_answer", "ambiguous",
    "unfinished",
)  # fmt: skip
SHORT_REPLY = 64  # the token limit of the embedded model's replies, and of policies benchmarked from Python
BATCH = 64  # replies that are drawn together, and lost together if the process is killed meanwhile
LISTS = {split: f"Riddle-v0/{split}@{GENERATOR_VERSION}" for split in ("test", "transfer")}  # new riddles, new version
_LIST_SEED, _BOOTSTRAP_SEED, _RESAMPLES = 20_261_201, 20_261_202, 1_999

Act = Callable[[list[str]], Sequence[str | Completion]]
Deliver = Callable[[int, Sequence[Completion]], None]  # takes the place of the first completion, and some completions
Ask = Callable[[list[str], Deliver], object]


@dataclass(frozen=True, slots=True)
class Benchmark:
    """The replies to a fixed list, and what they amount to; each of ``MEASURES`` is a mean from 0 to 1.

    Attributes:
        version: the list, such as Riddle-v0/test@4.
        riddles, samples: the number of pairs of a riddle and its contrast, and of replies to each of the two.
        pair_accuracy: share of pairs with both right, the headline.
        overapplied: share of contrasts answered with the riddle's answer: the trick where there is none.
        underapplied: share of riddles answered with the literal answer.
        no_answer, ambiguous: share of replies with no final answer, or with several that disagree.
        unfinished: share of replies that were cut off at the token limit.
        intervals: 95 % interval of each measure, over families and their riddles.
        groups: the measures, and the number of riddles, by group of families.
        rules: how many replies were no answer or ambiguous, by the verifier's rule.
        tokens, prompt_tokens, seconds: what the replies took; prompts are counted only by a server.
    """

    version: str
    riddles: int
    samples: int
    pair_accuracy: float
    riddle_accuracy: float
    contrast_accuracy: float
    overapplied: float
    underapplied: float
    no_answer: float
    ambiguous: float
    unfinished: float
    intervals: Mapping[str, tuple[float, float]]
    groups: Mapping[str, Mapping[str, float]]
    rules: Mapping[str, int]
    tokens: int
    prompt_tokens: int
    seconds: float
    replies: tuple[Trajectory, ...] = field(repr=False)

    @classmethod
    def of(cls, version: str, replies: Iterable[Trajectory]) -> Benchmark:
        """Measure the replies to whole pairs, of which there must be at least one."""
        pairs = whole_pairs(replies)
        families = [str(riddles[0].family) for riddles, _ in pairs.values()]
        values = np.array([pair_values(*pair) for pair in pairs.values()])  # (num_pairs, num_measures)
        counted = [reply for pair in pairs.values() for side in pair for reply in side]
        said, unread = [reply.completions[-1] for reply in counted], (Outcome.NO_ANSWER, Outcome.AMBIGUOUS)
        return cls(
            version=version,
            riddles=len(pairs),
            samples=len(counted) // (2 * len(pairs)),
            **_means(values),
            intervals=dict(zip(MEASURES, map(tuple, intervals(families, values).tolist()), strict=True)),
            groups=_by_group(families, values),
            rules=dict(Counter(str(one.rule) for one in counted if one.outcome in unread).most_common()),
            tokens=sum(one.num_tokens for one in said),
            prompt_tokens=sum(one.prompt_tokens for one in said),
            seconds=round(sum(one.seconds for one in said), 3),
            replies=tuple(counted),
        )

    def to_dict(self) -> dict[str, object]:
        """Return everything but the replies as JSON values."""
        return {name: value for name, value in dataclasses.asdict(self).items() if name != "replies"}


def benchmark(agent: Agent | LanguageModelPolicy | Act, split: str = "test", riddles: int = 100) -> Benchmark:
    """Measure an agent on the first pairs of a fixed list.

    >>> benchmark(lambda questions: ["Answer: none"] * len(questions), riddles=4).no_answer
    0.0

    Args:
        agent: an `Agent`, a policy, which answers greedily, or a function from a list of observations to a list of
            texts. ``expit_env.ANSWER_FORMAT`` is what to tell a model about the form of its reply.
        split: test or transfer.
        riddles: how many pairs.
    """
    if isinstance(agent, LanguageModelPolicy):
        agent = PolicyAgent(agent, dataclasses.replace(GREEDY, max_new_tokens=SHORT_REPLY))
    act: Act = agent.act if isinstance(agent, Agent) else agent  # type: ignore[assignment]
    replies: list[Trajectory] = []
    answer(fixed_list(split, riddles), in_batches(act), replies.extend)
    return Benchmark.of(LISTS[split], replies)


def measure(replies: Sequence[Trajectory], lists: Mapping[str, str]) -> dict[str, Benchmark]:
    """Return what replies amount to, for each split with a whole pair; ``lists`` are the versions by split."""
    by_split = {split: [reply for reply in replies if reply.split == split] for split in lists}
    return {split: Benchmark.of(lists[split], found) for split, found in by_split.items() if whole_pairs(found)}


def fixed_list(split: str, count: int) -> list[str]:
    """Return the ids of the first ``count`` riddles of a split's list, each before its contrast.

    Pair k is of family k mod F in a fixed shuffled order, so that a shorter list is the beginning of a longer one.
    Raises a ValueError if there is no such list.
    """
    if split not in LISTS:
        raise ValueError(f"--split must be {' or '.join(LISTS)}, which have lists of riddles, not {split!r}")
    if not 1 <= count <= INDEX_COUNT:
        raise ValueError(f"--riddles must be at least 1 and at most {INDEX_COUNT:,}, not {count:,}")
    families = families_of(split)
    # NumPy keeps the words of a SeedSequence the same in all versions, but not what a Generator draws.
    words = np.random.SeedSequence([_LIST_SEED, *split.encode()]).generate_state(len(families) + count)
    order = np.argsort(words[: len(families)], kind="stable")
    indices = (words[len(families) :] % INDEX_COUNT).tolist()
    pairs = [f"{families[order[k % len(families)]]}/{split}/{index}" for k, index in enumerate(indices)]
    return [riddle_id for pair in pairs for riddle_id in (pair, f"{pair}/contrast")]


def in_batches(act: Act, batch: int = BATCH) -> Ask:
    """Ask a function from a list of observations to a list of completions, or texts, a batch at a time."""

    def ask(observations: list[str], deliver: Deliver) -> None:
        for first in range(0, len(observations), batch):
            some = observations[first : first + batch]
            said = [one if isinstance(one, Completion) else Completion(one) for one in act(some)]
            if len(said) != len(some):
                raise ValueError(f"the agent gave {len(said)} replies to {len(some)} observations")
            deliver(first, said)

    return ask


def answer(riddle_ids: Sequence[str], ask: Ask, keep: Callable[[list[Trajectory]], None]) -> None:
    """Ask riddles, and keep the judged replies as they come, with their share of the time and without their tokens."""
    env, clock = gym.make("expit_env:Riddle-v0"), time.monotonic()  # an id finds a riddle of any split

    def deliver(first: int, completions: Sequence[Completion]) -> None:
        nonlocal clock
        before, clock = clock, time.monotonic()
        seconds = round((clock - before) / len(completions), 4)
        said = [Completion(c.text, (), (), c.finished, c.num_tokens, c.prompt_tokens, seconds) for c in completions]
        keep(judge_pairs(env, riddle_ids[first : first + len(said)], said))

    ask([env.reset(options={"riddle_id": riddle_id})[0] for riddle_id in riddle_ids], deliver)


def judge_pairs(env: gym.Env[str, str], ids: Sequence[str], completions: Sequence[Completion]) -> list[Trajectory]:
    """Judge completions; a reply to a contrast falls for the trap if it is right for the riddle, in any wording."""
    judged, riddles = judge(env, ids, completions), [riddle_id.removesuffix("/contrast") for riddle_id in ids]
    return [
        dataclasses.replace(one, fell_for_trap=one.fell_for_trap or (other.solved and not one.solved))
        for one, other in zip(judged, judge(env, riddles, completions), strict=True)
    ]


def whole_pairs(replies: Iterable[Trajectory]) -> dict[str, tuple[list[Trajectory], list[Trajectory]]]:
    """Return the replies to each riddle and to its contrast, by the riddle's id, if there are as many to both."""
    pairs: dict[str, tuple[list[Trajectory], list[Trajectory]]] = {}
    for reply in replies:
        pair = str(reply.riddle_id).removesuffix("/contrast")
        pairs.setdefault(pair, ([], []))[reply.riddle_id != pair].append(reply)
    return {pair: sides for pair, sides in pairs.items() if len(sides[0]) == len(sides[1])}


def pair_values(riddles: Sequence[Trajectory], contrasts: Sequence[Trajectory]) -> list[float]:
    """Return each of ``MEASURES`` for the replies to one pair."""
    both = [*riddles, *contrasts]
    shares = (
        [one.solved and other.solved for one, other in zip(riddles, contrasts, strict=True)],
        [reply.solved for reply in riddles],
        [reply.solved for reply in contrasts],
        [reply.fell_for_trap for reply in contrasts],
        [reply.fell_for_trap for reply in riddles],
        [reply.outcome == Outcome.NO_ANSWER for reply in both],
        [reply.outcome == Outcome.AMBIGUOUS for reply in both],
        [not reply.completions[-1].finished for reply in both],
    )
    return [float(np.mean(share)) for share in shares]


def intervals(families: Sequence[str], values: np.ndarray) -> np.ndarray:
    """Return the `bootstrap` intervals of shares; Wilson's (1927) if all pairs are 0, or all are 1."""
    from scipy import stats  # takes half a second, too long for the command's help

    bounds = bootstrap(families, values)
    for place, column in enumerate(values.T):
        if column.min() == column.max() and column[0] in (0, 1):
            bounds[place] = stats.binomtest(int(column.sum()), len(column)).proportion_ci(method="wilson")
    return bounds


def bootstrap(families: Sequence[str], values: np.ndarray) -> np.ndarray:
    """Return the 95 % intervals of the means of ``values`` over pairs, each of which has a family.

    Families are resampled, and then the pairs of each: (num_pairs, num_measures) gives (num_measures, 2).
    """
    rng = np.random.default_rng(_BOOTSTRAP_SEED)
    names, family_of = np.unique(list(families), return_inverse=True)
    times = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=_RESAMPLES)  # (R, num_families)
    weights = np.empty((_RESAMPLES, len(values)))
    for family in range(len(names)):
        members = np.flatnonzero(family_of == family)
        # A family that is drawn k times has its n pairs drawn k * n times in all.
        chances = np.full(len(members), 1 / len(members))
        weights[:, members] = rng.multinomial(times[:, family] * len(members), chances)
    return np.quantile(weights @ values / weights.sum(axis=1, keepdims=True), [0.025, 0.975], axis=0).T


def _means(values: np.ndarray) -> dict[str, float]:
    return dict(zip(MEASURES, values.mean(axis=0).tolist(), strict=True))


def _by_group(families: Sequence[str], values: np.ndarray) -> dict[str, dict[str, float]]:
    # Results of an earlier version may have a family that no longer exists.
    groups = np.array([getattr(FAMILIES.get(family), "group", "others") for family in families])
    rows = {str(group): values[groups == group] for group in np.unique(groups)}
    return {group: {"riddles": len(of_group), **_means(of_group)} for group, of_group in rows.items()}
