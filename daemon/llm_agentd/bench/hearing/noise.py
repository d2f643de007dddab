"""What sounds beside a player: white noise, other people's talk, a fan; mixed in at a ratio of loudness. Numpy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy import float32
from numpy.typing import NDArray

from llm_agentd.speech.sound_file import RATE_HZ
from llm_agentd.speech.types import Sound

KINDS = ("white", "babble", "fan")
VOICES = 6  # of a babble: fewer, and words can be told; more, and it is noise
FAN_HZ = 50.0


def mixed(sound: Sound, kind: str, ratio_db: float, others: Sequence[Sound], seed: int) -> Sound:
    """`sound` with noise that is `ratio_db` quieter, by the mean of the squares over its whole length."""
    chance = np.random.default_rng(seed)
    noise = made(kind, len(sound.samples), others, chance)
    level = _loudness(sound.samples) / _loudness(noise) * 10 ** (-ratio_db / 20)
    both = sound.samples + level * noise
    return Sound((both / max(1.0, float(np.abs(both).max()))).astype(float32), RATE_HZ)


def made(kind: str, length: int, others: Sequence[Sound], chance: np.random.Generator) -> NDArray[float32]:
    if kind == "white":
        return chance.standard_normal(length).astype(float32)
    return _fan(length, chance) if kind == "fan" else _babble(length, others, chance)


def _fan(length: int, chance: np.random.Generator) -> NDArray[float32]:
    """A motor's tone and what is above it, and air: noise that falls by 6 dB an octave."""
    at = np.arange(length) / RATE_HZ
    tones = sum(np.sin(2 * np.pi * FAN_HZ * times * at) / times for times in range(1, 9))
    spectrum = np.fft.rfft(chance.standard_normal(length))
    air = np.fft.irfft(spectrum / np.maximum(1, np.arange(len(spectrum)) * RATE_HZ / length / 100), length)
    return (0.5 * tones / np.std(tones) + air / np.std(air)).astype(float32)


def _babble(length: int, others: Sequence[Sound], chance: np.random.Generator) -> NDArray[float32]:
    total = np.zeros(length)
    for number in chance.choice(len(others), VOICES):
        samples = others[number].samples
        repeated: NDArray[float32] = np.resize(np.roll(samples, int(chance.integers(len(samples)))), length)
        total += repeated / (_loudness(samples) or 1.0)
    return total.astype(float32)


def _loudness(samples: NDArray[float32]) -> float:
    return float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))
