"""Trade on a real server: the merchant of docs/examples and a customer, in two runs of one world, with the real model.

The checks are in tests/mods/llm_probe_trade: the window's deals with real inventories, an offer that the model makes,
goods and prices that survive a restart. All other ways a trade can go are played by the specs in lua/spec.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import probe

pytestmark = pytest.mark.e2e


def test_goods_and_coins_change_hands_and_survive_a_restart(tmp_path: Path, repo: Path) -> None:
    merchant = repo / "docs" / "examples" / "merchant"
    settings: dict[str, object] = {"llm_agent.greet": "false"}
    probe.run_with_daemon(tmp_path, "llm_probe_trade", settings, config={}, mods=[merchant], runs=2)
