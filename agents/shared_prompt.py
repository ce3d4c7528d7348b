"""Supervised fine-tuning that reads each prompt once for all its answers: trl's trainer, without the waste.

A riddle's answers are a few tokens behind the same long prompt. Here they stand in one sequence, prompt first, and each
answer attends to the prompt and to itself only, at the positions it would have alone. The head is applied only where an
answer token is predicted. Loss and gradients are those of one row an answer, to within rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, pad
from transformers import PreTrainedTokenizerBase
from trl.trainer.sft_trainer import SFTTrainer

from agents.sampling import Message, Prompt


def encode_group(tokenizer: PreTrainedTokenizerBase, prompt: Prompt, answers: Sequence[str]) -> dict:
    """Tokenise a prompt and its answers into one sequence.

    Returns:
        ``input_ids``, prompt first; ``answer_lengths``, in tokens, the end-of-turn token included.

    Raises:
        ValueError: if the chat template does not continue the prompt by the answer.
    """
    start = _token_ids(tokenizer, prompt, start=True)
    ends = [_answer_ids(tokenizer, prompt, answer, start) for answer in answers]
    return {
        "input_ids": start + [token for end in ends for token in end],
        "prompt_length": len(start),
        "answer_lengths": [len(end) for end in ends],
        "length": len(start) + sum(map(len, ends)),
    }


def collate(groups: Sequence[dict], pad_token: int) -> dict[str, Tensor]:
    """Put groups into a batch, padded on the right.

    Returns:
        input_ids, position_ids  # (num_groups, length)
        attention_mask, True where a token may look  # (num_groups, 1, length, length)
        targets: where a token is predicted, from the hidden state at which position  # (num_targets, 2)
        labels: which token  # (num_targets,)
    """
    length = max(len(group["input_ids"]) for group in groups)
    layouts = [_layout(group, row) for row, group in enumerate(groups)]
    masks = [pad(mask, (0, length - len(mask), 0, length - len(mask))) for _, mask, _, _ in layouts]
    mask = torch.stack(masks) | torch.eye(
        length, dtype=torch.bool
    )  # padding looks at itself: a softmax over nothing is NaN
    return {
        "input_ids": torch.tensor([_filled(group["input_ids"], length, pad_token) for group in groups]),
        "position_ids": torch.tensor([_filled(positions, length, 0) for positions, _, _, _ in layouts]),
        "attention_mask": mask[:, None],
        "targets": torch.cat([targets for _, _, targets, _ in layouts]),
        "labels": torch.cat([labels for _, _, _, labels in layouts]),
    }


class SharedPromptTrainer(SFTTrainer):
    """trl's trainer on batches of ``collate``."""

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        targets, labels = inputs["targets"], inputs["labels"]
        kept, column = targets[:, 1].unique(return_inverse=True)
        dtype = next(model.parameters()).dtype
        outputs = model(
            input_ids=inputs["input_ids"],
            position_ids=inputs["position_ids"],
            attention_mask=torch.where(inputs["attention_mask"], 0.0, torch.finfo(dtype).min).to(dtype),
            logits_to_keep=kept,
            use_cache=False,
        )
        loss = cross_entropy(outputs.logits[targets[:, 0], column].float(), labels, reduction="sum")
        loss = loss / (len(labels) if num_items_in_batch is None else num_items_in_batch)
        return (loss, outputs) if return_outputs else loss


def _layout(group: dict, row: int) -> tuple[list[int], Tensor, Tensor, Tensor]:
    """Return positions, mask, (row, position) of each prediction, and the token predicted there."""
    tokens, prompt_length = group["input_ids"], group["prompt_length"]
    positions = list(range(prompt_length))
    mask = torch.ones(len(tokens), len(tokens), dtype=torch.bool).tril()
    targets: list[tuple[int, int]] = []
    start = prompt_length
    for length in group["answer_lengths"]:
        positions += range(prompt_length, prompt_length + length)
        mask[start : start + length, prompt_length:start] = False
        targets += [(row, prompt_length - 1), *((row, at) for at in range(start, start + length - 1))]
        start += length
    return positions, mask, torch.tensor(targets), torch.tensor(tokens[prompt_length:])


def _answer_ids(tokenizer: PreTrainedTokenizerBase, prompt: Prompt, answer: str, start: list[int]) -> list[int]:
    whole = _token_ids(tokenizer, [*prompt, {"role": "assistant", "content": answer}])
    if whole[: len(start)] != start:
        raise ValueError("the model's chat template does not continue a prompt by its answer: no loss can be put on it")
    end = whole[len(start) :]
    last = max((at for at, token in enumerate(end) if token == tokenizer.eos_token_id), default=len(end) - 1)
    return end[: last + 1]


def _token_ids(tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message], start: bool = False) -> list[int]:
    text: Any = tokenizer.apply_chat_template(
        [dict(one) for one in messages], tokenize=False, add_generation_prompt=start
    )
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


def _filled(values: Sequence[int], length: int, filler: int) -> list[int]:
    return [*values, *[filler] * (length - len(values))]
