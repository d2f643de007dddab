"""Trade on a real server: the merchant of docs/examples and a customer, in two runs of one world, with the real model.

The checks are in tests/mods/llm_probe_trade: the window's deals with real inventories, an offer that the model makes,
goods and prices that outlive a restart. All other paths are played by lua/spec/mod_trade_spec.lua, mod_prices_spec.lua.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from llm_agentd.ops.harness import daemon
from tests.support import probe

pytestmark = pytest.mark.e2e


def test_goods_and_coins_change_hands_and_outlive_a_restart(tmp_path: Path, repo: Path) -> None:
    mods = [repo / "docs" / "examples" / "merchant"]
    with daemon({"cache.path": tmp_path / "cache"}, http=True) as (_, port, _):
        url = f"http://127.0.0.1:{port}"
        settings = {"llm_agent.url": url, "llm_agent.npc_talk": "off", "llm_agent.greet": "false"}
        probe.run(tmp_path, "llm_probe_trade", settings, mods=mods, runs=2)
