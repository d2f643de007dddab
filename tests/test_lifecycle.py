"""Whatever ends first on a real server: sixteen NPCs with bodies, each with a question out at all times.

While the daemon is up, dead and back, mapblocks unload and load again and NPCs are removed, in every combination
(the test mod llm_probe_lifecycle directs it); then the world shuts down. All orders of all endings, with a player
among them, are played by lua/spec/mod_orders_spec.lua.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from chain_rig import Chain, stopping

pytestmark = pytest.mark.e2e

ENDED = re.compile(r"\[llm_probe\] (?:unload|remove|done|shutdown) .*out=(\d+)")
STATS = re.compile(r"\[llm_probe\] stats (\{.*\})")
NPCS = 16
UNLOADS = 4 * 3  # four mapblocks in each of three acts
CAME_BACK = 4 + 3 + 2  # with them, as in each act one body less is left
REMOVED = 4 * 3


def test_every_callback_comes_whatever_ends_first(tmp_path: Path, repo: Path) -> None:
    chain = Chain(
        tmp_path,
        settings={
            "llm_agent.npc_talk": "off",
            "llm_agent.npc_rate_per_min": 10000,  # nothing is refused: a question is out at all times
            "llm_agent.server_rate_per_min": 100000,
            "llm_agent.server_burst": 10000,
            "max_forceloaded_blocks": 2 * NPCS,
            "server_unload_unused_data_timeout": 3,  # s; at 1 the engine unloads blocks that are in use
            "active_block_mgmt_interval": 0.5,  # s
        },
        mods=[repo / "tests" / "mods" / "llm_probe_lifecycle"],
        options=["model.engine=stub"],
    )

    def said(words: str) -> bool:
        return any(words in line for line in chain.lines)

    with stopping(chain):
        chain.game.start()
        chain.until("end of the act with a daemon", lambda: said("[llm_probe] done act=up"))
        chain.kill_daemon()
        chain.until("end of the act without one", lambda: said("[llm_probe] done act=dead"))
        chain.restart_daemon()
        chain.until("end of the last act", lambda: said("[llm_probe] shutdown"))
        chain.until("last words", lambda: said("[llm_probe] stats"))
        assert chain.game.stop() == 0
        chain.look()

    stats = json.loads(next(found.group(1) for line in chain.lines if (found := STATS.search(line))))
    assert stats["asked"] == stats["called_back"] > 0
    assert stats["doubled"] == stats["out"] == stats["leftover"] == 0
    assert stats["unloaded"] == UNLOADS
    assert stats["came_back"] == CAME_BACK
    assert stats["back_from_the_dead"] == 0
    assert stats["removed"] == REMOVED
    assert stats["late"] == 1
    assert stats["replies_up"] >= NPCS
    assert stats["replies_back"] >= NPCS
    endings = [int(found.group(1)) for line in chain.lines if (found := ENDED.search(line))]
    assert len(endings) == CAME_BACK + REMOVED + 3 + 1  # the acts' ends and the shutdown
    assert min(endings) >= 1  # each came while a question was out
    assert not chain.errors()
    print(f"\nlifecycle: {stats}")
