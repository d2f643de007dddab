"""Vectors of tokens through llama-cpp-python's C API. Engine thread only; sizes are checked here, as C checks none."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence

from llm_agentd.engines.llama.native_binding import NativeBinding
from llm_agentd.engines.llama.native_library import collected_errors, lib
from llm_agentd.errors import StartError


class NativeEmbedder(NativeBinding):
    """As `NativeBinding`, with a context for vectors in the place of its own."""

    def open_embedder(self, *, context_tokens: int, threads: int) -> None:
        params = lib.llama_context_default_params()
        params.n_ctx = params.n_batch = params.n_ubatch = context_tokens  # a text is computed at once: all see all
        params.n_seq_max = 1
        params.n_threads = params.n_threads_batch = threads
        params.embeddings = True
        params.pooling_type = lib.LLAMA_POOLING_TYPE_NONE
        params.no_perf = True
        with collected_errors() as errors:
            self._context = lib.llama_init_from_model(self._model, params)
        if not self._context:
            why = "; ".join(errors) or "no reason given"
            raise StartError(f"no room for a text of {context_tokens} tokens ({why}); lower model.context_tokens")
        self._memory = lib.llama_get_memory(self._context)
        self._batch = lib.llama_batch_init(context_tokens, 0, 1)
        self._room = context_tokens
        self._width: int = lib.llama_model_n_embd(self._model)

    def tokenize_whole(self, text: str) -> list[int]:
        data = text.encode()
        room = len(data) + 4  # a token a byte, a space before, and what stands at the ends
        buffer = (ctypes.c_int * room)()
        count: int = lib.llama_tokenize(self._vocab, data, len(data), buffer, room, True, False)
        if count < 0:
            raise RuntimeError(f"llama.cpp wants {-count} tokens for {len(data)} bytes")
        return buffer[:count]

    def token_vectors(self, tokens: Sequence[int], first: int, end: int) -> list[Sequence[float]]:
        if self._memory:  # BERT's kin have none
            self.kv_remove(0)
        self.decode([(token, position, 0, True) for position, token in enumerate(tokens)])
        return [self._row(row) for row in range(first, end)]

    def _row(self, row: int) -> Sequence[float]:
        vector = lib.llama_get_embeddings_ith(self._context, row)
        if not vector:
            raise RuntimeError("llama.cpp has no vector for this token")
        return vector[: self._width]  # type: ignore[no-any-return]
