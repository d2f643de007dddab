"""Engine `stub`: hums, a note for each syllable that a reader might count. No library, no model: for trying out, and
for tests that want a sound in a millisecond.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy import float32

from llm_agentd.speech.types import Sound, Voice

if TYPE_CHECKING:
    from llm_agentd.config.speech import Speech

RATE_HZ = 16000
PITCH_HZ = 200.0  # of `Voice()`, as a woman's
SECONDS_A_CHAR = 0.06  # an ordinary speaker's, of English
SYLLABLE_S = 0.2
LOUDNESS = 0.3


class StubSpeaker:
    name = "stub"
    languages = ("*",)

    def speak(self, text: str, lang: str, voice: Voice) -> Sound:
        """As long as the text takes, at the voice's pitch."""
        times = np.arange(round(len(text) * SECONDS_A_CHAR / voice.pace * RATE_HZ)) / RATE_HZ
        tone = np.sin(2 * np.pi * PITCH_HZ * 2 ** (voice.semitones / 12) * times)
        swell = np.sin(np.pi * (times * voice.pace / SYLLABLE_S % 1.0))
        return Sound((LOUDNESS * swell * tone).astype(float32), RATE_HZ)

    def close(self) -> None:
        """Nothing to end."""


def open_speaker(speech: Speech) -> StubSpeaker:
    return StubSpeaker()
