"""The village end to end on the embedded model; its daemon is killed and comes back while the game server runs.

Everything asserted is read from the server's own log, or asked of the daemon.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from llm_agentd.config.values import LLAMA_ENGINES
from llm_agentd.demo.game import SAY, STATS
from tests.support.chain import Chain
from tests.support.exposition import Exposition

pytestmark = pytest.mark.e2e

TALK_S = 30  # the village lives at least so long
SAY_FIELDS = ("npc", "name", "role", "fallback", "cache", "ms", "text")


class Village(Chain):
    """The chain with the village in it, and what its log says."""

    def __init__(self, folder: Path) -> None:
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

    def said(self) -> list[dict[str, str]]:
        return [dict(zip(SAY_FIELDS, found.groups(), strict=True)) for found in self.log.matches(SAY)]

    def stats(self) -> dict[str, Any]:
        """The latest figures that the village logged; none before the first."""
        found = self.log.matches(STATS)
        stats: dict[str, Any] = json.loads(found[-1][1]) if found else {}
        return stats

    def replies(self) -> list[dict[str, str]]:
        """Lines whose text came from the daemon."""
        return [line for line in self.said() if line["fallback"] == "false" and line["cache"] != "none"]

    def has_told(self, reason: str) -> bool:
        """Whether the daemon was told of the game's steps, and of fallback lines said for `reason`."""
        with self.client() as client:
            measured = Exposition(client.metrics())
        steps = measured.value("llm_agentd_game_step_gap_seconds_count")
        return steps > 100 and measured.value("llm_agentd_game_fallbacks_total", reason=reason) > 0

    def fallbacks(self) -> list[dict[str, str]]:
        return [line for line in self.said() if line["fallback"] == "true"]


@pytest.fixture
def village(tmp_path: Path) -> Iterator[Village]:
    with Village(tmp_path) as village:
        yield village


def test_village_goes_on_talking_after_its_daemon_was_killed(
    village: Village, record_property: Callable[[str, object], None]
) -> None:
    log = village.log
    with village.client() as client:
        assert client.info()["engine"] in LLAMA_ENGINES
    village.game.start()
    started_s = time.monotonic()
    log.wait_for("replies of 5 roles", lambda: len({line["role"] for line in village.replies()}) >= 5)
    log.wait_for("replies of 10 NPCs", lambda: len({line["npc"] for line in village.replies()}) >= 10)
    log.wait_for("cache hit", lambda: village.stats().get("cache_hits", 0) > 0)
    with village.client() as client:
        generated = re.search(r"^llm_agentd_generation_tokens_total (\S+)", client.metrics(), re.MULTILINE)
    assert generated is not None
    assert float(generated.group(1)) > 100

    before_kill = len(village.fallbacks())
    village.kill_daemon()
    log.wait_for("fallback lines without a daemon", lambda: len(village.fallbacks()) >= before_kill + 3)
    assert village.game.running()

    village.restart_daemon()
    before = len(village.replies())
    log.wait_for("replies after the restart", lambda: len(village.replies()) >= before + 5)
    log.wait_for("30 s of talk", lambda: time.monotonic() - started_s > TALK_S)

    log.wait_for("what the game tells of itself", lambda: village.has_told("offline"))
    assert village.game.stop() == 0
    log.read()
    stats = village.stats()
    assert stats["asked"] == stats["called_back"] > 0
    assert stats["doubled"] == 0
    assert stats["npcs"] >= 10
    assert stats["offline"] == 1
    assert stats["online"] >= 1
    assert not log.errors(daemon_away=True)
    record_property("step_gap_ms_max", stats["step_gap_ms_max"])
    print(
        f"\nvillage: {len(village.replies())} replies, {stats['cache_hits']:.0f} from the cache, "
        f"{stats['fallbacks']:.0f} fallbacks; step gap p99 {stats['step_gap_ms_p99']:.0f} ms, "
        f"largest {stats['step_gap_ms_max']:.0f} ms"
    )
