"""The recognizer that asks a server: a real one on a port, which answers as OpenAI's does, or otherwise."""

from __future__ import annotations

import io
import socket
import wave
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from llm_agentd.config.speech import Speech
from llm_agentd.errors import SpeechError, StartError
from llm_agentd.speech import server as speech_server
from llm_agentd.speech.recognizers import choose
from llm_agentd.speech.recognizers.openai import ANSWER_MAX_BYTES
from llm_agentd.speech.types import Recognizer
from tests.speech.recognizers.contract import RecognizerContract
from tests.speech.recognizers.spoken import silence, spoken

PATH = "/v1/audio/transcriptions"
KEY = "sk-of-the-test"


class Heard:
    """A server that understands what is loud, and keeps what it was sent."""

    def __init__(self) -> None:
        self.fields: dict[str, str] = {}
        self.key = ""
        self.seconds = 0.0

    def __call__(self, request: Request) -> Response:
        self.fields = dict(request.form)
        self.key = request.headers.get("Authorization", "")
        with wave.open(io.BytesIO(request.files["file"].read())) as sound:
            frames = sound.readframes(sound.getnframes())
            self.seconds = sound.getnframes() / sound.getframerate()
        is_loud = max(frames, default=0) > 0
        said = self.fields.get("prompt", "").split(", ")[0] or "Hello."
        return Response(f'{{"text": "{said if is_loud else ""}"}}', content_type="application/json")


@pytest.fixture
def heard(httpserver: HTTPServer) -> Heard:
    answer = Heard()
    httpserver.expect_request(PATH, method="POST").respond_with_handler(answer)
    return answer


@pytest.fixture
def recognizer(httpserver: HTTPServer, heard: Heard) -> Iterator[Recognizer]:
    opened = choose(Speech(stt="openai", base_url=httpserver.url_for("/v1")))
    yield opened
    opened.close()


class TestOpenAI(RecognizerContract):
    """That it hears is the server's affair; that the sound gets there is ours."""

    hears_words = False
    hears_noise = True


def test_sound_model_language_and_phrases_get_there(
    httpserver: HTTPServer, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPEECH_KEY", KEY)
    recognizer = choose(
        Speech(stt="openai", base_url=httpserver.url_for("/v1/"), stt_model="tiny", key_env="SPEECH_KEY")
    )
    said = recognizer.recognize(spoken("flite", "Stop."), "en", ("Torvik", "stop"))
    assert said.text == "Torvik"
    assert heard.fields == {
        "model": "tiny", "response_format": "json", "temperature": "0", "language": "en", "prompt": "Torvik, stop",
    }  # fmt: skip
    assert heard.key == f"Bearer {KEY}"
    assert heard.seconds == pytest.approx(spoken("flite", "Stop.").seconds, abs=0.01)


def fault(httpserver: HTTPServer, recognizer: Recognizer, answer: Any) -> str:
    httpserver.clear()
    httpserver.expect_request(PATH).respond_with_response(answer)
    with pytest.raises(SpeechError) as failed:
        recognizer.recognize(silence(0.1), "en", ())
    assert failed.value.message.startswith(f"{httpserver.host}:{httpserver.port}: ")
    return failed.value.message


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (401, '{"error": {"message": "bad key sk-of-the-test"}}', "speech.key_env"),
        (404, "<html>", "/v1"),
        (404, '{"detail": "Not Found"}', "Not Found"),
        (400, '{"error": {"message": "no\\nmodel"}}', "HTTP 400: no model"),
        (500, '{"error": "broken"}', "HTTP 500: broken"),
        (503, "", "HTTP 503: it does not say why"),
        (500, "x" * 100_000, "more than"),
        (200, "no JSON", "no transcript"),
        (200, '{"txt": "x"}', "no transcript"),
        (200, "[]", "no transcript"),
        (200, '{"text": 5}', "no transcript"),
        (200, "x" * (ANSWER_MAX_BYTES + 1), "more than"),
    ],
)
def test_what_goes_wrong_is_told_with_the_place(
    httpserver: HTTPServer, recognizer: Recognizer, status: int, body: str, says: str
) -> None:
    message = fault(httpserver, recognizer, Response(body, status))
    assert says in message
    assert KEY not in message


def test_silence_of_a_server_is_bounded(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speech_server, "ANSWER_S", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        recognizer = choose(Speech(stt="openai", base_url=f"http://127.0.0.1:{mute.getsockname()[1]}/v1"))
        with pytest.raises(SpeechError, match="no answer in time"):
            recognizer.recognize(silence(0.1), "en", ())


def test_nobody_there(free_port: int) -> None:
    recognizer = choose(Speech(stt="openai", base_url=f"http://127.0.0.1:{free_port}/v1"))
    with pytest.raises(SpeechError, match="nobody answers there"):
        recognizer.recognize(silence(0.1), "en", ())


def test_a_key_that_is_not_there_is_told_with_the_cure(httpserver: HTTPServer) -> None:
    recognizer = choose(Speech(stt="openai", base_url=httpserver.url_for("/v1"), key_env="NOT_SET_HERE"))
    with pytest.raises(SpeechError, match="NOT_SET_HERE is not set"):
        recognizer.recognize(silence(0.1), "en", ())


def test_without_a_server_it_cannot_be_chosen() -> None:
    with pytest.raises(StartError, match=r"speech\.base_url"):
        choose(Speech(stt="openai"))
