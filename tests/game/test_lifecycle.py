"""Whatever ends first on a real server: sixteen NPCs with bodies, each with a question out at all times.

While the daemon is up, dead and back, mapblocks unload and load again and NPCs are removed, in every combination
(the test mod llm_probe_lifecycle directs it); then the world shuts down. A player in a real client is gone before
the answer comes. All orders of all endings are played by lua/spec/think/endings_spec.lua. What one of the NPCs
perceives is looked at along the way.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.chain import Chain
from tests.support.game_client import PLAYER, player, stage
from tests.support.mods import MODS

pytestmark = pytest.mark.e2e

ENDED = re.compile(r"\[llm_probe\] (?:unload|remove|done|shutdown) .*out=(\d+)")
NPCS = 16
UNLOADS = 4 * 3  # four mapblocks in each of three acts
CAME_BACK = 4 + 3 + 2  # with them, as in each act one body less is left
REMOVED = 4 * 3
KICKED = 1  # what a client says of having been put out


def test_think_calls_back_once_whatever_ends_first(tmp_path: Path) -> None:
    settings = {
        "llm_agent.npc_talk": "off",
        "llm_agent.npc_rate_per_min": 10000,  # nothing is refused: a question is out at all times
        "llm_agent.server_rate_per_min": 100000,
        "llm_agent.server_burst": 10000,
        "max_forceloaded_blocks": 2 * NPCS,
        "server_unload_unused_data_timeout": 3,  # s; at 1 the engine unloads blocks that are in use
        "active_block_mgmt_interval": 0.5,  # s
    }
    mods = [MODS / "llm_probe_lifecycle"]
    with Chain(tmp_path, settings=settings, mods=mods, options=["model.engine=stub"]) as chain:
        chain.game.start()
        chain.log.expect(r"\[llm_probe\] done act=up")
        chain.kill_daemon()
        chain.log.expect(r"\[llm_probe\] done act=dead")
        chain.restart_daemon()
        chain.log.expect(r"\[llm_probe\] shutdown")
        stats = json.loads(chain.log.expect(r"\[llm_probe\] stats (\{.*\})")[1])
        assert chain.game.stop() == 0
        chain.log.read()

    assert stats["asked"] == stats["called_back"] > 0
    assert stats["doubled"] == stats["out"] == stats["leftover"] == 0
    assert stats["unloaded"] == UNLOADS
    assert stats["came_back"] == CAME_BACK
    assert stats["back_from_the_dead"] == 0
    assert stats["removed"] == REMOVED
    assert stats["late"] == 1
    assert stats["replies_up"] >= NPCS
    assert stats["replies_back"] >= NPCS
    endings = [int(found[1]) for found in chain.log.matches(ENDED)]
    assert len(endings) == CAME_BACK + REMOVED + 3 + 1  # the acts' ends and the shutdown
    assert min(endings) >= 1  # each came while a question was out
    assert not chain.log.errors(daemon_away=True)
    print(f"\nlifecycle: {stats}")
    sees = "sees a furnace, a chest"
    assert facts_in(tmp_path / "cache") == f"[time night; weather clear; light dark; place the old mill; {sees}]"


def facts_in(cache: Path) -> str:
    """What the NPC that was asked `What is here?` perceived, out of the prompt that the daemon made of it."""
    command = [sys.executable, "-m", "llm_agentd", "dump", "--format", "jsonl", "--set", f"cache.path={cache}"]
    kept = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.splitlines()
    prompt = next(prompt for line in kept if "What is here?" in (prompt := json.loads(line)["prompt"] or ""))
    found = re.search(r"\[time [^\]]*\]", prompt)
    assert found, prompt
    return found[0]


def test_reply_for_a_player_who_left_is_not_said(tmp_path: Path) -> None:
    with stage(tmp_path, {"llm_agent.greet": "false"}, [MODS / "llm_probe_leave"]) as (game, log):
        with player(tmp_path, game, log, exit_code=KICKED) as client:
            client.chat("/stage smith")
            log.expect(r"\[llm_stage\] scene smith")
            client.chat("Goodbye, Mira! What is new?")
            left = log.expect(rf"\[llm_probe\] left player={PLAYER} out=(\d+)")
            assert int(left[1]) == 1
            log.expect(rf"\[llm_probe\] reply player={PLAYER} here=false fallback=false")
            log.expect(r"\[llm_probe\] quiet out=0")
        assert game.stop() == 0
    assert log.errors() == []
    assert not log.has("[llm_probe] say")
