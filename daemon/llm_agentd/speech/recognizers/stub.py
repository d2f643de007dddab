"""A recognizer without a model: it hears whether anybody speaks, and takes it for the first phrase that is likely.

For trying the way of a voice without any extra, and for tests. Silence gives "".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from llm_agentd.speech.types import Sound, Transcript

if TYPE_CHECKING:
    from llm_agentd.config.speech import Speech

QUIET = 0.01  # of full scale, at the loudest: the hiss of a microphone
TEXT = "Hello!"  # where no phrase is given


class StubRecognizer:
    name = "stub"
    languages = ("*",)

    def recognize(self, sound: Sound, lang: str, phrases: Sequence[str]) -> Transcript:
        if not len(sound.samples) or abs(sound.samples).max() < QUIET:
            return Transcript("", 0.0)
        return Transcript(phrases[0] if phrases else TEXT, 1.0)

    def close(self) -> None:
        pass


def problem(speech: Speech) -> str | None:
    return None


def open_recognizer(speech: Speech) -> StubRecognizer:
    return StubRecognizer()
