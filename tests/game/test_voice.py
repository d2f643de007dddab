"""The way of a voice in a real game: asked of a real daemon, sent to a real client's media, played at the mouth.

What is heard where by whom is in test_voice_heard.py; here is that a sound is sent once, sentences come in order, a
voice is broken off, and nothing is left behind.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from llm_agentd.demo.game import engine_version
from llm_agentd.ops.game_binaries import SERVER, find_binary
from tests.support.game_client import GameClient, player, stage
from tests.support.game_log import GameLog
from tests.support.mods import MODS
from tests.support.sound_recorder import SoundRecorder, loudness

pytestmark = pytest.mark.e2e

FIRST, SECOND = "Good morning to you, traveller.", "The iron is hot today, so mind the sparks."
LONG = "I could tell you of the old mill by the river, of its miller, and of the night when all the lights went out"
AUDIBLE, SILENT = 0.005, 0.001  # of full scale
SETTINGS = {"llm_agent.greet": "false", "llm_agent.voice": "true", "llm_agent.player_cooldown_s": 0}


def _event(what: str, more: str = "") -> re.Pattern[str]:
    return re.compile(rf"\[llm_probe_voice\] {what} ms=(?P<ms>\d+) .*{more}")


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[GameClient, GameLog, SoundRecorder, Path]]:
    """A player before a smith, in one game for all tests; and the world's folder."""
    folder = tmp_path_factory.mktemp("voice")
    recorder = SoundRecorder(folder / "client")
    recorder.folder.mkdir()
    with stage(folder, SETTINGS, [MODS / "llm_probe_voice"], config={"speech.tts": "stub"}) as (game, log):
        with player(recorder.folder, game, log, size=(320, 240), recorder=recorder) as client:
            client.chat("/stage smith")
            log.expect(r"\[llm_stage\] scene smith")
            yield client, log, recorder, folder / "world"
        assert game.stop() == 0
    assert log.errors() == []
    assert not log.has("no voice at present"), "the daemon takes what is asked and what is prepared"


def test_sentences_are_sent_once_and_heard_in_order_at_the_mouth(
    heard: tuple[GameClient, GameLog, SoundRecorder, Path],
) -> None:
    client, log, recorder, world = heard
    since_s = recorder.now_s
    client.chat(f"/aloud Mira {FIRST} {SECOND}")
    log.expect(_event("over"))
    sent = log.matches(_event("sent", r"way=(\w+) name=(\w+)\.ogg to=Robin"))  # in either order
    played = log.matches(_event("played", r"name=(\w+) to=Robin gain=1.00 at=llm_agent:mouth"))
    way = "file" if engine_version(find_binary(SERVER)).startswith("5.6.") else "data"
    assert [found[2] for found in sent] == [way, way]
    assert {found[2] for found in played} == {found[3] for found in sent}
    print(f"\nfirst sentence: sent after {sent[0]['ms']} ms, heard after {played[0]['ms']} ms")
    assert int(played[1]["ms"]) - int(played[0]["ms"]) > 1000, "a hum of the stub's is longer than that"
    assert max(loudness(recorder.samples(since_s))) > AUDIBLE
    assert [path.name for path in world.glob("llm_agent_voice*")] == []

    client.chat(f"/aloud Mira {FIRST} {SECOND}")
    again = [log.expect(_event("played", r"name=(\w+)"))[2] for _ in range(2)]
    log.expect(_event("over"))
    assert again == [found[2] for found in played]
    assert len(log.matches(_event("sent"))) == 2, "the client has them"


def test_head_moves_while_a_voice_is_heard_and_rests_after_it(
    heard: tuple[GameClient, GameLog, SoundRecorder, Path],
) -> None:
    client, log, _, _ = heard
    client.chat(f"/aloud Mira {SECOND}")
    played = int(log.expect(_event("played"))["ms"])
    nods = int(log.expect(_event("nods"))["ms"])
    rests = int(log.expect(_event("rests"))["ms"])
    assert 0 <= nods - played < 1000
    assert rests > nods


def test_who_speaks_to_an_npc_breaks_its_voice_off(heard: tuple[GameClient, GameLog, SoundRecorder, Path]) -> None:
    client, log, recorder, _ = heard
    client.chat(f"/aloud Mira {LONG}")
    log.expect(_event("played"))
    client.chat("Mira, wait!")
    since_s = recorder.now_s
    assert len(log.matches(_event("faded"))) == 1
    log.expect(_event("over"))
    quiet = recorder.samples(since_s + 0.3)[: int(0.2 * 24_000)]
    assert max(loudness(quiet)) < SILENT


def test_a_player_sets_how_loud_voices_are_and_switches_them_off(
    heard: tuple[GameClient, GameLog, SoundRecorder, Path],
) -> None:
    client, log, _, _ = heard
    client.chat("/llm voice 25")
    client.chat(f"/aloud Mira {FIRST}")
    log.expect(_event("played", "gain=0.25"))
    log.expect(_event("over"))
    client.chat("/llm voice off")
    before = len(log.matches(_event("played")))
    client.chat(f"/aloud Mira {SECOND}")
    log.expect(_event("over"))
    assert len(log.matches(_event("played"))) == before
