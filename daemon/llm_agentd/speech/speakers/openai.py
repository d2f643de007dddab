"""Any server that has OpenAI's `/v1/audio/speech`: of OpenAI itself, or a voice model on a machine of the admin's.

Its voices go by OpenAI's names, which other servers know too. A name is asked for whose pitch is near; what is missing
to the NPC's own is made of the sound, which is played faster or slower while the server is told the pace that comes out
right thereby.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from llm_agentd.speech.resample import as_if_played_faster
from llm_agentd.speech.server import Server
from llm_agentd.speech.speakers.sound_data import read_sound
from llm_agentd.speech.types import WOMAN_HZ, Sound, Voice

if TYPE_CHECKING:
    from llm_agentd.config.speech import Speech

ANSWER_MAX_BYTES = 64 * 1024 * 1024  # ten minutes at 48 kHz; the longest text is spoken in four
# About how high each is, by their makers' samples. Those of 2023, which every server knows that knows any.
VOICES_HZ = {"onyx": 95.0, "echo": 115.0, "fable": 150.0, "alloy": 170.0, "nova": 200.0, "shimmer": 185.0}
FASTER = (0.85, 1.3)  # beyond it one hears a tape, no person
SPEED = (0.25, 4.0)  # OpenAI's


class OpenAiSpeaker:
    name = "openai"
    languages = ("*",)

    def __init__(self, server: Server, model: str) -> None:
        self._server = server
        self._model = model

    def speak(self, text: str, lang: str, voice: Voice) -> Sound:
        wanted_hz = WOMAN_HZ * 2 ** (voice.semitones / 12)
        name, faster = voice.name_at(self.name), 2 ** (voice.semitones / 12)
        if not name:
            name, own_hz = min(VOICES_HZ.items(), key=lambda one: abs(math.log(one[1] / wanted_hz)))
            faster = wanted_hz / own_hz
        faster = min(max(faster, FASTER[0]), FASTER[1])
        body = {
            "model": self._model,
            "input": text,
            "voice": name,
            "response_format": "wav",
            "speed": round(min(max(voice.pace / faster, SPEED[0]), SPEED[1]), 3),
        }
        data = self._server.post("/audio/speech", max_bytes=ANSWER_MAX_BYTES, json=body)
        return as_if_played_faster(read_sound(data, self._server.place), faster)

    def close(self) -> None:
        self._server.close()


def open_speaker(speech: Speech) -> OpenAiSpeaker:
    return OpenAiSpeaker(Server(speech), speech.tts_model)
