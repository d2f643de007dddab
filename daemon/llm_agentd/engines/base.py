"""The engine protocol: tokens in, pieces out, one step for all live sequences.

An engine knows nothing of requests, caches, sockets or NPCs. Only the inference thread calls it, from its
first call to `close()`; so an engine needs no locks. What an engine cannot do (grammar, several sequences)
it says in its `EngineInfo` and refuses in `encode` with BadRequest, never by ignoring it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from llm_agentd.serving.request import Message, Sampling


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What `/info` shows and what the scheduler must know.

    `fingerprint`: changes with anything that may change the text (model file, quantisation, engine); part of each
    cache key. `context_tokens`: prompt plus completion of one sequence.
    """

    engine: str
    model: str
    fingerprint: str
    context_tokens: int
    max_sequences: int
    parameters: int = 0
    model_bytes: int = 0  # of the file, all of it resident at worst
    path: str = ""  # of the model file, for /info
    threads: int = 0
    features: frozenset[str] = field(default_factory=frozenset)  # of "messages", "grammar", "json_schema"


@dataclass(frozen=True, slots=True)
class Piece:
    """What one step gave one sequence.

    `data` may end inside a multi-byte character. `tokens` counts completion tokens in it: 0 where the piece only ends
    the sequence. `finish` is set on the last piece of a sequence: "stop" (the model ended; no data), "length" (context
    or max_tokens; the last data with it), "failed" (`error` says why).
    """

    seq: int
    data: bytes = b""
    tokens: int = 1
    finish: Literal["", "stop", "length", "failed"] = ""
    error: str = ""


class Engine(Protocol):
    """`width` below is `info.max_sequences`; sequence numbers are 0 … width-1 and chosen by the caller."""

    @property
    def info(self) -> EngineInfo: ...

    def encode(self, prompt: str | None, messages: Sequence[Message] | None, sampling: Sampling) -> list[int]:
        """Token ids of a raw prompt or of messages in the model's own chat template.

        Raises TooLarge where tokens + 1 exceed the context, BadRequest for what this engine cannot do
        (and for a grammar or schema that does not parse). Control tokens inside `prompt` and contents are plain text.
        """

    def start(self, seq: int, tokens: Sequence[int], sampling: Sampling) -> int:
        """Makes `seq` live; its prompt is computed by the coming steps. Returns how many tokens were reused."""

    def step(self) -> list[Piece]:
        """One decode step for all live sequences: running ones get a token, starting ones (part of) their prompt.

        A sequence that still computes its prompt has no piece. After a piece with `finish` the sequence is not live.
        A failure of one sequence is its own piece, never an exception; an exception means that the engine is broken.
        """

    def stop(self, seq: int) -> None:
        """Frees a live sequence at once (cancelled, deadline, stop string found). No-op if it is not live."""

    def close(self) -> None:
        """Frees the model. Last call."""
