"""What benchmarks, the demo and tests start: the real daemon as child processes, and a plain HTTP connection to it.

Everything started here is stopped by leaving its `with` block. Knows commands and ports, nothing of what is measured.
"""

from __future__ import annotations

import http.client
import os
import secrets
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llm_agentd.config import Config
from llm_agentd.config.http_token import TOKEN_BYTES
from llm_agentd.config.sources import variable_name
from llm_agentd.errors import StartError
from llm_agentd.ops.exit_status import EXPLAINED_CODES, fix, how_it_ended


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
def process(
    args: list[str], ready: str, python: str = sys.executable, more_environ: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """A child that has printed a line beginning with `ready`; it is terminated at the end."""
    with processes([(args, more_environ or {})], ready, python) as (child,):
        yield child


@contextmanager
def processes(
    commands: Sequence[tuple[list[str], Mapping[str, str]]], ready: str, python: str = sys.executable
) -> Iterator[list[subprocess.Popen[str]]]:
    """Several that start side by side, each with its arguments and what is more in its environment."""
    children: list[subprocess.Popen[str]] = []
    try:
        for args, more_environ in commands:
            environ = os.environ | more_environ
            children.append(subprocess.Popen([python, *args], stdout=subprocess.PIPE, text=True, env=environ))
        for child, (args, _) in zip(children, commands, strict=True):
            _wait_until_ready(child, args, ready)
        yield children
    finally:
        for child in children:
            child.terminate()
        for child in children:
            child.wait(30)


def _wait_until_ready(child: subprocess.Popen[str], args: list[str], ready: str) -> None:
    assert child.stdout is not None
    for line in child.stdout:
        if line.startswith(ready):
            return
    raise StartError(f"{' '.join(args[:3])} {ending(child.wait())}")


def ending(status: int) -> str:
    """How a child ended before its time. One that has said why on stderr needs no cure here."""
    ended = f"{how_it_ended(status)} before it was done"
    return ended if status in EXPLAINED_CODES else f"{ended}; {fix(status)}"


def model_sets(config: Config) -> dict[str, Any]:
    """All that the configuration sets of the model, as keys and texts for `--set`."""
    # `dir` is where files are fetched to: it is always set, by the state folder, and says nothing of the model.
    values = {key: getattr(config.model, key) for key in config.model.model_fields_set - {"dir"}}
    return {
        f"model.{key}": ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
        for key, value in values.items()
        if value is not None
    }


@dataclass(frozen=True, slots=True)
class RunningDaemon:
    """What a client needs of it. `process`: the supervisor with HTTP, else the daemon itself."""

    endpoint: str
    http_port: int
    http_token: str
    process: subprocess.Popen[str]

    @property
    def mod_settings(self) -> dict[str, object]:
        """The lines of minetest.conf with which the mod finds it. Without voices: nobody listens in most tests."""
        url = f"http://127.0.0.1:{self.http_port}"
        return {"llm_agent.url": url, "llm_agent.token": self.http_token, "llm_agent.voice": "false"}


def endpoint_in(folder: str) -> str:
    """Of the kind that `zmq.endpoint: auto` finds on this system."""
    return f"ipc://{folder}/zmq" if os.name == "posix" else f"tcp://127.0.0.1:{free_port()}"


@contextmanager
def daemon(sets: Mapping[str, Any], *, http: bool) -> Iterator[RunningDaemon]:
    """A daemon on free ports, with an empty cache, the shipped roles and a token of its own."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="llm-agentd-bench-") as folder:
        endpoint = endpoint_in(folder)
        settings = {
            "zmq.endpoint": endpoint,
            "http.port": port,
            "http.enabled": str(http).lower(),
            "cache.path": Path(folder) / "cache",
            "agents.memory_path": Path(folder) / "memory.db",
            "speech.cache_path": Path(folder) / "speech.lmdb",
            "agents.roles_dir": folder,  # no roles in it: all machines measure the same prompts
            **sets,
        }
        token = str(settings.pop("http.token", "") or secrets.token_urlsafe(TOKEN_BYTES))
        args = ["-m", "llm_agentd", "serve"]
        for key, value in settings.items():
            args += ["--set", f"{key}={value}"]
        # Not as an option: every user of the machine could read it in the list of processes.
        with process(args, "ready ", more_environ={variable_name("http.token"): token}) as child:
            yield RunningDaemon(endpoint, port, token, child)


class HttpConnection:
    """One kept-alive HTTP connection to a port of this machine, as cheap as Python has it."""

    def __init__(self, port: int, token: str | None = None) -> None:
        self._headers = {"Content-Type": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self._connection = http.client.HTTPConnection("127.0.0.1", port)
        self._connection.connect()
        assert self._connection.sock is not None
        self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def get(self, path: str) -> bytes:
        return self._request("GET", path, None)

    def post(self, path: str, body: bytes) -> bytes:
        return self._request("POST", path, body)

    def _request(self, method: str, path: str, body: bytes | None) -> bytes:
        self._connection.request(method, path, body, self._headers)
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise StartError(f"{method} {path} answered {answer.status}: {text[:200]!r}")
        return text
