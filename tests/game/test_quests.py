"""Quests on a real game server with the embedded model: asked for, taken, done, handed in, over a restart.

The checks are in tests/mods/llm_probe_quests, which plays the player; docs/examples/quest_giver: llm_probe_giver.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from llm_agentd.ops.harness import daemon
from tests.game.test_examples import MOBS_REDO
from tests.support import probe

pytestmark = pytest.mark.e2e


def test_quests_are_offered_done_and_paid_over_a_restart(tmp_path: Path) -> None:
    assert MOBS_REDO.is_dir(), "no mobs_redo; make setup installs it, or: apt-get install -y minetest-mod-mobs-redo"
    mobs = tmp_path / "mobs"  # its folder is not called as the mod is
    mobs.symlink_to(MOBS_REDO)
    with daemon({"cache.enabled": "false", "inference.seed": 1}, http=True) as (_, port, _process):
        settings = {
            "llm_agent.url": f"http://127.0.0.1:{port}",
            "llm_agent.npc_talk": "off",
            "llm_agent.player_cooldown_s": 0,
            "llm_agent.quest_cooldown_s": 600,
        }
        probe.run(tmp_path, "llm_probe_quests", settings, mods=[mobs, probe.MODS / "mobs_animal"], runs=2)


def test_the_quest_giver_of_the_guide_offers_and_pays(tmp_path: Path, repo: Path) -> None:
    with daemon({"cache.enabled": "false", "inference.seed": 1}, http=True) as (_, port, _process):
        settings = {
            "llm_agent.url": f"http://127.0.0.1:{port}",
            "llm_agent.npc_talk": "off",
            "llm_agent.player_cooldown_s": 0,
        }
        probe.run(tmp_path, "llm_probe_giver", settings, mods=[repo / "docs" / "examples" / "quest_giver"])
