"""The village end to end: a real game server, the real mod, door, daemon and model; the daemon is killed mid-way.

Daemon and adapter are processes of their own, as under systemd. Everything asserted is read from the server's own log.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from llm_agentd.demo.game import SAY, STATS
from tests.support.chain import Chain, stopping

pytestmark = pytest.mark.e2e

TALK_S = 30  # the village lives at least so long


class Village(Chain):
    """The chain with the village in it, and what its log has said."""

    def __init__(self, folder: Path) -> None:
        self.said: list[dict[str, str]] = []
        self.stats: dict[str, Any] = {}
        super().__init__(
            folder,
            settings={
                "llm_agent.npc_talk": "always",
                "llm_agent.npc_talk_interval_s": 10,
                "llm_village.npcs": 12,
                "llm_village.seconds": 0,
                "llm_village.ask_interval_s": 0.5,
            },
            options=["cache.variants.think=1"],
        )

    def take(self, line: str) -> None:
        if found := SAY.search(line):
            keys = ("npc", "name", "role", "fallback", "cache", "ms", "text")
            self.said.append(dict(zip(keys, found.groups(), strict=True)))
        elif found := STATS.search(line):
            self.stats = json.loads(found.group(1))

    def replies(self) -> list[dict[str, str]]:
        """Lines whose words came from the daemon."""
        return [line for line in self.said if line["fallback"] == "false" and line["cache"] != "none"]

    def fallbacks(self) -> list[dict[str, str]]:
        return [line for line in self.said if line["fallback"] == "true"]


@pytest.fixture
def village(tmp_path: Path) -> Iterator[Village]:
    village = Village(tmp_path)
    with stopping(village):
        yield village


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

    village.restart_daemon()
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
    assert not village.errors()
    record_property("step_gap_ms_max", stats["step_gap_ms_max"])
    print(
        f"\nvillage: {len(village.replies())} replies, {stats['cache_hits']:.0f} from the cache, "
        f"{stats['fallbacks']:.0f} fallbacks; step gap p99 {stats['step_gap_ms_p99']:.0f} ms, "
        f"largest {stats['step_gap_ms_max']:.0f} ms"
    )
