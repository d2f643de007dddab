"""Bodies, speech, restraint and the off switch on a real game server; test_real_client.py has what a player sees."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from llm_agentd.demo.game import Game
from llm_agentd.ops.harness import daemon
from tests.support import probe

pytestmark = pytest.mark.e2e

PROBE_OFF = probe.MODS / "llm_probe_off"
WAIT_S = 30.0
LOOK_EVERY_S = 0.1
SILENCE_S = 4.0  # with an NPC that is asked each half second


@pytest.mark.parametrize("game", ["minetest_game", "devtest"])
def test_bodies_speech_and_restraint(tmp_path: Path, game: str) -> None:
    with daemon({"model.engine": "stub"}, http=True) as (_, port, _process):
        settings = {
            "llm_agent.url": f"http://127.0.0.1:{port}",
            "llm_agent.npc_talk": "off",
            "llm_agent.read_char_ms": 25,
            "llm_agent.npc_burst": 10,
            "llm_agent.npc_rate_per_min": 0.1,
        }
        probe.run(tmp_path, "llm_probe_presence", settings, game=game)


def wait_until(what: str, true: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + WAIT_S
    while not true():
        assert time.monotonic() < deadline_s, f"no {what}"
        time.sleep(LOOK_EVERY_S)


def test_off_stops_every_call_and_survives_a_restart(tmp_path: Path, httpserver: HTTPServer) -> None:
    httpserver.expect_request(re.compile("/.*")).respond_with_json({"events": [], "rejected": []})
    settings = {
        "llm_agent.url": httpserver.url_for(""),
        "llm_agent.wait_ms": 500,
        "llm_agent.npc_talk": "always",
    }

    def play(first_command: str) -> Game:
        (tmp_path / "debug.log").unlink(missing_ok=True)  # of the run before
        game = Game(tmp_path, settings=settings | {"llm_probe_off.command": first_command}, mods=[PROBE_OFF])
        game.start()
        wait_until("first question", lambda: any("[llm_probe_off] asked" in line for line in game.new_lines()))
        return game

    game = play("on")
    wait_until("call of an NPC that thinks", lambda: len(httpserver.log) > 3)
    (tmp_path / "world" / "off").touch()  # the probe says `/llm off`
    wait_until("off", lambda: any("[llm_probe_off] off" in line for line in game.new_lines()))
    time.sleep(2)  # what was on its way
    for _ in range(2):
        before = len(httpserver.log)
        time.sleep(SILENCE_S)
        assert len(httpserver.log) == before
        assert game.stop() == 0
        game = play("nothing")
    assert len(httpserver.log) == before
    assert game.stop() == 0
