"""How high a voice is: the pitch of a sound, by how well it fits itself one period later (autocorrelation).

For engines of which nobody says how high their voice is, and for tests. Pure numpy; the child processes alone.
"""

from __future__ import annotations

import numpy as np
from numpy import float64, intp
from numpy.typing import NDArray

from llm_agentd.speech.types import Sound

LOWEST_HZ, HIGHEST_HZ = 45.0, 550.0  # from a giant to a small child
FRAME_S = 0.06  # some three periods of the lowest
STEP_S = 0.02
VOICED = 0.6  # so well a frame must fit itself: vowels do with 0.7 to 1, hissing and silence do not
LOUD = 0.1  # of the loudest frame: what is quieter is breath and echo
NEARLY = 0.95  # of the best fit: the shortest lag that is as good is one period, the longer ones are two or three


def pitch_hz(sound: Sound) -> float | None:
    """The median over all voiced frames; None where there is none."""
    curve = pitch_curve(sound)
    voiced = curve[~np.isnan(curve)]
    return float(np.median(voiced)) if len(voiced) else None


def pitch_curve(sound: Sound) -> NDArray[float64]:
    """Hz every 20 ms; NaN where there is no voice."""
    size, step = round(FRAME_S * sound.rate_hz), round(STEP_S * sound.rate_hz)
    if len(sound.samples) < size:
        return np.zeros(0)
    frames = np.lib.stride_tricks.sliding_window_view(sound.samples, size)[::step].astype(float64)
    frames = frames - frames.mean(axis=1, keepdims=True)
    loudness = np.sqrt(np.square(frames).mean(axis=1))
    is_loud = loudness > max(LOUD * loudness.max(), 1e-4)
    curve = np.full(len(frames), np.nan)
    for at in np.flatnonzero(is_loud):
        curve[at] = _frame_hz(frames[at], sound.rate_hz)
    return curve


def _frame_hz(frame: NDArray[float64], rate_hz: int) -> float:
    lags = np.arange(round(rate_hz / HIGHEST_HZ), min(round(rate_hz / LOWEST_HZ), len(frame) // 2))
    power = np.abs(np.fft.rfft(frame, 2 * len(frame))) ** 2
    whole = np.fft.irfft(power)[: len(frame)]
    squares = np.concatenate(([0.0], np.cumsum(np.square(frame))))
    energy = np.sqrt(squares[len(frame) - lags] * (squares[-1] - squares[lags]))
    fit = whole[lags] / np.maximum(energy, 1e-9)
    is_peak = (fit[1:-1] >= fit[:-2]) & (fit[1:-1] >= fit[2:]) & (fit[1:-1] >= max(NEARLY * fit.max(), VOICED))
    peaks: NDArray[intp] = np.flatnonzero(is_peak) + 1
    return float(rate_hz / lags[peaks[0]]) if len(peaks) else float("nan")
