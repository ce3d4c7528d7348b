"""The sampler against the model itself: its log-probabilities, its distribution, and the same answers for a seed."""

import numpy as np
import pytest
import torch
from scipy import stats
from tiny import CONFIGS, tiny_model, tiny_tokenizer

from agents.sampling import LocalSampler, in_precision, local
from agents.sampling.rows import Row, draw, encode

QUESTIONS = ("Why?", "How many birds are left on the wire?", "What has to be broken before you can use it? Think.")
PROMPTS = [[{"role": "user", "content": question}] for question in QUESTIONS]
PARAMETERS = {"temperature": 1.0, "top_p": 1.0, "max_new_tokens": 12, "seed": 7}

# fp32 through two layers: sums in another order.
TOLERANCE = 2e-5
# bf16 has 8 bits: of one ulp at logits of 8 to 16, 1/16, a few come together.
BF16_TOLERANCE = 0.25


def make(family="llama", max_batch=128, **changes):
    return LocalSampler(tiny_model(family, **changes), tiny_tokenizer(), max_batch=max_batch)


def watch(model):
    """Note the keyword arguments of each call of the model."""
    calls = []
    model.register_forward_pre_hook(lambda _, args, how: calls.append(how), with_kwargs=True)
    return calls


def never_share(monkeypatch):
    monkeypatch.setattr(local, "longest_shared", lambda model: 0)


def policy_logprobs(model, prompt, completion, temperature=1.0, top_p=1.0):
    """Of each token, by one plain forward pass over prompt and answer."""
    prompt_ids = encode(tiny_tokenizer(), prompt)
    ids = torch.tensor([[*prompt_ids, *completion.token_ids]])
    with torch.inference_mode():
        logits = model(ids).logits[0, len(prompt_ids) - 1 : -1].double() / temperature
    ordered, order = logits.softmax(-1).sort(descending=True)
    ordered[ordered.cumsum(-1) - ordered >= top_p] = 0
    probabilities = torch.zeros_like(ordered).scatter_(-1, order, ordered / ordered.sum(-1, keepdim=True))
    return probabilities.gather(-1, torch.tensor(completion.token_ids)[:, None])[:, 0].log().numpy()


def assert_exact(model, completions, **policy):
    for prompt, several in zip(PROMPTS, completions, strict=True):
        for completion in several:
            expected = policy_logprobs(model, prompt, completion, **policy)
            np.testing.assert_allclose(completion.logprobs, expected, atol=TOLERANCE)


@pytest.mark.parametrize("family", CONFIGS)
def test_logprobs_equal_a_full_forward_pass(family):
    model = tiny_model(family)
    sampler = LocalSampler(model, tiny_tokenizer(), max_batch=16)
    calls = watch(model)
    completions = sampler.sample(PROMPTS, [5, 1, 9], **PARAMETERS)
    assert [len(several) for several in completions] == [5, 1, 9]
    assert not any(how["use_cache"] for how in calls), "the fast path was not taken"
    assert_exact(model, completions)


@pytest.mark.parametrize("family", CONFIGS)
def test_logprobs_in_bf16_equal_a_full_forward_pass_in_bf16(family):
    model = in_precision(tiny_model(family), torch.bfloat16)
    sampler = LocalSampler(model, tiny_tokenizer(), max_batch=16)
    calls = watch(model)
    completions = sampler.sample(PROMPTS, [5, 1, 9], **PARAMETERS)
    assert not any(how["use_cache"] for how in calls), "the fast path was not taken"
    pairs = [(prompt, c) for prompt, several in zip(PROMPTS, completions, strict=True) for c in several]
    errors = np.concatenate([abs(np.array(c.logprobs) - policy_logprobs(model, prompt, c)) for prompt, c in pairs])
    assert errors.max() < BF16_TOLERANCE
    assert errors.mean() < BF16_TOLERANCE / 5


@pytest.mark.parametrize("max_batch", [1, 4, 7, 64])
def test_logprobs_are_exact_with_early_finish_refill_and_nucleus(max_batch):
    # The bias of the end token's logit: about a third of the answers end at each token.
    model = tiny_model()
    end = tiny_tokenizer().eos_token_id
    model.generation_config.eos_token_id = [end, *range(100, 200)]
    sampler = LocalSampler(model, tiny_tokenizer(), max_batch=max_batch)
    policy = {"temperature": 0.8, "top_p": 0.9}
    completions = sampler.sample(PROMPTS, [20, 3, 11], **(PARAMETERS | policy))
    lengths = {len(c.token_ids) for several in completions for c in several}
    assert len(lengths) > 3
    for c in (c for several in completions for c in several):
        assert c.finished == (c.token_ids[-1] in {end, *range(100, 200)})
        assert c.finished or len(c.token_ids) == 12
    assert_exact(model, completions, **policy)


@pytest.mark.parametrize("family", CONFIGS)
def test_greedy_equals_generate(family):
    model = tiny_model(family)
    tokenizer = tiny_tokenizer()
    completions = LocalSampler(model, tokenizer).sample(PROMPTS, 2, **(PARAMETERS | {"temperature": 0}))
    for prompt, (first, second) in zip(PROMPTS, completions, strict=True):
        ids = torch.tensor([encode(tokenizer, prompt)])
        expected = model.generate(ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=12)
        assert first == second
        assert list(first.token_ids) == expected[0, ids.shape[1] :].tolist()


def test_same_seed_same_answers_for_any_batch():
    expected = make().sample(PROMPTS, 8, **PARAMETERS)
    for max_batch in (1, 3, 8, 20):
        found = make(max_batch=max_batch).sample(PROMPTS, 8, **PARAMETERS)
        assert [[c.token_ids for c in several] for several in found] == [
            [c.token_ids for c in several] for several in expected
        ]
    assert make().sample(PROMPTS, 8, **(PARAMETERS | {"seed": 8})) != expected
    assert make().sample(PROMPTS, 3, **(PARAMETERS | {"seed": [7]}))[1][2].text == expected[1][2].text


def test_each_prompt_may_have_its_own_temperature_and_draws_what_it_draws_alone():
    asked = [PROMPTS[0], PROMPTS[0], PROMPTS[1]]
    temperatures = [0.0, 1.0, 0.5]
    for sampler in (make(max_batch=5), make()):
        mixed = sampler.sample(asked, 4, **(PARAMETERS | {"temperature": temperatures}))
        for place, temperature in enumerate(temperatures):
            alone = sampler.sample(asked, 4, **(PARAMETERS | {"temperature": temperature}))[place]
            assert [c.token_ids for c in mixed[place]] == [c.token_ids for c in alone]
            for one, other in zip(mixed[place], alone, strict=True):
                np.testing.assert_allclose(one.logprobs, other.logprobs, atol=TOLERANCE)
    for wrong in ([1.0], [1.0, 1.0, -1.0], float("nan"), -0.5):
        with pytest.raises(ValueError, match="one for each of the 3 prompts"):
            make().sample(asked, 4, **(PARAMETERS | {"temperature": wrong}))


def test_samples_of_one_prompt_differ_and_equal_prompts_are_prefilled_once(monkeypatch):
    monkeypatch.setattr(local, "longest_shared", lambda model: 1_000)  # without the probe that finds it out
    model = tiny_model()
    calls = watch(model)
    completions = LocalSampler(model, tiny_tokenizer()).sample([PROMPTS[0], PROMPTS[1], PROMPTS[0]], 4, **PARAMETERS)
    one, other = (encode(tiny_tokenizer(), prompt) for prompt in PROMPTS[:2])
    common = next(k for k in range(99) if one[k] != other[k])
    assert [how["input_ids"].numel() for how in calls] == [len(one) + len(other) - common, *[12] * 11]
    assert len({c.token_ids for several in completions for c in several}) == 12


def test_a_prompt_that_another_begins_with_is_exact():
    model, generator = tiny_model(), np.random.default_rng(5)
    prompts = [(5, 9, 200, 17, 30)[:length] for length in (1, 2, 5, 4)] + [(5, 9, 201)]
    rows = [Row(prompt, generator.random(6), 1.0) for prompt in prompts for _ in range(3)]
    LocalSampler(model, tiny_tokenizer()).fill(rows, 1.0, lambda _: None)
    for row in rows:
        ids = torch.tensor([[*row.prompt_ids, *row.token_ids]])
        with torch.inference_mode():
            logits = model(ids).logits[0, len(row.prompt_ids) - 1 : -1].double().log_softmax(-1)
        expected = logits.gather(-1, torch.tensor(row.token_ids)[:, None])[:, 0]
        np.testing.assert_allclose(row.logprobs, expected, atol=TOLERANCE)


def test_prompts_beyond_a_sliding_window_fall_back_and_stay_exact():
    model = tiny_model("mistral", sliding_window=40)
    lengths = [len(encode(tiny_tokenizer(), prompt)) + 12 for prompt in PROMPTS]
    assert min(lengths) <= 40 < max(lengths)
    calls = watch(model)
    completions = LocalSampler(model, tiny_tokenizer()).sample(PROMPTS, 3, **PARAMETERS)
    assert {how["use_cache"] for how in calls} == {True, False}
    assert_exact(model, completions)


def test_a_model_that_cannot_share_prefixes_falls_back(monkeypatch):
    expected = make().sample(PROMPTS, 5, **PARAMETERS)
    never_share(monkeypatch)
    model = tiny_model()
    calls = watch(model)
    found = LocalSampler(model, tiny_tokenizer(), max_batch=3).sample(PROMPTS, 5, **PARAMETERS)
    assert all(how["use_cache"] for how in calls)
    assert [[c.token_ids for c in several] for several in found] == [[c.token_ids for c in s] for s in expected]


def test_a_model_whose_attention_does_not_get_the_cache_falls_back(monkeypatch):
    model = tiny_model()
    calls, forward = watch(model), model.model.forward
    monkeypatch.setattr(model.model, "forward", lambda *args, shared_prefix=None, **how: forward(*args, **how))
    assert_exact(model, LocalSampler(model, tiny_tokenizer()).sample(PROMPTS, 2, **PARAMETERS))
    assert any(how["use_cache"] for how in calls)


def test_completions_have_the_tokens_of_their_prompts():
    [one], [other, _] = make().sample(PROMPTS[:2], [1, 2], **PARAMETERS)
    assert (one.prompt_ids, other.prompt_ids) == tuple(encode(tiny_tokenizer(), prompt) for prompt in PROMPTS[:2])


def test_leaves_the_model_and_the_random_state_as_they_were():
    model = tiny_model().train()
    before = torch.get_rng_state(), np.random.get_state()[1].copy(), model.config._attn_implementation  # noqa: NPY002
    done = []
    LocalSampler(model, tiny_tokenizer()).sample(PROMPTS, 4, progress=done.append, **PARAMETERS)
    assert sum(done) == 12
    assert model.training
    assert torch.equal(before[0], torch.get_rng_state())
    assert np.array_equal(before[1], np.random.get_state()[1])  # noqa: NPY002
    assert model.config._attn_implementation == before[2]


@pytest.mark.parametrize(("temperature", "top_p"), [(1.0, 1.0), (0.7, 1.0), (1.0, 0.8), (1.5, 0.999)])
@pytest.mark.parametrize("vocabulary", [40, 512, 1000])
def test_draws_follow_the_distribution(temperature, top_p, vocabulary):
    generator = np.random.default_rng(3)
    logits = torch.from_numpy(generator.normal(0, 1, vocabulary)).float()
    count = 8000
    uniform, same = torch.from_numpy(generator.random(count)), torch.full((count,), temperature)
    tokens, logprobs = draw(logits.repeat(count, 1), uniform, same, top_p)
    probabilities = (logits.double() / temperature).softmax(-1)
    ordered, order = probabilities.sort(descending=True)
    ordered[ordered.cumsum(-1) - ordered >= top_p] = 0
    expected = torch.zeros_like(ordered).scatter_(0, order, ordered / ordered.sum())
    np.testing.assert_allclose(logprobs, expected[tokens].log(), atol=1e-5)
    assert chi_square(tokens, expected.numpy()) > 1e-4


def chi_square(tokens, expected):
    """The p-value of the counts, with all tokens that are expected less than five times in one bin."""
    counts = np.bincount(tokens, minlength=len(expected))
    rare = expected * len(tokens) < 5
    observed = np.append(counts[~rare], counts[rare].sum())
    theory = np.append(expected[~rare], expected[rare].sum()) * len(tokens)
    return stats.chisquare(observed[theory > 0], theory[theory > 0]).pvalue


def test_sampled_first_tokens_follow_the_models_own_distribution():
    model = tiny_model()
    completions = LocalSampler(model, tiny_tokenizer()).sample(
        PROMPTS[:1], 4000, **(PARAMETERS | {"max_new_tokens": 2})
    )
    with torch.inference_mode():
        expected = model(torch.tensor([encode(tiny_tokenizer(), PROMPTS[0])])).logits[0, -1].double().softmax(-1)
    assert chi_square(np.array([c.token_ids[0] for c in completions[0]]), expected.numpy()) > 1e-4


def test_uniforms_at_the_edges_never_draw_an_impossible_token():
    logits = torch.full((2, 600), -torch.inf)
    logits[:, [3, 300, 599]] = torch.tensor([0.0, 1.0, 0.5])
    for top_p in (1.0, 0.999):
        tokens, _ = draw(logits.clone(), torch.tensor([0.0, 1 - 2**-53], dtype=torch.float64), torch.ones(2), top_p)
        assert set(tokens.tolist()) <= {3, 300, 599}


def test_bad_requests_are_refused():
    sampler = make()
    with pytest.raises(ValueError, match="one for each of the 3 prompts"):
        sampler.sample(PROMPTS, [1, 2], **PARAMETERS)
    with pytest.raises(ValueError, match="top_p"):
        sampler.sample(PROMPTS, 1, **(PARAMETERS | {"top_p": 0.0}))
    with pytest.raises(ValueError, match="context of 2048"):
        sampler.sample(PROMPTS, 1, **(PARAMETERS | {"max_new_tokens": 2_048}))
    assert sampler.sample([], 3, **PARAMETERS) == []
    assert sampler.sample(PROMPTS[:2], [0, 1], **PARAMETERS)[0] == []
