"""What the `llama` engines need of llama.cpp, whoever brings it: cyllama's wheel, or llama-cpp-python compiled here.

A binding owns one model and one context. It is thin: it checks only what keeps the process alive, and knows prompts
and samplings only as far as is named here. Engine thread only; `decode` lets the interpreter lock go.

Shapes: a token id is an int in 0 … `vocab_size` - 1. Logits are one float32 for each token id, so a sequence of length
`vocab_size`. A position counts the tokens of its sequence from 0. A state is opaque bytes of llama.cpp; each token has
2 · layers · kv heads · head size values in it, of two bytes (f16) or a little more than one (q8_0).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol, TypeAlias

from llm_agentd.engines.llama.grammar.follow import Forced
from llm_agentd.types import Sampling

KvType: TypeAlias = Literal["f16", "q8_0"]  # dtype of the KV cache
PENALTY_TOKENS = 64  # how far back repeat_penalty looks, as in llama.cpp
BatchRow: TypeAlias = tuple[int, int, int, bool]  # token id, position, sequence, whether its logits are wanted


class Sampler(Protocol):
    """Chooses the tokens of one sequence; holds its random numbers and how far its grammar is."""

    def sample(self, row: int) -> int:
        """The next token id, from the logits of row `row` of the last `decode`. Raises RuntimeError where there is
        none that fits, or the row has no logits.
        """

    def forced(self) -> Forced:
        """What the grammar leaves no choice of behind the tokens so far."""

    def accept(self, token: int) -> None:
        """As if it had been sampled; a grammar must allow it, or it has no way to go on."""


class Binding(Protocol):
    """The constructor loads a model: `(path, *, gpu_layers)`. Raises StartError that names path and reason."""

    version: str  # "cyllama 0.2.18": part of fingerprints
    vocab_size: int
    is_sentencepiece: bool  # such a vocabulary by default puts a space before a text
    bos: int | None  # the token id that opens every prompt, if this model wants one
    has_streams: bool  # each sequence is in cells of its own: neighbours in a decode are computed at once, others not

    # -- vocabulary and templates ----------------------------------------------------------------

    def tokenize(self, text: str, *, control: bool) -> list[int]:
        """Token ids, without BOS. `control`: control tokens in `text` are meant, else they are plain text."""

    def token_text(self, token: int) -> str:
        """How the vocabulary writes a token."""

    def token_to_piece(self, token: int) -> bytes:
        """The exact bytes of a token, maybe half a character; none for control tokens."""

    def is_eog(self, token: int) -> bool:
        """True for tokens by which the model ends its turn ("end of generation")."""

    def apply_chat_template(self, template: str, turns: list[tuple[str, str]]) -> str:
        """(role, content) turns in a template that llama.cpp knows, opened for the assistant. Raises otherwise."""

    def grammar_error(self, grammar: str) -> str:
        """Why llama.cpp cannot use this GBNF grammar with this vocabulary; "" if it can."""

    # -- the context -----------------------------------------------------------------------------

    def open_context(
        self, *, context_tokens: int, max_num_seqs: int, threads: int, batch_tokens: int, kv_type: KvType
    ) -> None:
        """A KV cache for `max_num_seqs` sequences of `context_tokens` each, every sequence in cells of its own.

        `batch_tokens`: the most rows of one `decode`. Raises StartError where there is no memory for it.
        """

    def decode(self, rows: Sequence[BatchRow]) -> None:
        """One pass through the network for all rows. Raises RuntimeError: then the context is broken."""

    def logits(self) -> Sequence[float]:
        """Of the first row of the last `decode` that wanted them. Raises RuntimeError where none did."""

    def kv_remove(self, seq: int, position: int = 0) -> bool:
        """Drops what `seq` holds from `position` on. False where this model's memory cannot be cut there."""

    def save_state(self, seq: int) -> bytes:
        """All that `seq` holds, as one state."""

    def load_state(self, seq: int, data: bytes) -> None:
        """Makes `seq` hold what `save_state` gave, of whatever sequence. Raises ValueError where the state is not of
        this model and context.
        """

    def sampler(self, sampling: Sampling, *, seed: int, grammar: str | None) -> Sampler:
        """In llama.cpp's order: grammar, penalties, top-k, top-p, min-p, temperature, draw; or greedy at 0.

        A token that fits the grammar may also be chosen before the grammar is asked.
        """

    def close(self) -> None:
        """Frees context and model. Last call; may come twice."""
