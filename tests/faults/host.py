"""One machine under attack: a state folder, an endpoint, a port, and the real processes that use them.

Everything is looked at from outside: processes by signals and /proc, the daemon by sockets, the stores by files.
Endpoint, port and token are named here, so that no default of the daemon's matters.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import httpx2
import psutil

from llm_agentd.client import Client
from llm_agentd.ops.harness import free_port
from tests.support.raw_peer import RawPeer

TOKEN = "campaign-0123456789abcdef0123456789abcdef"
START_S = 60.0  # takes one second alone; on a busy machine many start at once
STOP_S = 60.0
POLL_S = 0.02
MIB = 2**20


class Process:
    """One started command. What it prints is read by a thread, so that its pipe never fills; stderr goes to a file."""

    def __init__(
        self, args: list[str], *, env: Mapping[str, str], log: Path, limits: Callable[[], None] | None
    ) -> None:
        self.log = log
        self._log_begins = log.stat().st_size if log.exists() else 0
        with log.open("ab") as errors:
            self.popen = subprocess.Popen(
                args, stdout=subprocess.PIPE, stderr=errors, env=dict(env), cwd=log.parent, text=True, preexec_fn=limits
            )
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.popen.stdout is not None
        for line in self.popen.stdout:
            self._lines.put(line)
        self._lines.put("")
        self.popen.stdout.close()

    @property
    def pid(self) -> int:
        return self.popen.pid

    def wait_ready(self, timeout_s: float = START_S) -> bool:
        """False where it ended, or said nothing for so long."""
        with contextlib.suppress(queue.Empty):
            while line := self._lines.get(timeout=timeout_s):
                if line.startswith("ready "):
                    return True
        return False

    def is_running(self) -> bool:
        return self.popen.poll() is None

    def kill(self) -> None:
        self.popen.kill()
        self.popen.wait()

    def stop(self) -> int:
        """SIGTERM, then the exit code; -9 where it had to be killed."""
        if self.popen.poll() is None:
            self.popen.terminate()
        try:
            return self.popen.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
            return -signal.SIGKILL

    def errors(self) -> str:
        """What this process wrote to stderr."""
        return self.log.read_bytes()[self._log_begins :].decode(errors="replace")


class Host:
    """A context manager; all that was started within it is killed at its end."""

    def __init__(
        self, folder: Path, *sets: str, env: Mapping[str, str] | None = None, config: Path | None = None
    ) -> None:
        """`config`: a YAML file; none: an empty one of its own, as what is sent to it may change settings: never the
        system's.
        """
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.config = config or folder / "config.yaml"
        self.config.touch()
        self.state = folder / "state"
        self.state.mkdir(exist_ok=True)
        self.endpoint = f"ipc://{folder}/z"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.sets = [
            f"zmq.endpoint={self.endpoint}", f"http.port={self.port}", "model.engine=stub", "zmq.retry_s=5", *sets,
        ]  # fmt: skip
        self.env = {**os.environ, "STATE_DIRECTORY": str(self.state), "LLM_AGENT_HTTP__TOKEN": TOKEN, **(env or {})}
        self._started: list[Process] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._started:
            if process.is_running():
                for child in psutil.Process(process.pid).children(recursive=True):
                    with contextlib.suppress(psutil.NoSuchProcess):
                        child.kill()
                process.kill()

    def start(self, command: str, *sets: str, limits: Callable[[], None] | None = None) -> Process:
        """`serve`, `http` or `daemon` (which is `serve` without an adapter); returns at once."""
        args = [sys.executable, "-m", "llm_agentd", "serve" if command == "daemon" else command]
        args += ["--config", str(self.config)]
        for option in (*self.sets, *(["http.enabled=false"] if command == "daemon" else []), *sets):
            args += ["--set", option]
        process = Process(args, env=self.env, log=self.folder / f"{command}.log", limits=limits)
        self._started.append(process)
        return process

    def ready(self, command: str, *sets: str, limits: Callable[[], None] | None = None) -> Process:
        process = self.start(command, *sets, limits=limits)
        assert process.wait_ready(), f"{command} did not start: {process.errors()[-2000:]}"
        return process

    def run(self, *args: str) -> subprocess.CompletedProcess[str]:
        """Another command of llm-agentd with the same configuration."""
        command = [sys.executable, "-m", "llm_agentd", *args]
        for option in self.sets:
            command += ["--set", option]
        return subprocess.run(command, env=self.env, cwd=self.folder, capture_output=True, text=True, timeout=60)

    def peer(self) -> RawPeer:
        return RawPeer(self.endpoint)

    def client(self, timeout_s: float = 15.0) -> Client:
        return Client(self.endpoint, timeout_s=timeout_s)

    def http(self, timeout_s: float = 30.0) -> httpx2.Client:
        return httpx2.Client(base_url=self.url, timeout=timeout_s, headers={"Authorization": f"Bearer {TOKEN}"})


# What is seen from outside -------------------------------------------------------------------------------------------


def rss_mib(pid: int) -> float:
    return float(psutil.Process(pid).memory_info().rss) / MIB


def wait_until(condition: Callable[[], object], timeout_s: float) -> bool:
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline_s:
            return False
        time.sleep(POLL_S)
    return True


class Watch:
    """A thread that calls `probe` again and again while something is done to the host: its worst time, its failures.

    The probe raises where it is not answered. `peak_mib` is the most memory that the processes `pids` had, each alone.
    """

    def __init__(self, probe: Callable[[], object], *, pids: tuple[int, ...] = (), every_s: float = 0.05) -> None:
        self._probe = probe
        self._pids = pids
        self._every_s = every_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.count = 0
        self.failures: list[str] = []
        self.times_s: list[float] = []
        self.base_mib = max((rss_mib(pid) for pid in pids), default=0.0)
        self.peak_mib = self.base_mib

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(60)

    @property
    def worst_s(self) -> float:
        return max(self.times_s, default=0.0)

    @property
    def grown_mib(self) -> float:
        return self.peak_mib - self.base_mib

    def _run(self) -> None:
        while not self._stop.wait(self._every_s):
            begun_s = time.monotonic()
            try:
                self._probe()
            except Exception as error:
                self.failures.append(f"{type(error).__name__}: {error}")
            self.times_s.append(time.monotonic() - begun_s)
            self.count += 1
            for pid in self._pids:
                with contextlib.suppress(psutil.NoSuchProcess):
                    self.peak_mib = max(self.peak_mib, rss_mib(pid))


@contextlib.contextmanager
def pinging(host: Host, *pids: int, timeout_s: float = 30.0) -> Iterator[Watch]:
    """Another peer of the daemon, who only wants to know whether it is there."""
    with host.client(timeout_s) as client:
        client.ping()
        with Watch(client.ping, pids=pids) as watch:
            yield watch


# Faults that need a library in the process ----------------------------------------------------------------------------


class Preload:
    """preload.c in the processes whose environment has `env`: a wall clock that is off, a disk that is slow."""

    def __init__(self, folder: Path) -> None:
        library, self._file = folder / "preload.so", folder / "preload.numbers"
        source = Path(__file__).with_name("preload.c")
        subprocess.run(["gcc", "-shared", "-fPIC", "-O2", "-o", library, source, "-ldl"], check=True)
        self._numbers = [0, 0]
        self._write()
        self.env = {"LD_PRELOAD": str(library), "FAULTS_FILE": str(self._file)}

    def shift_clock(self, seconds: float) -> None:
        """CLOCK_REALTIME is off by so much from now on."""
        self._numbers[0] = int(seconds * 1e9)
        self._write()

    def slow_disk(self, seconds: float) -> None:
        """Each fsync takes so much longer from now on."""
        self._numbers[1] = int(seconds * 1e9)
        self._write()

    def _write(self) -> None:
        with self._file.open("r+b" if self._file.exists() else "w+b") as numbers:  # in place: it is mapped
            numbers.write(struct.pack("=qq", *self._numbers))


# What is asked --------------------------------------------------------------------------------------------------------


def npc(name: str) -> dict[str, Any]:
    return {"id": name, "name": name.title(), "role": "smith"}


def think(request_id: str, name: str, player: str, utterance: str, **more: Any) -> dict[str, Any]:
    return {"op": "think", "id": request_id, "npc": npc(name), "player": player, "utterance": utterance, **more}
