"""Fine-tuning with shared prompts: the gradients of one row for each answer, on the answers only."""

import copy
import dataclasses
import re
import tempfile
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
import torch
from peft import get_peft_model
from safetensors.torch import load_file
from support.tiny import save_tiny, tiny_model, tiny_policy, tiny_tokenizer

from agents import fine_tuning
from agents.conditions import LoRA
from agents.fine_tuning import Example, FineTuning, fine_tune, steps
from agents.policy import GREEDY, prompt
from agents.sampling import in_precision
from agents.shared_prompt import SharedPromptTrainer, collate, encode_group

GROUPS = (
    ("How many birds are left?", ("None.", "0", "No birds are left on the wire.")),
    ("Which is heavier, a pound of feathers or a pound of iron, asks a man?", ("They weigh the same.",)),
)
SMALL, SHAPE = FineTuning(learning_rate=1e-2, epochs=20, batch_size=2), LoRA(rank=8, alpha=32)
ONCE = dataclasses.replace(SMALL, epochs=1)
TWO_CPUS = Path(__file__).parents[2] / "docs" / "accelerate" / "two-cpus.yaml"


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
def test_loss_and_gradients_are_those_of_one_row_for_each_answer(family):
    one, other = copy.deepcopy(tiny_model(family)), copy.deepcopy(tiny_model(family))
    plain = row_by_row(one, tiny_tokenizer())
    plain.backward()
    batch = collate([encode_group(tiny_tokenizer(), prompt(question), answers) for question, answers in GROUPS])
    # The count that transformers hands over assumes shifted labels: the loss must not depend on it.
    shared = SharedPromptTrainer.compute_loss(
        SimpleNamespace(processed=0), other, batch, num_items_in_batch=torch.tensor(1)
    )
    shared.backward()
    assert shared.item() == pytest.approx(plain.item(), rel=1e-5)
    for (name, a), (_, b) in zip(one.named_parameters(), other.named_parameters(), strict=True):
        assert torch.allclose(a.grad, b.grad, atol=1e-5, rtol=1e-3), name


def test_an_answer_is_learned_and_the_base_model_stays_as_it_was(tmp_path):
    policy, done = tiny_policy(), []
    policy.base.generation_config.eos_token_id = [2, 5, 7]
    before = {name: value.clone() for name, value in policy.base.state_dict().items()}
    rows = [Example(question, answers[0]) for question, answers in GROUPS]
    once = fine_tune(policy, rows, SHAPE, ONCE, tmp_path / "first", 0)
    processed = fine_tune(policy, rows, SHAPE, SMALL, tmp_path / "adapter", 0, done.append)
    assert sum(done) == steps(rows, SMALL) == 20
    assert processed == 20 * once > 20 * sum(len(row.question) for row in rows) / 10
    assert policy.base.state_dict().keys() == before.keys()
    assert all(torch.equal(value, before[name]) for name, value in policy.base.state_dict().items())
    assert policy.base.generation_config.eos_token_id == [2, 5, 7]
    answers = [policy.sample([GROUPS[0][0]], 1, GREEDY)]
    for adapter in (tmp_path / "adapter", None):
        policy.use_adapter(adapter)
        answers.append(policy.sample([GROUPS[0][0]], 1, GREEDY))
    assert answers[0] == answers[2] != answers[1]


@pytest.mark.parametrize(("layers", "adapted"), [(1.0, {"0", "1"}), (0.5, {"1"}), (0.1, {"1"})])
def test_only_the_upper_layers_get_an_adapter(layers, adapted, tmp_path):
    fine_tune(tiny_policy(), [Example("q", "a")], LoRA(layers=layers), ONCE, tmp_path, 0)
    names = load_file(tmp_path / "adapter_model.safetensors")
    assert {re.search(r"layers\.(\d+)\.", name)[1] for name in names} == adapted


def test_no_rows_are_refused_and_copies_of_one_answer_are_rows_of_their_own(tmp_path):
    with pytest.raises(ValueError, match="no examples"):
        fine_tune(tiny_policy(), [], SHAPE, SMALL, tmp_path, 0)
    assert steps([Example("q", "a")] * 10, ONCE) == 5
    assert steps([Example("q", str(i)) for i in range(10)], ONCE) == 1


def test_gradients_with_a_base_in_bf16_are_those_in_fp32_up_to_rounding():
    groups = [encode_group(tiny_tokenizer(), prompt(question), answers) for question, answers in GROUPS]
    gradients = {}
    for dtype in (torch.float32, torch.bfloat16):
        base = in_precision(tiny_model(), dtype) if dtype == torch.bfloat16 else tiny_model()
        torch.manual_seed(0)
        model = get_peft_model(base, LoRA(rank=2).config(base))
        weights = [weight for name, weight in model.named_parameters() if "lora_" in name]
        for weight in weights:
            torch.nn.init.normal_(weight, std=0.1)
        SharedPromptTrainer.compute_loss(SimpleNamespace(processed=0), model, collate(groups)).backward()
        assert {weight.dtype for weight in weights} == {torch.float32}
        gradients[dtype] = torch.cat([weight.grad.ravel() for weight in weights])
    assert torch.cosine_similarity(*gradients.values(), dim=0) > 0.99


@pytest.fixture
def shared(tmp_path, monkeypatch):
    """A policy that two processes fine-tune, whose command lines have the folder of the test."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    policy = tiny_policy()
    policy.source, policy.accelerate = str(save_tiny(tmp_path / "model")), TWO_CPUS
    return policy


def left_over(folder):
    commands = (process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"]))
    return [command for command in commands if any(str(folder) in word for word in command)]


def test_two_processes_make_the_adapter_of_one(tmp_path, monkeypatch, shared):
    monkeypatch.setattr("agents.sampling.sampling_dtype", lambda device: torch.float32)
    monkeypatch.setattr(fine_tuning, "PROGRAM", "support.in_fp32")
    # The answers of the two shares of a batch have different lengths: a mean of their means would be another loss.
    rows = [Example(f"Which is heavier, {i} or {i * i}?", f"It is {i}. " * (1 + i % 3)) for i in range(8)]
    settings, done, adapters = FineTuning(learning_rate=1e-2, epochs=2), [], []
    one = fine_tune(tiny_policy(), rows, SHAPE, settings, tmp_path / "one", 0)
    two = fine_tune(shared, rows, SHAPE, settings, tmp_path / "two", 0, done.append)
    assert done == [1] * 4
    assert one < two < 2 * one, "each process reads the beginning of the prompts"
    for name in ("one", "two"):
        adapters.append(load_file(tmp_path / name / "adapter_model.safetensors"))
    assert adapters[0].keys() == adapters[1].keys()
    for name, weight in adapters[0].items():
        assert torch.allclose(weight, adapters[1][name], atol=1e-5, rtol=1e-3), name
    assert not left_over(tmp_path)


def test_a_process_that_fails_is_an_error_and_an_interruption_ends_all(tmp_path, shared):
    def interrupt(done):
        raise KeyboardInterrupt

    rows = [Example(question, answers[0]) for question, answers in GROUPS]
    with pytest.raises(RuntimeError, match=r"two-cpus\.yaml failed:(?s:.*)No modules were targeted"):
        fine_tune(shared, rows, LoRA(target_modules="nothing"), SMALL, tmp_path / "adapter", 0)
    with pytest.raises(KeyboardInterrupt):
        fine_tune(shared, rows, SHAPE, SMALL, tmp_path / "adapter", 0, interrupt)
    assert not (tmp_path / "adapter").exists()
    assert not left_over(tmp_path)


def test_what_accelerate_cannot_do_is_refused_before_it_starts(tmp_path, shared):
    rows = [Example("q", "a")]
    with pytest.raises(ValueError, match=r"2 processes .* batch of 3 questions"):
        fine_tune(shared, rows, SHAPE, FineTuning(batch_size=3), tmp_path, 0)
    shared.source = None
    with pytest.raises(ValueError, match=r"LanguageModelPolicy\.load"):
        fine_tune(shared, rows, SHAPE, SMALL, tmp_path, 0)
    shared.accelerate = tmp_path / "none.yaml"
    with pytest.raises(FileNotFoundError, match=r"none\.yaml"):
        fine_tune(shared, rows, SHAPE, SMALL, tmp_path, 0)
