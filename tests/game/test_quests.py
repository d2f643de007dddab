"""Quests on a real game server with the embedded model: asked for, taken, done, handed in, over a restart.

The checks are in tests/mods/llm_probe_quests, which plays the player; docs/examples/quest_giver: llm_probe_giver.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import probe
from tests.support.mods import MODS, mobs_redo

pytestmark = pytest.mark.e2e

CONFIG: dict[str, object] = {"cache.enabled": "false", "inference.seed": 1}


@pytest.mark.parametrize(
    "config", [CONFIG, CONFIG | {"model.engine": "stub"}], ids=["embedded", "model_that_talks_nonsense"]
)
def test_quest_is_offered_done_and_paid_across_a_restart_and_said_as_it_is(
    tmp_path: Path, config: dict[str, object]
) -> None:
    settings = {"llm_agent.player_cooldown_s": 0, "llm_agent.quest_cooldown_s": 600}
    mods = [mobs_redo(tmp_path), MODS / "mobs_animal"]
    probe.run_with_daemon(tmp_path, "llm_probe_quests", settings, config=config, mods=mods, runs=2)


def test_quest_giver_of_the_guide_offers_and_pays(tmp_path: Path, repo: Path) -> None:
    settings: dict[str, object] = {"llm_agent.player_cooldown_s": 0}
    giver = repo / "docs" / "examples" / "quest_giver"
    probe.run_with_daemon(tmp_path, "llm_probe_giver", settings, config=CONFIG, mods=[giver])
