"""`/v1/audio/speech` with OpenAI's own client, the real child and the engine `stub`."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import av
import numpy as np
import openai
import pytest
import soundfile
from openai import OpenAI

from llm_agentd.config.speech import Speech
from tests.support.http_harness import DEADLINE_S, FakeDaemon, serve_http
from tests.support.switch import Switch

pytestmark = pytest.mark.slow

TOKEN = "of-the-test-and-long-enough"
TEXT = "Good evening, traveller. The bridge is closed."


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenAI]:
    folder = tmp_path_factory.mktemp("speech")
    speech = Speech(tts="stub", stt="off", cache_path=folder / "speech.lmdb")
    with (
        FakeDaemon(f"ipc://{folder}/z", Switch()) as daemon,
        serve_http(daemon.endpoint, token=TOKEN, speech=speech) as server,
    ):
        yield OpenAI(base_url=f"{server.url}/v1", api_key=TOKEN, timeout=DEADLINE_S, max_retries=0)


def speak(client: OpenAI, **more: Any) -> Any:
    return client.audio.speech.create(**{"model": "tts-1", "voice": "alloy", "input": TEXT, **more})


def read(audio: bytes, **raw: Any) -> tuple[Any, int]:
    samples, rate_hz = soundfile.read(io.BytesIO(audio), dtype="float32", **raw)
    return samples, int(rate_hz)


@pytest.mark.parametrize(
    ("form", "kind", "container"),
    [
        ("mp3", "audio/mpeg", "MP3"),
        ("opus", "audio/ogg", "OGG"),
        ("flac", "audio/flac", "FLAC"),
        ("wav", "audio/wav", "WAV"),
    ],
)
def test_every_format_is_a_file_of_that_format(client: OpenAI, form: str, kind: str, container: str) -> None:
    answer = speak(client, response_format=form)
    assert answer.response.headers["content-type"] == kind
    with soundfile.SoundFile(io.BytesIO(answer.content)) as file:
        assert (file.format, file.channels) == (container, 1)
        assert file.frames / file.samplerate == pytest.approx(seconds_of(client), abs=0.1)


def seconds_of(client: OpenAI) -> float:
    samples, rate = read(speak(client, response_format="wav").content)
    return len(samples) / rate


def test_pcm_is_raw_and_of_the_same_sound(client: OpenAI) -> None:
    answer = speak(client, response_format="pcm")
    samples, _ = read(answer.content, samplerate=24_000, channels=1, format="RAW", subtype="PCM_16", endian="LITTLE")
    assert len(samples) / 24_000 == pytest.approx(seconds_of(client), abs=0.01)
    assert np.abs(samples).max() > 0.05


def test_aac_is_there_where_pyav_is(client: OpenAI) -> None:
    with av.open(io.BytesIO(speak(client, response_format="aac").content), "r") as file:
        (stream,) = file.streams.audio
        assert (stream.codec_context.name, stream.codec_context.layout.name) == ("aac", "mono")
        samples = sum(int(frame.samples) for frame in file.decode(audio=0))
        assert samples / stream.codec_context.sample_rate == pytest.approx(seconds_of(client), abs=0.2)


def test_nothing_said_of_the_format_gives_ogg_vorbis(client: OpenAI) -> None:
    with soundfile.SoundFile(io.BytesIO(speak(client).content)) as file:
        assert (file.format, file.subtype) == ("OGG", "VORBIS")


def test_streamed_to_a_file_as_the_clients_documentation_does(client: OpenAI, tmp_path_factory: Any) -> None:
    path = tmp_path_factory.mktemp("stream") / "speech.mp3"
    with client.audio.speech.with_streaming_response.create(
        model="gpt-4o-mini-tts", voice="coral", input=TEXT, instructions="Speak in a deep voice.", response_format="mp3"
    ) as answer:
        answer.stream_to_file(path)
    assert soundfile.info(path).duration > 0.5


def test_each_name_of_a_voice_is_a_voice_and_always_the_same(client: OpenAI) -> None:
    def samples(**more: Any) -> Any:
        return read(speak(client, response_format="wav", **more).content)[0]

    assert np.array_equal(samples(voice="nova"), samples(voice="nova"))
    assert not np.array_equal(samples(voice="nova")[:2000], samples(voice="echo")[:2000])
    slow, fast = samples(speed=0.5), samples(speed=2.0)
    assert len(slow) > 2 * len(fast)


def test_long_text_is_spoken_whole(client: OpenAI) -> None:
    short, rate = read(speak(client, response_format="wav").content)
    long, _ = read(speak(client, input=" ".join([TEXT] * 20), response_format="wav").content)
    assert len(long) / rate > 15 * len(short) / rate


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"input": " "}, "input"),
        ({"input": "x" * 4097}, "input"),
        ({"response_format": "mp4"}, "response_format"),
        ({"speed": 4.0}, "speed"),
        ({"stream_format": "sse"}, "stream_format"),
        ({"extra_body": {"pitch": 3}}, "pitch"),
        ({"voice": "v" * 401}, "voice"),
    ],
)
def test_what_cannot_be_is_refused_by_name(client: OpenAI, fields: dict[str, Any], param: str) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        speak(client, **fields)
    assert (caught.value.param, caught.value.type) == (param, "invalid_request_error")


def test_speech_that_is_off_is_an_error_that_is_not_tried_again_in_vain(tmp_path_factory: Any) -> None:
    folder = tmp_path_factory.mktemp("off")
    with FakeDaemon(f"ipc://{folder}/z", Switch()) as daemon, serve_http(daemon.endpoint) as server:
        silent = OpenAI(base_url=f"{server.url}/v1", api_key="x", timeout=DEADLINE_S, max_retries=0)
        with pytest.raises(openai.InternalServerError) as caught:
            speak(silent)
    assert (caught.value.status_code, caught.value.code) == (503, "unavailable")
    assert "speech.tts" in caught.value.message
