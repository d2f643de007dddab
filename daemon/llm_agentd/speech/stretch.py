"""A sound in more or less time, at the same pitch: for engines whose pace cannot be chosen.

Pure numpy; the child processes alone.
"""

from __future__ import annotations

import numpy as np
from numpy import float32
from numpy.typing import NDArray

from llm_agentd.speech.types import Sound

FRAME_S = 0.03  # two or three periods of a voice: shorter ones flutter, longer ones echo
REACH_S = 0.01  # a period of a deep voice: so far a frame may be moved to go on where the one before ended
SAME = 0.01  # a difference that nobody hears


def stretched(sound: Sound, factor: float) -> Sound:
    """The same words in `factor` times the time (WSOLA).

    Frames are laid down at other distances than they were taken; each is taken where, within a period around its place,
    it goes on best from the one before.
    """
    size = round(FRAME_S * sound.rate_hz) // 2 * 2
    half, reach = size // 2, round(REACH_S * sound.rate_hz)
    if abs(factor - 1) < SAME or len(sound.samples) < 2 * (size + reach):
        return sound
    window: NDArray[float32] = np.hanning(size + 1)[:size].astype(float32)
    count = int(len(sound.samples) * factor) // half
    source = np.pad(sound.samples, (reach, size + 2 * reach))
    made: NDArray[float32] = np.zeros((count + 1) * half + size, float32)
    place = reach  # in `source`, of the last frame
    for number in range(count):
        wanted = reach + int(number * half / factor)
        if number:
            near = source[wanted - reach : wanted + reach + half]
            going_on = source[place + half : place + size]
            wanted += int(np.argmax(np.correlate(near, going_on, "valid"))) - reach
        place = min(max(wanted, 0), len(source) - size)
        made[number * half : number * half + size] += window * source[place : place + size]
    return Sound(made[: round(len(sound.samples) * factor)], sound.rate_hz)
