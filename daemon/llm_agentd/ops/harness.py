"""What benchmarks and the demo start and measure with: the real daemon as processes of its own, and plain clients.

Everything started here is stopped by leaving its `with` block.
"""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import zmq

from llm_agentd.errors import StartError
from llm_agentd.protocol import wire

REPLY_WAIT_MS = 60_000  # a bench that hangs says so instead of waiting for ever
MEMORY_LOOK_S = 0.25
LLAMA_SERVER_FILE = (
    Path(__file__).parents[1] / "bench" / "llama_server.py"
)  # a file, not a module: its Python knows nothing of us


def free_port() -> int:
    """A TCP port on loopback that nobody listens on, and that the kernel gives to no one else for a minute.

    A connection to it is closed from the port's side, which leaves the port in TIME_WAIT: only who asks for it by its
    number, with SO_REUSEADDR as servers do, gets it. Without that, of many who start at once two could get the same.
    """
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            server.accept()[0].close()
        return port


@contextmanager
def process(args: list[str], ready: str, python: str = sys.executable) -> Iterator[subprocess.Popen[str]]:
    """A child that has printed a line beginning with `ready`; it is terminated at the end."""
    child = subprocess.Popen([python, *args], stdout=subprocess.PIPE, text=True)
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
    """A daemon of our own on free ports, with an empty cache and shipped roles: `(endpoint, http port, process)`."""
    endpoint, port = f"tcp://127.0.0.1:{free_port()}", free_port()
    with tempfile.TemporaryDirectory(prefix="llm-agentd-bench-") as folder:
        settings = {
            "zmq.endpoint": endpoint,
            "http.port": port,
            "http.enabled": str(http).lower(),
            "cache.path": Path(folder) / "cache",
            "agents.memory_path": Path(folder) / "memory.db",
            "agents.roles_dir": folder,  # no roles in it: all machines measure the same prompts
            **sets,
        }
        args = ["-m", "llm_agentd", "serve"]
        for key, value in settings.items():
            args += ["--set", f"{key}={value}"]
        with process(args, "ready ") as child:
            yield endpoint, port, child


@contextmanager
def llama_server(
    model: Path, *, slots: int, threads: int, context_tokens: int, python: Path | None, binary: Path | None
) -> Iterator[tuple[str, int]]:
    """A llama-server of `python`'s xllamacpp, or a binary, at `slots` requests of `context_tokens`: `(url, pid)`."""
    port = free_port()
    args = [str(LLAMA_SERVER_FILE), str(model), "--np", str(slots), "--threads", str(threads), "--port", str(port)]
    args += ["--context-tokens", str(context_tokens)]
    if binary is not None:
        args += ["--binary", str(binary)]
    with process(args, "ready ", python=str(python or sys.executable)) as child:
        yield f"http://127.0.0.1:{port}", child.pid


class PeakMemory:
    """The most that a process and its children held while the `with` block ran; `bytes` is theirs together."""

    def __init__(self, pid: int) -> None:
        self.bytes = 0
        self._process = psutil.Process(pid)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="peak-memory", daemon=True)

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while True:
            with suppress(psutil.Error):  # a child may end while we look
                family = [self._process, *self._process.children(recursive=True)]
                self.bytes = max(self.bytes, sum(member.memory_info().rss for member in family))
            if self._ended.wait(MEMORY_LOOK_S):
                return


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
        records = self.poll(REPLY_WAIT_MS)
        if not records:
            raise StartError(f"no answer within {REPLY_WAIT_MS // 1000} s")
        for record in records:
            if record.get("event") == "error":
                raise StartError(f"the daemon answered {record}")
        return records

    def poll(self, wait_ms: float) -> list[dict[str, Any]]:
        """The records of the next part, errors among them; none when nothing comes within `wait_ms`."""
        if not self._socket.poll(int(wait_ms)):
            return []
        records: list[dict[str, Any]] = []
        for record in wire.decode(self._socket.recv()):
            if isinstance(record, wire.DecodeError):
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
