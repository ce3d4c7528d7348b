"""A tiny Llama in a GGUF file, quantised as the embedded model is."""

from pathlib import Path

import gguf
import numpy as np
from tokenizers.pre_tokenizers import ByteLevel

TOKENS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", *sorted(ByteLevel.alphabet()), "ĊĊ"]
HIDDEN, INNER, VOCABULARY = 64, 128, len(TOKENS)
NUMBERS = {
    "block_count": 1, "context_length": 128, "embedding_length": HIDDEN, "feed_forward_length": INNER,
    "head_count": 2, "head_count_kv": 1, "layer_norm_rms_eps": 1e-5, "rope_freq_base": 10000.0,
    "rope_dimension_count": HIDDEN // 2, "vocab_size": VOCABULARY, "bos_token_id": 1, "eos_token_id": 2,
    "unk_token_id": 0, "pad_token_id": 2,
}  # fmt: skip
SHAPES = {
    "attn_q": (HIDDEN, HIDDEN), "attn_k": (HIDDEN // 2, HIDDEN), "attn_v": (HIDDEN // 2, HIDDEN),
    "attn_output": (HIDDEN, HIDDEN), "ffn_gate": (INNER, HIDDEN), "ffn_up": (INNER, HIDDEN),
    "ffn_down": (HIDDEN, INNER),
}  # fmt: skip


def write_gguf(path: Path) -> np.ndarray:
    """Write the file and return the embedding in it."""
    rng = np.random.default_rng(0)
    writer = gguf.GGUFWriter(path, "llama")
    for name, value in NUMBERS.items():
        getattr(writer, f"add_{name}")(value)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(TOKENS)
    writer.add_token_types([3] * 3 + [1] * (VOCABULARY - 3))
    writer.add_token_merges(["Ċ Ċ"])
    writer.add_chat_template("{{ messages[0]['content'] }}<|im_end|>")
    kind = gguf.GGMLQuantizationType.Q4_1
    for name, shape in SHAPES.items():
        weight = gguf.quantize(rng.normal(size=shape).astype(np.float32), kind)
        writer.add_tensor(f"blk.0.{name}.weight", weight, raw_dtype=kind)
    for name in ("blk.0.attn_norm", "blk.0.ffn_norm", "output_norm"):
        writer.add_tensor(f"{name}.weight", np.ones(HIDDEN, np.float32))
    embedding = rng.normal(size=(VOCABULARY, HIDDEN)).astype(np.float32)
    writer.add_tensor("token_embd.weight", embedding)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return embedding
