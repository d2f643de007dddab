"""The engine protocol: token ids in, pieces of text out, one step for all active sequences.

Only the engine thread calls an engine, from its constructor to `close()`; so it needs no locks. It knows nothing of
requests, caches, sockets or NPCs. What an engine cannot do (a grammar, several sequences) its `EngineInfo` says, and
`encode` refuses it with BadRequest; it never ignores an option. Imports types and errors only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Literal, Protocol

from llm_agentd.errors import AgentdError
from llm_agentd.types import Message, PrefixState, Sampling, Usage


@dataclass(frozen=True, slots=True)
class Candidate:
    """A binding that was proven and timed with this model on this machine, for /info. Tokens/s: 0 for none.

    `rows_max`: the longest part of a prompt that it computes rightly, 0: none. `note`: why it was passed over, or held
    to shorter parts.
    """

    engine: str
    version: str
    prompt_tokens_per_s: float
    reply_tokens_per_s: float  # of all sequences, at the width that gives most
    rows_max: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What `/info` shows and what the scheduler must know.

    `fingerprint`: changes with anything that may change the text (model file, quantisation, engine); part of each
    cache key. `context_tokens`: prompt plus completion of one sequence. `max_num_seqs`: how many run at once.
    `is_remote`: another process computes, this one waits: any number of sequences at once takes no longer than one.
    """

    engine: str
    model: str
    fingerprint: str
    context_tokens: int
    max_num_seqs: int
    parameters: int = 0
    model_bytes: int = 0  # of the file, all of it resident at worst
    path: str = ""  # of the model file, for /info
    threads: int = 0
    languages: tuple[str, ...] = ()  # codes that the model's file claims; none: it does not say
    prompt_form: str = ""  # how prompts must be written, by the model's own word: "topics", or plainly
    candidates: tuple[Candidate, ...] = ()  # that could compute this model here, the taken one first
    # Of "messages", "grammar", "json_schema", "states" (saved and taken up again; needed to pause), "embeddings".
    features: frozenset[str] = field(default_factory=frozenset)
    is_remote: bool = False


@dataclass(frozen=True, slots=True)
class Prompt:
    """Token ids. The first `stable_tokens` are likely to begin other prompts too: all but the last turn of a chat.

    `is_estimate`: the ids mean nothing and their number is a guess; a server counts them.
    """

    tokens: list[int]
    stable_tokens: int = 0
    is_estimate: bool = False

    def __len__(self) -> int:
        return len(self.tokens)


@dataclass(frozen=True, slots=True)
class Piece:
    """What one step gave one sequence.

    `data` may end inside a multi-byte character. `tokens` counts completion tokens in it: 0 where the piece only ends
    the sequence. `finish` is set on the last piece of a sequence, which may have data: "stop" (the text is whole),
    "length" (context or max_tokens), "failed" (`error` says why; no data). `state` comes by itself, before the first
    token, where `start` was asked to keep it.

    `embedding`: of a text of which nothing else was asked (`Sampling.max_tokens` 0), in its only piece, a "stop".

    Of a model elsewhere: `answer` is the error to answer a failed sequence with, where it is another than EngineFailed;
    the last piece has the `usage` that the server counted and the name of the `model` that it says has answered.
    """

    seq: int
    data: bytes = b""
    tokens: int = 1
    finish: Literal["", "stop", "length", "failed"] = ""
    error: str = ""
    state: PrefixState | None = None
    embedding: tuple[float, ...] = ()
    answer: AgentdError | None = None
    usage: Usage | None = None
    model: str = ""


@dataclass(frozen=True, slots=True)
class StepTiming:
    """What the last step took: one token for each of `num_seqs` sequences in `decode_s` seconds, and `prompt_tokens`
    tokens of prompts in `prompt_s` seconds. A step in which some were given more is told as none.
    """

    num_seqs: int = 0
    decode_s: float = 0.0
    prompt_tokens: int = 0
    prompt_s: float = 0.0


class Engine(Protocol):
    """A sequence number `seq` is a slot of the engine, 0 … `info.max_num_seqs` - 1; the caller chooses a free one.

    A slot is *active* from `start` or `resume` to its last piece, `stop` or `pause`, else free.
    """

    @property
    def info(self) -> EngineInfo: ...

    @property
    def last_step(self) -> StepTiming: ...

    def encode(self, prompt: str | None, messages: Sequence[Message] | None, sampling: Sampling) -> Prompt:
        """Token ids of a raw prompt or of messages in the model's own chat template.

        Raises TooLarge where tokens + 1 exceed the context, BadRequest for what this engine cannot do
        (and for a grammar or schema that does not parse). Control tokens inside `prompt` and contents are plain text.
        """

    def cached_tokens(self, seq: int) -> Sequence[int]:
        """Token ids whose KV state a free `seq` still holds from its last use: `start` reuses their common prefix."""

    def start(
        self,
        seq: int,
        prompt: Prompt,
        sampling: Sampling,
        *,
        state: PrefixState | None = None,
        keep_prefix: bool = False,
        priority: int = 0,
        session_id: str = "",
        deadline_s: float = inf,
    ) -> int:
        """Makes the free `seq` active; the coming steps compute its prompt. Returns how many tokens are reused.

        Reused is the longest common prefix of the prompt with `state` or with `cached_tokens(seq)`, whichever is
        longer. `keep_prefix`: the state of the first `prompt.stable_tokens` comes as a piece once it is computed.
        Prompts of a lower `priority` (0 is the most urgent) are computed first. `session_id`: for a model elsewhere,
        which of its replicas is likely to hold this beginning: prompts of one session go to the same. `deadline_s`,
        of the monotonic clock: of no use after it, so nothing is tried again that would end later.
        """

    def step(self) -> list[Piece]:
        """One decode step for all active sequences: running ones get a token, starting ones (part of) their prompt.

        A sequence that still computes its prompt has no piece; one that has just computed it may have two. After a
        piece with `finish` its slot is free. A failure of one sequence is its own piece, never an exception; an
        exception means that the engine is broken. An engine that waits for another process returns as soon as there
        are pieces, or after a moment, or on `wake`.
        """

    def wake(self) -> None:
        """Ends a `step` that only waits. From any thread; no-op for an engine that computes."""

    def stop(self, seq: int) -> None:
        """Frees an active sequence at once (cancelled, deadline, stop string found). No-op if it is not active."""

    def pause(self, seq: int) -> object:
        """Frees the slot of an active sequence; `resume` continues it later in any free slot. Feature "states"."""

    def resume(self, seq: int, paused: object, *, priority: int = 0) -> None:
        """Continues what `pause` returned, in the free `seq`, with the same text as if it had never paused."""

    def save_state(self, seq: int) -> PrefixState:
        """The state of `cached_tokens(seq)` of a free `seq`, without a probe. Feature "states"."""

    def verify_state(self, seq: int, state: PrefixState) -> bool:
        """Whether `state` gives the logits in its probe, computed once in the free `seq`. If so, `seq` holds it."""

    def time_step(self, num_seqs: int) -> float:
        """Seconds that one token for each of `num_seqs` sequences takes, measured while none is active."""

    def close(self) -> None:
        """Frees the model. Last call."""
