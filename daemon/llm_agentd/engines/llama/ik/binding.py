"""The `llama_ik` engine's binding: ik_llama.cpp, a fork with faster matrix products on processors (`library`).

Its C API is llama.cpp's of 2024: one KV cache for all sequences, in cells that a call takes side by side, and sampling
by single functions (`samplers`). As through ctypes nothing is checked, null pointers and sizes are checked here,
positions and token ids by the engine. Engine thread only.
"""

from __future__ import annotations

import ctypes
import os
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from llm_agentd.engines.caught_stderr import caught_stderr, pass_on
from llm_agentd.engines.llama.binding import BatchRow, KvType, Sampler
from llm_agentd.engines.llama.ctypes_calls import (
    bytes_address,
    chat_rows,
    fill_batch,
    filled_buffer,
    new_bytes,
    template_room,
)
from llm_agentd.engines.llama.ik.library import collected_errors, installed_version, lib
from llm_agentd.engines.llama.ik.llama_h import ChatMessage
from llm_agentd.engines.llama.ik.samplers import CandidateTable, IkSampler
from llm_agentd.errors import StartError
from llm_agentd.types import Sampling

SPM = 1  # llama_vocab_type
ROOT = b"root"
SEAL_BYTES = 8  # before each state: checksums of what it is of, and of its bytes
CELLS_MAX = 2**32 - 1  # ctypes would cut a greater number short without a word
SEQS_MAX = 256  # as in llama.cpp; this fork does not look, and its masks grow with the square
NO_SLOT = 1  # what llama_decode returns where no free cells lie side by side
# One call moves as many cells as fit into one graph; so many calls move those of the largest caches that were tried.
DEFRAG_CALLS_MAX = 64


class IkBinding:
    """ik_llama.cpp through its C API."""

    def __init__(self, path: Path, *, gpu_layers: int) -> None:
        self.version = f"ik-llama-cpp-python {installed_version()}"
        params = lib.llama_model_default_params()
        params.n_gpu_layers = gpu_layers
        params.repack_tensors = True  # into the order in which its kernels read: what makes it fast
        self._context: Any = None
        self._batch: Any = None
        with collected_errors() as errors:
            self._model = lib.llama_model_load_from_file(os.fsencode(path), params)
        if not self._model:
            why = "; ".join(errors) or "no reason given"
            raise StartError(f"model.path: ik_llama.cpp cannot load {path} ({why}); try another GGUF file")
        self._vocab = lib.llama_model_get_vocab(self._model)
        self.vocab_size: int = lib.llama_vocab_n_tokens(self._vocab)
        self.is_sentencepiece = lib.llama_vocab_type(self._vocab) == SPM
        bos: int = lib.llama_vocab_bos(self._vocab)
        self.bos: int | None = bos if lib.llama_vocab_get_add_bos(self._vocab) else None
        self._candidates = CandidateTable(self.vocab_size)
        self._kind = f"{self.version} {self.vocab_size} {path.stat().st_size}".encode()

    # -- vocabulary and templates ----------------------------------------------------------------

    def tokenize(self, text: str, *, control: bool) -> list[int]:
        data = text.encode()
        room = len(data) + 2  # a token a byte, and a space before
        buffer = (ctypes.c_int32 * room)()
        count: int = lib.llama_vocab_tokenize(self._vocab, data, len(data), buffer, room, False, control)
        if count < 0:
            raise RuntimeError(f"ik_llama.cpp wants {-count} tokens for {len(data)} bytes")
        return buffer[:count]

    def token_text(self, token: int) -> str:
        return bytes(lib.llama_vocab_get_text(self._vocab, token)).decode(errors="replace")

    def token_to_piece(self, token: int) -> bytes:
        return filled_buffer(
            lambda buffer, size: lib.llama_token_to_piece_vocab(self._vocab, token, buffer, size, 0, False), 64
        )

    def is_eog(self, token: int) -> bool:
        return bool(lib.llama_vocab_is_eog(self._vocab, token))

    def apply_chat_template(self, template: str, turns: list[tuple[str, str]]) -> str:
        kept = [(role.encode(), content.encode()) for role, content in turns]
        rows = chat_rows(ChatMessage, kept)
        said = filled_buffer(
            lambda buffer, size: lib.llama_chat_apply_template(template.encode(), rows, len(kept), True, buffer, size),
            template_room(kept),
            counts_whole=True,
        )
        return said.decode(errors="replace")

    def grammar_error(self, grammar: str) -> str:
        return grammar_error(grammar, self._vocab)

    # -- the context -----------------------------------------------------------------------------

    def open_context(
        self, *, context_tokens: int, max_num_seqs: int, threads: int, batch_tokens: int, kv_type: KvType
    ) -> None:
        if kv_type != "f16":
            raise StartError(
                f"model.kv_type: engine llama_ik computes with f16 alone, not {kv_type}; "
                "leave model.kv_type at f16, or set model.engine to llama"
            )
        no_room = f"no room for {max_num_seqs} sequences of {context_tokens} tokens"
        cure = "lower batch.size or model.context_tokens"
        if context_tokens * max_num_seqs > CELLS_MAX or max_num_seqs > SEQS_MAX:
            raise StartError(f"{no_room}; {cure}")
        params = lib.llama_context_default_params()
        params.n_ctx = context_tokens * max_num_seqs
        params.n_seq_max = max_num_seqs
        params.n_batch = params.n_ubatch = batch_tokens  # one call is one pass through the network
        params.n_threads = params.n_threads_batch = threads
        # Its flash attention is quicker with many sequences, but ends the process where cells of others fill a thread's
        # whole share (`GGML_ASSERT(S > 0)`, ikawrakow/ik_llama.cpp#1910), and scores wrongly at a head size of 32.
        params.flash_attn = False
        with collected_errors() as errors:
            self._context = lib.llama_init_from_model(self._model, params)
        if not self._context:
            raise StartError(f"{no_room} ({'; '.join(errors) or 'no reason given'}); {cure}")
        self._batch = lib.llama_batch_init(batch_tokens, 0, 1)
        self._room = batch_tokens
        self._first_with_logits = -1
        self._kind_crc = zlib.crc32(self._kind)

    def decode(self, rows: Sequence[BatchRow]) -> None:
        if len(rows) > self._room:
            raise RuntimeError(f"{len(rows)} rows, room for {self._room}")
        self._first_with_logits = fill_batch(self._batch, rows)
        code: int = lib.llama_decode(self._context, self._batch)
        for _ in range(DEFRAG_CALLS_MAX):
            if code != NO_SLOT:
                break
            self._defragment()
            code = lib.llama_decode(self._context, self._batch)
        if code:
            raise RuntimeError(f"llama_decode failed with {code}")

    def _defragment(self) -> None:
        """Moves cells together: where sequences took turns and ended, what is free lies between what is held."""
        lib.llama_kv_cache_defrag(self._context)
        lib.llama_kv_cache_update(self._context)

    def logits(self) -> Sequence[float]:
        if self._first_with_logits < 0:
            raise RuntimeError("no row of the last decode wanted logits")
        logits = lib.llama_get_logits_ith(self._context, self._first_with_logits)
        if not logits:
            raise RuntimeError("ik_llama.cpp has no logits for this row")
        return logits[: self.vocab_size]  # type: ignore[no-any-return]

    def kv_remove(self, seq: int, position: int = 0) -> bool:
        return bool(lib.llama_kv_cache_seq_rm(self._context, seq, position, -1))

    def save_state(self, seq: int) -> bytes:
        size: int = lib.llama_state_seq_get_size(self._context, seq, 0)
        data: bytes = new_bytes(None, SEAL_BYTES + size)
        place = ctypes.addressof(bytes_address(data).contents)
        if lib.llama_state_seq_get_data(self._context, place + SEAL_BYTES, size, seq, 0) != size:
            raise RuntimeError("ik_llama.cpp did not save the whole state")
        seal = self._seal(memoryview(data)[SEAL_BYTES:])
        ctypes.memmove(place, seal, SEAL_BYTES)
        return data

    def load_state(self, seq: int, data: bytes) -> None:
        """The library asserts what it reads of a state, which would end the process: so what it did not save itself,
        with this model and this type of cache, is refused before.
        """
        body = memoryview(data)[SEAL_BYTES:]
        if data[:SEAL_BYTES] != self._seal(body):
            raise ValueError("this state is not of this model and context")
        if not self._takes_state(seq, data):
            self._defragment()  # a state wants its cells side by side
            if not self._takes_state(seq, data):
                self.kv_remove(seq)
                raise ValueError("no room for this state")

    def _seal(self, body: memoryview) -> bytes:
        return struct.pack("<II", self._kind_crc, zlib.crc32(body))

    def _takes_state(self, seq: int, data: bytes) -> bool:
        place, size = ctypes.addressof(bytes_address(data).contents) + SEAL_BYTES, len(data) - SEAL_BYTES
        with collected_errors():
            count: int = lib.llama_state_seq_set_data(self._context, place, size, seq, 0)
        return count == size

    def sampler(self, sampling: Sampling, *, seed: int, grammar: str | None) -> Sampler:
        held = None
        if grammar is not None:
            held = lib.llama_sampler_init_grammar(self._vocab, grammar.encode(errors="replace"), ROOT)
            if not held:
                raise RuntimeError("a grammar that was not checked")
        return IkSampler(self._context, self._candidates, sampling, seed=seed, grammar=held)

    def close(self) -> None:
        with collected_errors():
            if self._context:
                lib.llama_batch_free(self._batch)
                lib.llama_free(self._context)
            if self._model:
                lib.llama_free_model(self._model)
        self._context = self._model = None


def grammar_error(grammar: str, vocab: Any = None) -> str:
    """As `Binding.grammar_error`. Without a vocabulary, for which no model need be loaded, tokens cannot be named."""
    with collected_errors() as errors, caught_stderr() as printed:
        held = lib.llama_sampler_init_grammar(vocab, grammar.encode(errors="replace"), ROOT)
    if not held:
        reason = "; ".join(errors) or "it does not parse, or has no rule named root"
        _, found, tail = printed[0].partition("error parsing grammar: ")
        return tail.splitlines()[0][:200] if found and tail else reason
    pass_on(printed)  # another thread's line
    lib.llama_grammar_free(held)
    return ""
