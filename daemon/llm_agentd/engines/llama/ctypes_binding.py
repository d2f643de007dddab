"""What the bindings through llama.cpp's C API do alike: load, tokens and templates, batches and logits.

Through ctypes nothing is checked, so null pointers and sizes are checked here, positions and token ids by the engine.
What one C API has otherwise than another stands in its `Library` and in the binding that inherits this. Engine thread
only; knows no library itself.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llm_agentd.engines.caught_stderr import caught_stderr, pass_on
from llm_agentd.engines.llama.binding import BatchRow
from llm_agentd.engines.llama.ctypes_calls import chat_rows, fill_batch, filled_buffer, template_room
from llm_agentd.errors import StartError

SPM = 1  # llama_vocab_type
ROOT = b"root"
CELLS_MAX = 2**32 - 1  # ctypes would cut a greater number short without a word
MORE_TOKENS = 4  # than the bytes of a text: a space before it, and what a model may want at its ends
CURE = "lower batch.size or model.context_tokens"


@dataclass(frozen=True, slots=True)
class Library:
    """`lib`: functions that all have under one name. The others do the same under names of their own."""

    name: str
    lib: Any
    collected_errors: Callable[[], AbstractContextManager[list[str]]]
    chat_message: Any
    tokenize: Any
    token_to_piece: Any
    free_model: Any
    free_grammar: Any


class CtypesBinding:
    """`open_context` is the heirs', as are states, samplers and what is removed from the cache."""

    library: Library

    def __init__(self, path: Path, params: Any) -> None:
        """`params`: a `llama_model_params`. Raises StartError."""
        library, lib = self.library, self.library.lib
        self._context: Any = None
        self._batch: Any = None
        self._room = 0
        self._first_with_logits = -1
        with library.collected_errors() as errors:
            self._model = lib.llama_model_load_from_file(os.fsencode(path), params)
        if not self._model:
            raise StartError(
                f"model.path: {library.name} cannot load {path} ({_reason(errors)}); try another GGUF file"
            )
        self._vocab = lib.llama_model_get_vocab(self._model)
        self.vocab_size: int = lib.llama_vocab_n_tokens(self._vocab)
        self.is_sentencepiece = lib.llama_vocab_type(self._vocab) == SPM
        bos: int = lib.llama_vocab_bos(self._vocab)
        self.bos: int | None = bos if lib.llama_vocab_get_add_bos(self._vocab) else None

    # -- vocabulary and templates ----------------------------------------------------------------

    def tokenize(self, text: str, *, control: bool) -> list[int]:
        return self._tokenize(text, has_ends=False, control=control)

    def _tokenize(self, text: str, *, has_ends: bool, control: bool) -> list[int]:
        data = text.encode()
        room = len(data) + MORE_TOKENS
        buffer = (ctypes.c_int32 * room)()
        count: int = self.library.tokenize(self._vocab, data, len(data), buffer, room, has_ends, control)
        if count < 0:
            raise RuntimeError(f"{self.library.name} wants {-count} tokens for {len(data)} bytes")
        return buffer[:count]

    def token_text(self, token: int) -> str:
        return bytes(self.library.lib.llama_vocab_get_text(self._vocab, token)).decode(errors="replace")

    def token_to_piece(self, token: int) -> bytes:
        return filled_buffer(
            lambda buffer, size: self.library.token_to_piece(self._vocab, token, buffer, size, 0, False), 64
        )

    def is_eog(self, token: int) -> bool:
        return bool(self.library.lib.llama_vocab_is_eog(self._vocab, token))

    def apply_chat_template(self, template: str, turns: list[tuple[str, str]]) -> str:
        kept = [(role.encode(), content.encode()) for role, content in turns]
        rows = chat_rows(self.library.chat_message, kept)
        apply = self.library.lib.llama_chat_apply_template
        said = filled_buffer(
            lambda buffer, size: apply(template.encode(), rows, len(kept), True, buffer, size),
            template_room(kept),
            counts_whole=True,
        )
        return said.decode(errors="replace")

    def grammar_error(self, grammar: str) -> str:
        return grammar_error(self.library, grammar, self._vocab)

    def _grammar(self, grammar: str) -> Any:
        """One that was checked, as the library holds it."""
        held = self.library.lib.llama_sampler_init_grammar(self._vocab, grammar.encode(errors="replace"), ROOT)
        if not held:
            raise RuntimeError("a grammar that was not checked")
        return held

    # -- the context -----------------------------------------------------------------------------

    def _context_params(self, *, context_tokens: int, max_num_seqs: int, threads: int, batch_tokens: int) -> Any:
        params = self.library.lib.llama_context_default_params()
        params.n_ctx = context_tokens * max_num_seqs
        params.n_seq_max = max_num_seqs
        params.n_batch = params.n_ubatch = batch_tokens  # one call is one pass through the network
        params.n_threads = params.n_threads_batch = threads
        return params

    def _open(self, params: Any, what: str, cure: str) -> None:
        """Raises StartError, that there is no room for `what`."""
        lib = self.library.lib
        with self.library.collected_errors() as errors:
            self._context = lib.llama_init_from_model(self._model, params)
        if not self._context:
            raise StartError(f"no room for {what} ({_reason(errors)}); {cure}")
        self._batch = lib.llama_batch_init(params.n_batch, 0, 1)
        self._room = params.n_batch

    def decode(self, rows: Sequence[BatchRow]) -> None:
        if len(rows) > self._room:
            raise RuntimeError(f"{len(rows)} rows, room for {self._room}")
        self._first_with_logits = fill_batch(self._batch, rows)
        code = self._decode_batch()
        if code:
            raise RuntimeError(f"llama_decode failed with {code}")

    def _decode_batch(self) -> int:
        code: int = self.library.lib.llama_decode(self._context, self._batch)
        return code

    def logits(self) -> Sequence[float]:
        if self._first_with_logits < 0:
            raise RuntimeError("no row of the last decode wanted logits")
        logits = self.library.lib.llama_get_logits_ith(self._context, self._first_with_logits)
        if not logits:
            raise RuntimeError(f"{self.library.name} has no logits for this row")
        return logits[: self.vocab_size]  # type: ignore[no-any-return]

    def close(self) -> None:
        with self.library.collected_errors():
            if self._context:
                self.library.lib.llama_batch_free(self._batch)
                self.library.lib.llama_free(self._context)
            if self._model:
                self.library.free_model(self._model)
        self._context = self._model = None


def sequences_of(context_tokens: int, max_num_seqs: int) -> str:
    """What a context is wanted for, in an error."""
    return f"{max_num_seqs} sequences of {context_tokens} tokens"


def grammar_error(library: Library, grammar: str, vocab: Any = None) -> str:
    """As `Binding.grammar_error`. Without a vocabulary, for which no model need be loaded, tokens cannot be named."""
    with library.collected_errors() as errors, caught_stderr() as printed:
        held = library.lib.llama_sampler_init_grammar(vocab, grammar.encode(errors="replace"), ROOT)
    if not held:
        _, found, tail = printed[0].partition("error parsing grammar: ")
        why = "; ".join(errors) or "it does not parse, or has no rule named root"
        return tail.splitlines()[0][:200] if found and tail else why
    pass_on(printed)  # another thread's line
    library.free_grammar(held)
    return ""


def _reason(errors: Sequence[str]) -> str:
    return "; ".join(errors) or "no reason given"
