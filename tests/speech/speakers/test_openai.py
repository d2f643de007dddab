"""The engine openai, against a real server that speaks with espeak-ng, and against one that fails in each way."""

from __future__ import annotations

import io
import json
import socket
from collections.abc import Iterator
from math import log2

import numpy as np
import pytest
import soundfile
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from llm_agentd.config.speech import Speech
from llm_agentd.errors import SpeechError
from llm_agentd.speech import server as speech_server
from llm_agentd.speech import speakers
from llm_agentd.speech.pitch import pitch_hz
from llm_agentd.speech.speakers.espeak import EspeakSpeaker
from llm_agentd.speech.speakers.openai import FASTER, VOICES_HZ
from llm_agentd.speech.types import WOMAN_HZ, Speaker, Voice
from tests.speech.speakers.contract import TEXT, SpeakerContract

pytestmark = pytest.mark.slow

PATH = "/v1/audio/speech"


class Talker:
    """A server whose voices are as high as OpenAI's, and that keeps what it was asked."""

    def __init__(self) -> None:
        self.form = "WAV"
        self.asked: list[dict[str, object]] = []
        self._espeak = EspeakSpeaker()

    def __call__(self, request: Request) -> Response:
        body = json.loads(request.get_data())
        self.asked.append(body)
        voice = Voice(semitones=12 * log2(VOICES_HZ[body["voice"]] / WOMAN_HZ), pace=body["speed"])
        lang = "eo" if body["input"] == "Saluton" else "en"
        sound = self._espeak.speak(body["input"], lang, voice)
        file = io.BytesIO()
        soundfile.write(file, sound.samples, sound.rate_hz, format=self.form)
        return Response(file.getvalue(), content_type="audio/wav")


@pytest.fixture(scope="module")
def server() -> Iterator[HTTPServer]:
    with HTTPServer() as server:
        yield server


@pytest.fixture(scope="module")
def talker(server: HTTPServer) -> Talker:
    talker = Talker()
    server.expect_request(PATH, method="POST").respond_with_handler(talker)
    return talker


@pytest.fixture(scope="module")
def speaker(server: HTTPServer, talker: Talker) -> Iterator[Speaker]:
    speaker = speakers.choose(Speech(tts="openai", base_url=server.url_for("/v1")))
    yield speaker
    speaker.close()


class TestOpenAi(SpeakerContract):
    @pytest.mark.parametrize("semitones", [-11.0, -8.5, 0.0, 4.0])
    def test_pitch_is_as_asked_for(self, speaker: Speaker, semitones: float) -> None:
        sound = speaker.speak(TEXT, "en", Voice(semitones=semitones))
        assert pitch_hz(sound) == pytest.approx(WOMAN_HZ * 2 ** (semitones / 12), rel=0.12)

    @pytest.mark.parametrize("pace", [0.8, 1.25])
    def test_pace_is_what_is_asked_for(self, speaker: Speaker, pace: float) -> None:
        moved, own = (speaker.speak(TEXT, "en", Voice(semitones=2, pace=one)) for one in (pace, 1.0))
        assert own.seconds / moved.seconds == pytest.approx(pace, rel=0.12)


def test_call_has_openais_fields_and_the_nearest_voice(speaker: Speaker, talker: Talker) -> None:
    speaker.speak("*bows* Hello!", "en", Voice(semitones=-12.5, pace=1.0))
    faster = WOMAN_HZ * 2 ** (-12.5 / 12) / VOICES_HZ["onyx"]
    assert talker.asked[-1] == {
        "model": "tts-1",
        "input": "Hello!",
        "voice": "onyx",
        "response_format": "wav",
        "speed": round(1 / faster, 3),
    }


def test_named_voice_is_asked_for_and_moved_no_further_than_a_person(speaker: Speaker, talker: Talker) -> None:
    speaker.speak("Hello!", "en", Voice("openai:fable", semitones=12.0))
    assert talker.asked[-1]["voice"] == "fable"
    assert talker.asked[-1]["speed"] == round(1 / FASTER[1], 3)


@pytest.mark.parametrize("form", ["MP3", "FLAC", "OGG"])
def test_other_format_than_asked_for_is_understood(speaker: Speaker, talker: Talker, form: str) -> None:
    """Many servers answer with MP3 whatever is asked."""
    talker.form = form
    try:
        assert speaker.speak("Hello there!", "en", Voice()).seconds > 0.4
    finally:
        talker.form = "WAV"


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (401, b'{"error": {"message": "bad key"}}', "it does not take the key"),
        (400, b'{"error": {"message": "unknown voice onyx"}}', "HTTP 400: unknown voice onyx"),
        (404, b"<html>Not found</html>", "must end as the server's manual says"),
        (500, b"oh no", "HTTP 500"),
        (200, b"<html>Sign in</html>", "20 bytes that are no sound"),
        (200, b"", "0 bytes that are no sound"),
        (200, b"RIFF\xff\xff\xff\xffWAVEfmt ", "16 bytes that are no sound"),
    ],
)
def test_bad_answer_is_an_error_with_place_and_cause(
    httpserver: HTTPServer, status: int, body: bytes, expected: str
) -> None:
    httpserver.expect_request(PATH).respond_with_data(body, status=status)
    speaker = speakers.choose(Speech(tts="openai", base_url=httpserver.url_for("/v1")))
    with pytest.raises(SpeechError, match=f"127.0.0.1:{httpserver.port}.*{expected}"):
        speaker.speak("Hello!", "en", Voice())
    speaker.close()


def test_server_that_is_silent_costs_a_bounded_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speech_server, "ANSWER_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        speaker = speakers.choose(Speech(tts="openai", base_url=f"http://127.0.0.1:{silent.getsockname()[1]}/v1"))
        with pytest.raises(SpeechError, match="no answer in time"):
            speaker.speak("Hello!", "en", Voice())
        speaker.close()


def test_server_that_is_gone_is_named(free_port: int) -> None:
    speaker = speakers.choose(Speech(tts="openai", base_url=f"http://127.0.0.1:{free_port}/v1"))
    with pytest.raises(SpeechError, match=f"127.0.0.1:{free_port}: nobody answers there"):
        speaker.speak("Hello!", "en", Voice())
    speaker.close()


def test_sound_of_stereo_becomes_one_channel(httpserver: HTTPServer) -> None:
    file = io.BytesIO()
    soundfile.write(file, np.full((8000, 2), [0.1, 0.3]) * np.sin(np.arange(8000))[:, None], 8000, format="WAV")
    httpserver.expect_request(PATH).respond_with_data(file.getvalue())
    speaker = speakers.choose(Speech(tts="openai", base_url=httpserver.url_for("/v1")))
    assert speaker.speak("Hello!", "en", Voice("openai:x")).samples.ndim == 1
    speaker.close()
