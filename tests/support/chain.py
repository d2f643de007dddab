"""The whole chain for a test: daemon and HTTP adapter as processes of their own, as under systemd, and a game server.

Tests wait for lines in the game server's log (`chain.log`) and assert on them; the daemon can be killed and restarted.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from llm_agentd.client import Client
from llm_agentd.demo.game import VILLAGE_MOD, Game
from llm_agentd.ops.harness import free_port
from tests.support.game_log import GameLog

TOKEN = "of-the-chain-alone"
STOP_S = 60.0  # for a process that has been told to end, on a busy machine


class Chain:
    """A context manager: daemon and adapter run within it, and the game server once `game.start()` was called."""

    def __init__(
        self,
        folder: Path,
        *,
        settings: Mapping[str, object],
        mods: Sequence[Path] = (VILLAGE_MOD,),
        options: Sequence[str] = (),
    ) -> None:
        """`settings` go into minetest.conf; `options` to daemon and adapter, each as KEY=VALUE."""
        self.folder = folder
        self.endpoint = f"ipc://{folder}/zmq"
        self._port = free_port()
        self._options = options
        (folder / "http_token").write_text(TOKEN)
        self._processes = ExitStack()
        way = {"llm_agent.url": f"http://127.0.0.1:{self._port}", "llm_agent.token": TOKEN}
        self.game = Game(folder, settings={**way, **settings}, mods=mods)
        self.log = GameLog(self.game)

    def __enter__(self) -> Self:
        with ExitStack() as started:
            self._daemon = self._start("serve", started)
            self._start("http", started)
            started.callback(self.game.stop)
            self._processes = started.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._processes.close()

    def _start(self, command: str, stack: ExitStack) -> subprocess.Popen[str]:
        """Starts `llm-agentd COMMAND`, to be ended with the stack; returns when it is ready."""
        options = [
            f"zmq.endpoint={self.endpoint}",
            f"http.port={self._port}",
            "http.enabled=false",
            f"cache.path={self.folder}/cache",
            f"agents.memory_path={self.folder}/memory.db",
            f"speech.cache_path={self.folder}/speech.lmdb",
            "zmq.retry_s=1",
            f"http.token_file={self.folder}/http_token",
            *self._options,
        ]
        args = [sys.executable, "-m", "llm_agentd", command]
        for option in options:
            args += ["--set", option]
        process = subprocess.Popen(args, stdout=subprocess.PIPE, text=True)
        stack.callback(_stop, process)
        assert process.stdout is not None
        assert process.stdout.readline().startswith("ready ")
        return process

    def client(self) -> Client:
        """A client of the daemon, past the HTTP adapter."""
        return Client(self.endpoint)

    def kill_daemon(self) -> None:
        with self.client() as client:
            os.kill(client.info()["pid"], signal.SIGKILL)
        self._daemon.wait(STOP_S)

    def restart_daemon(self) -> None:
        self._daemon = self._start("serve", self._processes)


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    process.wait(STOP_S)
    assert process.stdout is not None
    process.stdout.close()
