"""The `llama_ik` engine's binding: ik_llama.cpp, a fork with faster matrix products on processors (`library`).

Its C API is llama.cpp's of 2024: one KV cache for all sequences, in cells that a call takes side by side, and sampling
by single functions (`samplers`). As through ctypes nothing is checked, null pointers and sizes are checked here,
positions and token ids by the engine. Engine thread only.
"""

from __future__ import annotations

import ctypes
import struct
import zlib
from functools import partial
from pathlib import Path

from llm_agentd.engines.llama.binding import KvType, Sampler
from llm_agentd.engines.llama.ctypes_binding import (
    CELLS_MAX,
    CURE,
    CtypesBinding,
    Library,
    sequences_of,
)
from llm_agentd.engines.llama.ctypes_binding import grammar_error as error_of_grammar
from llm_agentd.engines.llama.ctypes_calls import bytes_address, new_bytes
from llm_agentd.engines.llama.grammar.follow import Follower
from llm_agentd.engines.llama.ik.library import collected_errors, installed_version, lib
from llm_agentd.engines.llama.ik.llama_h import ChatMessage
from llm_agentd.engines.llama.ik.samplers import CandidateTable, IkSampler
from llm_agentd.errors import StartError
from llm_agentd.types import Sampling

LIBRARY = Library(
    name="ik_llama.cpp",
    lib=lib,
    collected_errors=collected_errors,
    chat_message=ChatMessage,
    tokenize=lib.llama_vocab_tokenize,
    token_to_piece=lib.llama_token_to_piece_vocab,
    free_model=lib.llama_free_model,
    free_grammar=lib.llama_grammar_free,
)
SEAL_BYTES = 8  # before each state: checksums of what it is of, and of its bytes
SEQS_MAX = 256  # as in llama.cpp; this fork does not look, and its masks grow with the square
NO_SLOT = 1  # what llama_decode returns where no free cells lie side by side
# One call moves as many cells as fit into one graph; so many calls move those of the largest caches that were tried.
DEFRAG_CALLS_MAX = 64


# Without a vocabulary, for which no model need be loaded.
grammar_error = partial(error_of_grammar, LIBRARY)


class IkBinding(CtypesBinding):
    """ik_llama.cpp through its C API."""

    library = LIBRARY
    has_streams = False

    def __init__(self, path: Path, *, gpu_layers: int) -> None:
        self.version = f"ik-llama-cpp-python {installed_version()}"
        params = lib.llama_model_default_params()
        params.n_gpu_layers = gpu_layers
        params.repack_tensors = True  # into the order in which its kernels read: what makes it fast
        super().__init__(path, params)
        self._candidates = CandidateTable(self.vocab_size)
        self._kind_crc = zlib.crc32(f"{self.version} {self.vocab_size} {path.stat().st_size}".encode())

    # -- the context -----------------------------------------------------------------------------

    def open_context(
        self, *, context_tokens: int, max_num_seqs: int, threads: int, batch_tokens: int, kv_type: KvType
    ) -> None:
        if kv_type != "f16":
            raise StartError(
                f"model.kv_type: engine llama_ik computes with f16 alone, not {kv_type}; "
                "leave model.kv_type at f16, or set model.engine to llama"
            )
        what = sequences_of(context_tokens, max_num_seqs)
        if context_tokens * max_num_seqs > CELLS_MAX or max_num_seqs > SEQS_MAX:
            raise StartError(f"no room for {what}; {CURE}")
        params = self._context_params(
            context_tokens=context_tokens, max_num_seqs=max_num_seqs, threads=threads, batch_tokens=batch_tokens
        )
        # Its flash attention is quicker with many sequences, but ends the process where cells of others fill a thread's
        # whole share (`GGML_ASSERT(S > 0)`, ikawrakow/ik_llama.cpp#1910), and scores wrongly at a head size of 32.
        params.flash_attn = False
        self._open(params, what, CURE)

    def _decode_batch(self) -> int:
        code = super()._decode_batch()
        for _ in range(DEFRAG_CALLS_MAX):
            if code != NO_SLOT:
                break
            self._defragment()
            code = super()._decode_batch()
        return code

    def _defragment(self) -> None:
        """Moves cells together: where sequences took turns and ended, what is free lies between what is held."""
        lib.llama_kv_cache_defrag(self._context)
        lib.llama_kv_cache_update(self._context)

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
        held = None if grammar is None else self._grammar(grammar)
        follower = None if grammar is None else Follower(grammar, is_schema=sampling.json_schema is not None)
        return IkSampler(
            self._context,
            self._candidates,
            sampling,
            seed=seed,
            grammar=held,
            follower=follower,
            piece=self.token_to_piece,
        )
