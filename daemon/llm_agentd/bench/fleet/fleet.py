"""Daemons on free ports, each with its supervisor, its own folder, cache, memory and state.

Knows processes and files, nothing of what is asked. What a daemon took is read by `daemon_usage.py`.
"""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from llm_agentd.bench.stub_daemon import command
from llm_agentd.ops.harness import free_port, processes


@dataclass(frozen=True, slots=True)
class FleetDaemon:
    """One daemon. `supervisor`: the process that starts it again when it dies."""

    endpoint: str
    supervisor: psutil.Process

    @property
    def process(self) -> psutil.Process | None:
        """The daemon's own; another one after a restart, and None while there is none."""
        return next(iter(self.supervisor.children()), None)

    def kill(self) -> None:
        """As a bug in native code would: at once, and nothing is said to anybody."""
        if (running := self.process) is not None:
            running.send_signal(signal.SIGKILL)


@contextmanager
def fleet(count: int, *, step_ms: float, width: int, sets: Mapping[str, Any]) -> Iterator[list[FleetDaemon]]:
    """So many daemons, all ready. `width`: sequences that an engine computes in one step. `sets`: more settings."""
    with tempfile.TemporaryDirectory(prefix="llm-agentd-fleet-") as folder:
        homes = [Path(folder) / str(number) for number in range(count)]
        endpoints = [f"tcp://127.0.0.1:{free_port()}" for _ in homes]
        commands = []
        for home, endpoint in zip(homes, endpoints, strict=True):
            home.mkdir()
            settings = _settings(home, endpoint, width) | dict(sets)
            args = command(step_ms, [f"{key}={value}" for key, value in settings.items()])
            commands.append((args, _environ(home)))
        with processes(commands, "ready ") as children:
            yield [
                FleetDaemon(endpoint, psutil.Process(child.pid))
                for endpoint, child in zip(endpoints, children, strict=True)
            ]


def _settings(home: Path, endpoint: str, width: int) -> dict[str, Any]:
    return {
        "model.engine": "stub",
        "zmq.endpoint": endpoint,
        "http.enabled": "false",
        "batch.size": width,
        "cache.path": home / "cache",
        "agents.memory_path": home / "memory.db",
        "agents.roles_dir": home,  # no roles in it: all machines measure the same prompts
    }


def _environ(home: Path) -> dict[str, str]:
    """Its own state; and the libraries of a daemon keep to one thread, as many daemons share few cores."""
    state = home / "state"
    state.mkdir(mode=0o700)
    return {"STATE_DIRECTORY": str(state), "OPENBLAS_NUM_THREADS": os.environ.get("OPENBLAS_NUM_THREADS", "1")}
