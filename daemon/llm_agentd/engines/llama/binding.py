"""What the `llama` engines need of llama.cpp, whoever brings it: cyllama's wheel or llama-cpp-python, built here.

A binding owns one model and one context. It is thin: no checks but those that keep the process alive, no knowledge of
prompts and samplings beyond what is named here. Engine thread only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol, TypeAlias

from llm_agentd.types import Sampling

KvType: TypeAlias = Literal["f16", "q8_0"]
PENALTY_TOKENS = 64  # how far back repeat_penalty looks, as in llama.cpp
Row: TypeAlias = tuple[int, int, int, bool]  # token id, position, sequence, are its scores wanted?


class Sampler(Protocol):
    """Chooses the tokens of one sequence; holds its random numbers and how far its grammar is."""

    def sample(self, row: int) -> int:
        """The next token, from the scores of row `row` of the batch just decoded. Raises RuntimeError."""


class Binding(Protocol):
    """The constructor loads a model: `(path, *, gpu_layers)`. Raises StartError that names path and reason."""

    version: str  # "cyllama 0.2.18": part of fingerprints
    vocab_size: int
    is_sentencepiece: bool  # a SentencePiece vocabulary, which by default puts a space before a text
    bos: int | None  # opens every prompt, if this model wants one

    # -- vocabulary and templates ----------------------------------------------------------------

    def tokenize(self, text: str, *, control: bool) -> list[int]:
        """Token ids; no start token is added. `control`: control tokens in `text` are meant, else they are text."""

    def token_text(self, token: int) -> str:
        """How the vocabulary writes a token."""

    def token_to_piece(self, token: int) -> bytes:
        """The exact bytes of a token, maybe half a character; none for control tokens."""

    def is_eog(self, token: int) -> bool:
        """True for tokens by which the model ends its turn."""

    def apply_chat_template(self, template: str, turns: list[tuple[str, str]]) -> str:
        """(role, content) turns in a template that llama.cpp knows, opened for the assistant. Raises otherwise."""

    def grammar_error(self, grammar: str) -> str:
        """Why llama.cpp cannot use this GBNF grammar with this vocabulary; "" if it can."""

    # -- the context -----------------------------------------------------------------------------

    def open_context(
        self, *, context_tokens: int, max_num_seqs: int, threads: int, batch_tokens: int, kv_type: KvType
    ) -> None:
        """Room for `max_num_seqs` sequences of `context_tokens` each, a cache stream a sequence. Raises StartError."""

    def decode(self, rows: Sequence[Row]) -> None:
        """One pass through the network, without the interpreter lock. Raises RuntimeError: the context is broken."""

    def logits(self) -> Sequence[float]:
        """A score for each token of the vocabulary, from the first row of the last decode that wanted them."""

    def kv_remove(self, seq: int, position: int = 0) -> bool:
        """Drops what `seq` holds from `position` on. False where this model's memory cannot be cut there."""

    def save_state(self, seq: int) -> bytes:
        """All that `seq` holds."""

    def load_state(self, seq: int, data: bytes) -> None:
        """Makes `seq` hold what `save` gave, of whatever sequence. Raises ValueError: not of this model and context."""

    def sampler(self, sampling: Sampling, *, seed: int, grammar: str | None) -> Sampler:
        """In llama.cpp's order: grammar, penalties, top-k, top-p, min-p, temperature, draw; or greedy at 0.

        A token that fits the grammar may also be chosen before it is asked.
        """

    def close(self) -> None:
        """Frees context and model. Last call; may come twice."""
