"""`POST /v1/speech`: the mod's door to speech, with the real service, the real child and the engine `stub`."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest
import soundfile

from llm_agentd.config.speech import Speech
from tests.support.http_harness import FakeDaemon, HttpServer, serve_http, wait_until
from tests.support.switch import Switch

pytestmark = pytest.mark.slow

MIRA = {"id": "mira", "name": "Mira", "role": "healer"}


@pytest.fixture(scope="module")
def switch() -> Switch:
    return Switch()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, switch: Switch) -> Iterator[HttpServer]:
    folder = tmp_path_factory.mktemp("speech")
    speech = Speech(tts="stub", stt="stub", cache_path=folder / "speech.lmdb")
    with FakeDaemon(f"ipc://{folder}/z", switch) as daemon, serve_http(daemon.endpoint, speech=speech) as server:
        wait_until(lambda: server.app.state.daemon.is_ready)
        yield server


def say(server: HttpServer, text: str, **more: Any) -> httpx2.Response:
    return server.http.post("/v1/speech", json={"npc": MIRA, "text": text, **more})


def spoken(answer: httpx2.Response) -> tuple[dict[str, Any], bytes]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/octet-stream"
    (size,) = struct.unpack_from(">I", answer.content)
    return orjson.loads(answer.content[4 : 4 + size]), answer.content[4 + size :]


def test_sentence_becomes_ogg_vorbis_with_what_a_game_needs_to_know(server: HttpServer) -> None:
    facts, audio = spoken(say(server, "Good evening, Ana."))
    with soundfile.SoundFile(io.BytesIO(audio)) as sound:
        assert (sound.format, sound.subtype, sound.channels) == ("OGG", "VORBIS", 1)
        assert facts["seconds"] == pytest.approx(sound.frames / sound.samplerate, abs=0.01)
    assert set(facts) == {"id", "seconds", "mouth", "engine"}
    assert (facts["engine"], len(facts["id"])) == ("stub", 32)
    assert len(facts["mouth"]) == -(-round(facts["seconds"] * 1000) // 100)
    assert set(facts["mouth"][:-1]) <= set("0123456789")
    assert max(facts["mouth"]) > "0"


def test_same_words_of_the_same_voice_have_the_same_id_and_others_another(server: HttpServer) -> None:
    first, audio = spoken(say(server, "The mill burns!"))
    assert spoken(say(server, "  The mill \n burns! ")) == (first, audio)
    assert spoken(say(server, "The mill burns?"))[0]["id"] != first["id"]
    assert spoken(say(server, "The mill burns!", voice="deep"))[0]["id"] != first["id"]


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ({"npc": MIRA}, 400, "text: missing; want a body such as"),
        ({"npc": MIRA, "text": ""}, 400, "text: "),
        ({"npc": MIRA, "text": "a" * 1001}, 413, "text: "),
        ({"npc": MIRA, "text": "a", "txt": 1}, 400, "txt: unknown field, did you mean 'text'?"),
        ({"npc": {"id": "mira", "age": 3}, "text": "a"}, 400, "npc.age: unknown field"),
        ({"npc": MIRA, "text": "a", "deadline_ms": 0}, 400, "deadline_ms: "),
        ({"npc": MIRA, "text": "a", "priority": "high"}, 400, "priority: "),
        ({"prepare": [{"npc": MIRA}]}, 400, "prepare.0.text: missing"),
        ([], 400, "body: want a JSON object"),
    ],
)
def test_bad_body_is_told_by_field(server: HttpServer, body: Any, status: int, says: str) -> None:
    answer = server.http.post("/v1/speech", json=body)
    assert answer.status_code == status
    assert answer.json()["error"]["message"].startswith(says)


def test_master_switch_turns_it_off_at_once_and_on_again(server: HttpServer, switch: Switch) -> None:
    spoken(say(server, "Before."))
    switch.is_on = False
    try:
        answers = [say(server, "Before."), say(server, "After.")]
        prepared = server.http.post("/v1/speech", json={"prepare": [{"npc": MIRA, "text": "Later."}]})
    finally:
        switch.is_on = True
    for answer in (*answers, prepared):
        assert answer.status_code == 503
        assert answer.json()["error"]["reason"] == "switched_off"
    spoken(say(server, "After."))


def test_request_log_is_told_what_was_spoken_and_what_was_not(server: HttpServer, switch: Switch) -> None:
    for _ in range(2):
        spoken(say(server, "Told to the log.", lang="en", priority="ambient"))
    never = say(server, "Never in time.", deadline_ms=1)
    assert (never.status_code, never.content) == (204, b""), "a game engine would log an error for each one"
    wait_until(lambda: any(record["text"] == "Never in time." for record in switch.spoken))
    first, again, late = [
        record for record in switch.spoken if record["text"] in ("Told to the log.", "Never in time.")
    ]
    told = {name: first[name] for name in ("npc", "name", "role", "lang", "engine", "outcome", "priority", "cached")}
    assert told == {
        "npc": "mira", "name": "Mira", "role": "healer", "lang": "en", "engine": "stub", "outcome": "done",
        "priority": "ambient", "cached": False,
    }  # fmt: skip
    assert set(first["timing_ms"]) == {"queue", "render", "encode", "total"}
    assert (again["outcome"], again["cached"], set(again["timing_ms"])) == ("done", True, {"total"})
    assert late["outcome"] == "deadline_exceeded"


def test_prepared_sentence_is_kept_before_anybody_asks(server: HttpServer) -> None:
    lines = [{"npc": MIRA, "text": f"Welcome, traveller {number}."} for number in (1, 2)]
    answer = server.http.post("/v1/speech", json={"prepare": [*lines, lines[0]]})
    assert (answer.status_code, answer.json()) == (202, {"queued": 2})
    wait_until(lambda: 'llm_agentd_speech_total{kind="prepare",outcome="done"} 2.0' in metrics(server))
    spoken(say(server, "Welcome, traveller 2."))
    assert 'llm_agentd_speech_total{kind="speak",outcome="kept"}' in metrics(server)


def metrics(server: HttpServer) -> str:
    return server.http.get("/metrics").text


def test_speech_that_is_off_says_so(tmp_path: Path) -> None:
    with FakeDaemon(f"ipc://{tmp_path}/z", Switch()) as daemon, serve_http(daemon.endpoint) as server:
        answer = say(server, "Hello?")
        assert answer.status_code == 503
        assert "speech.tts" in answer.json()["error"]["message"]
