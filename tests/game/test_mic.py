"""Somebody speaks in a room that is not quiet; an NPC in the game follows them and answers.

All of it is real: a voice in a browser's microphone, the page, a recogniser, the daemon, a game server and the player's
client. Only the air between mouth and microphone is a file.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, expect, sync_playwright

from llm_agentd.demo.game import SAY
from tests.http.voice.fake_microphone import browser_with, record
from tests.http.voice.test_page import FIRST_WORDS_MS, until_said, words_of
from tests.support.game_client import player, stage
from tests.support.mods import MODS

pytestmark = pytest.mark.e2e

WORDS = "Mira, please follow me."
CONFIG = {"speech.stt": "whisper", "speech.tts": "off"}


@pytest.fixture
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


def test_npc_follows_and_answers_who_speaks_into_a_browser(playwright: Playwright, tmp_path: Path) -> None:
    recording = record(tmp_path / "words.wav", WORDS)
    settings = {"llm_agent.greet": "false"}
    with (
        stage(tmp_path, settings, [MODS / "llm_probe_mic"], config=CONFIG) as (game, log),
        player(tmp_path, game, log, size=(320, 240)) as client,
        browser_with(playwright, recording) as browser,
    ):
        client.chat("/stage smith")
        log.expect(r"\[llm_stage\] scene smith")
        client.chat("/llm mic")
        link = log.expect(r"\[llm_probe_mic\] link of Robin: (\S+)")[1]
        page = browser.new_context(permissions=["microphone"]).new_page()
        page.goto(link)
        expect(page.locator("h1")).to_have_text("You speak as Robin")
        page.keyboard.down("Space")
        until_said(page)
        page.keyboard.up("Space")
        expect(page.locator(".lines li").first).to_contain_text("ollow me", timeout=FIRST_WORDS_MS)
        heard = log.expect(r"\[llm_stage\] heard Robin: ((?!/).*)")
        assert words_of(heard[1]) >= {"mira", "follow", "me"}
        log.expect(r"CHAT: <Robin> .*ollow me")
        log.expect(r"\[llm_probe_mic\] Mira does follow Robin for Robin: true")  # before any model has answered
        said = log.expect(SAY)
        assert (said[2], said[4]) == ("Mira", "false"), said[0]

        client.chat("/llm mic off")
        page.keyboard.down("Space")
        page.wait_for_timeout(500)  # a breath: what is said must be longer than a slip of the finger
        page.keyboard.up("Space")
        expect(page.get_by_role("alert")).to_contain_text("/llm mic")
    assert game.stop() == 0
    assert log.errors() == []
