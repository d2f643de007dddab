"""The demo's story on a real game server with the embedded model: what it tells of has really happened.

Told lines are read from the server's log; memory is asked of the daemon. Which words the model finds is its own affair:
where it chooses no action the story goes by the game's own doors, so that goods and quests change hands either way.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from llm_agentd.demo.game import STORY
from tests.support.chain import Chain

pytestmark = pytest.mark.e2e

STORY_MAX_S = 280.0  # alone it takes 45 s; with no answer of a starved model in time, four times that
REWARD = 12  # coins, as llm_village/stage.lua has it


def test_the_storys_deals_quests_blows_and_memories_are_real(tmp_path: Path) -> None:
    settings: dict[str, object] = {"llm_village.story": "true", "llm_village.npcs": 4, "llm_village.seconds": 0}
    options = ["model.cpu_priority=normal", "model.pin_cpus=off"]  # other tests may keep both cores busy
    with Chain(tmp_path, settings=settings | {"llm_agent.npc_talk": "off"}, options=options) as chain:
        chain.game.start()
        chain.log.wait_for("end of the story", lambda: any(line["kind"] == "end" for line in _told(chain)), STORY_MAX_S)
        told = _told(chain)
        with chain.client() as client:
            memories = [memory["text"] for memory in client.memories(player="Torvik", limit=64)]
        assert chain.game.stop() == 0
        assert not chain.log.errors(daemon_away=True)  # a busy machine may answer 503 for a while
    assert told[-1].get("left_out") is None
    effects = "\n".join(line["text"] for line in told if line["kind"] == "effect")
    _assert_paid_quest(effects)
    _assert_sale(effects)
    assert "the wolf is dead" in effects
    assert all(line["text"] for line in told if line["kind"] == "answer"), "the haggle's is read out of the window"
    assert len([line for line in told if line["kind"] == "answer" and "to" in line]) >= 1
    assert [line for line in memories if "Torvik kept the promise to bring 3 brown mushrooms to Hedda" in line]
    assert [line for line in memories if "Torvik bought 1 steel sword" in line]


def _told(chain: Chain) -> list[dict[str, Any]]:
    return [json.loads(found[1]) for found in chain.log.matches(STORY)]


def _assert_paid_quest(effects: str) -> None:
    states = re.findall(r"quest (\w+): bring 3 brown mushrooms to Hedda", effects)
    assert states == ["offered", "accepted", "fulfilled", "paid"]
    assert "Torvik: 0 → 3 brown mushrooms" in effects
    payment = r"Torvik: 3 → 0 brown mushrooms, (\d+) → (\d+) coins · Hedda: 0 → 3 brown mushrooms"
    before, after = _numbers(payment, effects)
    assert after - before == REWARD


def _assert_sale(effects: str) -> None:
    sale = r"Torvik: 0 → 1 steel sword, (\d+) → (\d+) coins · Brenna: 2 → 1 steel sword, (\d+) → (\d+) coins"
    purse_before, purse_after, till_before, till_after = _numbers(sale, effects)
    assert purse_before - purse_after == till_after - till_before > 0


def _numbers(pattern: str, effects: str) -> list[int]:
    found = re.search(pattern, effects)
    assert found, effects
    return list(map(int, found.groups()))
