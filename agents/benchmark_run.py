"""``expit benchmark`` and ``expit rescore``: one model on the fixed lists, every reply kept in a file as it comes."""

from __future__ import annotations

import dataclasses
import json
import os
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import gymnasium as gym
import tyro
from rich.console import Console

from agents.benchmarking import (
    BATCH,
    LISTS,
    SHORT_REPLY,
    Ask,
    Benchmark,
    Deliver,
    answer,
    fixed_list,
    in_batches,
    judge_pairs,
    measure,
)
from agents.conditions import above_zero, at_least
from agents.embedded import EMBEDDED, model_hash, model_source
from agents.policy import FEW_SHOT, SYSTEM, Decoding, LanguageModelPolicy, PolicyAgent, prompt
from agents.progress import one_line, plain, stage
from agents.requests import one_place
from agents.run import UNCOMPARED, RunConflictError, check_same, hold_file, read_json, read_jsonl, write_text
from agents.training import TrainedRun, trained_adapters
from agents.trajectory import Trajectory, TrajectoryStore
from expit_env import ANSWER_FORMAT

if TYPE_CHECKING:
    from agents.sampling.http import HTTPSampler

Files = Annotated[tyro.conf.Positional[tuple[Path, ...]], tyro.conf.arg(help_behavior_hint="")]
_SEED = 20_261_203
_REMEDY = "Delete that line, then give the command that wrote it again: only that reply is asked for."
_FOR_A_CLUSTER = 4_096  # replies that are drawn together on a cluster, which many machines have a share of
_PATIENCE = 1_800.0  # seconds for a reply: of 16 long ones that a laptop serves, the last waits for the others


@dataclass(frozen=True, slots=True)
class BenchmarkRequest:
    """The arguments of ``expit benchmark``.

    Attributes:
        files: results to compare side by side, such as results/*.json; no model is asked then.
        model: "embedded" (SmolLM2-135M-Instruct), a local folder, the folder of a run, or an id on the Hugging Face
            Hub. With a sampler: the model's name on that server.
        device: cuda, mps or cpu; by default the first of them that is available.
        sampler: a server with an OpenAI-compatible API, such as http://localhost:11434/v1 (Ollama), or several
            separated by commas.
        cluster: a Ray cluster to sample on, as in expit train.
        concurrency: the most requests in flight at a server.
        riddles: pairs of a riddle and its contrast of each of test and transfer.
        system: the system prompt; an empty one leaves it out.
        few_shot: how many solved examples the prompt shows first.
        samples: replies to each riddle, drawn at --temperature; by default one greedy reply.
        temperature: of the samples; 1 if only --samples is given.
        max_new_tokens: the token limit of a reply; by default 64 for the embedded model, and 512 for any other.
        price: dollars per million tokens of prompts and of replies, to report the cost of a server.
        out: the file of the summary, with every reply in a JSONL file next to it; by default results/MODEL.json. What
            is there is not asked again.
        json: print one JSON object and nothing else.
    """

    files: Files = ()
    model: str = EMBEDDED
    device: str | None = None
    sampler: str | None = None
    cluster: str | None = None
    concurrency: int = 16
    riddles: int = 100
    system: str = SYSTEM
    few_shot: int = 0
    samples: int | None = None
    temperature: float | None = None
    max_new_tokens: int | None = None
    price: Annotated[tuple[float, float] | None, tyro.conf.arg(metavar="IN OUT")] = None
    out: Path | None = None
    json: bool = False

    def __post_init__(self) -> None:
        at_least(self, concurrency=1, riddles=1, few_shot=0, samples=1, max_new_tokens=1)
        above_zero(self, temperature=inf)
        one_place(self.sampler, self.cluster)
        if self.few_shot > len(FEW_SHOT):
            raise ValueError(f"--few-shot must be at most {len(FEW_SHOT)}, not {self.few_shot}")
        if self.price is not None and (self.sampler is None or not all(0 <= each < inf for each in self.price)):
            raise ValueError("--price goes with --sampler, and takes two numbers of at least 0")
        others = [each.name for each in dataclasses.fields(self) if getattr(self, each.name) != each.default]
        if self.files and (unused := set(others) - {"files", "json"}):
            flags = ", ".join(f"--{name.replace('_', '-')}" for name in sorted(unused))
            raise ValueError(f"results that exist are compared as they are: leave out {flags}, or the files")

    def results(self) -> Results:
        """Return the files of the results."""
        name = re.sub(r"[^a-z0-9.]+", "-", self.model.lower()).strip("-.") or "model"
        return Results.at(self.out or Path("results") / f"{name}.json")

    def decoding(self) -> Decoding:
        """Return how replies are drawn."""
        greedy = self.samples is None and self.temperature is None
        length = self.max_new_tokens or (SHORT_REPLY if self.sampler is None and self.model == EMBEDDED else 512)
        return Decoding(0.0 if greedy else self.temperature or 1.0, 1.0, length, self.few_shot, self.system)

    def settings(self) -> dict[str, Any]:
        """Return what determines the replies; not the number of riddles, because a shorter list is part of a longer."""
        local = [] if self.sampler else [*trained_adapters(Path(self.model)), Path(model_source(self.model))]
        return {
            "model": self.model,
            "model_hash": next((model_hash(folder) for folder in local if folder.is_dir()), None),
            "served": self.sampler is not None,
            "lists": LISTS,
            "answer_format": ANSWER_FORMAT,
            "samples": self.samples or 1,
            **dataclasses.asdict(self.decoding()),
            UNCOMPARED: {name: getattr(self, name) for name in ("sampler", "cluster", "device", "price")},
        }

    def load(self) -> LanguageModelPolicy | HTTPSampler:
        """Load the model, or connect to the one on the server."""
        if self.sampler is not None:
            from agents.sampling.http import HTTPSampler  # only a server needs the package openai

            return HTTPSampler(self.sampler, self.model, concurrency=self.concurrency, timeout=_PATIENCE)
        if not trained_adapters(Path(self.model)):
            try:
                return LanguageModelPolicy.load(model_source(self.model), self.device, self.cluster)
            except OSError as error:
                raise OSError(f"--model {self.model}: {error}") from error
        run = TrainedRun.open(Path(self.model), self.device, cluster=self.cluster)
        run.policy.use_adapter(run.adapter)
        return run.policy


@dataclass(frozen=True, slots=True)
class Results:
    """The two files of a benchmark: model, measures and settings as JSON, and every reply as a line of JSON."""

    summary: Path
    lines: Path

    @classmethod
    def at(cls, path: Path) -> Results:
        """Return the files of which ``path`` is one, or the name without a suffix."""
        if path.is_dir():
            raise ValueError(f"{path} is a folder: name a file of results, such as {path / 'results.json'}")
        name = path.name.removesuffix(".jsonl").removesuffix(".json")
        return cls(path.with_name(f"{name}.json"), path.with_name(f"{name}.jsonl"))

    def settings(self) -> dict[str, Any]:
        """Return the settings in the summary."""
        return read_json(self.summary, lambda summary: {"lists": {}, **summary["settings"]})

    def replies(self) -> list[Trajectory]:
        """Return the stored replies, without a last line that was cut off by a kill."""
        whole = self.lines.read_bytes().count(b"\n") if self.lines.exists() else 0
        return list(islice(read_jsonl(self.lines, Trajectory.from_json, _REMEDY), whole))

    def resume(self, settings: Mapping[str, Any]) -> list[Trajectory]:
        """Return the stored replies, and remove a cut-off line; raise RunConflictError if the settings were others."""
        if self.summary.exists():
            held, measured = self.settings(), read_json(self.summary, lambda summary: summary["splits"])
            if measured or self.replies():  # else nothing came, as from a server that was not there
                check_same(self.summary, held, json.loads(json.dumps(settings)))
        elif self.lines.exists():
            raise RunConflictError(f"{self.lines} is there without {self.summary.name}: choose another file")
        if self.lines.exists():
            os.truncate(self.lines, self.lines.read_bytes().rfind(b"\n") + 1)
        return self.replies()

    def write(self, settings: Mapping[str, Any], replies: Sequence[Trajectory]) -> dict[str, Benchmark]:
        """Write the summary of some replies, and return what they amount to by split."""
        measured = measure(replies, settings["lists"])
        price = settings.get(UNCOMPARED, {}).get("price")
        splits = {split: {**one.to_dict(), "cost": _cost(one, price)} for split, one in measured.items()}
        summary = {"model": settings["model"], "splits": splits, "settings": settings}
        write_text(self.summary, json.dumps(summary, indent=2) + "\n")
        return measured


def _cost(one: Benchmark, price: Sequence[float] | None) -> float | None:
    """Return the cost in dollars; None without a price, or if the server did not count the tokens of prompts."""
    if price is None or not one.prompt_tokens:
        return None
    return round((one.prompt_tokens * price[0] + one.tokens * price[1]) / 1e6, 6)


def run(request: BenchmarkRequest, console: Console) -> dict[str, Benchmark]:
    """Ask what has not been asked yet, and write the summary; return what was measured by split."""
    results, settings = request.results(), request.settings()
    wanted = Counter({each: settings["samples"] for split in LISTS for each in fixed_list(split, request.riddles)})
    with hold_file(results.summary):
        stored = results.resume(settings)

        def keep(replies: list[Trajectory]) -> None:
            TrajectoryStore(results.lines).extend(replies)
            stored.extend(replies)

        if missing := list((wanted - Counter(str(reply.riddle_id) for reply in stored)).elements()):
            model = request.load()
            results.write(settings, stored)  # the settings are there before the first reply
            with stage(console, f"benchmark {request.model}", len(missing)) as progress:
                # With the number of stored replies in the seed, no sample is drawn twice.
                batch = _FOR_A_CLUSTER if request.cluster else BATCH
                answer(missing, _ask(model, request.decoding(), (_SEED, len(stored)), progress, batch), keep)
        return results.write(settings, [reply for reply in stored if reply.riddle_id in wanted])


def _ask(
    model: LanguageModelPolicy | HTTPSampler,
    decoding: Decoding,
    seed: Sequence[int],
    progress: Callable[[int], None],
    batch: int,
) -> Ask:
    """Ask a policy in batches, or a server all at once, which then returns the replies one by one."""
    if isinstance(model, LanguageModelPolicy):
        return in_batches(PolicyAgent(model, decoding, seed, progress).act, batch)

    def ask(observations: list[str], deliver: Deliver) -> None:
        model.on_reply = deliver
        prompts = [prompt(observation, FEW_SHOT[: decoding.few_shot], decoding.system) for observation in observations]
        model.sample(
            prompts, 1, temperature=decoding.temperature, top_p=decoding.top_p, seed=seed, progress=progress,
            max_new_tokens=decoding.max_new_tokens,
        )  # fmt: skip

    return ask


def rescore(path: Path, write: bool = False) -> list[tuple[Trajectory, Trajectory]]:
    """Judge the replies again, in the files only with ``write``; return those that flip, before and after."""
    results = Results.at(path)
    with hold_file(results.summary):
        settings, before = results.settings(), results.replies()
        if settings["lists"] != LISTS:
            lists = [", ".join(each.values()) for each in (settings["lists"], LISTS)]
            raise ValueError(f"{path} has replies to {lists[0]}, but the riddles are those of {lists[1]} now")
        env = gym.make("expit_env:Riddle-v0")
        after = judge_pairs(env, [str(one.riddle_id) for one in before], [one.completions[-1] for one in before])
        if write:
            write_text(results.lines, "".join(one.to_json() + "\n" for one in after))
            results.write(settings, after)
    return [(old, new) for old, new in zip(before, after, strict=True) if old.outcome != new.outcome]


def print_flips(console: Console, path: Path, flips: Sequence[tuple[Trajectory, Trajectory]], written: bool) -> None:
    """Print each verdict that flips, and how many there are."""
    for before, after in flips:
        console.print(plain(f"{before.riddle_id}: {before.question}", "bold"), soft_wrap=True)
        console.print(one_line(before.text), soft_wrap=True)
        verdicts = f"{before.outcome} ({before.rule}) is now {after.outcome} ({after.rule})"
        console.print(plain(f"{verdicts}\n"), soft_wrap=True)
    done = "written" if written else "nothing is written without --write"
    console.print(plain(f"{path}: {len(flips)} verdicts flip; {done}."), soft_wrap=True)
