"""Engines that speak, one a file; `choose` is the only way in.

Libraries load when an engine that needs one is opened, so this package can be imported without any of them.
"""

from __future__ import annotations

from llm_agentd.config.speech import Speech
from llm_agentd.speech.types import Sound, Speaker, Voice


class Hum:
    """A tone, as long as the text would take. For now the only one."""

    name = "stub"
    languages = ("*",)

    def speak(self, text: str, lang: str, voice: Voice) -> Sound:
        del lang
        import numpy as np

        times_s = np.arange(int(24_000 * 0.06 * len(text) / voice.pace)) / 24_000
        tone = 0.2 * np.sin(2 * np.pi * 200 * 2 ** (voice.semitones / 12) * times_s)
        return Sound(tone.astype(np.float32), 24_000)

    def close(self) -> None:
        """Nothing was started."""


def choose(speech: Speech) -> Speaker:
    del speech
    return Hum()
