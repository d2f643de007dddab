"""What travels in speech: voices, sounds and transcripts, and the two protocols that engines implement.

Engines run in a child process of their own, on its one thread: they need no locks. This file imports no numpy while the
program runs, so that the HTTP process may hold a `Voice` without it. It knows no engine, no NPC and no HTTP.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

# What still sounds like a speaker: beyond it words are lost (tests/speech/test_intelligible.py).
SEMITONES = (-14.0, 10.0)
FORMANT = (0.7, 1.5)
PACE = (0.5, 2.0)
WOMAN_HZ = 200.0  # pitch of the ordinary woman whom voices are measured by


@dataclass(frozen=True, slots=True)
class Voice:
    """What is asked of an engine, the same for an NPC each time.

    `name`: `ENGINE:VOICE`, a voice of one engine's own, which other engines pass over; "": none. Pitch and formant are
    against that voice's own, and without a name against those of an ordinary woman: each engine knows how far its own
    voice is from hers. `semitones`: pitch. `formant`: how small the speaker's head and throat are; above 1 a child,
    below 1 a dwarf. `pace`: words a minute against an ordinary speaker's.
    """

    name: str = ""
    semitones: float = 0.0
    formant: float = 1.0
    pace: float = 1.0

    def name_at(self, engine: str) -> str:
        """The voice that is asked for at this engine; "": none, or one of another engine."""
        owner, _, name = self.name.partition(":")
        return name if owner == engine else ""


@dataclass(frozen=True, slots=True)
class Sound:
    """Samples of one channel, -1 to 1. None at all: there was nothing to say."""

    samples: NDArray[float32]
    rate_hz: int

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate_hz


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was understood; "" where nothing was said. `confidence`: 0 to 1. `seconds`: of sound, by `hear` alone."""

    text: str
    confidence: float
    seconds: float = 0.0


class Speaker(Protocol):
    """Text to speech."""

    @property
    def name(self) -> str:
        """As in config's `speech.tts`."""

    @property
    def languages(self) -> tuple[str, ...]:
        """Two-letter codes; ("*",): any."""

    def speak(self, text: str, lang: str, voice: Voice) -> Sound:
        """The same text, language and voice give the same samples, where the engine computes on this machine.

        Any text is taken: what cannot be spoken (markup, emoji, emotes) is left out. Raises SpeechError.
        """

    def close(self) -> None:
        """Ends what it started. Last call."""


class Recognizer(Protocol):
    """Speech to text."""

    @property
    def name(self) -> str:
        """As in config's `speech.stt`."""

    @property
    def languages(self) -> tuple[str, ...]:
        """Two-letter codes; ("*",): any."""

    def recognize(self, sound: Sound, lang: str, phrases: Sequence[str]) -> Transcript:
        """`sound` at 16 kHz. `lang`: one of `languages`, or "" for the engine's own.

        `phrases`: what is likely to be said, a hint: names of NPCs near by as they are written, commands in small
        letters. Raises SpeechError.
        """

    def close(self) -> None:
        """Ends what it started. Last call."""
