"""Tiny random chat models and their tokenizer, made in code: what a test loads where a user loads a real model."""

from functools import cache
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    AutoModelForCausalLM,
    Gemma2Config,
    Gemma3TextConfig,
    GemmaConfig,
    LlamaConfig,
    MistralConfig,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen3Config,
)

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

# What all families share; four heads on two key-value heads, as grouped-query attention has it.
SHAPE = {
    "vocab_size": VOCABULARY,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 2_048,
    # Wide weights: at the usual 0.02 a tiny model's next-token distribution is all but uniform, and tests see nothing.
    "initializer_range": 0.3,
}

CONFIGS: dict[str, type[PreTrainedConfig]] = {
    "llama": LlamaConfig,
    "qwen2": Qwen2Config,
    "qwen3": Qwen3Config,
    "mistral": MistralConfig,
    "gemma": GemmaConfig,
    "gemma2": Gemma2Config,
    "gemma3": Gemma3TextConfig,
}


@cache
def tiny_tokenizer() -> PreTrainedTokenizerFast:
    """Byte-level, so that it encodes any text; `<|im_end|>` ends a turn and `<|pad|>` pads."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=["<|pad|>", "<|im_start|>", "<|im_end|>"],
        show_progress=False,
    )
    tokenizer.train_from_iterator(SENTENCES, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="<|im_end|>",
        pad_token="<|pad|>",
        extra_special_tokens=["<|im_start|>"],
        chat_template=CHAT_TEMPLATE,
    )


def tiny_model(family: str = "llama", *, seed: int = 0, **changes: object) -> PreTrainedModel:
    """A random fp32 model of about 40,000 weights; `changes` go over the family's config."""
    tokenizer = tiny_tokenizer()
    shape = SHAPE | {"head_dim": 8} if family != "qwen2" else SHAPE
    ids = {"pad_token_id": tokenizer.pad_token_id, "eos_token_id": tokenizer.eos_token_id, "bos_token_id": None}
    config = CONFIGS[family](**(shape | ids | changes))
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()


def save_tiny(folder: Path, family: str = "llama", *, seed: int = 0) -> Path:
    """Writes model and tokenizer as `from_pretrained` reads them, and returns the folder."""
    tiny_model(family, seed=seed).save_pretrained(folder)
    tiny_tokenizer().save_pretrained(folder)
    return folder
