"""Sound for the tests of recognizers: lines spoken by espeak-ng, flite and hibari, at 16 kHz.

By the programs themselves and not by our speakers: what listens is tested whatever becomes of what speaks.
"""

from __future__ import annotations

import io
import subprocess
from functools import cache, lru_cache
from typing import Any

import numpy as np
import soundfile

from llm_agentd.speech.sound_file import RATE_HZ, at_rate
from llm_agentd.speech.types import Sound

MAKERS = ("hibari", "espeak-ng", "flite")


@lru_cache(maxsize=64)
def spoken(maker: str, text: str) -> Sound:
    if maker == "hibari":
        return at_rate(Sound(_hibari()(text, seed=0), 24_000), RATE_HZ)
    command = {
        "espeak-ng": ["espeak-ng", "-v", "en-us", "-s", "150", "--stdout", text],
        "flite": ["flite", "-voice", "slt", "-t", text, "-o", "/dev/stdout"],
    }[maker]
    out = subprocess.run(command, capture_output=True, check=True).stdout
    # Both write into a pipe, so the length in their header is not that of the sound.
    samples, rate_hz = soundfile.read(io.BytesIO(out), dtype="float32")
    return at_rate(Sound(samples, rate_hz), RATE_HZ)


@cache
def _hibari() -> Any:
    from hibari import Hibari

    return Hibari(threads=1)


def noise(seconds: float, level: float, seed: int = 1) -> Sound:
    samples = np.random.default_rng(seed).standard_normal(int(seconds * RATE_HZ)) * level
    return Sound(samples.astype(np.float32), RATE_HZ)


def silence(seconds: float) -> Sound:
    return Sound(np.zeros(int(seconds * RATE_HZ), np.float32), RATE_HZ)


def hum(seconds: float) -> Sound:
    """A fan or a mains cable: 50 Hz and what is above it."""
    at = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    samples = sum(np.sin(2 * np.pi * 50 * times * at) / times for times in range(1, 12))
    return Sound((0.1 * samples).astype(np.float32), RATE_HZ)


def clicks(seconds: float) -> Sound:
    """A keyboard, three strokes a second."""
    at = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    return Sound((noise(seconds, 0.3).samples * np.exp(-(at % 0.3) * 60)).astype(np.float32), RATE_HZ)


def file_of(sound: Sound, form: str = "WAV", subtype: str | None = None) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, sound.samples, sound.rate_hz, format=form, subtype=subtype)
    return file.getvalue()
