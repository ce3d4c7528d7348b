"""The lesson: expert iteration step by step on one pair, which the model gets wrong, searches, learns and gets right.

A riddle and its contrast, because a model that only sees the riddle learns to say its answer, and not the trick.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import gymnasium as gym
from rich.console import Console
from rich.table import Table
from rich.text import Text

from agents.casebook import Casebook, study
from agents.conditions import LoRA
from agents.embedded import EmbeddedModelError
from agents.fine_tuning import Example, FineTuning, fine_tune, steps
from agents.policy import Decoding, LanguageModelPolicy
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
CONTRAST = Riddle(
    question="There are 5 wooden birds on a wire. A boy takes 2. How many are left?",
    answer="3",
    trap="0",
    explanation="Wooden birds do not fly away, so 5 - 2 = 3 are left.",
)
PAIR = (RIDDLE, CONTRAST)

FAMILY = "birds-on-a-wire"
STUDIED = 2
"""How many pairs of the family are studied before the search."""
STUDY_SEED = 1
"""Which: from these the embedded model finds sound reasons for both sides."""
SETTINGS = FineTuning(epochs=12)
SEARCHING, GREEDY = Decoding(temperature=0.7, max_new_tokens=64), Decoding(temperature=0.0, max_new_tokens=64)


def teach(policy: LanguageModelPolicy, console: Console, samples: int, hint: bool, seed: int) -> None:
    """Run the lesson on a policy, and show each step.

    Args:
        policy: the base model; if it samples in this process, it has the lesson's adapter afterwards.
        console: where the steps are shown.
        samples: how many replies to draw in the search, to each side of the pair.
        hint: whether the search adds a hint to the riddle.
        seed: of the search and the fine-tuning.
    """
    console.print("[bold]The pair.[/] A riddle, and the same without the trick.")
    console.print("\n[bold]1. In one go (System 1).[/]")
    _ask(policy, console)
    env = gym.make("expit_env:Riddle-v0", families=FAMILY, level=1)
    cases = Casebook.of(study(env, STUDIED, STUDY_SEED, 2 * STUDIED), reasons=True, shown=STUDIED)
    console.print(
        f"\n[bold]2. Study.[/] {STUDIED} pairs of the same family, played: the end of an episode explains it."
    )
    for question, reply in cases.examples:
        console.print(Text.assemble("   ", one_line(question), "\n      ", one_line(reply)))
    console.print(f"\n[bold]3. Search (System 2).[/] With these in the prompt{', and a hint' if hint else ''}:")
    gold = [_search(policy, console, one, cases, samples, hint, seed) for one in PAIR]
    found = [Example(one.question, reply) for one, reply in zip(PAIR, gold, strict=True) if reply is not None]
    if len(found) < len(PAIR):
        console.print(
            "\nThe search did not find a right reply to both, so there is no pair to learn, and the lesson ends here."
            "\nTo search further: [bold]expit lesson --samples 400[/]"
            + ("" if hint else "; to give the model a hint while it searches: [bold]expit lesson --hint[/]")
        )
        return
    console.print("\n[bold]4. Filter.[/] Both sides are verified. Of the right replies, the likeliest are kept:")
    for example in found:
        console.print(Text.assemble("   ", one_line(example.answer)))
    learner = _learner(policy, console)
    if learner is None:
        return
    rows = [*map(Example._make, cases.examples), *found]
    console.print(f"\n[bold]5. Distil.[/] LoRA on these and on what was studied, {steps(rows, SETTINGS)} steps.")
    with tempfile.TemporaryDirectory() as folder, stage(console, "distil", steps(rows, SETTINGS)) as progress:
        fine_tune(learner, rows, LoRA(), SETTINGS, Path(folder) / "adapter", seed, progress)
        learner.use_adapter(Path(folder) / "adapter")
    console.print("\n[bold]6. In one go again, without examples.[/]")
    _ask(learner, console)


def _learner(policy: LanguageModelPolicy, console: Console) -> LanguageModelPolicy | None:
    """Return the policy to fine-tune; for a model on a server, its weights in this process, or None without them.

    The server may use another precision, so the weights in this process answer once before fine-tuning, too.
    """
    try:
        learner = policy.in_process()
    except (OSError, EmbeddedModelError) as error:
        console.print("\n[bold]5. Distil.[/] Left out: the weights to fine-tune are not here.")
        console.print(plain(str(error)))
        console.print(
            "The steps that are missing: LoRA on these replies, and the same questions again. Download the model on a "
            "machine with a network, and give its folder: expit lesson ... --weights FOLDER"
        )
        return None
    if learner is not policy:
        console.print("\nA server cannot be fine-tuned. The same weights, in this process, answer before they learn:")
        _ask(learner, console)
    return learner


def _ask(policy: LanguageModelPolicy, console: Console) -> None:
    """Ask both sides of the pair."""
    replies = [drawn[0].text.strip() for drawn in policy.sample([one.question for one in PAIR], 1, GREEDY)]
    for one, reply in zip(PAIR, replies, strict=True):
        console.print(Text.assemble("   ", one_line(one.question), "\n      "), end="")
        console.print(Text.assemble(_mark(verify(one, reply)), "  ", one_line(reply)))


def _search(
    policy: LanguageModelPolicy, console: Console, riddle: Riddle, cases: Casebook, samples: int, hint: bool, seed: int
) -> str | None:
    """Draw replies, show them, and return the one to learn: of the right ones the likeliest, if any is right."""
    question = " ".join([riddle.question, *riddle.hints[:hint]])
    with stage(console, "search", samples) as progress:
        drawn = policy.sample([question], samples, SEARCHING, (seed,), progress, cases.nearest)[0]
    _show_answers(console, riddle, [completion.text.strip() for completion in drawn if completion.finished])
    right = [one for one in drawn if one.finished and verify(riddle, one.text).correct]
    best = max(right, key=lambda one: one.mean_logprob, default=None)
    return best.text.strip() if best else None


def _show_answers(console: Console, riddle: Riddle, answers: Sequence[str], most: int = 6) -> None:
    table = Table("times", "verdict", "reply", title=plain(riddle.question), title_justify="left")
    counts = Counter(answers).most_common()
    right = [row for row in counts if verify(riddle, row[0]).correct]
    shown = right[:3] + [row for row in counts if row not in right][: most - len(right[:3])]
    for answer, times in sorted(shown, key=lambda row: -row[1]):
        table.add_row(str(times), _mark(verify(riddle, answer)), one_line(answer))
    console.print(table)
    found = sum(times for _, times in right)
    console.print(f"{len(answers)} finished replies, {len(counts)} different ones, {found} right.", highlight=False)


def _mark(verdict: Verdict) -> Text:
    return Text("right", "green") if verdict.correct else Text(verdict.outcome, "red")
