"""Moderation on a real game server: the daemon holds words back, the mod says why and in the end ignores the player."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support import probe

pytestmark = pytest.mark.e2e


def test_player_who_swears_is_rebuked_logged_and_then_ignored(tmp_path: Path) -> None:
    log = tmp_path / "moderation.jsonl"
    settings = {
        "llm_agent.greet": "false",
        "llm_agent.player_cooldown_s": 0,
        "llm_agent.read_char_ms": 0,
        "llm_agent.read_base_ms": 0,
    }
    config = {"model.engine": "stub", "agents.audit_path": str(log)}
    probe.run_with_daemon(tmp_path, "llm_probe_moderation", settings, config=config)
    held_back = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert [(entry["direction"], entry["player"], entry["npc"]) for entry in held_back] == [("in", "Ana", "Mira")] * 3
