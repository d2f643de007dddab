"""A text of any length as one sound, spoken piece by piece, so that a game's sentences get in between. Event loop."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import replace

from llm_agentd.speech.sentence import SpeakRequest
from llm_agentd.speech.service import SpeechService

PIECE_MAX_CHARS = 300  # a quarter of a second of rendering, which is how long a sentence of a game may wait for it
PAUSE = bytes(2 * 24_000 * 15 // 100)  # between two pieces: 0.15 s of `pcm`
_SENTENCES = re.compile(r"(?<=[.!?…。！？])\s+")


async def speak_long(service: SpeechService, request: SpeakRequest) -> bytes:
    """The file. Raises what `service.speak` does."""
    if len(request.text) <= PIECE_MAX_CHARS:
        return (await service.speak(request)).audio
    spoken = [
        (await service.speak(replace(request, text=piece, form="pcm", is_kept=False))).audio
        for piece in pieces(request.text)
    ]
    return await service.encode(PAUSE.join(spoken), request.form)


def pieces(text: str) -> Iterator[str]:
    """Whole sentences, as many as a piece holds; one that is too long is cut between words."""
    piece = ""
    for sentence in _SENTENCES.split(text):
        for part in textwrap.wrap(sentence, PIECE_MAX_CHARS):
            if piece and len(piece) + 1 + len(part) > PIECE_MAX_CHARS:
                yield piece
                piece = ""
            piece = f"{piece} {part}" if piece else part
    if piece:
        yield piece
