"""How good any agent is on fixed lists of riddles and their contrasts, without training: ``expit benchmark``."""

from __future__ import annotations

import dataclasses
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import gymnasium as gym
import numpy as np

from agents.adapter_agent import check_numbers
from agents.base import Agent, judge
from agents.policy import GREEDY, LanguageModelPolicy, PolicyAgent
from agents.trajectory import Completion, Trajectory
from expit_env.riddles import FAMILIES
from expit_env.riddles.splits import GENERATOR_VERSION, INDEX_COUNT

MEASURES = (
    "pair_accuracy", "riddle_accuracy", "contrast_accuracy", "overapplied", "underapplied", "no_answer", "ambiguous",
    "unfinished",
)  # fmt: skip
_LIST_SEED, _BOOTSTRAP_SEED = 20_261_201, 20_261_202
_RESAMPLES = 1_999
_BATCH = 64
"""Replies that are asked for together, and lost together where the process is killed meanwhile."""
EMBEDDED_TOKENS = 64
"""Tokens of a reply of the embedded model, or of any policy that is benchmarked from Python, at most."""

Act = Callable[[list[str]], Sequence[str | Completion]]
Deliver = Callable[[int, Sequence[Completion]], None]
Ask = Callable[[list[str], Deliver], None]
"""Asks observations, and delivers the completions as they come: the place of the first, and they."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply and its verdict: a line of the results.

    Attributes:
        riddle_id, family, level, question, answer: the riddle, or the contrast, and its right answer.
        sample: which of the N replies to it.
        reply: as it was given; ``finished`` is whether it ended by itself rather than at the token limit.
        outcome, rule, extracted: the verdict.
        trapped: whether a riddle got its literal answer, or a contrast any answer that would pass for the riddle.
        tokens, prompt_tokens: generated, and in the prompt where a server counts them; else 0.
        seconds: of the clock on the wall. Replies that came together share them, so that their sum is what they took.
    """

    riddle_id: str
    sample: int
    family: str
    level: int
    question: str
    answer: str
    reply: str
    finished: bool
    outcome: str
    rule: str
    extracted: str | None
    trapped: bool
    tokens: int
    prompt_tokens: int
    seconds: float

    @property
    def right(self) -> bool:
        return self.outcome == "correct"

    @property
    def pair(self) -> str:
        """The id of the riddle, also for the reply to its contrast."""
        return _pair(self.riddle_id)

    @classmethod
    def of(cls, judged: Trajectory, trapped: bool, sample: int, seconds: float) -> Reply:
        said = judged.completions[-1]
        return cls(
            str(judged.riddle_id), sample, str(judged.family), judged.level or 0, judged.question, str(judged.answer),
            said.text, said.finished, str(judged.outcome), str(judged.rule), judged.extracted, trapped,
            said.num_tokens, said.prompt_tokens, seconds,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What replies to a fixed list come to. Each of ``MEASURES`` is a mean over pairs and samples, from 0 to 1.

    Attributes:
        version: of the list, such as Riddle-v0/test@4.
        riddles, samples: how many pairs of a riddle and its contrast, and replies to each of the two.
        pair_accuracy: share of pairs with both right: the headline.
        riddle_accuracy, contrast_accuracy: share of either that is right.
        overapplied: share of contrasts answered with the riddle's answer, the trick where there is none.
        underapplied: share of riddles answered with the literal answer.
        no_answer, ambiguous, unfinished: share of all replies that the verifier found no answer in, or several; that
            were cut off by the token limit.
        intervals: of each measure at 95 %, over families and the riddles in them.
        groups: the first five measures by group of families.
        rules: how many replies had no answer, or an ambiguous one, by the verifier's rule.
        tokens, prompt_tokens, seconds: what the replies took; see `Reply`.
        replies: all of them.
    """

    version: str
    riddles: int
    samples: int
    riddle_accuracy: float
    contrast_accuracy: float
    pair_accuracy: float
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
    replies: tuple[Reply, ...] = field(repr=False)

    @classmethod
    def of(cls, version: str, replies: Iterable[Reply]) -> Benchmark:
        """Measure the replies to whole pairs.

        Raises:
            ValueError: if no pair is whole.
        """
        pairs = whole_pairs(replies)
        if not pairs:
            raise ValueError(f"no riddle of {version} has been answered together with its contrast yet")
        families = [pair[0].family for pair in pairs.values()]
        values = np.array([pair_values(pair) for pair in pairs.values()])  # (num_pairs, num_measures)
        counted = [reply for pair in pairs.values() for reply in pair]
        silent = Counter(reply.rule for reply in counted if reply.outcome in ("no_answer", "ambiguous"))
        return cls(
            version=version,
            riddles=len(pairs),
            samples=max(reply.sample for reply in counted) + 1,
            **_named(values.mean(axis=0)),
            intervals=dict(zip(MEASURES, map(tuple, intervals(families, values).tolist()), strict=True)),
            groups=_by_group(families, values),
            rules=dict(silent.most_common()),
            tokens=sum(reply.tokens for reply in counted),
            prompt_tokens=sum(reply.prompt_tokens for reply in counted),
            seconds=round(sum(reply.seconds for reply in counted), 3),
            replies=tuple(counted),
        )

    def to_dict(self) -> dict[str, object]:
        """Return all but the replies as plain values that JSON can hold."""
        return {name: value for name, value in dataclasses.asdict(self).items() if name != "replies"}


def benchmark(agent: Agent | LanguageModelPolicy | Act, split: str = "test", riddles: int = 100) -> Benchmark:
    """Measure an agent on the first pairs of a fixed list.

    >>> benchmark(lambda questions: ["Answer: none"] * len(questions), riddles=4).no_answer
    0.0

    Args:
        agent: any `Agent`, a policy, which answers greedily, or a function from a list of observations to as many
            texts. ``expit_env.ANSWER_FORMAT`` is what to tell a model about the form of its reply.
        split: whose riddles.
        riddles: how many pairs.

    Raises:
        ValueError: if there is no such split, or the agent returns more or fewer texts than it was asked for.
    """
    check_numbers({"riddles": riddles})
    env = gym.make("expit_env:Riddle-v0", split=split)
    if isinstance(agent, LanguageModelPolicy):
        agent = PolicyAgent(agent, dataclasses.replace(GREEDY, max_new_tokens=EMBEDDED_TOKENS))
    act: Act = agent.act if isinstance(agent, Agent) else agent  # type: ignore[assignment]
    replies: list[Reply] = []
    asked = [(riddle_id, 0) for riddle_id in fixed_list(env, riddles)]
    answer(env, asked, in_batches(act), replies.extend)
    return Benchmark.of(version(split), replies)


def version(split: str) -> str:
    """Return the name of a split's fixed list, which changes when the riddles do."""
    return f"Riddle-v0/{split}@{GENERATOR_VERSION}"


def fixed_list(env: gym.Env[str, str], count: int) -> list[str]:
    """Return the ids of the first ``count`` riddles of the list of an environment's split, each before its contrast.

    Pair k is of family k mod F in a fixed shuffled order, so that a shorter list is the beginning of a longer one.
    """
    families, split = env.get_wrapper_attr("families"), str(env.spec.kwargs["split"] if env.spec else "train")
    # NumPy promises that the words of a SeedSequence stay the same, which it does not of what a Generator draws.
    words = np.random.SeedSequence([_LIST_SEED, *split.encode()]).generate_state(len(families) + count)
    order = np.argsort(words[: len(families)], kind="stable")
    riddles = (
        f"{families[order[k % len(families)]]}/{split}/{int(word) % INDEX_COUNT}"
        for k, word in enumerate(words[len(families) :])
    )
    return [riddle_id for riddle in riddles for riddle_id in (riddle, f"{riddle}/contrast")]


def in_batches(act: Act) -> Ask:
    """Return what asks a function from a list of observations to as many completions, or texts, a batch at a time."""

    def ask(observations: list[str], deliver: Deliver) -> None:
        for first in range(0, len(observations), _BATCH):
            batch = observations[first : first + _BATCH]
            said = [one if isinstance(one, Completion) else Completion(one) for one in act(batch)]
            if len(said) != len(batch):
                raise ValueError(f"the agent gave {len(said)} replies to {len(batch)} observations")
            deliver(first, said)

    return ask


def answer(
    env: gym.Env[str, str], asked: Sequence[tuple[str, int]], ask: Ask, keep: Callable[[list[Reply]], None]
) -> None:
    """Ask riddles, given as (riddle id, sample), and keep the judged replies as they come."""
    observations = [env.reset(options={"riddle_id": riddle_id})[0] for riddle_id, _ in asked]
    clock = time.monotonic()

    def deliver(first: int, completions: Sequence[Completion]) -> None:
        nonlocal clock
        before, clock = clock, time.monotonic()
        seconds = round((clock - before) / len(completions), 4)
        keep(judge_replies(env, asked[first : first + len(completions)], completions, seconds))

    ask(observations, deliver)


def judge_replies(
    env: gym.Env[str, str], asked: Sequence[tuple[str, int]], completions: Sequence[Completion], seconds: float = 0
) -> list[Reply]:
    """Judge completions to riddles, given as (riddle id, sample), each of which took so many seconds."""
    judged = judge(env, [riddle_id for riddle_id, _ in asked], completions)
    # A contrast's trap is the riddle's answer in one wording; the riddle itself takes it in any that is right.
    passed = judge(env, [_pair(riddle_id) for riddle_id, _ in asked], completions)
    return [
        Reply.of(one, one.fell_for_trap or (other.solved and not one.solved), sample, seconds)
        for one, other, (_, sample) in zip(judged, passed, asked, strict=True)
    ]


def whole_pairs(replies: Iterable[Reply]) -> dict[str, list[Reply]]:
    """Return the replies to each riddle and then to its contrast, by sample; only where there are as many to both."""
    found: dict[str, tuple[list[Reply], list[Reply]]] = {}
    for reply in replies:
        found.setdefault(reply.pair, ([], []))[reply.riddle_id != reply.pair].append(reply)
    return {
        pair: [reply for side in sides for reply in sorted(side, key=lambda reply: reply.sample)]
        for pair, sides in found.items()
        if len(sides[0]) == len(sides[1])
    }


def pair_values(pair: Sequence[Reply]) -> list[float]:
    """Return each of ``MEASURES`` for the replies to one pair, as `whole_pairs` has them."""
    riddles, contrasts = pair[: len(pair) // 2], pair[len(pair) // 2 :]
    shares = (
        [one.right and other.right for one, other in zip(riddles, contrasts, strict=True)],
        [reply.right for reply in riddles],
        [reply.right for reply in contrasts],
        [reply.trapped for reply in contrasts],
        [reply.trapped for reply in riddles],
        [reply.outcome == "no_answer" for reply in pair],
        [reply.outcome == "ambiguous" for reply in pair],
        [not reply.finished for reply in pair],
    )
    return [float(np.mean(share)) for share in shares]


def intervals(families: Sequence[str], values: np.ndarray) -> np.ndarray:
    """Return the 95 % intervals of the means of some measures over pairs.

    It is the bootstrap that draws families and then pairs of each. Where all pairs have the same value, which leaves
    nothing to draw, it is Wilson's (1927) of the pairs.

    Args:
        families: of each pair.
        values: of each pair by measure, from 0 to 1.  # (num_pairs, num_measures)

    Returns:
        The bounds.  # (num_measures, 2)
    """
    from scipy import stats  # half a second, which the command's help need not take

    bounds = bootstrap(families, values)
    for measure, column in enumerate(values.T):
        if column.min() == column.max() and column[0] in (0, 1):
            wilson = stats.binomtest(int(column.sum()), len(column)).proportion_ci(method="wilson")
            bounds[measure] = wilson.low, wilson.high
    return bounds


def bootstrap(families: Sequence[str], values: np.ndarray) -> np.ndarray:
    """Return the 95 % bootstrap intervals of means over pairs, as `intervals` says."""
    rng = np.random.default_rng(_BOOTSTRAP_SEED)
    names = np.array(families)
    blocks = [values[names == name] for name in dict.fromkeys(families)]
    sizes = np.array([len(block) for block in blocks])
    padded = np.stack([np.pad(block, ((0, sizes.max() - len(block)), (0, 0))) for block in blocks])
    total, count = np.zeros((_RESAMPLES, values.shape[1])), np.zeros((_RESAMPLES, 1))
    for _ in blocks:
        family = rng.integers(len(blocks), size=_RESAMPLES)
        size = sizes[family, None]  # (num_resamples, 1)
        places = (rng.random((_RESAMPLES, sizes.max())) * size).astype(int)
        drawn = np.arange(sizes.max()) < size
        total += (padded[family[:, None], places] * drawn[..., None]).sum(axis=1)
        count += size
    return np.quantile(total / count, [0.025, 0.975], axis=0).T


def _pair(riddle_id: str) -> str:
    return riddle_id.removesuffix("/contrast")


def _named(values: Sequence[float]) -> dict[str, float]:
    return dict(zip(MEASURES, map(float, values), strict=False))


def _by_group(families: Sequence[str], values: np.ndarray) -> dict[str, dict[str, float]]:
    # Results of an older version may name a family that is gone.
    groups = np.array([FAMILIES[family].group if family in FAMILIES else "others" for family in families])
    return {
        str(group): {"riddles": int((groups == group).sum()), **_named(values[groups == group].mean(axis=0)[:5])}
        for group in sorted(set(groups.tolist()))
    }
