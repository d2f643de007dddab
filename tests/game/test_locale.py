"""Players read the mod in their own language: on a real game server, and in a real client."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from tools import mod_locale

from llm_agentd.demo.game import Game
from tests.support.game_client import player, stage
from tests.support.game_log import GameLog
from tests.support.mods import MODS

pytestmark = pytest.mark.e2e

LOGGED = re.compile(r"\[llm_probe_locale\] (\w+) (\{.*\})$")


def test_server_speaks_each_players_language(tmp_path: Path, httpserver: HTTPServer) -> None:
    httpserver.expect_request(re.compile("/.*")).respond_with_data(status=503)  # as without a daemon
    game = Game(tmp_path, settings={"llm_agent.url": httpserver.url_for("")}, mods=[MODS / "llm_probe_locale"])
    log = GameLog(game)

    def logged(kind: str) -> list[dict[str, Any]]:
        return [json.loads(found[2]) for found in log.matches(LOGGED) if found[1] == kind]

    game.start()
    try:
        log.wait_for("two replies", lambda: len(logged("reply")) == 2)
    finally:
        game.stop()

    files = mod_locale.read_files(mod_locale.MOD_FOLDER)
    german = dict(mod_locale.read_tr(files[mod_locale.tr_name("de")]))
    (translated,) = logged("translated")
    assert translated["argument"]["de"] == "Ada ist zu weit weg, um dich zu hören."
    assert translated["nested"] == {
        "de": "Ada, Schmied", "es": "Ada, herrero", "fr": "Ada, forgeron", "ru": "Ada, кузнец", "en": "Ada, the smith",
    }  # fmt: skip
    assert translated["equals"]["de"].endswith("Richtig wäre etwa: llm_agent.url = http://127.0.0.1:8000")
    assert logged("told")[-1]["text"].startswith("NPCs sprechen nun diese Sprache mit dir: Deutsch.")

    replies = {value["player"]: value for value in logged("reply")}
    english = next(key for key in german if key.replace("{player}", "Robin") == replies["Robin"]["text"])
    assert english in mod_locale.texts_of(files)["roles/shipped.lua"]
    assert replies["Lena"]["text"] in {value.replace("{player}", "Lena") for value in german.values()}
    assert replies["Lena"]["text"] not in {key.replace("{player}", "Lena") for key in german}
    asked = [record for request, _ in httpserver.log if request.method == "POST" for record in request.json["requests"]]
    thinks = [record for record in asked if record["op"] == "think"]
    assert {think["player"]: think.get("lang") for think in thinks} == {"Lena": "de", "Robin": None}
    assert not log.has("Malformed translation")


def test_client_shows_what_the_server_translates(tmp_path: Path) -> None:
    """The client translates most texts; the server the dialog's remarks, in the language that the client names."""
    remark = "Die NPCs sind auf diesem Server ausgeschaltet"
    german = {"language": "de"}
    with (
        stage(tmp_path, {"llm_agent.greet": "false"}) as (game, log),
        player(tmp_path, game, log, settings=german) as client,
    ):
        client.chat("/stage smith")
        log.expect(r"\[llm_stage\] scene smith")
        client.wait_still()
        client.chat("/llm off")
        client.wait_still()
        client.form("llm_agent:dialog", client.use, having=remark)
    assert game.stop() == 0
    assert log.errors() == []
