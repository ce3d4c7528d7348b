"""Updates: what turns trajectories into an adapter. Agents that search alike differ in this."""

from __future__ import annotations

import copy
import itertools
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from agents.conditions import LoRA, above_zero, at_least
from agents.fine_tuning import Example, FineTuning, fine_tune, quiet, steps, trainer_arguments
from agents.policy import LanguageModelPolicy, Solved, prompt
from agents.trajectory import Trajectory, borne_out, likeliest, whole_pairs

Rows = Sequence[Sequence[str]]
"""What is learned from, as JSON values: (question, answer), or (question, chosen answer, rejected answer)."""


@dataclass(frozen=True, slots=True)
class Fit:
    """Where an update puts the adapter that it makes.

    Attributes:
        policy: the base model.
        lora: the shape of a fresh adapter.
        folder: where the adapter is saved.
        seed: of the training.
        progress: called with the optimiser steps done since the last call.
    """

    policy: LanguageModelPolicy
    lora: LoRA
    folder: Path
    seed: int
    progress: Callable[[int], None]


class Update(Protocol):
    """Makes an adapter of trajectories."""

    @property
    def learn_from(self) -> Literal["pairs", "answers"]:
        """Whether riddles are searched together with their contrasts, or as the environment draws them."""
        ...

    def select(self, rounds: Sequence[Sequence[Trajectory]], worked: Solved = ()) -> Rows:
        """Return what is learned from worked examples, and the trajectories of all rounds so far, the newest last."""
        ...

    def steps(self, rows: Rows) -> int:
        """Return how many optimiser steps ``fit`` takes."""
        ...

    def fit(self, rows: Rows, how: Fit) -> int:
        """Train an adapter on rows from ``select`` and save it; return how many tokens the optimiser processed."""
        ...


@dataclass(frozen=True, slots=True)
class Distillation:
    """Supervised fine-tuning on right answers: expert iteration, STaR, ReST-EM, RFT, RAFT.

    Attributes:
        learn_from: "pairs": from riddles of which the contrast is solved, too, so that no shortcut pays; or "answers".
        answers_per_riddle: the most different answers to a riddle; None for all. Those that the sampling policy found
            likeliest, by the mean over their tokens, come first, and where likelihoods are not known the first found:
            on the embedded model neither is better (benchmarks/README.md).
        pooled: whether the answers of all rounds are learned, or only the newest.
        fine_tuning: how the adapter is trained.
    """

    learn_from: Literal["pairs", "answers"] = "pairs"
    answers_per_riddle: int | None = 1
    pooled: bool = True
    fine_tuning: FineTuning = field(default_factory=FineTuning)

    def __post_init__(self) -> None:
        at_least(self, answers_per_riddle=1)

    def select(self, rounds: Sequence[Sequence[Trajectory]], worked: Solved = ()) -> list[Example]:
        """Return the worked examples, and the verified, finished, different answers, riddle by riddle.

        See `borne_out` for those that are left out though the verifier passed them.
        """
        drawn = borne_out(itertools.chain.from_iterable(rounds if self.pooled else rounds[-1:]))
        kept = (
            itertools.chain(*whole_pairs(drawn))
            if self.learn_from == "pairs"
            else (one for one in drawn if one.learnable)
        )
        examples = [Example(*example) for example in worked]
        for question, answers in likeliest(kept).items():
            examples += [Example(question, answer) for answer in answers[: self.answers_per_riddle]]
        return examples

    def steps(self, rows: Rows) -> int:
        """Return how many optimiser steps ``fit`` takes."""
        return steps(_examples(rows), self.fine_tuning)

    def fit(self, rows: Rows, how: Fit) -> int:
        """Fine-tune a fresh adapter on the answers, as `Update.fit` says.

        It transfers better than the last round's trained further (ReST-EM, https://arxiv.org/abs/2312.06585, figure 7).
        """
        return fine_tune(how.policy, _examples(rows), how.lora, self.fine_tuning, how.folder, how.seed, how.progress)


@dataclass(frozen=True, slots=True)
class Preference:
    """Direct preference optimisation (Rafailov et al. 2023, https://arxiv.org/abs/2305.18290), as trl has it.

    Pairs are a verified against a refuted answer to one riddle. The reference is the base model, and every round starts
    from it on the pairs of all rounds, which the newest policies drew. The likelihood of the chosen answer is added to
    the loss (Pang et al. 2024, https://arxiv.org/abs/2404.19733): without it both answers become unlikely.

    Attributes:
        pairs_per_riddle: the most pairs of a riddle, the likeliest right answers with the most frequent wrong ones.
        beta: how strongly the reference holds.
        learning_rate: at the start; it falls linearly to 0.
        epochs: passes over the pairs.
        batch_size: pairs a step.
    """

    pairs_per_riddle: int = 3
    beta: float = 0.1
    learning_rate: float = 5e-4
    epochs: int = 2
    batch_size: int = 8

    def __post_init__(self) -> None:
        at_least(self, pairs_per_riddle=1, epochs=1, batch_size=1)
        above_zero(self, beta=float("inf"), learning_rate=float("inf"))

    @property
    def learn_from(self) -> Literal["pairs", "answers"]:
        """A riddle needs right and wrong answers of its own, and not its contrast."""
        return "answers"

    def select(self, rounds: Sequence[Sequence[Trajectory]], worked: Solved = ()) -> list[tuple[str, str, str]]:
        """Return (question, chosen answer, rejected answer), riddle by riddle; worked examples are no pairs."""
        finished = [one for one in itertools.chain.from_iterable(rounds) if one.completions[-1].finished]
        wrong: dict[str, Counter[str]] = {}
        for one in finished:
            if not one.solved:
                wrong.setdefault(one.observations[-1], Counter())[one.text.strip()] += 1
        pairs = []
        for question, chosen in likeliest(one for one in finished if one.solved).items():
            often = [answer for answer, _ in wrong.get(question, Counter()).most_common(self.pairs_per_riddle)]
            pairs += [(question, *pair) for pair in zip(itertools.cycle(chosen), often, strict=False)]
        return pairs

    def steps(self, rows: Rows) -> int:
        """Return how many optimiser steps ``fit`` takes."""
        return self.epochs * -(-len(rows) // self.batch_size)

    def fit(self, rows: Rows, how: Fit) -> int:
        """Train on the pairs, as `Update.fit` says."""
        from datasets import Dataset
        from transformers import PrinterCallback
        from trl.trainer.dpo_config import DPOConfig
        from trl.trainer.dpo_trainer import DPOTrainer

        from agents.shared_prompt import Steps

        with quiet():
            dataset = Dataset.from_list(
                [
                    {"prompt": list(prompt(question)), "chosen": _said(chosen), "rejected": _said(rejected)}
                    for question, chosen, rejected in rows
                ]
            )
            with tempfile.TemporaryDirectory() as scratch:
                arguments = DPOConfig(
                    output_dir=scratch,
                    beta=self.beta,
                    loss_type=["sigmoid", "sft"],
                    learning_rate=self.learning_rate,
                    num_train_epochs=self.epochs,
                    per_device_train_batch_size=self.batch_size,
                    seed=how.seed,
                    save_strategy="no",
                    logging_steps=1,
                    **trainer_arguments(how.policy.base.device),
                )
                base = copy.deepcopy(how.policy.base)
                trainer: Any = DPOTrainer(
                    base,
                    args=arguments,
                    train_dataset=dataset,
                    processing_class=copy.deepcopy(how.policy.tokenizer),
                    peft_config=how.lora.config(base),
                    callbacks=[Steps(how.progress)],
                )
                trainer.remove_callback(PrinterCallback)
                trainer.train()
                trainer.model.save_pretrained(str(how.folder))
        return int(max(line["num_tokens"] for line in trainer.state.log_history if "num_tokens" in line))


def _examples(rows: Rows) -> list[Example]:
    return [Example(question, answer) for question, answer in rows]


def _said(answer: str) -> list[dict[str, str]]:
    return [{"role": "assistant", "content": answer}]
