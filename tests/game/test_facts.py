"""On a real game server with the embedded model: what players ask and the game knows comes right in five languages;
gossip and a promise outlive a restart, and the promise is kept on foot, in time.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import probe

pytestmark = pytest.mark.e2e


def test_npcs_tell_what_is_true_and_keep_what_they_promise(tmp_path: Path) -> None:
    settings = {
        "llm_agent.greet": "false",
        "llm_agent.wander": "false",
        "llm_agent.promise_wait_min": 0.1,
        "llm_agent.player_burst": 100,
        "llm_agent.npc_burst": 100,
    }
    probe.run_with_daemon(tmp_path, "llm_probe_facts", settings, config={}, runs=2)
