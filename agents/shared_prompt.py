"""Supervised fine-tuning with trl's trainer that reads each prompt only once for all its answers.

The answers to a riddle are a few tokens after the same long prompt, and all prompts begin alike. Here a batch is one
sequence in the shape of a tree: the common beginning of the prompts, then the rest of each prompt followed by its
answers. Each token attends to the tokens that would come before it in a row of its own, with the position that it would
have there. Nothing is read twice or padded, and the head is applied only where an answer token is predicted. Loss and
gradients are those of one row per answer, up to rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from accelerate.utils import reduce
from torch import Tensor
from torch.nn.functional import cross_entropy
from transformers import PreTrainedTokenizerBase, TrainerCallback, TrainerState
from trl.trainer.sft_trainer import SFTTrainer

from agents.sampling import Prompt
from agents.sampling.rows import common_length, encode


def encode_group(tokenizer: PreTrainedTokenizerBase, prompt: Prompt, answers: Sequence[str]) -> dict:
    """Tokenise a prompt and its answers into one sequence.

    Returns:
        ``input_ids``, prompt first; ``answer_lengths``, in tokens, including the end-of-turn token.

    Raises:
        ValueError: if the chat template changes the prompt when an answer follows.
    """
    start = [*encode(tokenizer, prompt)]
    ends = [_answer_ids(tokenizer, prompt, answer, start) for answer in answers]
    return {
        "input_ids": start + [token for end in ends for token in end],
        "prompt_length": len(start),
        "answer_lengths": [len(end) for end in ends],
    }


def collate(groups: Sequence[dict]) -> dict[str, Tensor]:
    """Put groups into one sequence.

    Returns:
        input_ids, position_ids  # (1, length)
        attention_mask, True where a token may attend  # (1, 1, length, length)
        sources: positions whose hidden states predict the labels  # (num_labels,)
        labels: the tokens predicted there  # (num_labels,)
    """
    prompts = [tuple(group["input_ids"][: group["prompt_length"]]) for group in groups]
    common = common_length(prompts) if len(prompts) > 1 else 0
    tokens, positions = list(prompts[0][:common]), list(range(common))
    spans: list[tuple[int, int, int, int]] = []  # a span of tokens, and the span of its prompt
    sources: list[int] = []
    labels: list[int] = []
    for group, prompt in zip(groups, prompts, strict=True):
        start, end = len(tokens), len(tokens) + len(prompt) - common
        spans.append((start, end, start, start))
        positions += range(common, len(prompt))
        answer = end
        for length in group["answer_lengths"]:
            spans.append((answer, answer + length, start, end))
            positions += range(len(prompt), len(prompt) + length)
            sources += [end - 1, *range(answer, answer + length - 1)]
            answer += length
        tokens += group["input_ids"][common:]
        labels += group["input_ids"][len(prompt) :]
    mask = torch.zeros(len(tokens), len(tokens), dtype=torch.bool)
    mask[:, :common] = True
    for start, end, prompt_start, prompt_end in spans:
        mask[start:end, start:end] = mask[start:end, prompt_start:prompt_end] = True
    return {
        "input_ids": torch.tensor([tokens]),
        "position_ids": torch.tensor([positions]),
        "attention_mask": mask.tril()[None, None],
        "sources": torch.tensor(sources),
        "labels": torch.tensor(labels),
    }


class SharedPromptTrainer(SFTTrainer):
    """trl's trainer on batches of ``collate``.

    Attributes:
        processed: how many tokens it has read.
    """

    processed = 0

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """Return the mean cross-entropy of the answer tokens, in nats.

        Of several processes each returns its part, so that their gradients' mean is that of the mean over all tokens.
        """
        labels, dtype = inputs["labels"], next(model.parameters()).dtype  # the base's: bf16 needs autocast
        self.processed += inputs["input_ids"].numel()
        # The end of a prompt predicts the first token of each of its answers: its logits are computed once.
        kept, column = inputs["sources"].unique(return_inverse=True)
        with torch.autocast(labels.device.type, dtype, enabled=dtype == torch.bfloat16):
            outputs = model(
                input_ids=inputs["input_ids"],
                position_ids=inputs["position_ids"],
                attention_mask=torch.where(inputs["attention_mask"], 0.0, torch.finfo(dtype).min).to(dtype),
                logits_to_keep=kept,
                use_cache=False,
            )
        # num_items_in_batch leaves out the first label of each row, but here the labels are not shifted.
        loss = cross_entropy(outputs.logits[0, column].float(), labels)
        count: Any = torch.tensor(float(len(labels)), device=labels.device)
        loss = loss * (count / reduce(count, "mean"))
        return (loss, outputs) if return_outputs else loss


class Steps(TrainerCallback):
    """Calls ``progress`` with 1 after every optimiser step, in the main process."""

    def __init__(self, progress: Callable[[int], None]) -> None:
        self._progress = progress

    def on_step_end(self, args: object, state: TrainerState, control: object, **kwargs: object) -> None:
        """Report a step."""
        if state.is_world_process_zero:
            self._progress(1)


def _answer_ids(tokenizer: PreTrainedTokenizerBase, prompt: Prompt, answer: str, start: list[int]) -> list[int]:
    whole = [*encode(tokenizer, [*prompt, {"role": "assistant", "content": answer}], start=False)]
    if whole[: len(start)] != start:
        raise ValueError("the model's chat template changes a prompt when an answer follows: it cannot be fine-tuned")
    end = whole[len(start) :]
    last = max((at for at, token in enumerate(end) if token == tokenizer.eos_token_id), default=len(end) - 1)
    return end[: last + 1]
