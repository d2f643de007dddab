"""What benchmarks and the demo start and measure with: the real daemon as processes of its own, and plain clients.

Everything started here is stopped by leaving its `with` block.
"""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import zmq

from llm_agentd.errors import StartError
from llm_agentd.serving import wire

REPLY_WAIT_MS = 60_000  # a bench that hangs says so instead of waiting for ever


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def process(args: list[str], ready: str) -> Iterator[subprocess.Popen[str]]:
    """A child that has printed a line beginning with `ready`; it is terminated at the end."""
    child = subprocess.Popen([sys.executable, *args], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    try:
        for line in child.stdout:
            if line.startswith(ready):
                break
        else:
            raise StartError(f"{' '.join(args[:4])} ended with exit code {child.wait()} before it was ready")
        yield child
    finally:
        child.terminate()
        child.wait(30)


@contextmanager
def daemon(sets: Mapping[str, Any], *, http: bool) -> Iterator[tuple[str, int, subprocess.Popen[str]]]:
    """A daemon of our own on free ports with an empty cache: `(endpoint, http port, process)`."""
    endpoint, port = f"tcp://127.0.0.1:{free_port()}", free_port()
    with tempfile.TemporaryDirectory(prefix="llm-agentd-bench-") as folder:
        settings = {
            "zmq.endpoint": endpoint,
            "http.port": port,
            "http.enabled": str(http).lower(),
            "cache.path": Path(folder) / "cache",
            **sets,
        }
        args = ["-m", "llm_agentd", "serve"]
        for key, value in settings.items():
            args += ["--set", f"{key}={value}"]
        with process(args, "ready ") as child:
            yield endpoint, port, child


class Peer:
    """A DEALER that sends records and waits for their last events."""

    def __init__(self, endpoint: str) -> None:
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._socket = self._context.socket(zmq.DEALER)
        self._socket.connect(endpoint)
        self._count = 0

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close(0)
        self._context.term()

    def send(self, **fields: Any) -> str:
        """Sends one record with an id of its own; returns the id."""
        self._count += 1
        record = {"id": str(self._count), **fields}
        self._socket.send(wire.encode(record))
        return str(self._count)

    def receive(self) -> list[dict[str, Any]]:
        """The records of the next part. Raises StartError when nothing comes, or on an `error` record."""
        if not self._socket.poll(REPLY_WAIT_MS):
            raise StartError(f"no answer within {REPLY_WAIT_MS // 1000} s")
        records: list[dict[str, Any]] = []
        for record in wire.decode(self._socket.recv()):
            if isinstance(record, wire.Bad) or record.get("event") == "error":
                raise StartError(f"the daemon answered {record}")
            records.append(record)
        return records

    def ask(self, **fields: Any) -> dict[str, Any]:
        """One request and its last event."""
        wanted = self.send(**fields)
        while True:
            for record in self.receive():
                if record["id"] == wanted and record["event"] == "done":
                    return record

    def round_trip(self, part: bytes) -> bytes:
        """Raw bytes there and back."""
        self._socket.send(part)
        return self._socket.recv()


class Browser:
    """One kept-alive HTTP connection without any cleverness, the same for both sides."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port)
        self._connection.connect()
        assert self._connection.sock is not None
        self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def get(self, path: str) -> bytes:
        return self._ask("GET", path, None)

    def post(self, path: str, body: bytes) -> bytes:
        return self._ask("POST", path, body)

    def _ask(self, method: str, path: str, body: bytes | None) -> bytes:
        self._connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise StartError(f"{method} {path} answered {answer.status}: {text[:200]!r}")
        return text


def times_us(call: Callable[[], object], count: int) -> list[float]:
    """Wall time of each of `count` calls, in microseconds, after a tenth as many to warm up."""
    for _ in range(count // 10):
        call()
    taken: list[float] = []
    for _ in range(count):
        begun_ns = time.perf_counter_ns()
        call()
        taken.append((time.perf_counter_ns() - begun_ns) / 1000)
    return taken
