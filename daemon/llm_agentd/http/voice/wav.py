"""What the page sends: a WAV of 16 kHz mono PCM16, and nothing else. Pure.

It is looked at here so that nothing but plain samples of a bounded length reaches a library that reads sound files.
"""

from __future__ import annotations

import io
import wave

from llm_agentd.errors import BadRequest, TooLarge

MEDIA_TYPE = "audio/wav"
RATE_HZ = 16_000  # what recognisers want
SAMPLE_BYTES = 2
SECONDS_MIN = 0.1  # less is a slip of the finger
OVER_S = 0.5  # the page stops by its own clock, a few blocks late
HEADER_MAX_BYTES = 1024  # 44 where nothing but the sound is in it


def bytes_max(seconds_max: float) -> int:
    """Of a whole body."""
    return int((seconds_max + OVER_S) * RATE_HZ) * SAMPLE_BYTES + HEADER_MAX_BYTES


def check(audio: bytes, seconds_max: float) -> None:
    """Raises BadRequest or TooLarge."""
    try:
        with wave.open(io.BytesIO(audio)) as sound:
            form = sound.getframerate(), sound.getnchannels(), sound.getsampwidth()
            frames = len(sound.readframes(sound.getnframes())) // SAMPLE_BYTES
    except (wave.Error, EOFError, ValueError, OverflowError):
        raise BadRequest("body: want a WAV file") from None
    if form != (RATE_HZ, 1, SAMPLE_BYTES):
        raise BadRequest(
            f"body: want a WAV of {RATE_HZ} Hz, one channel, 16 bits; got {form[0]} Hz, {form[1]}, {8 * form[2]}"
        )
    if frames < SECONDS_MIN * RATE_HZ:
        raise BadRequest("body: too short; hold the button while you speak")
    if frames > (seconds_max + OVER_S) * RATE_HZ:
        raise TooLarge(f"body: over {seconds_max:g} seconds of sound; say less at once")
