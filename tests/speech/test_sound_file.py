"""Sound files of strangers: every form that is promised, at every rate, and what is damaged, empty, long or absurd."""

from __future__ import annotations

import contextlib
import io
import struct
from typing import Any

import av
import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llm_agentd.errors import BadRequest, SpeechError
from llm_agentd.speech.sound_file import CHANNELS_MAX, RATE_HZ, at_rate, read_sound
from llm_agentd.speech.types import Sound

SECONDS = 0.5
RATES_HZ = (8_000, 11_025, 16_000, 22_050, 24_000, 44_100, 48_000, 96_000)


def tone(hz: float, rate_hz: int, seconds: float = SECONDS) -> Any:
    return (0.5 * np.sin(2 * np.pi * hz * np.arange(int(rate_hz * seconds)) / rate_hz)).astype(np.float32)


def file_of(samples: Any, rate_hz: int, form: str = "WAV", subtype: str | None = None) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate_hz, format=form, subtype=subtype)
    return file.getvalue()


def recorded(samples: Any, rate_hz: int, container: str, codec: str) -> bytes:
    """As a browser records it."""
    file = io.BytesIO()
    with av.open(file, "w", format=container) as out:
        stream: Any = out.add_stream(codec, rate=rate_hz, layout="mono")
        frame = av.AudioFrame.from_ndarray(samples[np.newaxis], format="fltp", layout="mono")
        frame.sample_rate = rate_hz
        resampler = av.AudioResampler(format=stream.format, layout="mono", rate=rate_hz, frame_size=960)
        for part in (*resampler.resample(frame), *resampler.resample(None)):
            out.mux(stream.encode(part))
        out.mux(stream.encode(None))
    return file.getvalue()


def loudness(sound: Sound) -> float:
    """Of the middle, as edges ring: the root of the mean square."""
    middle = sound.samples[len(sound.samples) // 4 : -len(sound.samples) // 4]
    return float(np.sqrt(np.mean(middle**2)))


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_a_tone_that_can_be_held_keeps_its_pitch_and_loudness(rate_hz: int) -> None:
    sound = read_sound(file_of(tone(1_000, rate_hz), rate_hz), 10)
    assert sound.rate_hz == RATE_HZ
    assert sound.seconds == pytest.approx(SECONDS, abs=0.01)
    assert loudness(sound) == pytest.approx(0.5 / np.sqrt(2), rel=0.02)
    spectrum = np.abs(np.fft.rfft(sound.samples))
    assert np.argmax(spectrum) * RATE_HZ / len(sound.samples) == pytest.approx(1_000, abs=4)


@pytest.mark.parametrize("hz", [9_000, 11_000, 15_000, 20_000])
def test_a_tone_that_cannot_be_held_does_not_fold_down(hz: int) -> None:
    sound = at_rate(Sound(tone(hz, 48_000), 48_000), RATE_HZ)
    assert loudness(sound) < 0.5 / np.sqrt(2) / 300  # 50 dB; taking every third sample would leave all of it


@pytest.mark.parametrize(
    ("form", "subtype"),
    [
        ("WAV", "PCM_16"), ("WAV", "PCM_U8"), ("WAV", "FLOAT"), ("WAV", "ULAW"), ("OGG", "VORBIS"), ("OGG", "OPUS"),
        ("FLAC", "PCM_24"), ("MP3", "MPEG_LAYER_III"), ("AIFF", "PCM_16"),
    ],
)  # fmt: skip
def test_forms_of_sound(form: str, subtype: str) -> None:
    sound = read_sound(file_of(tone(500, 48_000), 48_000, form, subtype), 10)
    assert sound.seconds == pytest.approx(SECONDS, abs=0.1)
    assert loudness(sound) == pytest.approx(0.5 / np.sqrt(2), rel=0.1)


@pytest.mark.parametrize(("container", "codec"), [("webm", "libopus"), ("mp4", "aac")])
def test_what_browsers_record(container: str, codec: str) -> None:
    sound = read_sound(recorded(tone(500, 48_000), 48_000, container, codec), 10)
    assert sound.seconds == pytest.approx(SECONDS, abs=0.1)
    assert loudness(sound) == pytest.approx(0.5 / np.sqrt(2), rel=0.1)


def test_channels_become_one() -> None:
    both = np.stack([tone(500, 16_000), -tone(500, 16_000)], axis=1)
    assert loudness(read_sound(file_of(both, 16_000), 10)) < 0.001
    many = np.tile(tone(500, 16_000)[:, np.newaxis], CHANNELS_MAX)
    assert loudness(read_sound(file_of(many, 16_000), 10)) == pytest.approx(0.5 / np.sqrt(2), rel=0.02)


def test_what_is_no_number_is_silence_and_the_rest_is_clipped() -> None:
    samples = np.array([np.nan, np.inf, -np.inf, 5, -5, 0.25] * 200, np.float32)
    sound = read_sound(file_of(samples, 16_000, "WAV", "FLOAT"), 10)
    assert sound.samples[:6].tolist() == [0.0, 1.0, -1.0, 1.0, -1.0, 0.25]


def header(rate_hz: int, channels: int, data_bytes: int) -> bytes:
    """Of a WAV file, with what it claims."""
    fmt = struct.pack("<HHIIHH", 1, channels, rate_hz, rate_hz * channels * 2 % 2**32, channels * 2, 16)
    head = b"RIFF" + struct.pack("<I", 36 + data_bytes) + b"WAVEfmt " + struct.pack("<I", 16) + fmt
    return head + b"data" + struct.pack("<I", data_bytes)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "it is empty"),
        (b"\0", "cannot be read as sound"),
        (b"<html>no sound</html>" * 100, "cannot be read as sound"),
        (b"\x1aE\xdf\xa3" + b"\0" * 100, "cannot be read as sound"),
        (b"\0\0\0\x20ftypM4A " + b"\0" * 100, "cannot be read as sound"),
        (b"#EXTM3U\nhttp://127.0.0.1/x\n", "cannot be read as sound"),
        (file_of(tone(500, 16_000), 16_000)[:40], "cannot be read as sound"),
        (header(16_000, 1, 0), "there is no sound in it"),
        (header(1, 1, 32_000) + b"\0" * 32_000, "want 4000 to 192000"),
        (header(2**31, 1, 32_000) + b"\0" * 32_000, "file: "),
        (header(16_000, 200, 40_000) + b"\0" * 40_000, "want at most 8"),
        (file_of(tone(500, 16_000, 11), 16_000), "at most 10 s of sound are heard at once, this is 11.0 s"),
        (file_of(tone(500, 16_000, 11), 16_000, "OGG", "VORBIS"), "at most 10 s"),
    ],
)
def test_what_cannot_be_heard_says_why(data: bytes, says: str) -> None:
    with pytest.raises(BadRequest) as refused:
        read_sound(data, 10)
    assert refused.value.message.startswith("file: ")
    assert says in refused.value.message


def test_a_long_recording_of_a_browser_is_refused_while_it_is_decoded() -> None:
    with pytest.raises(BadRequest, match="at most 2 s"):
        read_sound(recorded(tone(500, 48_000, 5), 48_000, "webm", "libopus"), 2)


def test_a_file_that_was_cut_is_heard_as_far_as_it_goes() -> None:
    whole = file_of(tone(500, 16_000), 16_000)
    assert read_sound(whole[: len(whole) // 2], 10).seconds == pytest.approx(SECONDS / 2, abs=0.02)


def test_a_missing_library_is_named_with_the_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "soundfile", None)
    with pytest.raises(SpeechError, match=r"soundfile .*llm-agentd\[hearing\]"):
        read_sound(b"RIFF", 10)


FILES = [
    file_of(tone(500, 16_000, 0.1), 16_000),
    file_of(tone(500, 16_000, 0.1), 16_000, "OGG", "VORBIS"),
    file_of(tone(500, 16_000, 0.1), 16_000, "FLAC"),
    recorded(tone(500, 48_000, 0.1), 48_000, "webm", "libopus"),
]


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(FILES), st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=8), st.floats(0, 1))
def test_damage_is_a_bad_request_or_a_sound(file: bytes, changes: list[tuple[float, int]], length: float) -> None:
    damaged = bytearray(file)
    for place, value in changes:
        damaged[int(place * (len(damaged) - 1))] = value
    with contextlib.suppress(BadRequest):
        sound = read_sound(bytes(damaged[: int(len(damaged) * length)]), 10)
        assert np.isfinite(sound.samples).all()
        assert sound.seconds <= 10.1
