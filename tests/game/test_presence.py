"""Bodies, speech, rate limits and the off switch on a real game server; test_client.py has what a player sees."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from llm_agentd.demo.game import Game
from tests.support import probe
from tests.support.game_log import GameLog
from tests.support.games import GAMES
from tests.support.mods import MODS

pytestmark = pytest.mark.e2e

PROBE_OFF = MODS / "llm_probe_off"
ASKED = r"\[llm_probe_off\] asked"  # logged every 2 s, in which an NPC was asked four times
SILENT_ROUNDS = 2
ROUNDS_MAX = 10  # in which a call may still come that was on its way


@pytest.mark.parametrize("game", GAMES)
def test_npcs_walk_speak_and_keep_their_rate(tmp_path: Path, game: str) -> None:
    settings = {"llm_agent.read_char_ms": 25, "llm_agent.npc_burst": 10, "llm_agent.npc_rate_per_min": 0.1}
    probe.run_with_daemon(tmp_path, "llm_probe_presence", settings, config={"model.engine": "stub"}, game=game)


def test_npcs_switched_off_call_nobody_even_after_a_restart(tmp_path: Path, httpserver: HTTPServer) -> None:
    httpserver.expect_request(re.compile("/.*")).respond_with_json({"events": [], "rejected": []})
    settings = {
        "llm_agent.url": httpserver.url_for(""),
        "llm_agent.wait_ms": 500,
        "llm_agent.npc_talk": "always",
    }

    def play(first_command: str) -> tuple[Game, GameLog]:
        (tmp_path / "debug.log").unlink(missing_ok=True)  # of the run before
        game = Game(tmp_path, settings=settings | {"llm_probe_off.command": first_command}, mods=[PROBE_OFF])
        game.start()
        return game, GameLog(game)

    game, log = play("on")
    log.wait_for("call of an NPC that thinks", lambda: len(httpserver.log) > 3)
    assert all("X-Session-ID" in request.headers for request, _ in httpserver.log), "a balancer goes by it"
    (tmp_path / "world" / "off").touch()  # the probe says `/llm off`
    log.expect(r"\[llm_probe_off\] off")
    _wait_for_silence(log, httpserver)
    for _ in range(2):
        before = len(httpserver.log)
        for _ in range(SILENT_ROUNDS):
            log.expect(ASKED)
        assert len(httpserver.log) == before
        assert game.stop() == 0
        game, log = play("nothing")
    log.expect(ASKED)
    assert len(httpserver.log) == before
    assert game.stop() == 0


def _wait_for_silence(log: GameLog, httpserver: HTTPServer) -> None:
    """Until what was on its way has come, however slow this machine is: a round in which nothing came."""
    for _ in range(ROUNDS_MAX):
        before = len(httpserver.log)
        log.expect(ASKED)
        if len(httpserver.log) == before:
            return
    pytest.fail(f"calls in each of {ROUNDS_MAX} rounds")
