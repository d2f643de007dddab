"""The village end to end: a real game server, the real mod, door, daemon and model; the daemon is killed mid-way.

Daemon and adapter are processes of their own, as under systemd. Everything asserted is read from the server's own log.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from inproc import Client
from llm_agentd.ops.demo.game import SAY, STATS, Game
from llm_agentd.ops.rig import free_port as unused_port

pytestmark = pytest.mark.e2e

TALK_S = 30  # the village lives at least so long
WAIT_S = 60
LOOK_EVERY_S = 0.1


class Village:
    """Processes of the whole chain and what the server's log has said so far."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.endpoint = f"ipc://{folder}/zmq"
        self.port = unused_port()
        self.daemon = self._start("serve")
        self._door = self._start("http")
        self.game = Game(
            folder,
            settings={
                "llm_agent.url": f"http://127.0.0.1:{self.port}",
                "llm_agent.npc_talk": "always",
                "llm_agent.npc_talk_interval_s": 10,
                "llm_village.npcs": 12,
                "llm_village.seconds": 0,
                "llm_village.ask_interval_s": 0.5,
            },
        )
        self.lines: list[str] = []
        self.said: list[dict[str, str]] = []
        self.stats: dict[str, Any] = {}

    def _start(self, command: str) -> subprocess.Popen[str]:
        options = [
            f"zmq.endpoint={self.endpoint}",
            f"http.port={self.port}",
            "http.enabled=false",
            f"cache.path={self.folder}/cache",
            "zmq.retry_s=1",
            "cache.variants.think=1",
        ]
        args = [sys.executable, "-m", "llm_agentd", command]
        for option in options:
            args += ["--set", option]
        process = subprocess.Popen(args, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline().startswith("ready ")
        return process

    def ask(self, **fields: Any) -> dict[str, Any]:
        client = Client(self.endpoint)
        try:
            return client.ask(**fields)
        finally:
            client.close()

    def look(self) -> None:
        """Takes in what the log has gained."""
        for line in self.game.new_lines():
            self.lines.append(line)
            if found := SAY.search(line):
                keys = ("npc", "name", "role", "fallback", "cache", "ms", "text")
                self.said.append(dict(zip(keys, found.groups(), strict=True)))
            elif found := STATS.search(line):
                self.stats = json.loads(found.group(1))

    def until(self, what: str, true: Callable[[], object]) -> None:
        """Reads the log until `true`; fails with the end of the log."""
        deadline_s = time.monotonic() + WAIT_S
        while True:
            self.look()
            if true():
                return
            if not self.game.running() or time.monotonic() > deadline_s:
                pytest.fail(f"no {what}; stats {self.stats}; log ends:\n" + "\n".join(self.lines[-20:]))
            time.sleep(LOOK_EVERY_S)

    def replies(self) -> list[dict[str, str]]:
        """Lines whose words came from the daemon."""
        return [line for line in self.said if line["fallback"] == "false" and line["cache"] != "none"]

    def fallbacks(self) -> list[dict[str, str]]:
        return [line for line in self.said if line["fallback"] == "true"]

    def kill_daemon(self) -> None:
        os.kill(self.ask(op="info")["info"]["pid"], signal.SIGKILL)
        self.daemon.wait(WAIT_S)
        assert self.daemon.stdout is not None
        self.daemon.stdout.close()

    def stop(self) -> None:
        self.game.stop()
        for process in (self.daemon, self._door):
            process.terminate()
            process.wait(WAIT_S)
            assert process.stdout is not None
            process.stdout.close()


@pytest.fixture
def village(tmp_path: Path) -> Iterator[Village]:
    village = Village(tmp_path)
    try:
        yield village
    finally:
        village.stop()


def test_a_village_talks_and_outlives_its_daemon(
    village: Village, record_property: Callable[[str, object], None]
) -> None:
    assert village.ask(op="info")["info"]["engine"] in ("llama", "llama_native")
    village.game.start()
    begun_s = time.monotonic()
    village.until("replies of 5 roles", lambda: len({line["role"] for line in village.replies()}) >= 5)
    village.until("replies of 10 NPCs", lambda: len({line["npc"] for line in village.replies()}) >= 10)
    village.until("cache hit", lambda: village.stats["cache_hits"] > 0)
    generated = re.search(r'tokens_total\{kind="completion"\} (\S+)', village.ask(op="metrics")["text"])
    assert generated is not None
    assert float(generated.group(1)) > 100

    before_kill = len(village.fallbacks())
    village.kill_daemon()
    village.until("fallback lines without a daemon", lambda: len(village.fallbacks()) >= before_kill + 3)
    assert village.game.running()

    village.daemon = village._start("serve")
    before = len(village.replies())
    village.until("replies after the restart", lambda: len(village.replies()) >= before + 5)
    village.until("30 s of talk", lambda: time.monotonic() - begun_s > TALK_S)

    assert village.game.stop() == 0
    village.look()
    stats = village.stats
    assert stats["asked"] == stats["called_back"] > 0
    assert stats["doubled"] == 0
    assert stats["npcs"] >= 10
    assert stats["offline"] == 1
    assert stats["online"] >= 1
    # curl's own words about the 503s of a door without a daemon are not ours
    errors = [line for line in village.lines if "ERROR[" in line and "ERROR[CurlFetch]" not in line]
    assert not errors, "\n".join(errors)
    record_property("step_gap_ms_max", stats["step_gap_ms_max"])
    print(
        f"\nvillage: {len(village.replies())} replies, {stats['cache_hits']:.0f} from the cache, "
        f"{stats['fallbacks']:.0f} fallbacks; step gap p99 {stats['step_gap_ms_p99']:.0f} ms, "
        f"largest {stats['step_gap_ms_max']:.0f} ms"
    )
