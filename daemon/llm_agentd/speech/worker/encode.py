"""Samples as a file's bytes, and as the movement of a mouth. Runs in the child alone: it loads numpy and libsndfile."""

from __future__ import annotations

import io
from collections.abc import Mapping

import numpy as np
import soundfile
from numpy import float32
from numpy.typing import NDArray

from llm_agentd.errors import BadRequest
from llm_agentd.speech.resample import resample
from llm_agentd.speech.types import Sound

MOUTH_STEP_S = 0.1  # a digit: a game server takes ten steps a second
# Loudness of digits 1 and 9, in dB below full scale: what breathes is a closed mouth, what is called is an open one.
QUIET_DB, LOUD_DB = -40.0, -12.0
CHUNK_SAMPLES = 1 << 15  # written at once: libvorbis lays out all that it is given on the stack
OPUS_RATES_HZ = (8000, 12000, 16000, 24000, 48000)  # the only ones it has
PCM_RATE_HZ = 24000  # OpenAI's `pcm`: raw, 16 bits, the low byte first, mono
FORMS: Mapping[str, tuple[str, str]] = {  # of libsndfile
    "ogg": ("OGG", "VORBIS"),
    "opus": ("OGG", "OPUS"),
    "mp3": ("MP3", "MPEG_LAYER_III"),
    "flac": ("FLAC", "PCM_16"),
    "wav": ("WAV", "PCM_16"),
}


def encode(sound: Sound, form: str) -> bytes:
    """`form`: as in FORMS, `pcm` or `aac`. Raises BadRequest."""
    if form == "pcm":
        return bytes(_as_int16(resample(sound, PCM_RATE_HZ).samples).astype("<i2").tobytes())
    if form == "aac":
        return _aac(sound)
    if form == "opus" and sound.rate_hz not in OPUS_RATES_HZ:
        sound = resample(sound, next(rate for rate in OPUS_RATES_HZ if rate >= min(sound.rate_hz, 48000)))
    container, codec = FORMS[form]
    file = io.BytesIO()
    with soundfile.SoundFile(
        file, "w", samplerate=sound.rate_hz, channels=1, format=container, subtype=codec
    ) as written:
        for start in range(0, len(sound.samples), CHUNK_SAMPLES):
            written.write(sound.samples[start : start + CHUNK_SAMPLES])
    return file.getvalue()


def from_pcm(data: bytes) -> Sound:
    """What `encode` made to `pcm`."""
    return Sound(np.frombuffer(data, "<i2").astype(float32) / 32767, PCM_RATE_HZ)


def mouth(sound: Sound) -> str:
    """Loudness, 0 to 9, of each tenth of a second."""
    step = int(sound.rate_hz * MOUTH_STEP_S)
    count = -(-len(sound.samples) // step)
    padded: NDArray[float32] = np.zeros(count * step, float32)
    padded[: len(sound.samples)] = sound.samples
    power = np.square(padded.reshape(count, step)).mean(axis=1)
    level_db = 10 * np.log10(np.maximum(power, 1e-12))
    digits = np.where(level_db < QUIET_DB, 0, 1 + np.round(8 * (level_db - QUIET_DB) / (LOUD_DB - QUIET_DB)))
    return "".join(map(str, np.clip(digits, 0, 9).astype(int)))


def _as_int16(samples: NDArray[float32]) -> NDArray[np.int16]:
    return (np.clip(samples, -1, 1) * 32767).astype(np.int16)


def _aac(sound: Sound) -> bytes:
    """libsndfile has none. PyAV, which the extra `hearing` brings, has FFmpeg's."""
    try:
        import av
    except ImportError:
        raise BadRequest(
            "response_format: aac is made only where PyAV is installed (pip install 'llm-agentd[hearing]'); want mp3,"
            " opus, flac, wav, pcm or ogg"
        ) from None
    file = io.BytesIO()
    with av.open(file, "w", format="adts") as container:
        stream = container.add_stream("aac", rate=sound.rate_hz)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(_as_int16(sound.samples)[None], format="s16", layout="mono")
        frame.sample_rate = sound.rate_hz
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)
    return file.getvalue()
