"""`/v1/audio/transcriptions` by OpenAI's own client, with whisper in its child process."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import openai
import pytest

from llm_agentd.config.speech import Speech
from llm_agentd.http import form
from llm_agentd.http.body import AUDIO_MAX_BYTES
from llm_agentd.speech.sound_file import RATE_HZ
from llm_agentd.speech.types import Sound
from tests.http.openai.test_client import TOKEN, Served
from tests.speech.recognizers.spoken import file_of, silence, spoken
from tests.support.http_harness import FakeDaemon, HttpServer, Record, serve_http, wait_until

PATH = "/v1/audio/transcriptions"
LINE = "Good morning. Where is the nearest well?"


def switched_on(record: Record) -> list[Record]:
    return [{"event": "done", "switch": {"on": True, "since": None, "by": None}}]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpServer]:
    endpoint = f"ipc://{tmp_path_factory.mktemp('heard')}/z"
    with (
        FakeDaemon(endpoint, switched_on),
        serve_http(endpoint, token=TOKEN, speech=Speech(tts="off", stt="whisper")) as server,
    ):
        wait_until(lambda: server.app.state.daemon.is_ready)
        server.http.headers["Authorization"] = f"Bearer {TOKEN}"
        server.http.timeout = 60
        yield server


@pytest.fixture(scope="module")
def served(server: HttpServer) -> Served:
    return Served(server.url, timeout=60)


def transcribe(served: Served, **options: Any) -> Any:
    given = {"file": ("said.wav", file_of(spoken("hibari", LINE))), "model": "whisper-1", **options}
    return served.client.audio.transcriptions.create(**given)


def post(server: HttpServer, audio: bytes = b"", **fields: Any) -> Any:
    return server.http.post(PATH, files={"file": ("said.wav", audio or file_of(silence(1)))}, data=fields)


@pytest.mark.slow
def test_the_client_gets_what_was_said(served: Served) -> None:
    heard = transcribe(served, language="en", temperature=0)
    assert heard.text == LINE
    assert heard.usage.seconds == pytest.approx(spoken("hibari", LINE).seconds, abs=0.1)


@pytest.mark.slow
def test_the_asynchronous_client_gets_it_too(served: Served) -> None:
    async def ask() -> Any:
        async with served.asynchronous() as client:
            sound = file_of(spoken("hibari", LINE), "OGG", "VORBIS")
            return await client.audio.transcriptions.create(file=("said.ogg", sound), model="whisper-1")

    assert asyncio.run(ask()).text == LINE


@pytest.mark.slow
def test_a_name_in_the_prompt_is_written_as_there(served: Served) -> None:
    sound = file_of(spoken("flite", "Torvik, follow me."))
    heard = transcribe(served, file=("said.wav", sound), prompt="Torvik, Elspeth")
    assert heard.text.startswith("Torvik")


@pytest.mark.slow
def test_forms_of_the_answer(served: Served) -> None:
    assert transcribe(served, response_format="text") == LINE + "\n"
    verbose = transcribe(served, response_format="verbose_json", language="en")
    assert (verbose.text, verbose.language) == (LINE, "en")
    assert float(verbose.duration) == pytest.approx(spoken("hibari", LINE).seconds, abs=0.1)


@pytest.mark.slow
def test_silence_is_an_empty_text(server: HttpServer) -> None:
    answer = post(server, file_of(silence(2)))
    assert (answer.status_code, answer.json()["text"]) == (200, "")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("audio", "says"),
    [
        (b"no sound at all", "cannot be read as sound"),
        (file_of(spoken("flite", "Stop."))[:30], "cannot be read as sound"),
        (file_of(Sound(np.zeros(601 * RATE_HZ, np.float32), RATE_HZ), "FLAC", "PCM_16"), "at most 600 s"),
    ],
    ids=["text", "cut", "too long"],
)
def test_a_file_that_cannot_be_heard_is_400_and_named(server: HttpServer, audio: bytes, says: str) -> None:
    answer = post(server, audio)
    error = answer.json()["error"]
    assert (answer.status_code, error["param"], error["type"]) == (400, "file", "invalid_request_error")
    assert says in error["message"]


@pytest.mark.slow
def test_a_language_that_the_model_lacks_is_400_and_named(served: Served) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        transcribe(served, language="de")
    assert refused.value.param == "language"
    assert "speech.stt_model" in refused.value.message


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"response_format": "srt"}, "response_format"),
        ({"language": "the English one"}, "language"),
        ({"temperature": "0.7"}, "temperature"),
        ({"stream": "true"}, "stream"),
        ({"timestamp_granularities[]": "word"}, "timestamp_granularities"),
        ({"promt": "Torvik"}, "promt"),
    ],
)
def test_bad_field_is_named(server: HttpServer, fields: dict[str, Any], param: str) -> None:
    answer = post(server, **fields)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)


def test_what_is_no_form_is_400_with_the_cure(server: HttpServer) -> None:
    assert "want multipart/form-data" in server.http.post(PATH, json={"file": "x"}).json()["error"]["message"]
    no_file = server.http.post(PATH, data={"model": "x"}, files={"other": ("a.wav", b"x")})
    assert (no_file.status_code, no_file.json()["error"]["param"]) == (400, "file")
    broken = server.http.post(PATH, content=b"--x\r\n", headers={"Content-Type": "multipart/form-data; boundary=y"})
    assert broken.status_code == 400
    unbounded = server.http.post(PATH, content=b"--x\r\n", headers={"Content-Type": "multipart/form-data"})
    assert unbounded.status_code == 400
    many = server.http.post(PATH, files=[("file", ("a.wav", b"x")), ("file", ("b.wav", b"x"))])
    assert many.status_code == 400


def test_a_body_over_the_limit_is_413(server: HttpServer) -> None:
    assert post(server, b"x" * (AUDIO_MAX_BYTES + 1)).status_code == 413


def test_a_page_of_another_origin_is_refused(server: HttpServer) -> None:
    for header in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = server.http.post(PATH, files={"file": ("a.wav", file_of(silence(1)))}, headers=header)
        assert answer.status_code == 403


def test_no_sound_is_written_to_a_disk(server: HttpServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A temporary file would be made above a limit: there is no folder for any."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    answer = post(server, b"x" * (4 * 1024 * 1024), response_format="srt")
    assert answer.json()["error"]["param"] == "response_format"


def test_without_the_library_it_is_503_with_the_cure(server: HttpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(form, "find_spec", lambda _: None)
    answer = post(server)
    assert answer.status_code == 503
    assert "llm-agentd[hearing]" in answer.json()["error"]["message"]


def test_where_nobody_listens_it_is_503_with_the_cure(endpoint: str) -> None:
    with FakeDaemon(endpoint), serve_http(endpoint, speech=Speech(tts="off", stt="off")) as server:
        answer = post(server)
        assert answer.status_code == 503
        assert "speech.stt" in answer.json()["error"]["message"]
        with pytest.raises(openai.InternalServerError):
            transcribe(Served(server.url))
