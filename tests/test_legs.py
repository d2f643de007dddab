"""Bodies that go somewhere on purpose, on a real game server: its search for ways, its physics, its doors."""

from __future__ import annotations

from pathlib import Path

import pytest

import probe

pytestmark = pytest.mark.e2e


def test_legs(tmp_path: Path) -> None:
    settings = {"llm_agent.npc_talk": "off", "llm_agent.greet": False, "llm_agent.wander": False}
    probe.run(tmp_path, "llm_probe_legs", settings)
