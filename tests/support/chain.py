"""The whole chain for a test: daemon and door as processes of their own, as under systemd, and a real game server.

What a test asserts it reads from the server's own log.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from llm_agentd.demo.game import VILLAGE_MOD, Game
from llm_agentd.ops.harness import free_port as unused_port
from tests.support.daemon_in_process import Client

WAIT_S = 60
LOOK_EVERY_S = 0.1
LOG_END_LINES = 20  # of the server, where a wait ends in vain


class Chain:
    """The processes, and the lines that the server's log has had so far."""

    def __init__(
        self,
        folder: Path,
        *,
        settings: Mapping[str, object],
        mods: Sequence[Path] = (VILLAGE_MOD,),
        options: Sequence[str] = (),
    ) -> None:
        self.folder = folder
        self.endpoint = f"ipc://{folder}/zmq"
        self.port = unused_port()
        self._options = options
        self._processes = {command: self._start(command) for command in ("serve", "http")}
        self.game = Game(folder, settings={"llm_agent.url": f"http://127.0.0.1:{self.port}", **settings}, mods=mods)
        self.lines: list[str] = []

    def _start(self, command: str) -> subprocess.Popen[str]:
        options = [
            f"zmq.endpoint={self.endpoint}",
            f"http.port={self.port}",
            "http.enabled=false",
            f"cache.path={self.folder}/cache",
            f"agents.memory_path={self.folder}/memory.db",
            "zmq.retry_s=1",
            *self._options,
        ]
        args = [sys.executable, "-m", "llm_agentd", command]
        for option in options:
            args += ["--set", option]
        process = subprocess.Popen(args, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline().startswith("ready ")
        return process

    def ask(self, **fields: Any) -> dict[str, Any]:
        """One record to the daemon, past the door."""
        client = Client(self.endpoint)
        try:
            return client.ask(**fields)
        finally:
            client.close()

    def look(self) -> None:
        """Takes in what the log has gained."""
        for line in self.game.new_lines():
            self.lines.append(line)
            self.take(line)

    def take(self, line: str) -> None:
        """What a subclass makes of a line."""

    def until(self, what: str, true: Callable[[], object], wait_s: float = WAIT_S) -> None:
        """Reads the log until `true`; fails with the end of the log."""
        deadline_s = time.monotonic() + wait_s
        while True:
            self.look()
            if true():
                return
            if not self.game.running() or time.monotonic() > deadline_s:
                pytest.fail(f"no {what}; log ends:\n" + "\n".join(self.lines[-LOG_END_LINES:]))
            time.sleep(LOOK_EVERY_S)

    def errors(self) -> list[str]:
        """Errors in the log, without curl's own words about the 503s of a door that has no daemon."""
        return [line for line in self.lines if "ERROR[" in line and "ERROR[CurlFetch]" not in line]

    def kill_daemon(self) -> None:
        os.kill(self.ask(op="info")["info"]["pid"], signal.SIGKILL)
        daemon = self._processes["serve"]
        daemon.wait(WAIT_S)
        assert daemon.stdout is not None
        daemon.stdout.close()

    def restart_daemon(self) -> None:
        self._processes["serve"] = self._start("serve")

    def stop(self) -> None:
        self.game.stop()
        for process in self._processes.values():
            process.terminate()
            process.wait(WAIT_S)
            assert process.stdout is not None
            process.stdout.close()


@contextmanager
def stopping(chain: Chain) -> Iterator[None]:
    """Stops all of it, whatever happens in the `with` block."""
    try:
        yield
    finally:
        chain.stop()
