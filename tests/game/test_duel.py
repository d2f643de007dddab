"""Fights between NPCs and a real player: a real server, and a real client that joins it (tests/mods/llm_probe_duel)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from llm_agentd.demo.game import Game
from tests.support import probe
from tests.support.game_client import JOIN_S, PLAYER, GameClient
from tests.support.game_log import GameLog
from tests.support.games import GAMES
from tests.support.mods import MODS

pytestmark = pytest.mark.e2e

NAME = "llm_probe_duel"
SETTINGS = {
    "enable_damage": "true",
    "static_spawnpoint": "8,7,8",
    "llm_agent.wander": "false",
    "llm_agent.greet": "false",
    "llm_agent.npc_talk": "off",
    "llm_agent.player_cooldown_s": 0,
}


@pytest.mark.parametrize("game", GAMES)
def test_fights_with_a_player_are_fair_and_end_as_they_should(tmp_path: Path, game: str) -> None:
    checks = re.findall(r'^\t\{"(\w+)"', (MODS / NAME / "init.lua").read_text(encoding="utf-8"), re.MULTILINE)
    server = Game(tmp_path, settings=SETTINGS, mods=[MODS / "llm_probe", MODS / NAME], game=game)
    server.start()
    try:
        log = GameLog(server)
        log.expect("listening on", probe.RUN_MAX_S)  # a large game takes longer than a client waits
        (tmp_path / "client").mkdir()
        client = GameClient(tmp_path / "client", server, log, size=(320, 240), settings={})
        try:
            log.expect(rf"{PLAYER} .*joins game", JOIN_S)
            log.wait_for_end(probe.RUN_MAX_S)
        finally:
            client.stop()
    finally:
        code = server.stop()
    assert [found.groups() for found in log.matches(probe.VERDICT)] == [("ok", check) for check in checks]
    assert code == 0, server.last_words()
    assert not log.errors(daemon_away=True)
