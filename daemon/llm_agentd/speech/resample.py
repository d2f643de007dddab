"""A sound at another rate: for files that know few rates, for recognizers that want one, and for another pitch.

Pure numpy. Loaded in the child processes alone.
"""

from __future__ import annotations

import numpy as np
from numpy import float32

from llm_agentd.speech.types import Sound


def resample(sound: Sound, rate_hz: int) -> Sound:
    """By the spectrum, which is exact for what is as short as a sentence."""
    if rate_hz == sound.rate_hz or not len(sound.samples):
        return Sound(sound.samples, rate_hz)
    size = max(1, round(len(sound.samples) * rate_hz / sound.rate_hz))
    spectrum = np.fft.rfft(sound.samples)
    resized = np.zeros(size // 2 + 1, spectrum.dtype)
    common = min(len(spectrum), len(resized))
    resized[:common] = spectrum[:common]
    samples = np.fft.irfft(resized, size) * (size / len(sound.samples))
    return Sound(samples.astype(float32), rate_hz)


def as_if_played_faster(sound: Sound, factor: float) -> Sound:
    """Pitch and formants times `factor`, and the time divided by it: as a record on the wrong speed. Same rate."""
    played = resample(Sound(sound.samples, round(sound.rate_hz * factor)), sound.rate_hz)
    return played
