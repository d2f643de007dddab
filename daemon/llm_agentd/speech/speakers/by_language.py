"""Two engines as one: the better one for the languages that it speaks, the other for all else (`speech.tts: auto`)."""

from __future__ import annotations

from collections.abc import Sequence

from llm_agentd.speech.languages import base_code, read_as
from llm_agentd.speech.types import Sound, Speaker, Voice


class SpeakerByLanguage:
    """`speakers`: the best first. What none of them speaks is the last one's to refuse."""

    def __init__(self, speakers: Sequence[Speaker]) -> None:
        self._speakers = tuple(speakers)
        self.name = "+".join(speaker.name for speaker in speakers)
        self.languages = tuple(sorted({code for speaker in speakers for code in speaker.languages}))

    def speak(self, text: str, lang: str, voice: Voice) -> Sound:
        lang = read_as(text, lang)
        return self._speaker(base_code(lang), voice).speak(text, lang, voice)

    def close(self) -> None:
        for speaker in self._speakers:
            speaker.close()

    def _speaker(self, code: str, voice: Voice) -> Speaker:
        """Of those that speak it, the one whose own voice is asked for, else the best."""
        able = [speaker for speaker in self._speakers if code in speaker.languages]
        named = [speaker for speaker in able if voice.name_at(speaker.name)]
        return next(iter([*named, *able, self._speakers[-1]]))
