"""Fights on a real game server, with orders from the embedded model."""

from __future__ import annotations

from pathlib import Path

import pytest

from llm_agentd.ops.harness import daemon
from tests.support import probe

pytestmark = pytest.mark.e2e


def test_a_squad_a_meek_one_and_a_beaten_one(tmp_path: Path, repo: Path) -> None:
    with daemon({}, http=True) as (_, port, _process):
        settings = {
            "llm_agent.url": f"http://127.0.0.1:{port}",
            "llm_agent.npc_talk": "off",
            "llm_agent.wander": "false",
            "llm_agent.beaten_s": 3,
        }
        lines = probe.run(tmp_path, "llm_probe_combat", settings, mods=[repo / "docs" / "examples" / "guard_squad"])
    # an order may come when the fight is over; any other refusal would be a choice that was not on offer
    assert not [line for line in lines if "order refused" in line and "not possible any more" not in line]
