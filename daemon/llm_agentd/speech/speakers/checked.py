"""Around each engine: what is given to it to say, and how its sound leaves. So no engine has to think of either.

In goes one line of what can be spoken, in a language that the engine speaks; out comes a sound as loud as that of every
other engine, without silence before it. Whatever an engine raises is a SpeechError that names it.
"""

from __future__ import annotations

import numpy as np
from numpy import float32

from llm_agentd.errors import AgentdError, BadRequest, SpeechError, TooLarge
from llm_agentd.speech.languages import DEFAULT, base_code
from llm_agentd.speech.spoken_text import spoken_text
from llm_agentd.speech.types import Sound, Speaker, Voice

TEXT_MAX_CHARS = 4096  # as OpenAI's; four minutes. What NPCs say has 2,000 at most
LOUDNESS = 0.1  # root mean square of what is spoken, -20 dB: no voice is louder than another, whatever the engine
NOTHING_HZ = 24000  # the rate of no samples at all
PEAK = 0.95  # and nothing is cut off at the top
FRAME_S = 0.02
SPOKEN = 0.008  # of the loudest frame: what is quieter is a pause, or the last of a breath
BEFORE_S, AFTER_S = 0.03, 0.15  # of silence that is left


class CheckedSpeaker:
    """A Speaker around another one."""

    def __init__(self, engine: Speaker) -> None:
        self._engine = engine
        self.name = engine.name
        self.languages = engine.languages

    def speak(self, text: str, lang: str, voice: Voice) -> Sound:
        if len(text) > TEXT_MAX_CHARS:
            raise TooLarge(f"text: {len(text)} characters; {TEXT_MAX_CHARS} are spoken at once: send it in parts")
        line = spoken_text(text)
        if not line:
            return Sound(np.zeros(0, float32), NOTHING_HZ)
        if base_code(lang) not in self.languages and self.languages != ("*",):
            known = ", ".join(self.languages)
            raise BadRequest(f"lang: {self.name} does not speak {lang!r}; it speaks {known}")
        try:
            sound = self._engine.speak(line, lang or DEFAULT, voice)
        except AgentdError:
            raise
        except Exception as error:  # of a library, about which nothing is known
            raise SpeechError(f"{self.name} failed: {type(error).__name__}: {error}") from error
        return finished(sound)

    def close(self) -> None:
        self._engine.close()


def finished(sound: Sound) -> Sound:
    """Without the silence around it, at LOUDNESS."""
    size = round(FRAME_S * sound.rate_hz)
    count = len(sound.samples) // size
    samples = np.nan_to_num(sound.samples)
    loudness = np.sqrt(np.square(samples[: count * size].reshape(count, size)).mean(axis=1))
    spoken = np.flatnonzero(loudness > SPOKEN * loudness.max(initial=0.0))
    if not len(spoken):
        return Sound(np.zeros(0, float32), sound.rate_hz)
    first = max(int(spoken[0]) * size - round(BEFORE_S * sound.rate_hz), 0)
    last = (int(spoken[-1]) + 1) * size + round(AFTER_S * sound.rate_hz)
    level = float(np.sqrt(np.square(loudness[spoken]).mean()))
    factor = min(LOUDNESS / level, PEAK / float(np.abs(samples).max()))
    return Sound((samples[first:last] * float32(factor)).astype(float32), sound.rate_hz)
