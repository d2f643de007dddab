"""A player in a real client: what they type reaches an NPC, and they see its answer above its head.

Daemon, server and client run as in a game, but for the screen: Xvfb and software GL (tests/support/game_client.py).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from llm_agentd.demo.game import SAY
from tests.support.form_layout import Box
from tests.support.game_client import player, stage
from tests.support.screen import white

pytestmark = pytest.mark.e2e

SIZE = (800, 600)
ABOVE_THE_HEAD = Box(270, 60, 600, 240)  # below the chat; the NPC's face is in the middle of the picture
BUBBLE_WHITE = 40  # pixels: a dozen letters


def test_player_sees_the_answers_to_chat_and_dialog(tmp_path: Path) -> None:
    # a bubble for what was said, that stays, and nothing else
    settings = {"llm_agent.greet": "false", "llm_agent.chat": "false", "llm_agent.read_base_ms": 20_000}
    with stage(tmp_path, settings) as (game, log), player(tmp_path, game, log, size=SIZE) as client:
        client.chat("/stage smith")
        log.expect(r"\[llm_stage\] scene smith")
        client.wait_still()
        assert white(client.screen.pixels(ABOVE_THE_HEAD)) == 0
        client.chat("Hello, who are you?")
        said = log.expect(SAY)
        assert (said[2], said[3], said[4]) == ("Mira", "smith", "false"), said[0]
        client.wait_for("bubble", lambda: white(client.screen.pixels(ABOVE_THE_HEAD)) > BUBBLE_WHITE)

        form = client.form("llm_agent:dialog", client.use)
        client.fill(form, "words", "Any news?")
        client.form("llm_agent:dialog", lambda: client.press(form, "say"), having="Robin: Any news.*Mira: ")
        client.press(form, "close")
        log.expect(r'\[llm_stage\] fields .*"quit":')
    assert game.stop() == 0
    assert log.errors() == []
