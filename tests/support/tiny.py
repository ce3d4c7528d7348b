"""Tiny random chat models and their tokenizer, made in code: what a test loads where a user loads a real model."""

from functools import cache
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel, PreTrainedTokenizerFast

from agents.policy import LanguageModelPolicy, load_model

FAMILIES = ("llama", "qwen2", "qwen3", "mistral", "gemma", "gemma2", "gemma3_text")
VOCABULARY = 384
CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SENTENCES = (
    "There are seven birds on a wire. A hunter shoots three of them. How many birds are left on the wire?",
    "None: the others flew away. Answer: none",
    "Which is heavier, a pound of feathers or a pound of iron? Neither, they weigh the same.",
    "What has to be broken before you can use it? An egg. How many months have 28 days? All of them.",
)

# What all families share; four heads on two key-value heads, as grouped-query attention has it. The weights are wide:
# at the usual 0.02 a tiny model's next-token distribution is all but uniform, and tests see nothing. The context is
# long, for its tokens are nearly bytes.
SHAPE = {
    "vocab_size": VOCABULARY, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
    "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 2_048, "initializer_range": 0.3,
}  # fmt: skip


@cache
def tiny_tokenizer() -> PreTrainedTokenizerFast:
    """Byte-level, so that it encodes any text; `<|im_end|>` ends a turn and `<|pad|>` pads."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special, alphabet = ["<|pad|>", "<|im_start|>", "<|im_end|>"], pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY, initial_alphabet=alphabet, special_tokens=special, show_progress=False
    )
    tokenizer.train_from_iterator(SENTENCES, trainer)
    names = {"pad_token": special[0], "extra_special_tokens": special[1:2], "eos_token": special[2]}
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, chat_template=CHAT_TEMPLATE, **names)


def tiny_model(family: str = "llama", *, seed: int = 0, **changes: object) -> PreTrainedModel:
    """A random fp32 model of about 40,000 weights; `changes` replace values of the family's config."""
    tokenizer = tiny_tokenizer()
    shape = SHAPE | {"head_dim": 8} if family != "qwen2" else SHAPE
    ids = {"pad_token_id": tokenizer.pad_token_id, "eos_token_id": tokenizer.eos_token_id, "bos_token_id": None}
    config = AutoConfig.for_model(family, **(shape | ids | changes))
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()


def terse_model(**changes: object) -> PreTrainedModel:
    """A tiny model whose answers end: a random one hardly ever draws the one token for it, so a third of them do."""
    model = tiny_model(**changes)
    model.generation_config.eos_token_id = list(range(2, VOCABULARY, 3))
    return model


def tiny_policy(model: PreTrainedModel | None = None) -> LanguageModelPolicy:
    return LanguageModelPolicy(model or tiny_model(), tiny_tokenizer())


def save_tiny(folder: Path) -> Path:
    """Write model and tokenizer as `from_pretrained` reads them, and return the folder."""
    for part in (tiny_model(), tiny_tokenizer()):
        part.save_pretrained(folder)
    return folder


def load_without_workers(patch: pytest.MonkeyPatch) -> None:
    """Load policies that sample in this process, where they would start processes of their own, to save time."""
    patch.setattr(LanguageModelPolicy, "load", lambda *how: LanguageModelPolicy(*load_model(*how[:2])))
