"""The ``expit`` command."""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import sys
import warnings
from collections.abc import Sequence
from dataclasses import asdict, replace
from io import TextIOWrapper
from json import dumps
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Literal

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")

MISSING = 'expit: {}. The command needs the extra "agents", from a clone of the repository: pip install -e ".[agents]"'

try:
    import tyro
    from rich.console import Console

    from agents.benchmark_run import BenchmarkRequest, Files
    from agents.comparison import CompareRequest
    from agents.conditions import at_least
    from agents.embedded import EMBEDDED
    from agents.progress import plain
    from agents.requests import FAMILIES_HELP, ModelRequest
    from agents.run import read_json
    from agents.training import TrainRequest
except ModuleNotFoundError as error:
    sys.exit(MISSING.format(error))

RESUMABLE = ("train", "compare", "benchmark")
Split = Literal["train", "validation", "test", "transfer"]
Families = Annotated[tuple[str, ...], tyro.conf.arg(help=FAMILIES_HELP, help_behavior_hint="(default: all)")]

app = tyro.extras.SubcommandApp()


def _train(request: TrainRequest) -> None:
    """Train a model on riddles and write a report. After an interruption, the same command resumes the run."""
    from agents.report import print_results, write_report
    from agents.training import train

    console = Console()
    run = train(request, console)
    write_report(run)
    print_results(console, run)


@app.command(name="compare")
def _compare(request: Annotated[CompareRequest, tyro.conf.OmitArgPrefixes, tyro.conf.arg(name="")]) -> None:
    """Compare agents that learn on the same budget and answer the same riddles. Finished parts are not run again."""
    from agents.comparison import compare
    from agents.standings import table

    console = Console()
    console.print(table(compare(request, console), request.split, request.budget))
    written = f"\nPicture: {request.out / 'comparison.png'}, numbers: {request.out / 'comparison.json'}"
    console.print(plain(written), soft_wrap=True)


@app.command(name="evaluate")
def _evaluate(
    run: tyro.conf.Positional[Path],
    split: Split = "test",
    riddles: int = 100,
    samples: int = 8,
    device: str | None = None,
    sampler: str | None = None,
    json: bool = False,
) -> None:
    """Answer the same riddles with a run's base model and its trained one, side by side.

    Args:
        run: the folder of a run.
        split: the split of the riddles.
        riddles: how many.
        samples: N of pass@N and majority@N.
        device: cuda, mps or cpu; by default the first of them that is available.
        sampler: a vLLM server to sample from, such as http://localhost:8000/v1, or several separated by commas, with
            the run's model under its name.
        json: print one JSON object and nothing else.
    """
    _at_least(riddles=(riddles, 1), samples=(samples, 1))
    from agents.report import table
    from agents.training import TrainedRun, compare_with_base

    console = Console(quiet=json)
    measured = compare_with_base(TrainedRun.open(run, device, sampler), split, riddles, samples, console)
    if json:
        print(dumps(measured.summary()))
    console.print(table(measured))


@app.command(name="benchmark")
def _benchmark(request: Annotated[BenchmarkRequest, tyro.conf.OmitArgPrefixes, tyro.conf.arg(name="")]) -> None:
    """Measure any model on fixed riddles and their contrasts, without training, or compare the results of some.

    Interrupted at any moment, the same command resumes it.
    """
    from agents import benchmark_run, side_by_side

    console, results = Console(quiet=request.json), request.results()
    if request.files:
        found, compared = side_by_side.compare(request.files)
        side_by_side.print_comparison(console, found, compared)
        splits = {split: {name: one.to_dict() for name, one in by_name.items()} for split, by_name in found.items()}
        printed = {"splits": splits, "differences": [{**asdict(one), "words": one.words} for one in compared]}
    else:
        side_by_side.print_results(console, results, benchmark_run.run(request, console))
        printed = read_json(results.summary, dict)
    if request.json:
        print(dumps(printed))


@app.command(name="rescore")
def _rescore(files: Files, write: bool = False) -> None:
    """Judge the replies of benchmarks again with the verifier as it is now, and list each verdict that flips.

    Args:
        files: results of expit benchmark.
        write: also change the verdicts in the files, and the summary.
    """
    from agents.benchmark_run import print_flips, rescore

    if not files:
        raise ValueError("give the results to judge again, such as results/*.json")
    for file in files:
        print_flips(Console(), file, rescore(file, write), write)


@app.command(name="ask")
def _ask(run: tyro.conf.Positional[Path], question: tyro.conf.Positional[str], device: str | None = None) -> None:
    """Ask a trained model a riddle of your own.

    Args:
        run: the folder of a run.
        question: the riddle.
        device: cuda, mps or cpu; by default the first of them that is available.
    """
    from agents.training import TrainedRun

    opened = TrainedRun.open(run, device)
    greedy = replace(opened.decoding, temperature=0.0)
    for name, adapter in (("base", None), ("trained", opened.adapter)):
        opened.policy.use_adapter(adapter)
        print(plain(f"{name + ':':<9}{opened.policy.sample([question], 1, greedy)[0][0].text.strip()}"))


@app.command(name="play")
def _play(
    split: Split = "train",
    families: Families = (),
    level: int | None = None,
    attempts: int = 2,
    hints: int = 1,
    seed: int | None = None,
    record: Path | None = None,
) -> None:
    """Answer riddles yourself, scored by the verifier. An empty line ends the game.

    Args:
        split: the split of the riddles.
        families: the families of riddles.
        level: 1 (easy) to 5; mixed by default.
        attempts: how many answers you may give to each riddle.
        hints: the most hints after wrong answers.
        seed: the same seed gives the same riddles.
        record: instead of a game, answer the riddles of expit benchmark and keep the replies in this file: a human
            baseline. It needs --split test or transfer; the other options do not apply.
    """
    _at_least(attempts=(attempts, 1), hints=(hints, 0), seed=(seed, 0))
    from agents import play as game

    if record is not None:
        game.record(Console(), record, split)
        return
    game.play(Console(), split, families, level, attempts, hints, seed)


@app.command(name="lesson")
def _lesson(
    model: str = EMBEDDED,
    device: str | None = None,
    sampler: str | None = None,
    weights: str | None = None,
    samples: int = 100,
    hint: bool = False,
    seed: int = 0,
) -> None:
    """Show expert iteration step by step on one pair, in minutes: wrong, search, filter, distil, right.

    Args:
        model: "embedded" (SmolLM2-135M-Instruct), a local folder, or an id on the Hugging Face Hub. With a sampler: the
            model's name on that server.
        device: cuda, mps or cpu; by default the first of them that is available.
        sampler: a server for the search, such as http://localhost:11434/v1 (Ollama), or several separated by commas;
            they do not need adapters, because fine-tuning and the answer after it run in this process.
        weights: with a sampler, the model to fine-tune: "embedded", a folder or a Hub id; by default the same model.
        samples: how many replies to draw in the search, to each side of the pair.
        hint: give the model a hint while it searches.
        seed: of the search and the fine-tuning.
    """
    _at_least(samples=(samples, 1), seed=(seed, 0))
    from agents.lesson import teach

    request = ModelRequest(model, device, sampler, weights)
    teach(request.policy(), Console(), samples, hint, seed)


@app.command(name="audit")
def _audit(families: Families = (), riddles: int = 20, json: bool = False, out: Path | None = None) -> None:
    """Try to cheat the verifier on every family and on the bank. Exit status 1 means that the verifier failed.

    It fails on any false pass, on more than 2 % false fails, or if one answer is right on a tenth of a split.

    Args:
        families: the families of riddles.
        riddles: how many of each family and split, each with its contrast riddle.
        json: print one JSON object and nothing else.
        out: also write the tables to this Markdown file.
    """
    _at_least(riddles=(riddles, 1))
    from agents import checks
    from expit_env.audit.audit import audit

    found = audit(families, riddles)
    sheets = checks.audit_sheets(found)
    console = Console(quiet=json)
    if json:
        print(dumps(checks.audit_record(found)))
    checks.show(console, sheets)
    console.print(plain("\n".join(checks.audit_faults(found))), soft_wrap=True)
    if out:
        checks.write_page(out, "Audit of the verifier", f"expit audit --riddles {riddles} --out {out}", sheets)
    if found.complaints:
        sys.exit("expit: " + "; ".join(found.complaints))


@app.command(name="splits")
def _splits(riddles: int = 100_000, out: Path | None = None) -> None:
    """Count the questions that occur in two splits, exactly or nearly. Exit status 1 means that some are not allowed.

    No copy is allowed. Near copies are allowed only between train and validation, which share wordings.

    Args:
        riddles: how many, over all families and splits, each with its contrast riddle.
        out: also write the tables to this Markdown file.
    """
    _at_least(riddles=(riddles, 1))
    from agents import checks
    from expit_env.audit.overlap import complaints, overlaps, sample

    blocks = sample(riddles)
    found = overlaps(blocks)
    sheets = checks.overlap_sheets(blocks, found)
    checks.show(Console(), sheets)
    if out:
        checks.write_page(out, "Overlap of the splits", f"expit splits --riddles {riddles} --out {out}", sheets)
    if faults := complaints(found):
        sys.exit("expit: " + "; ".join(faults))


@app.command(name="gallery")
def _gallery(check: bool = False, out: Path = Path("benchmarks/gallery.md")) -> None:
    """Write a page with an example of every family of riddles and of its contrast.

    Args:
        check: write nothing; exit status 1 means that the page is out of date.
        out: the page.
    """
    from expit_env.audit.gallery import gallery

    if not check:
        out.write_text(gallery(), encoding="utf-8")
    elif not out.exists() or out.read_text(encoding="utf-8") != gallery():
        raise RuntimeError(f"{out} is out of date. To write it again: expit gallery --out {out}")


@app.command(name="families")
def _families() -> None:
    """List the families of riddles by group and split, each with a question."""
    from agents.checks import families_listed

    print(families_listed())


def _at_least(**bounds: tuple[int | None, int]) -> None:
    """Check the numbers of a command, each given with its bound."""
    values = SimpleNamespace(**{name: value for name, (value, _) in bounds.items()})
    at_least(values, **{name: bound for name, (_, bound) in bounds.items()})


def _asked_agent(words: Sequence[str]) -> str:
    """Return who is to be trained, before the other flags are read, because they depend on it."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--agent", default="expert-iteration")
    return parser.parse_known_args(words)[0].agent


def main() -> None:
    """Run the command line; an expected error prints one message and exits with status 1."""
    # peft uses a deprecated name of transformers, which a user cannot change.
    warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)
    # Otherwise a long run that is piped into tee or a file would show nothing until its end.
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)
    try:
        if sys.argv[1:] == ["--version"]:
            print(f"expit-env {importlib.metadata.version('expit-env')}")
        else:
            # The flags of a training run are those of the agent that is trained.
            agent = _asked_agent(sys.argv[1:])
            request = Annotated[TrainRequest.of(agent), tyro.conf.arg(name="")]
            _train.__annotations__["request"] = request
            app.command(name="train")(_train)
            about = "Riddles, and agents that learn them. expit --version prints the version."
            try:
                app.cli(prog="expit", description=about, config=(tyro.conf.OmitArgPrefixes,))
            except SystemExit as refused:
                if refused.code == 2 and sys.argv[1] == "train":
                    print(f"Every agent has flags of its own: expit train --agent {agent} --help", file=sys.stderr)
                raise
    except KeyboardInterrupt:
        resume = " Give the same command again to resume from the last whole stage."
        sys.exit(f"\nInterrupted.{resume if ' '.join(sys.argv[1:2]) in RESUMABLE else ''}")
    except ModuleNotFoundError as error:
        # Errors raised by this package say what to install; Python's own have the module's name.
        sys.exit(f"expit: {error}" if error.name is None else MISSING.format(error))
    except (ValueError, OSError, RuntimeError) as error:
        sys.exit(f"expit: {plain(str(error))}")


if __name__ == "__main__":
    main()
