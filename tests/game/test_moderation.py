"""Moderation on a real game server: the daemon holds words back, the mod says why and at last listens no more."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from llm_agentd.ops.harness import daemon
from tests.support import probe

pytestmark = pytest.mark.e2e


def test_a_foul_mouth_is_rebuked_logged_and_not_heard_any_more(tmp_path: Path) -> None:
    log = tmp_path / "moderation.jsonl"
    with daemon({"model.engine": "stub", "agents.audit_path": str(log)}, http=True) as (_, port, _process):
        settings = {
            "llm_agent.url": f"http://127.0.0.1:{port}",
            "llm_agent.npc_talk": "off",
            "llm_agent.greet": "false",
            "llm_agent.player_cooldown_s": "0",
            "llm_agent.read_char_ms": "0",
            "llm_agent.read_base_ms": "0",
        }
        probe.run(tmp_path, "llm_probe_moderation", settings)
    held_back = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert [(entry["direction"], entry["player"], entry["npc"]) for entry in held_back] == [("in", "Ana", "Mira")] * 3
