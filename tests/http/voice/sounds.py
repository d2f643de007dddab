"""WAV files for tests of what takes them."""

from __future__ import annotations

import io
import wave


def wav(seconds: float = 1.0, *, rate_hz: int = 16_000, channels: int = 1, sample_bytes: int = 2) -> bytes:
    """A quiet square wave: nothing that a recogniser understands."""
    frames = int(seconds * rate_hz)
    sample = b"\x20" * sample_bytes * channels
    silent = b"\x00" * sample_bytes * channels
    with io.BytesIO() as content:
        with wave.open(content, "wb") as sound:
            sound.setnchannels(channels)
            sound.setsampwidth(sample_bytes)
            sound.setframerate(rate_hz)
            sound.writeframes(b"".join(sample if at // 40 % 2 else silent for at in range(frames)))
        return content.getvalue()
