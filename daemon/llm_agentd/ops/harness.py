"""What benchmarks, the demo and tests start: the real daemon as child processes, and plain clients to ask it.

Everything started here is stopped by leaving its `with` block. Knows commands and sockets, nothing of what is measured.
"""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import zmq

from llm_agentd.config import Config
from llm_agentd.errors import StartError
from llm_agentd.protocol import wire

REPLY_WAIT_MS = 60_000  # a bench that hangs says so instead of waiting for ever


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


def model_sets(config: Config) -> dict[str, Any]:
    """All that the configuration sets of the model, as keys and texts for `--set`."""
    values = {key: getattr(config.model, key) for key in config.model.model_fields_set}
    return {
        f"model.{key}": ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
        for key, value in values.items()
        if value is not None
    }


@contextmanager
def daemon(sets: Mapping[str, Any], *, http: bool) -> Iterator[tuple[str, int, subprocess.Popen[str]]]:
    """A daemon on free ports, with an empty cache and the shipped roles: `(endpoint, http port, process)`."""
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


class HttpConnection:
    """One kept-alive HTTP connection to a port of this machine, as cheap as Python has it."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port)
        self._connection.connect()
        assert self._connection.sock is not None
        self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def get(self, path: str) -> bytes:
        return self._request("GET", path, None)

    def post(self, path: str, body: bytes) -> bytes:
        return self._request("POST", path, body)

    def _request(self, method: str, path: str, body: bytes | None) -> bytes:
        self._connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise StartError(f"{method} {path} answered {answer.status}: {text[:200]!r}")
        return text
