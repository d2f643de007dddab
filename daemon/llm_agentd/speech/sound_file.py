"""Sound files that strangers send, as samples of one channel at the rate that recognizers hear.

Runs in the child process that listens: the libraries decode what may be damaged on purpose. What is read is bounded
before it is decoded. Knows no engine. It raises BadRequest with `file: ` in front for what is wrong with the file.
"""

from __future__ import annotations

import io
from itertools import chain
from typing import TYPE_CHECKING, Any

from llm_agentd.errors import BadRequest, SpeechError
from llm_agentd.speech.types import Sound

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

RATE_HZ = 16_000  # what whisper and pocketsphinx were trained on
RATES_HZ = (4_000, 192_000)  # telephones have 8,000; above is no microphone, but a header that claims much
CHANNELS_MAX = 8  # a studio's box; each one costs as much memory as the first
FORMATS = "WAV, Ogg, FLAC, MP3, WebM or MP4"
WEBM = b"\x1aE\xdf\xa3"  # how EBML begins: what browsers record, apart from Apple's
INSTALL = "pip install 'llm-agentd[hearing]'"


def read_sound(data: bytes, seconds_max: float) -> Sound:
    """All of the file, one channel, at RATE_HZ. Raises BadRequest; SpeechError where a library is missing."""
    if not data:
        raise BadRequest(f"file: it is empty; want sound as {FORMATS}")
    try:
        sound = _with_av(data, seconds_max) if _is_of_video(data) else _with_soundfile(data, seconds_max)
        return at_rate(sound, RATE_HZ)
    except ImportError as error:
        raise SpeechError(f"{error.name} is not installed, which reads sound: {INSTALL}") from None


def at_rate(sound: Sound, rate_hz: int) -> Sound:
    """Resampled by a band-limited filter (libswresample): what the new rate cannot hold does not fold down into it."""
    if sound.rate_hz == rate_hz or not len(sound.samples):
        return Sound(sound.samples, rate_hz)
    import av
    import numpy as np

    resampler = av.AudioResampler(format="flt", layout="mono", rate=rate_hz)
    frame = av.AudioFrame.from_ndarray(sound.samples[np.newaxis].astype(np.float32), format="flt", layout="mono")
    frame.sample_rate = sound.rate_hz
    parts = [part.to_ndarray()[0] for part in chain(resampler.resample(frame), resampler.resample(None))]
    return Sound(np.concatenate(parts), rate_hz)


def _is_of_video(data: bytes) -> bool:
    """Is it a container that libsndfile cannot read? By its first bytes alone: av is told what it is and guesses
    nothing, as its playlists and slide shows open further files."""
    return data.startswith(WEBM) or data[4:8] == b"ftyp"


def _with_soundfile(data: bytes, seconds_max: float) -> Sound:
    import soundfile

    try:
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            _check_shape(file.samplerate, file.channels)
            if file.frames > seconds_max * file.samplerate:
                raise _too_long(seconds_max, file.frames / file.samplerate)
            samples = file.read(int(seconds_max * file.samplerate), dtype="float32", always_2d=True)
            return _mono(samples.T, file.samplerate)
    except (soundfile.LibsndfileError, RuntimeError, ValueError, OverflowError) as error:
        raise _unreadable(str(error)) from None


def _with_av(data: bytes, seconds_max: float) -> Sound:
    import av
    import numpy as np

    try:
        with av.open(io.BytesIO(data), "r", format="matroska" if data.startswith(WEBM) else "mp4") as container:
            if not container.streams.audio:
                raise BadRequest("file: there is no sound in it")
            stream = container.streams.audio[0]
            _check_shape(stream.rate, stream.channels)
            resampler = av.AudioResampler(format="flt", layout="mono", rate=stream.rate)
            parts: list[Any] = []
            length = 0
            for frame in container.decode(stream):
                parts += [part.to_ndarray()[0] for part in resampler.resample(frame)]
                length += frame.samples
                if length > seconds_max * stream.rate:
                    raise _too_long(seconds_max)
            return _mono(np.concatenate(parts)[np.newaxis] if parts else np.empty((1, 0)), stream.rate)
    except (av.error.FFmpegError, ValueError) as error:
        raise _unreadable(str(error)) from None


def _mono(channels: NDArray[float32], rate_hz: int) -> Sound:
    """`channels`: one row each. A file of floats may hold anything: what is no number is silence."""
    import numpy as np

    if not channels.size:
        raise BadRequest("file: there is no sound in it")
    samples = np.nan_to_num(channels.mean(axis=0), posinf=1.0, neginf=-1.0)
    return Sound(np.clip(samples, -1.0, 1.0).astype(np.float32), rate_hz)


def _check_shape(rate_hz: int, channels: int) -> None:
    if not RATES_HZ[0] <= rate_hz <= RATES_HZ[1]:
        raise BadRequest(f"file: {rate_hz} samples a second; want {RATES_HZ[0]} to {RATES_HZ[1]}")
    if not 1 <= channels <= CHANNELS_MAX:
        raise BadRequest(f"file: {channels} channels; want at most {CHANNELS_MAX}")


def _too_long(seconds_max: float, seconds: float | None = None) -> BadRequest:
    length = f"{seconds:.1f} s" if seconds else "more"
    return BadRequest(
        f"file: at most {seconds_max:g} s of sound are heard at once, this is {length}; send a part of it"
    )


def _unreadable(why: str) -> BadRequest:
    return BadRequest(f"file: it cannot be read as sound ({' '.join(why.split())[:200]}); want {FORMATS}")
