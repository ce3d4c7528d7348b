"""``expit benchmark``: one model on the fixed lists, every reply kept in a file as it comes."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import gymnasium as gym
import tyro
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from agents.adapter_agent import check_numbers
from agents.benchmarking import (
    EMBEDDED_TOKENS,
    MEASURES,
    Ask,
    Benchmark,
    Deliver,
    Reply,
    answer,
    fixed_list,
    in_batches,
    version,
    whole_pairs,
)
from agents.embedded import EMBEDDED, model_hash, model_source
from agents.policy import FEW_SHOT, SYSTEM, Decoding, LanguageModelPolicy, PolicyAgent, pick_device, prompt
from agents.progress import plain, stage
from agents.run import UNCOMPARED, RunConflictError, broken, check_same, hold_file, read_json, write_text
from expit_env import ANSWER_FORMAT

if TYPE_CHECKING:
    from agents.sampling.http import HTTPSampler

SPLITS = ("test", "transfer")
_SEED = 20_261_203
_PATIENCE = 1_800.0
"""Seconds that a server may take for a reply: of 16 long ones on a laptop, the last waits for the others."""


@dataclass(frozen=True, slots=True)
class BenchmarkRequest:
    """What ``expit benchmark`` is asked for.

    Attributes:
        files: results to compare side by side, such as results/*.json; no model is asked then.
        model: "embedded" (SmolLM2-135M-Instruct), a local folder, or an id on the Hugging Face Hub. With a sampler: the
            model's name on that server.
        device: cuda, mps or cpu; by default the first of them that is available.
        sampler: a server that speaks OpenAI's API, such as http://localhost:11434/v1 (Ollama).
        concurrency: requests in flight at a server, at most.
        riddles: pairs of a riddle and its contrast of each of test and transfer. Fewer are the first of more.
        system: the system prompt; an empty one leaves it out.
        few_shot: solved examples that the prompt shows first.
        samples: replies to each riddle, drawn at --temperature; by default one greedy reply.
        temperature: of the samples; 1 where only --samples is given.
        max_new_tokens: where a reply is cut off; by default 64 of the embedded model, and 512 of any other.
        price: dollars per million tokens of prompts and of replies, to report the cost at a server.
        out: the file of the summary, with every reply in a JSONL file beside it; by default results/MODEL.json. What is
            there is not asked again.
        json: print one JSON object and nothing else.
    """

    files: tyro.conf.Positional[tuple[Path, ...]] = ()
    model: str = EMBEDDED
    device: str | None = None
    sampler: str | None = None
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
        check_numbers(self)
        if self.few_shot > len(FEW_SHOT):
            raise ValueError(f"--few-shot must be at most {len(FEW_SHOT)}, not {self.few_shot}")
        if self.price is not None and (self.sampler is None or not min(self.price) >= 0):
            raise ValueError("--price goes with --sampler, and takes two numbers of at least 0")

    def results(self) -> Results:
        """Return the files that the results are in."""
        slug = re.sub(r"[^a-z0-9.]+", "-", self.model.lower()).strip("-.") or "model"
        return Results.at(self.out or Path("results") / f"{slug}.json")

    def decoding(self) -> Decoding:
        """Return how replies are drawn."""
        greedy = self.samples is None and self.temperature is None
        length = self.max_new_tokens or (EMBEDDED_TOKENS if self.sampler is None and self.model == EMBEDDED else 512)
        warmth = 0.0 if greedy else self.temperature or 1.0
        return Decoding(warmth, max_new_tokens=length, few_shot=self.few_shot, system=self.system)

    def settings(self) -> dict[str, object]:
        """Return all that decides the replies; the number of riddles is not of it, for a shorter list is a part."""
        folder, decoding = Path("" if self.sampler else model_source(self.model)), dataclasses.asdict(self.decoding())
        return {
            "model": self.model,
            "model_hash": model_hash(folder) if not self.sampler and folder.is_dir() else None,
            "sampled_in": "a server" if self.sampler else _precision(self.device),
            "lists": {split: version(split) for split in SPLITS},
            "answer_format": ANSWER_FORMAT,
            "samples": self.samples or 1,
            **decoding,
            UNCOMPARED: {"sampler": self.sampler, "device": self.device},
        }

    def load(self) -> LanguageModelPolicy | HTTPSampler:
        """Load the model, or reach for the one on the server.

        Raises:
            OSError: if neither a folder nor the Hub has the model.
            ModuleNotFoundError: if a server is asked for and the extra that speaks to it is not installed.
        """
        if self.sampler is None:
            return LanguageModelPolicy.load(model_source(self.model), self.device)
        from agents.sampling.http import HTTPSampler  # without a server, the package openai is not needed

        return HTTPSampler(self.sampler, self.model, concurrency=self.concurrency, timeout=_PATIENCE)


@dataclass(frozen=True, slots=True)
class Results:
    """The two files of a benchmark.

    Attributes:
        summary: JSON: the model, the measures of each split that is whole, and the settings that it was asked with.
        lines: every `Reply` as a line of JSON, appended as they come, each with a digest of the settings.
    """

    summary: Path
    lines: Path

    @classmethod
    def at(cls, path: Path) -> Results:
        """Return the files of which one is in a path; without a suffix, it is the name of both."""
        name = path.name.removesuffix(".jsonl").removesuffix(".json")
        return cls(path.with_name(f"{name}.json"), path.with_name(f"{name}.jsonl"))

    def read(self) -> dict[str, Any]:
        """Return the summary.

        Raises:
            FileNotFoundError: if there is none.
            ValueError: if it is none of a benchmark.
        """
        return read_json(self.summary, lambda summary: {"price": None, **summary, "settings": {**summary["settings"]}})

    def replies(self) -> list[Reply]:
        """Return what is there of the replies; a last line that was cut off is not."""
        return [reply for reply, _ in self._rows()]

    def resume(self, settings: Mapping[str, object]) -> list[Reply]:
        """Return the replies that are there, and take a line that was cut off out of the file.

        Raises:
            RunConflictError: if they were asked for with other settings; the message shows the difference.
        """
        if self.summary.exists():
            check_same(self.summary, self.read()["settings"], json.loads(json.dumps(settings)))
        if not self.lines.exists():
            return []
        rows = self._rows()
        if any(digest != _digest(settings) for _, digest in rows):
            raise RunConflictError(f"{self.lines} holds replies to something else that was asked: choose another --out")
        os.truncate(self.lines, self.lines.read_bytes().rfind(b"\n") + 1)
        return [reply for reply, _ in rows]

    def append(self, replies: Iterable[Reply], settings: Mapping[str, object]) -> None:
        """Add replies and force them to the disk."""
        with self.lines.open("a", encoding="utf-8") as file:
            file.write(_jsonl(replies, settings))
            file.flush()
            os.fsync(file.fileno())

    def write(
        self, settings: Mapping[str, Any], measured: Mapping[str, Benchmark], price: Sequence[float] | None = None
    ) -> dict[str, object]:
        """Write the summary, and return it."""
        splits = {split: {**one.to_dict(), **_cost(one, price)} for split, one in measured.items()}
        summary = {"model": settings["model"], "splits": splits, "price": price, "settings": settings}
        write_text(self.summary, json.dumps(summary, indent=2) + "\n")
        return summary

    def rewrite(self, replies: Iterable[Reply], settings: Mapping[str, object]) -> None:
        """Write all replies anew."""
        write_text(self.lines, _jsonl(replies, settings))

    def _rows(self) -> list[tuple[Reply, str]]:
        rows = []
        for number, line in enumerate(self.lines.read_bytes().split(b"\n")[:-1], 1):
            try:
                row = json.loads(line)
                digest = row.pop("settings")
                rows.append((Reply(**row), digest))
            except (ValueError, KeyError, TypeError) as error:
                raise broken(self.lines, error, number) from error
        return rows


def run(request: BenchmarkRequest, console: Console) -> tuple[dict[str, Benchmark], dict[str, object]]:
    """Ask what has not been asked yet, and write the summary.

    Returns:
        What was measured of each of test and transfer, and the summary.
    """
    results, settings, decoding = request.results(), request.settings(), request.decoding()
    measured, model = {}, None
    with hold_file(results.summary):
        there = {(reply.riddle_id, reply.sample): reply for reply in results.resume(settings)}

        def keep(replies: list[Reply]) -> None:
            results.append(replies, settings)
            there.update({(reply.riddle_id, reply.sample): reply for reply in replies})

        for split in SPLITS:
            env = gym.make("expit_env:Riddle-v0", split=split)
            riddles = fixed_list(env, request.riddles)
            listed = [(riddle_id, sample) for riddle_id in riddles for sample in range(request.samples or 1)]
            if missing := [one for one in listed if one not in there]:
                model = model or request.load()
                if not results.summary.exists():
                    results.write(settings, {})
                with stage(console, version(split), len(missing)) as progress:
                    # What is there goes into the seed, so that no sample is drawn a second time.
                    answer(env, missing, _asks(model, decoding, (_SEED, len(there)), progress), keep)
            measured[split] = Benchmark.of(version(split), (there[one] for one in listed))
        return measured, results.write(settings, measured, request.price)


def measured_in(replies: Sequence[Reply], lists: Mapping[str, str]) -> dict[str, Benchmark]:
    """Return what the whole pairs among replies come to, by split; ``lists`` are the versions of the splits' lists.

    Raises:
        ValueError: if no pair is whole.
    """
    pairs = whole_pairs(replies)
    if not pairs:
        raise ValueError("no riddle has been answered together with its contrast yet")
    by_split = {split: [one for pair in pairs if f"/{split}/" in pair for one in pairs[pair]] for split in lists}
    return {split: Benchmark.of(lists[split], found) for split, found in by_split.items() if found}


def print_results(console: Console, request: BenchmarkRequest, measured: Mapping[str, Benchmark]) -> None:
    """Print the tables of one model, what was no answer, what it took, and where it all is."""
    console.print(measures_table(request.model, {one.version: one for one in measured.values()}))
    console.print(_groups_table(measured))
    for split, one in measured.items():
        silent = ", ".join(f"{count} {rule}" for rule, count in one.rules.items()) or "none"
        cost = "".join(f", ${cost:.4f}" for cost in _cost(one, request.price).values() if cost is not None)
        spent = f"{one.tokens:,} tokens in {one.seconds:,.0f} s{cost}"
        console.print(plain(f"{split}: {len(one.replies):,} replies, {spent}. No answer, or ambiguous: {silent}."))
    files = request.results()
    console.print(plain(f"Summary: {files.summary}, every reply: {files.lines}"), soft_wrap=True)


def measures_table(title: str, columns: Mapping[str, Benchmark]) -> Table:
    """Return a table of all measures with their intervals, a column for each benchmark."""
    pairs = ", ".join(sorted({f"{one.riddles} pairs" for one in columns.values()}))
    caption = (
        f"{pairs}; 95 % over families and riddles. Overapplied: contrasts answered as if they were the riddle;"
        " underapplied: riddles answered literally."
    )
    table = Table("", title=plain(title), caption=caption, box=SIMPLE_HEAD)
    for name in columns:
        table.add_column(plain(name), justify="right")
    for measure in MEASURES:
        cells = []
        for one in columns.values():
            low, high = one.intervals[measure]
            cells.append(f"{100 * getattr(one, measure):.0f} % [{100 * low:.0f}, {100 * high:.0f}]")
        table.add_row(measure.replace("_", " "), *cells)
    return table


def _groups_table(measured: Mapping[str, Benchmark]) -> Table:
    table = Table("% right: riddles / contrasts / pairs", *measured, box=SIMPLE_HEAD)
    for group in dict.fromkeys(group for one in measured.values() for group in one.groups):
        table.add_row(group, *(_group_cell(one.groups.get(group)) for one in measured.values()))
    return table


def _group_cell(found: Mapping[str, float] | None) -> str:
    if found is None:
        return ""
    shares = (found[name] for name in ("riddle_accuracy", "contrast_accuracy", "pair_accuracy"))
    return f"{' / '.join(f'{100 * share:.0f}' for share in shares)} of {found['riddles']}"


def _asks(
    model: LanguageModelPolicy | HTTPSampler, decoding: Decoding, seed: Sequence[int], progress: Callable[[int], None]
) -> Ask:
    """Return what asks a policy in batches, or a server all at once, which then gives the replies one by one."""
    if isinstance(model, LanguageModelPolicy):
        return in_batches(PolicyAgent(model, decoding, seed, progress).act)

    def ask(observations: list[str], deliver: Deliver) -> None:
        model.sample(
            [prompt(observation, decoding.few_shot, decoding.system) for observation in observations], 1,
            temperature=decoding.temperature, top_p=decoding.top_p, max_new_tokens=decoding.max_new_tokens, seed=seed,
            progress=progress, deliver=deliver,
        )  # fmt: skip

    return ask


def _jsonl(replies: Iterable[Reply], settings: Mapping[str, object]) -> str:
    digest = _digest(settings)
    rows = ({**dataclasses.asdict(reply), "settings": digest} for reply in replies)
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _digest(settings: Mapping[str, object]) -> str:
    asked = json.dumps({**settings, UNCOMPARED: None}, sort_keys=True)
    return hashlib.sha256(asked.encode()).hexdigest()[:8]


def _cost(one: Benchmark, price: Sequence[float] | None) -> dict[str, float | None]:
    """Return the cost in dollars; None where the server did not count the tokens of the prompts."""
    if price is None:
        return {}
    dollars = (one.prompt_tokens * price[0] + one.tokens * price[1]) / 1e6
    return {"cost": round(dollars, 6) if one.prompt_tokens else None}


def _precision(device: str | None) -> str:
    from agents.sampling import sampling_dtype

    return str(sampling_dtype(pick_device(device)))
