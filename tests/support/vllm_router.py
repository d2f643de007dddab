"""A real vllm-router on a free port, with the command line of deploy/compose.yaml, in front of servers of a test."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx2
import yaml

from llm_agentd.ops.harness import free_port

COMPOSE = Path(__file__).parents[2] / "deploy" / "compose.yaml"
SERVICE = "vllm-router"
START_S = 120.0  # half a second on an idle machine
STOP_S = 30.0
POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class Router:
    url: str
    metrics_url: str

    @property
    def base_url(self) -> str:
        return f"{self.url}/v1"

    def processed(self) -> dict[str, int]:
        """worker → how many requests were sent to it."""
        text = httpx2.get(self.metrics_url, timeout=STOP_S).text
        found = re.findall(r'^vllm_router_processed_requests_total\{worker="([^"]+)"\} (\d+)', text, re.MULTILINE)
        return {worker: int(count) for worker, count in found}


def shipped_options() -> list[str]:
    """What deploy/compose.yaml gives it, but for addresses."""
    command: list[str] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"][SERVICE]["command"]
    return [
        word for word in command if not re.match(r"--(host|port|worker-urls|prometheus-host|prometheus-port)=", word)
    ]


@contextmanager
def vllm_router(folder: Path, workers: Sequence[str], *options: str) -> Iterator[Router]:
    """`options` come behind the shipped ones, and of two the later counts."""
    port, metrics_port = free_port(), free_port()
    router = Router(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{metrics_port}/metrics")
    program = str(Path(sys.executable).parent / "vllm-router")
    own = ["--host=127.0.0.1", f"--port={port}", f"--prometheus-port={metrics_port}", "--worker-urls", *workers]
    log = folder / "vllm-router.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [program, *shipped_options(), *options, *own], stdout=output, stderr=subprocess.STDOUT
        )
    try:
        _wait_ready(process, router, log)
        yield router
    finally:
        process.kill()  # told to end, it waits for connections that are kept
        process.wait(STOP_S)


def _wait_ready(process: subprocess.Popen[bytes], router: Router, log: Path) -> None:
    deadline_s = time.monotonic() + START_S
    while True:
        with suppress(httpx2.TransportError):
            if httpx2.get(f"{router.url}/health", timeout=STOP_S).status_code == 200:
                return
        assert process.poll() is None, log.read_text(errors="replace")[-3000:]
        assert time.monotonic() < deadline_s, log.read_text(errors="replace")[-3000:]
        time.sleep(POLL_S)
