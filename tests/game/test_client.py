"""A player in a real client: what they type reaches an NPC, and they see its answer above its head.

Daemon, server and client run as in a game, but for the screen: Xvfb and software GL (tests/support/game_client.py).
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from llm_agentd.demo.game import SAY
from tests.support.form_layout import Box
from tests.support.game_client import POLL_S, player, stage
from tests.support.screen import changed, white

pytestmark = pytest.mark.e2e

SIZE = (800, 600)
ABOVE_THE_HEAD = Box(270, 60, 600, 240)  # below the chat; the NPC's face is in the middle of the picture
RAISED_ARM = Box(300, 240, 370, 345)  # beside the NPC's head: only a wall is there while the arm hangs
FACE = Box(372, 285, 428, 318)
MOVED_SHARE_MIN = 0.15  # of a box: an arm covers a third of its own, a face that nods all of it
GESTURE_S, GESTURES_MAX = 3.0, 5  # a busy client may draw nothing of one
BUBBLE_WHITE = 40  # pixels: a dozen letters
UP = {"Arm_Right": [180, 0, 20]}
HAIL = {"frames": [{"at": 0.3, "joints": UP}, {"at": 1.5, "joints": UP, "ease": "hold"}]}  # no gesture with a name


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


def test_player_sees_gestures_and_the_body_at_rest_again(tmp_path: Path) -> None:
    """Engines since 5.9 turn bones by another function, in other units: in the picture it must be the same.

    Two gestures have a name; one comes as JSON, as a model or another mod would send it.
    """
    with stage(tmp_path, {"llm_agent.greet": "false"}) as (game, log), player(tmp_path, game, log, size=SIZE) as client:
        client.chat("/stage smith")
        log.expect(r"\[llm_stage\] scene smith")
        client.wait_still()
        arm, face = client.screen.pixels(RAISED_ARM), client.screen.pixels(FACE)

        def moved() -> tuple[bool, bool]:
            shares = changed(arm, client.screen.pixels(RAISED_ARM)), changed(face, client.screen.pixels(FACE))
            return shares[0] > MOVED_SHARE_MIN, shares[1] > MOVED_SHARE_MIN

        gestures = (("wave", (True, False)), ("nod", (False, True)), (json.dumps(HAIL), (True, False)))
        for kind, wanted in gestures:
            for _ in range(GESTURES_MAX):
                client.chat(f"/gesture Mira {kind}")
                deadline_s = time.monotonic() + GESTURE_S
                while not (seen := moved() == wanted) and time.monotonic() < deadline_s:
                    time.sleep(POLL_S)
                if seen:
                    break
            else:
                client.shot(client.folder / "failed.png")
                raise AssertionError(f"no picture of {kind} ({client.folder}/failed.png)")
            client.wait_for("body at rest", lambda: moved() == (False, False))
    assert game.stop() == 0
    assert log.errors() == []
