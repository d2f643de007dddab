"""A Redis of the bench's own on a free port, which can be killed and come back empty on the same port.

Debian's redis-tools has the server too, as redis-check-rdb: the program looks at the name under which it is started.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import time

from llm_agentd.errors import StartError
from llm_agentd.ops.harness import free_port

PROGRAMS = ("redis-server", "valkey-server", "redis-check-rdb")
START_MAX_S = 10.0
POLL_S = 0.02


def find_program() -> str | None:
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


class RedisServer:
    """A `with` block; `kill`, and `start` for one that was killed."""

    def __init__(self) -> None:
        program = find_program()
        if program is None:
            raise StartError(f"bench fleet: none of {', '.join(PROGRAMS)} is installed: apt-get install redis-tools")
        self._program = program
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self._port}/0"

    def __enter__(self) -> RedisServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Returns when it takes connections. Keeps nothing on disk."""
        options = ["--port", str(self._port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(
            ["redis-server", *options], executable=self._program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        ends_s = time.monotonic() + START_MAX_S
        while not self._takes_connections():
            if self._process.poll() is not None or time.monotonic() > ends_s:
                raise StartError(f"bench fleet: {self._program} did not start")
            time.sleep(POLL_S)

    def kill(self) -> None:
        """As kill -9 does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _takes_connections(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self._port), timeout=1).close()
        except OSError:
            return False
        return True
