"""The lesson: expert iteration step by step on one riddle, which the model gets wrong, searches, learns and gets right.

Every prompt shows the solved riddles of `agents.policy.FEW_SHOT` first: without them, the small model rambles, and ten
small steps do not change that.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from agents.conditions import LoRA
from agents.embedded import EmbeddedModelError
from agents.fine_tuning import Example, FineTuning, fine_tune
from agents.policy import FEW_SHOT, Decoding, LanguageModelPolicy
from agents.progress import one_line, plain, stage
from expit_env import Riddle, Verdict, verify

RIDDLE = Riddle(
    question="There are 5 birds on a wire. Hunters shoot 2. How many are left?",
    answer="0",
    aliases=("none", "no birds"),
    trap="3",
    explanation="The shots frighten the other birds, and they all fly away.",
    hints=("Think of what the other birds do when they hear the shots.",),
)

ADAPTER = LoRA(rank=8, alpha=32, target_modules=("q_proj", "v_proj"), layers=1.0)
SETTINGS = FineTuning(learning_rate=2e-4, max_steps=10, batch_size=2)
COPIES = 10


@dataclass(frozen=True, slots=True)
class LessonResult:
    """The result of the lesson.

    Attributes:
        before, after: the greedy answers; ``after`` is None if there was nothing to learn, or no weights to fine-tune.
        gold: the verified answer to learn; None if the search found none.
    """

    before: str
    gold: str | None
    after: str | None


def teach(policy: LanguageModelPolicy, console: Console, samples: int, hint: bool, seed: int) -> LessonResult:
    """Run the lesson on a policy, and show each step.

    Args:
        policy: the base model; if it samples in this process, it has the lesson's adapter afterwards.
        console: where the steps are shown.
        samples: how many answers to draw in the search.
        hint: whether the search adds a hint to the riddle.
        seed: of the search and the fine-tuning.
    """
    console.print(f"[bold]The riddle.[/] {RIDDLE.question}")
    console.print(f"Every prompt, before and after the learning, shows {len(FEW_SHOT)} solved examples first.")
    console.print("\n[bold]1. In one go (System 1).[/]")
    before = _ask(policy, console)
    console.print(f"\n[bold]2. Search (System 2).[/] {samples} answers{', after a hint' if hint else ''}.")
    answers = _search(policy, console, samples, hint, seed)
    _show_answers(console, answers)
    gold = choose(answers)
    if gold is None:
        console.print(
            "\nThe search found no right answer, so there is nothing to learn, and the lesson ends here."
            + ("" if hint else "\nTo give the model a hint while it searches: [bold]expit lesson --hint[/]")
        )
        return LessonResult(before, None, None)
    console.print()
    console.print(Text.assemble(("3. Filter.", "bold"), plain(f" The verifier passes {gold!r}.")))
    learner = _learner(policy, console)
    if learner is None:
        return LessonResult(before, gold, None)
    console.print(f"\n[bold]4. Distil.[/] LoRA on it, {COPIES} copies, {SETTINGS.max_steps} steps.")
    with tempfile.TemporaryDirectory() as folder, stage(console, "distil", SETTINGS.max_steps or 0) as progress:
        rows = [Example(RIDDLE.question, gold)] * COPIES
        fine_tune(learner, rows, ADAPTER, SETTINGS, Path(folder) / "adapter", seed % 2**32, progress, solved=FEW_SHOT)
        learner.use_adapter(Path(folder) / "adapter")
    console.print("\n[bold]5. In one go again.[/]")
    return LessonResult(before, gold, _ask(learner, console))


def _learner(policy: LanguageModelPolicy, console: Console) -> LanguageModelPolicy | None:
    """Return the policy to fine-tune; for a model on a server, its weights in this process, or None without them.

    The server may use another precision, so the weights in this process answer once before fine-tuning, too.
    """
    try:
        learner = policy.in_process()
    except (OSError, EmbeddedModelError) as error:
        console.print("\n[bold]4. Distil.[/] Left out: the weights to fine-tune are not here.")
        console.print(plain(str(error)))
        console.print(
            "The steps that are missing: LoRA on that answer, and the same question again. Download the model on a "
            "machine with a network, and give its folder: expit lesson ... --weights FOLDER"
        )
        return None
    if learner is not policy:
        console.print("\nA server cannot be fine-tuned. The same weights, in this process, answer before they learn:")
        _ask(learner, console)
    return learner


def choose(answers: Sequence[str]) -> str | None:
    """Pick the answer to learn: the most frequent one that the verifier passes, the shortest if several are."""
    right = Counter(answer for answer in answers if verify(RIDDLE, answer).correct)
    return min(right, key=lambda answer: (-right[answer], len(answer), answer), default=None)


def _ask(policy: LanguageModelPolicy, console: Console) -> str:
    answer = policy.sample([RIDDLE.question], 1, Decoding(temperature=0.0, few_shot=len(FEW_SHOT)))[0][0].text.strip()
    verdict = verify(RIDDLE, answer)
    console.print(Text.assemble("   ", _mark(verdict), "  ", one_line(answer)))
    return answer


def _search(policy: LanguageModelPolicy, console: Console, samples: int, hint: bool, seed: int) -> list[str]:
    question = f"{RIDDLE.question} {RIDDLE.hints[0]}" if hint else RIDDLE.question
    with stage(console, "search", samples) as progress:
        drawn = policy.sample([question], samples, Decoding(few_shot=len(FEW_SHOT)), (seed,), progress)[0]
    return [completion.text.strip() for completion in drawn if completion.finished]


def _show_answers(console: Console, answers: Sequence[str], most: int = 12) -> None:
    table = Table("times", "verdict", "rule", "answer")
    counts = Counter(answers).most_common()
    right = [row for row in counts if verify(RIDDLE, row[0]).correct]
    shown = right[:3] + [row for row in counts if row not in right][: most - len(right[:3])]
    for answer, times in sorted(shown, key=lambda row: -row[1]):
        verdict = verify(RIDDLE, answer)
        table.add_row(str(times), _mark(verdict), plain(verdict.rule), one_line(answer))
    console.print(table)
    found = sum(times for _, times in right)
    console.print(f"{len(answers)} finished answers, {len(counts)} different ones, {found} right.", highlight=False)


def _mark(verdict: Verdict) -> Text:
    return Text("right", "green") if verdict.correct else Text(verdict.outcome, "red")
