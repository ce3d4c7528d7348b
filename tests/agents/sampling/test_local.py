"""The sampler against the model itself: its log-probabilities, its distribution, and the same answers for a seed."""

import numpy as np
import pytest
import torch
from support.statistics import nucleus
from support.tiny import FAMILIES, tiny_model, tiny_tokenizer

from agents.sampling import LocalSampler, in_precision, local
from agents.sampling.rows import Row, encode

QUESTIONS = ("Why?", "How many birds are left on the wire?", "What has to be broken before you can use it? Think.")
PROMPTS = [[{"role": "user", "content": question}] for question in QUESTIONS]
PARAMETERS = {"temperature": 1.0, "top_p": 1.0, "max_new_tokens": 12, "seed": 7}

# fp32 through two layers: sums in another order. bf16 has 8 bits: of one ulp at logits of 8 to 16, 1/16, a few add up.
TOLERANCE, BF16_TOLERANCE = 2e-5, 0.25


def make(model=None, max_batch=128):
    return LocalSampler(model or tiny_model(), tiny_tokenizer(), max_batch=max_batch)


def tokens(completions):
    return [[completion.token_ids for completion in several] for several in completions]


def watch(model):
    """Note the arguments of each call of the model; only the slow way, without shared prefixes, uses its own cache."""
    calls = []
    model.register_forward_pre_hook(lambda _, args, how: calls.append(how), with_kwargs=True)
    return calls


def errors(model, prompts, completions, temperature=1.0, top_p=1.0):
    """How far log-probabilities are from those of one plain forward pass over prompt and answer."""
    found = []
    for prompt, several in zip(prompts, completions, strict=True):
        prompt_ids = encode(tiny_tokenizer(), prompt) if isinstance(prompt[0], dict) else prompt
        for completion in several:
            with torch.inference_mode():
                logits = model(torch.tensor([[*prompt_ids, *completion.token_ids]])).logits[0, len(prompt_ids) - 1 : -1]
            places = torch.tensor(completion.token_ids)[:, None]
            expected = nucleus(logits, temperature, top_p).gather(-1, places)[:, 0].log().numpy()
            found.extend(abs(np.array(completion.logprobs) - expected))
    return np.array(found)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_logprobs_are_those_of_a_full_forward_pass(family, dtype):
    model = in_precision(tiny_model(family), dtype)
    calls = watch(model)
    completions = make(model, max_batch=16).sample(PROMPTS, [5, 1, 9], **PARAMETERS)
    assert [len(several) for several in completions] == [5, 1, 9]
    assert not any(how["use_cache"] for how in calls), "the fast path was not taken"
    wrong = errors(model, PROMPTS, completions)
    assert wrong.max() < (TOLERANCE if dtype == torch.float32 else BF16_TOLERANCE)
    assert wrong.mean() < BF16_TOLERANCE / 5


@pytest.mark.parametrize("max_batch", [1, 7, 64])
def test_logprobs_are_exact_with_answers_of_all_lengths_refilled_batches_and_a_nucleus(max_batch):
    model, ends = tiny_model(), {tiny_tokenizer().eos_token_id, *range(100, 200)}
    model.generation_config.eos_token_id = list(ends)
    policy = {"temperature": 0.8, "top_p": 0.9}
    completions = make(model, max_batch).sample(PROMPTS, [20, 3, 11], **(PARAMETERS | policy))
    assert len({len(c.token_ids) for several in completions for c in several}) > 3
    for c in (c for several in completions for c in several):
        assert c.finished == (c.token_ids[-1] in ends)
        assert c.finished or len(c.token_ids) == 12
    assert errors(model, PROMPTS, completions, **policy).max() < TOLERANCE


@pytest.mark.parametrize("family", FAMILIES)
def test_greedy_equals_generate(family):
    model = tiny_model(family)
    completions = make(model).sample(PROMPTS, 2, **(PARAMETERS | {"temperature": 0}))
    for prompt, (first, second) in zip(PROMPTS, completions, strict=True):
        ids = torch.tensor([encode(tiny_tokenizer(), prompt)])
        expected = model.generate(ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=12)
        assert first == second
        assert list(first.token_ids) == expected[0, ids.shape[1] :].tolist()


def test_a_seed_gives_the_same_answers_whatever_the_batch():
    expected = make().sample(PROMPTS, 8, **PARAMETERS)
    for max_batch in (1, 3, 8, 20):
        assert tokens(make(max_batch=max_batch).sample(PROMPTS, 8, **PARAMETERS)) == tokens(expected)
    assert make().sample(PROMPTS, 8, **(PARAMETERS | {"seed": 8})) != expected
    assert make().sample(PROMPTS, 3, **(PARAMETERS | {"seed": [7]}))[1][2].text == expected[1][2].text


@pytest.mark.parametrize("max_batch", [5, 128])
def test_prompts_that_begin_alike_for_long_are_decoded_together_and_draw_the_same(monkeypatch, max_batch):
    before = [{"role": "user", "content": words * 60} for words in ("Three ", "On a wire. ")]
    asked = [PROMPTS[0], *([first, *PROMPTS[place]] for place in (0, 1) for first in before), PROMPTS[1]]
    found, read = [], []
    for least in (local.WORTHWHILE, 10**9):
        monkeypatch.setattr(local, "WORTHWHILE", least)
        model = tiny_model()
        calls = watch(model)
        found.append(make(model, max_batch).sample(asked, [4, 3, 1, 2, 5, 6], **PARAMETERS))
        read.append(sum(how["input_ids"].numel() for how in calls))
    assert tokens(found[0]) == tokens(found[1])
    assert max(errors(model, asked, each).max() for each in found) < TOLERANCE
    assert read[1] - read[0] > len(found[0][2][0].prompt_ids) / 2, "what prompts begin with is read once"


def test_equal_prompts_and_what_all_begin_with_are_read_once_and_their_samples_differ(monkeypatch):
    monkeypatch.setattr(local, "longest_shared", lambda model: 1_000)  # without the probe that finds it out
    model = tiny_model()
    calls = watch(model)
    completions = make(model).sample([PROMPTS[0], PROMPTS[1], PROMPTS[0]], 4, **PARAMETERS)
    one, other = (encode(tiny_tokenizer(), prompt) for prompt in PROMPTS[:2])
    common = next(k for k in range(99) if one[k] != other[k])
    assert [how["input_ids"].numel() for how in calls] == [len(one) + len(other) - common, *[12] * 11]
    assert [several[0].prompt_ids for several in completions] == [one, other, one]
    assert len({c.token_ids for several in completions for c in several}) == 12


def test_a_prompt_that_another_begins_with_is_exact():
    model, generator = tiny_model(), np.random.default_rng(5)
    prompts = [(5, 9, 200, 17, 30)[:length] for length in (1, 2, 5, 4)] + [(5, 9, 201)]
    rows = [Row(prompt, generator.random(6), 1.0) for prompt in prompts for _ in range(3)]
    make(model).fill(rows, 1.0, lambda _: None)
    assert errors(model, [row.prompt_ids for row in rows], [[row] for row in rows]).max() < TOLERANCE


def test_prompts_beyond_a_sliding_window_take_the_slow_path_and_stay_exact():
    model = tiny_model("mistral", sliding_window=40)
    lengths = [len(encode(tiny_tokenizer(), prompt)) + 12 for prompt in PROMPTS]
    calls = watch(model)
    completions = make(model).sample(PROMPTS, 3, **PARAMETERS)
    read = {how["input_ids"].shape[1] for how in calls if how["use_cache"]} - {1}
    assert read == {length - 12 for length in lengths if length > 40} < {length - 12 for length in lengths}
    assert errors(model, PROMPTS, completions).max() < TOLERANCE


def test_answers_are_the_same_without_shared_prefixes(monkeypatch):
    expected, model = make().sample(PROMPTS, 5, **PARAMETERS), tiny_model()
    calls, forward = watch(model), model.model.forward
    monkeypatch.setattr(model.model, "forward", lambda *args, shared_prefix=None, **how: forward(*args, **how))
    assert tokens(make(model, max_batch=3).sample(PROMPTS, 5, **PARAMETERS)) == tokens(expected)
    assert all(how["use_cache"] for how in calls if len(how["input_ids"]) > 2), "all but the probe"


def test_sampling_leaves_the_model_and_the_random_state_as_they_were():
    model, done = tiny_model().train(), []
    before = torch.get_rng_state(), np.random.get_state()[1].tolist()  # noqa: NPY002
    plain = model(torch.tensor([[5, 9]])).logits
    make(model).sample(PROMPTS, 4, progress=done.append, **PARAMETERS)
    assert sum(done) == 12
    assert model.training
    assert torch.equal(before[0], torch.get_rng_state())
    assert before[1] == np.random.get_state()[1].tolist()  # noqa: NPY002
    assert torch.equal(model(torch.tensor([[5, 9]])).logits, plain)


def test_a_bad_request_is_refused_and_an_empty_one_is_not():
    for n in ([1, 2], [1, 2, -1], -1):
        with pytest.raises(ValueError, match="one for each of the 3 prompts"):
            make().sample(PROMPTS, n, **PARAMETERS)
    wrong = (("temperature", float("nan")), ("temperature", -0.5), ("top_p", 0.0), ("max_new_tokens", 2_048))
    for name, value in wrong:
        with pytest.raises(ValueError, match=name.replace("max_new_tokens", "context of 2048")):
            make().sample(PROMPTS, 1, **(PARAMETERS | {name: value}))
    assert make().sample([], 3, **PARAMETERS) == []
    assert make().sample(PROMPTS[:2], [0, 1], **PARAMETERS)[0] == []
