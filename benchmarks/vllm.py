"""A vLLM server for the benchmark, run by the interpreter of another environment."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

NAME = "model"
SECONDS_TO_START = 300


class VllmServer:
    """Serves a model folder with prefix caching, in a number format such as bfloat16, until closed.

    Raises:
        RuntimeError: if it ends or does not answer in time.
    """

    def __init__(self, python: str, model: Path, dtype: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        self._url = f"http://127.0.0.1:{port}"
        # Not the `vllm` command, which looks for a distribution of that name and so misses rebuilds for CPUs.
        module = [python, "-m", "vllm.entrypoints.openai.api_server"]
        options = ["--model", str(model), "--served-model-name", NAME, "--port", str(port), "--dtype", dtype]
        self._process = subprocess.Popen(
            [*module, *options, "--enable-prefix-caching", "--max-model-len", "2048"],
            env=os.environ | {"VLLM_CPU_KVCACHE_SPACE": "2"},
            stdout=subprocess.DEVNULL,
        )
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + SECONDS_TO_START
        while self._process.poll() is None and time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"{self._url}/health", timeout=5).close()
            except (urllib.error.URLError, OSError):
                time.sleep(1)
            else:
                return
        self.close()
        raise RuntimeError(f"vLLM did not start; it ended with code {self._process.returncode}")

    def sample(self, prompts: Sequence[Sequence[int]], n: int, tokens: int) -> int:
        """Draw ``n`` answers of exactly ``tokens`` tokens to all prompts at once, and return the number of tokens."""
        with ThreadPoolExecutor(len(prompts)) as pool:
            return sum(pool.map(lambda prompt: self._complete(prompt, n, tokens), prompts))

    def _complete(self, prompt: Sequence[int], n: int, tokens: int) -> int:
        body = {
            "model": NAME,
            "prompt": list(prompt),
            "n": n,
            "max_tokens": tokens,
            "ignore_eos": True,
            "temperature": 1,
        }
        request = urllib.request.Request(
            f"{self._url}/v1/completions", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=600) as response:
            return json.load(response)["usage"]["completion_tokens"]

    def close(self) -> None:
        """End the server."""
        self._process.terminate()
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
