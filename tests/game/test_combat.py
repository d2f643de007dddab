"""Fights on a real game server, with orders from the embedded model."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import probe

pytestmark = pytest.mark.e2e


def test_squad_fights_by_the_models_orders(tmp_path: Path, repo: Path) -> None:
    settings = {"llm_agent.wander": "false", "llm_agent.beaten_s": 3}
    squad = repo / "docs" / "examples" / "guard_squad"
    lines = probe.run_with_daemon(tmp_path, "llm_probe_combat", settings, config={}, mods=[squad])
    # an order may come when the fight is over; any other refusal would be a choice that was not on offer
    assert not [line for line in lines if "order refused" in line and "not possible any more" not in line]
