"""The engine protocol: tokens in, pieces out, one step for all live sequences.

An engine knows nothing of requests, caches, sockets or NPCs. Only the engine thread calls it, from its
first call to `close()`; so an engine needs no locks. What an engine cannot do (grammar, several sequences)
it says in its `EngineInfo` and refuses in `encode` with BadRequest, never by ignoring it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from llm_agentd.types import Message, PrefixState, Sampling


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
    languages: tuple[str, ...] = ()  # codes that the model's file claims; none: it does not say
    # Of "messages", "grammar", "json_schema", "states" (saved and taken up again; needed to pause).
    features: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Prompt:
    """Token ids. The first `stable_tokens` are likely to begin other prompts too: all but the last turn of a chat."""

    tokens: list[int]
    stable_tokens: int = 0

    def __len__(self) -> int:
        return len(self.tokens)


@dataclass(frozen=True, slots=True)
class Piece:
    """What one step gave one sequence.

    `data` may end inside a multi-byte character. `tokens` counts completion tokens in it: 0 where the piece only ends
    the sequence. `finish` is set on the last piece of a sequence: "stop" (the model ended; no data), "length" (context
    or max_tokens; the last data with it), "failed" (`error` says why). `state` comes by itself, before the first token,
    where `start` was asked to keep it.
    """

    seq: int
    data: bytes = b""
    tokens: int = 1
    finish: Literal["", "stop", "length", "failed"] = ""
    error: str = ""
    state: PrefixState | None = None


@dataclass(frozen=True, slots=True)
class Cost:
    """What the last step took: a token for each of `width` sequences in `decode_s`, `prompt_tokens` in `prompt_s`."""

    width: int = 0
    decode_s: float = 0.0
    prompt_tokens: int = 0
    prompt_s: float = 0.0


class Engine(Protocol):
    """`width` below is `info.max_sequences`; sequence numbers are 0 … width-1 and chosen by the caller."""

    @property
    def info(self) -> EngineInfo: ...

    @property
    def cost(self) -> Cost: ...

    def encode(self, prompt: str | None, messages: Sequence[Message] | None, sampling: Sampling) -> Prompt:
        """Token ids of a raw prompt or of messages in the model's own chat template.

        Raises TooLarge where tokens + 1 exceed the context, BadRequest for what this engine cannot do
        (and for a grammar or schema that does not parse). Control tokens inside `prompt` and contents are plain text.
        """

    def held(self, seq: int) -> Sequence[int]:
        """Tokens whose state a free `seq` still holds from its last use: `start` takes up what is the same."""

    def start(
        self,
        seq: int,
        prompt: Prompt,
        sampling: Sampling,
        *,
        state: PrefixState | None = None,
        keep: bool = False,
        rank: int = 0,
    ) -> int:
        """Makes `seq` live; its prompt is computed by the coming steps. Returns how many tokens were reused.

        `state` (or what `seq` holds, if that is more) is taken up as far as it is the same as the prompt. `keep`: the
        state of the stable beginning comes as a piece once it is computed. Prompts of a lower `rank` go first.
        """

    def step(self) -> list[Piece]:
        """One decode step for all live sequences: running ones get a token, starting ones (part of) their prompt.

        A sequence that still computes its prompt has no piece. After a piece with `finish` the sequence is not live.
        A failure of one sequence is its own piece, never an exception; an exception means that the engine is broken.
        """

    def stop(self, seq: int) -> None:
        """Frees a live sequence at once (cancelled, deadline, stop string found). No-op if it is not live."""

    def pause(self, seq: int) -> object:
        """Takes a live sequence out of its slot; `resume` goes on with it later, in any free slot. Feature "states"."""

    def resume(self, seq: int, paused: object, *, rank: int = 0) -> None: ...

    def snapshot(self, seq: int) -> PrefixState:
        """The state that a free `seq` still holds, without a probe. Feature "states"."""

    def proves(self, seq: int, state: PrefixState) -> bool:
        """Whether `state` gives the scores it was kept with, computed once in the free `seq`, which holds it after."""

    def time_step(self, width: int) -> float:
        """Seconds that one token for each of `width` sequences takes; while nothing is live. For finding the width."""

    def close(self) -> None:
        """Frees the model. Last call."""
