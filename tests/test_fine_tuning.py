"""Tests of agents.fine_tuning and agents.shared_prompt: the same gradients as one row an answer, on the answer only."""

import copy
import dataclasses
import re

import pytest
import torch
from safetensors.torch import load_file
from tiny import tiny_model, tiny_tokenizer

from agents.fine_tuning import FineTuning, Row, fine_tune, steps
from agents.policy import GREEDY, LanguageModelPolicy, prompt
from agents.shared_prompt import SharedPromptTrainer, collate, encode_group

GROUPS = (
    ("How many birds are left?", ("None.", "0", "No birds are left on the wire.")),
    ("Which is heavier, a pound of feathers or a pound of iron, asks a man?", ("They weigh the same.",)),
)
SMALL = FineTuning(rank=8, alpha=32, learning_rate=1e-2, epochs=20, batch_size=2)


def policy():
    return LanguageModelPolicy(tiny_model(), tiny_tokenizer())


def row_by_row(model, tokenizer):
    """The loss as a plain forward pass of each prompt with each answer gives it: a mean over answer tokens."""
    total, count = 0.0, 0
    for question, answers in GROUPS:
        start = tokenizer.apply_chat_template(prompt(question), add_generation_prompt=True, tokenize=False)
        for answer in answers:
            ids = tokenizer(start + answer + "<|im_end|>", add_special_tokens=False, return_tensors="pt")["input_ids"]
            size = len(tokenizer(start, add_special_tokens=False)["input_ids"])
            logits = model(ids).logits[0, size - 1 : -1]
            total = total + torch.nn.functional.cross_entropy(logits, ids[0, size:], reduction="sum")
            count += ids.shape[1] - size
    return total / count


@pytest.mark.parametrize("family", ["llama", "qwen2", "qwen3", "mistral", "gemma"])
def test_loss_and_gradients_are_those_of_one_row_an_answer(family):
    tokenizer = tiny_tokenizer()
    one, other = copy.deepcopy(tiny_model(family)), copy.deepcopy(tiny_model(family))
    plain = row_by_row(one, tokenizer)
    plain.backward()
    batch = collate([encode_group(tokenizer, prompt(q), answers) for q, answers in GROUPS])
    # The count that transformers hands over takes labels to be shifted: the loss must not depend on it.
    shared = SharedPromptTrainer.compute_loss(None, other, batch, num_items_in_batch=torch.tensor(1))
    shared.backward()
    assert shared.item() == pytest.approx(plain.item(), rel=1e-5)
    for (name, a), (_, b) in zip(one.named_parameters(), other.named_parameters(), strict=True):
        assert torch.allclose(a.grad, b.grad, atol=1e-5, rtol=1e-3), name


def test_every_label_is_an_answer_token_or_its_end_of_turn():
    tokenizer = tiny_tokenizer()
    batch = collate([encode_group(tokenizer, prompt(q), answers) for q, answers in GROUPS])
    said = tokenizer.decode(batch["labels"])
    assert said == "".join(answer + "<|im_end|>" for _, answers in GROUPS for answer in answers)


def test_an_answer_is_learned_and_the_base_model_is_left_as_it_was(tmp_path):
    one = policy()
    before = {name: value.clone() for name, value in one.base.state_dict().items()}
    done = []
    rows = [Row(question, answers[0]) for question, answers in GROUPS]
    first = fine_tune(one, rows, dataclasses.replace(SMALL, epochs=1), tmp_path / "first", 0)
    loss = fine_tune(one, rows, SMALL, tmp_path / "adapter", 0, done.append)
    assert sum(done) == steps(rows, SMALL) == 20
    assert loss < 0.7 * first
    assert one.base.state_dict().keys() == before.keys()
    assert all(torch.equal(value, before[name]) for name, value in one.base.state_dict().items())
    answers = [one.sample([GROUPS[0][0]], 1, GREEDY)]
    for adapter in (tmp_path / "adapter", None):
        one.use_adapter(adapter)
        answers.append(one.sample([GROUPS[0][0]], 1, GREEDY))
    assert answers[0] == answers[2] != answers[1]


def test_what_ends_an_answer_is_not_changed_by_training(tmp_path):
    one = policy()
    one.base.generation_config.eos_token_id = [2, 5, 7]
    fine_tune(one, [Row("q", "a")], dataclasses.replace(SMALL, epochs=1), tmp_path / "adapter", 0)
    assert one.base.generation_config.eos_token_id == [2, 5, 7]


def test_the_same_seed_gives_the_same_adapter(tmp_path):
    rows = [Row(question, answer) for question, answers in GROUPS for answer in answers]
    weights = []
    for name in ("one", "two"):
        fine_tune(policy(), rows, FineTuning(rank=4, epochs=2), tmp_path / name, 5)
        weights.append((tmp_path / name / "adapter_model.safetensors").read_bytes())
    assert weights[0] == weights[1]


@pytest.mark.parametrize(("layers", "adapted"), [(1.0, {"0", "1"}), (0.5, {"1"}), (0.1, {"1"})])
def test_only_the_upper_layers_get_an_adapter(layers, adapted, tmp_path):
    settings = dataclasses.replace(SMALL, epochs=1, layers=layers)
    fine_tune(policy(), [Row("q", "a")], settings, tmp_path, 0)
    names = load_file(tmp_path / "adapter_model.safetensors")
    assert {re.search(r"layers\.(\d+)\.", name)[1] for name in names} == adapted


def test_nothing_to_learn_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no rows"):
        fine_tune(policy(), [], SMALL, tmp_path, 0)


def test_copies_of_one_answer_are_rows_of_their_own():
    assert steps([Row("q", "a")] * 10, FineTuning(epochs=1, batch_size=2)) == 5
    assert steps([Row("q", str(i)) for i in range(10)], FineTuning(epochs=1, batch_size=2)) == 1
