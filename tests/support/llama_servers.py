"""Real llama-servers (llama.cpp's own, out of xllamacpp) with the embedded model, each a process on a free port.

`llama_servers(2)` starts two side by side and waits until both answer. One can be killed and started again on its port,
as a replica behind a router is. `python -m tests.support.llama_servers MODEL PORT SLOTS` is what each of them runs.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx2

import llm_agentd
from llm_agentd.ops.harness import free_port

EMBEDDED = Path(llm_agentd.__file__).parent / "models" / "hearthling.gguf"
MODEL_NAME = "hearthling"
SLOTS = 4
SLOT_TOKENS = 1024  # the embedded model's own limit
START_S = 120.0  # half a second on an idle machine
STOP_S = 30.0
POLL_S = 0.1
ORPHAN_CHECK_S = 1.0


class LlamaServer:
    """`url` is the server's own, `base_url` where OpenAI's protocol begins. `start` returns before it answers."""

    def __init__(self, model: Path = EMBEDDED, *, slots: int = SLOTS) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.base_url = f"{self.url}/v1"
        self._args = [str(model), str(self.port), str(slots)]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        args = [sys.executable, "-m", "tests.support.llama_servers", *self._args]
        root = Path(__file__).parents[2]
        self._process = subprocess.Popen(args, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def wait_ready(self) -> None:
        deadline_s = time.monotonic() + START_S
        while not self._answers():
            assert self._process is not None
            assert self._process.poll() is None, f"llama-server ended with {self._process.returncode}"
            assert time.monotonic() < deadline_s, f"llama-server does not answer at {self.url}"
            time.sleep(POLL_S)

    def _answers(self) -> bool:
        with suppress(httpx2.TransportError):
            return httpx2.get(f"{self.url}/health", timeout=STOP_S).status_code == 200
        return False

    def kill(self) -> None:
        """As kill -9 does: what it works on is lost, its connections break."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(STOP_S)


@contextmanager
def llama_servers(count: int, model: Path = EMBEDDED, *, slots: int = SLOTS) -> Iterator[list[LlamaServer]]:
    servers = [LlamaServer(model, slots=slots) for _ in range(count)]
    try:
        for server in servers:
            server.start()
        for server in servers:
            server.wait_ready()
        yield servers
    finally:
        for server in servers:
            server.kill()


def _serve(model: str, port: int, slots: int) -> None:
    import xllamacpp  # only in the child: it is 40 MB of native code

    params = xllamacpp.CommonParams()
    params.model.path = model
    params.model_alias = {MODEL_NAME}
    params.port = port
    params.n_parallel = slots
    params.n_ctx = SLOT_TOKENS * slots
    params.cache_ram_mib = 0  # what is reused is in the slots alone, as KV memory is bounded on a GPU too
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1  # tests run side by side
    params.warmup = False
    server = xllamacpp.Server(params)  # listens in a thread of its own as long as it is held
    parent = os.getppid()
    while os.getppid() == parent:  # a test run that is killed leaves none behind
        time.sleep(ORPHAN_CHECK_S)
    del server


if __name__ == "__main__":
    _serve(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
