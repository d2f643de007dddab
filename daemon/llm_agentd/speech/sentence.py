"""A sentence on its way: what is asked, what comes of it, and how it ended. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from llm_agentd.speech.types import Voice
from llm_agentd.types import Priority


@dataclass(frozen=True, slots=True)
class SpeakRequest:
    """One sentence. `deadline_ms`: when nobody wants it any more; `form`: ogg, mp3, wav, flac, opus, aac or pcm;
    `is_kept`: on the disk, for the next time."""

    text: str
    lang: str = "en"
    voice: Voice = field(default_factory=Voice)
    npc: str = ""
    npc_name: str = ""
    role: str = ""
    priority: Priority = "spoken"
    deadline_ms: int = 10_000
    form: str = "ogg"
    is_kept: bool = True


@dataclass(frozen=True, slots=True)
class Spoken:
    """`id`: 32 hex digits, the same for the same words of the same voice. `mouth`: loudness 0–9 of each 100 ms."""

    id: str
    seconds: float
    mouth: str
    engine: str
    audio: bytes


@dataclass(slots=True)
class Ended:
    """How a sentence ended that somebody waited for. `outcome`: `done`, `kept`, or the code of an error."""

    request: SpeakRequest
    outcome: str = "cancelled"
    message: str = ""
    engine: str = ""
    timing_ms: dict[str, float] = field(default_factory=dict)  # `queue`, `render`, `encode`, `total`
