"""Watches the daemon and the HTTP adapter as two children and starts again whichever dies.

Runs in the main thread of `llm-agentd serve`. Knows commands and exit codes, nothing of what the children do.
Under systemd this room is not used: there each has a unit of its own, and systemd does the watching.
"""

from __future__ import annotations

import ctypes
import logging
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

log = logging.getLogger(__name__)

RESTART_MIN_S, RESTART_MAX_S = 0.2, 10.0  # a crash loop must not eat the machine
STEADY_S = 30.0  # a child that ran this long has earned a quick restart again
STOP_S = 30.0  # more than any shutdown grace; then the child is killed
PR_SET_PDEATHSIG = 1  # prctl(2)


@dataclass(slots=True)
class _Child:
    """`facts`: the key=value words of its ready line."""

    name: str
    command: list[str]
    process: subprocess.Popen[str] | None = None
    facts: str = ""
    started_s: float = 0.0
    restart_in_s: float = RESTART_MIN_S
    ready: threading.Event = field(default_factory=threading.Event)


class Watch:
    """`run` starts both, prints the one ready line, restarts what dies, and stops both on SIGTERM or Ctrl-C."""

    def __init__(self, argv: Sequence[str]) -> None:
        base = [sys.executable, "-m", "llm_agentd"]
        self._daemon = _Child("daemon", [*base, "serve", *argv, "--set", "http.enabled=false"])
        self._door = _Child("http", [*base, "http", *argv])
        self._children = (self._daemon, self._door)
        self._wake = threading.Event()
        self._down = False
        self._told_ready = False

    def run(self) -> int:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        for child in self._children:
            self._start(child)
        code = 0
        while not self._down:
            self._wake.wait(timeout=1)
            self._wake.clear()
            self._tell_ready()
            for child in self._children:
                status = None if self._down or child.process is None else child.process.poll()
                if status is None:
                    continue
                if not child.ready.is_set() and not self._told_ready:
                    code, self._down = (status if status > 0 else 1), True  # it never came up: its own line says why
                    break
                self._restart(child, status)
        self._stop()
        return code

    def _on_signal(self, *_: object) -> None:
        self._down = True
        self._wake.set()

    def _start(self, child: _Child) -> None:
        child.ready.clear()
        child.started_s = time.monotonic()
        child.process = subprocess.Popen(
            child.command, stdout=subprocess.PIPE, text=True, preexec_fn=_die_with_parent, start_new_session=True
        )
        threading.Thread(target=self._read, args=(child, child.process), daemon=True).start()

    def _read(self, child: _Child, process: subprocess.Popen[str]) -> None:
        """Takes the ready line out of what a child prints and passes the rest on."""
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("ready "):
                child.facts = line.removeprefix("ready ").strip()
                child.ready.set()
                self._wake.set()
            else:
                print(line, end="", flush=True)
        process.wait()
        self._wake.set()

    def _tell_ready(self) -> None:
        if not self._told_ready and all(child.ready.is_set() for child in self._children):
            zmq, _, rest = self._daemon.facts.partition(" ")
            print(f"ready {zmq} {self._door.facts} {rest}", flush=True)
            self._told_ready = True

    def _restart(self, child: _Child, status: int) -> None:
        how = f"was killed by signal {-status}" if status < 0 else f"ended with exit code {status}"
        if time.monotonic() - child.started_s > STEADY_S:
            child.restart_in_s = RESTART_MIN_S
        log.warning("the %s process %s; starting it again in %.1f s", child.name, how, child.restart_in_s)
        deadline_s = time.monotonic() + child.restart_in_s
        while not self._down and (left_s := deadline_s - time.monotonic()) > 0:
            self._wake.wait(left_s)
            self._wake.clear()
        child.restart_in_s = min(child.restart_in_s * 2, RESTART_MAX_S)
        if not self._down:
            self._start(child)

    def _stop(self) -> None:
        """The door first, so that nobody asks a daemon that is leaving."""
        for child in reversed(self._children):
            if child.process is None or child.process.poll() is not None:
                continue
            child.process.send_signal(signal.SIGTERM)
            try:
                child.process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                log.error("the %s process did not stop within %.0f s and is killed", child.name, STOP_S)
                child.process.kill()
                child.process.wait()


def watch(argv: Sequence[str]) -> int:
    """Runs daemon and adapter until SIGTERM or Ctrl-C; returns the exit code."""
    return Watch(argv).run()


def _die_with_parent() -> None:
    """In the child, before exec: if the watcher is killed with -9, nothing it started lives on (Linux)."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
