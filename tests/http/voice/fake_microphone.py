"""A real Chromium whose microphone plays a file: speech of our own engines, with noise under it as in a room.

Chromium reads the file anew for each page that opens the microphone, once, and is silent after it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from playwright.sync_api import Browser, Playwright

from llm_agentd.config.speech import Speech
from llm_agentd.speech.speakers import choose
from llm_agentd.speech.types import Voice

START_MS = 120_000.0  # Chromium takes two seconds alone, and far longer where many tests start at once
LEAD_S, TAIL_S = 0.5, 0.5  # of the room alone
NOISE_BELOW_DB = 20.0  # under the voice: a fan, a street behind a window


def record(path: Path, words: str, *, engine: str = "hibari", pause_s: float = 0.0) -> Path:
    """Somebody who says this in a room that is not quiet. `pause_s`: of silence behind it."""
    speaker = choose(Speech.model_validate({"tts": engine}))
    try:
        sound = speaker.speak(words, "en", Voice())
    finally:
        speaker.close()
    room: list[NDArray[np.float32]] = [
        np.zeros(int(seconds * sound.rate_hz), np.float32) for seconds in (LEAD_S, TAIL_S + pause_s)
    ]
    samples: NDArray[np.float32] = np.concatenate([room[0], sound.samples, room[1]])
    loudness = float(np.sqrt(np.mean(np.square(sound.samples))))
    noise = np.random.default_rng(7).standard_normal(len(samples)).astype(np.float32)
    samples = 0.7 * (samples + noise * loudness * 10 ** (-NOISE_BELOW_DB / 20)) / max(1.0, float(np.abs(samples).max()))
    soundfile.write(path, samples, sound.rate_hz, subtype="PCM_16")
    return path


@contextmanager
def browser_with(playwright: Playwright, recording: Path | None, *more: str) -> Iterator[Browser]:
    """`recording`: None is a machine without a microphone."""
    path = shutil.which("chromium")
    assert path, "no chromium: apt-get install -y --no-install-recommends chromium"
    fake = []
    if recording is not None:
        fake = ["--use-fake-device-for-media-stream", f"--use-file-for-fake-audio-capture={recording}%noloop"]
    browser = playwright.chromium.launch(
        executable_path=path,
        args=["--no-sandbox", "--disable-gpu", "--autoplay-policy=user-gesture-required", *fake, *more],
        timeout=START_MS,
    )
    try:
        yield browser
    finally:
        browser.close()
