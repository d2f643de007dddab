"""The bytes of a sound file, as an engine hands them over, as samples. Loads libsndfile; the child process alone."""

from __future__ import annotations

import io

import numpy as np
import soundfile

from llm_agentd.errors import SpeechError
from llm_agentd.speech.types import Sound


def read_sound(data: bytes, engine: str) -> Sound:
    """All formats that libsndfile knows. A file that was written to a pipe says nothing of its length: all is read."""
    try:
        samples, rate_hz = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, RuntimeError, ValueError) as error:
        why = getattr(error, "error_string", error)  # without the name of our own file
        raise SpeechError(f"{engine} gave {len(data)} bytes that are no sound: {why}") from None
    return Sound(np.ascontiguousarray(samples.mean(axis=1, dtype=np.float32)), rate_hz)
