"""Any server that has OpenAI's `/v1/audio/transcriptions`: what a player says goes there as a WAV file.

Runs in the child process that listens. One try a sound; what went wrong is a SpeechError with the place.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import orjson

from llm_agentd.errors import SpeechError
from llm_agentd.speech.types import Sound, Transcript

if TYPE_CHECKING:
    from llm_agentd.config.speech import Speech
    from llm_agentd.speech.server import Server

MODEL = "whisper-1"  # where none is named: what servers take for any
ANSWER_MAX_BYTES = 1024 * 1024  # ten minutes of talk have 10 KB
CONFIDENCE = 0.9  # it says none in this form of answer


class OpenAIRecognizer:
    name = "openai"
    languages = ("*",)

    def __init__(self, server: Server, model: str) -> None:
        self._server = server
        self._model = model

    def recognize(self, sound: Sound, lang: str, phrases: Sequence[str]) -> Transcript:
        fields = {"model": self._model, "response_format": "json", "temperature": "0"}
        if lang:
            fields["language"] = lang
        if phrases:
            fields["prompt"] = ", ".join(phrases)
        body = self._server.post(
            "/audio/transcriptions",
            max_bytes=ANSWER_MAX_BYTES,
            data=fields,
            files={"file": ("said.wav", wav(sound), "audio/wav")},
        )
        text = self._text(body)
        return Transcript(text, CONFIDENCE if text else 0.0)

    def _text(self, body: bytes) -> str:
        try:
            text = orjson.loads(body)["text"]
        except (orjson.JSONDecodeError, LookupError, TypeError):
            text = None
        if not isinstance(text, str):
            raise SpeechError(f"{self._server.place}: the answer is no transcript; is it /v1/audio/transcriptions?")
        return text.strip()

    def close(self) -> None:
        self._server.close()


def wav(sound: Sound) -> bytes:
    """Mono, 16 bits."""
    import wave

    import numpy as np

    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(sound.rate_hz)
        out.writeframes((np.clip(sound.samples, -1.0, 1.0) * 32767).astype("<i2").tobytes())
    return file.getvalue()


def problem(speech: Speech) -> str | None:
    return None if speech.base_url else "speech.base_url names no server: want its address up to /v1"


def open_recognizer(speech: Speech) -> OpenAIRecognizer:
    from llm_agentd.speech.server import Server  # here, as it loads an HTTP client

    return OpenAIRecognizer(Server(speech), speech.stt_model or MODEL)
