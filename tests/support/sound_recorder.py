"""What a real game client plays, recorded into a WAV file: OpenAL's backend `wave` stands where a sound card would be.

The backend writes at the pace of the clock, so the length of the file so far is how long the client has been up. Knows
nothing of the game and of speech.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

RATE_HZ = 24_000  # as our voices: nothing is resampled twice
FRAME_BYTES = 2 * 2  # left and right, 16 bits each
DATA = b"data"  # the samples follow its length, which is right only once the client has ended
FULL_SCALE = 32768
WINDOW_S = 0.05  # of a loudness: short beside a pause between words
Samples = Any  # numpy float32, -1 to 1: frames × (left, right)

# One HRTF or a reverberation less to know of: two channels, the same samples each time.
_CONF = """\
[general]
drivers = wave
frequency = {rate_hz}
channels = stereo
sample-type = int16
stereo-mode = speakers
hrtf = false
[wave]
file = {file}
"""


@dataclass(frozen=True, slots=True)
class SoundRecorder:
    """The recording of one client, whose files lie in `folder`."""

    folder: Path

    @property
    def file(self) -> Path:
        return self.folder / "heard.wav"

    def environment(self) -> dict[str, str]:
        """What the client is started with, so that it plays into the file."""
        conf = self.folder / "alsoft.conf"
        conf.write_text(_CONF.format(rate_hz=RATE_HZ, file=self.file), encoding="utf-8")
        return {"ALSOFT_CONF": str(conf), "ALSOFT_DRIVERS": "wave"}

    @property
    def now_s(self) -> float:
        """How long it has been recording; the last tenth of a second may not be in the file yet."""
        return self.file.stat().st_size / FRAME_BYTES / RATE_HZ

    def samples(self, since_s: float = 0.0) -> Samples:
        """All that was heard from that second of the recording on, also while the client runs."""
        raw = self.file.read_bytes()
        start = raw.index(DATA) + len(DATA) + 4
        frames = (len(raw) - start) // FRAME_BYTES
        pairs: Any = np.frombuffer(raw, "<i2", 2 * frames, start).reshape(frames, 2)
        return pairs[int(since_s * RATE_HZ) :].astype(np.float32) / FULL_SCALE


def loudness(samples: Samples) -> tuple[float, float]:
    """Left and right, root mean square."""
    left, right = np.sqrt((samples.astype(float) ** 2).mean(axis=0)) if len(samples) else (0.0, 0.0)
    return float(left), float(right)


def tone_loudness(samples: Samples, tone_hz: float) -> tuple[float, float]:
    """How loud a tone of that pitch is left and right, where it is loudest: other sounds do not count."""
    length = int(WINDOW_S * RATE_HZ)
    windows = samples[: len(samples) // length * length].reshape(-1, length, 2)
    wave = np.hanning(length) * 2 * np.exp(-2j * np.pi * tone_hz * np.arange(length) / RATE_HZ)
    by_window = np.abs(np.einsum("wlc,l->wc", windows, wave)) * 2 / length
    left, right = by_window[by_window.sum(axis=1).argmax()] if len(by_window) else (0.0, 0.0)
    return float(left), float(right)


def first_sound_s(samples: Samples, threshold: float) -> float | None:
    """When the first sound above that loudness begins, or None."""
    loud = np.flatnonzero(np.abs(samples).max(axis=1) > threshold)
    return float(loud[0]) / RATE_HZ if len(loud) else None
