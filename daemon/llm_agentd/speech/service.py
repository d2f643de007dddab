"""`SpeechService`: the entrance to speech for the HTTP process. Sentences in, sound out; sound in, words out.

Runs on the event loop; all that takes time is done by a child process (`worker/`), which starts at the first use. It
never fails a game: whoever asks gets a sound or an AgentdError, and the line is there as text all the same. Knows no
HTTP and no NPC but its id.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from llm_agentd.config.speech import Speech
from llm_agentd.errors import Unavailable
from llm_agentd.speech.types import Transcript, Voice
from llm_agentd.types import Priority

OFF = "speech is off (speech.tts); the line is there as text"
DEAF = "nobody listens here (speech.stt); type the words"
RETRY_AFTER_MS = 60_000  # of what an admin must mend first


@dataclass(frozen=True, slots=True)
class SpeakRequest:
    """One sentence. `deadline_ms`: when nobody wants it any more; `form`: ogg, mp3, wav, flac, opus, aac or pcm."""

    text: str
    lang: str = "en"
    voice: Voice = field(default_factory=Voice)
    npc: str = ""
    priority: Priority = "spoken"
    deadline_ms: int = 10_000
    form: str = "ogg"


@dataclass(frozen=True, slots=True)
class Spoken:
    """`id`: 32 hex digits, the same for the same words of the same voice. `mouth`: loudness 0–9 of each 100 ms."""

    id: str
    seconds: float
    mouth: str
    engine: str
    audio: bytes


class SpeechService:
    """`speak`, `prepare` and `recognize` from the event loop, then `close`."""

    def __init__(self, speech: Speech) -> None:
        self._speech = speech

    async def speak(self, request: SpeakRequest) -> Spoken:
        """Raises Unavailable, DeadlineExceeded (never rendered), Overloaded, SpeechError."""
        raise Unavailable(OFF, retry_after_ms=RETRY_AFTER_MS)

    def prepare(self, requests: Sequence[SpeakRequest]) -> int:
        """Renders these when nothing else is to do, and keeps them. How many were taken."""
        return 0

    async def recognize(self, audio: bytes, lang: str, phrases: Sequence[str] = ()) -> Transcript:
        """`audio`: a file's bytes, such as WAV or Ogg. Raises Unavailable, BadRequest, Overloaded, SpeechError."""
        raise Unavailable(DEAF, retry_after_ms=RETRY_AFTER_MS)

    def info(self) -> dict[str, Any]:
        """For /info: `tts`, `stt`, `tts_languages`, `stt_languages`."""
        return {"tts": self._speech.tts, "stt": self._speech.stt, "tts_languages": [], "stt_languages": []}

    async def close(self) -> None:
        """Ends the children; whoever waits is answered `unavailable`."""
