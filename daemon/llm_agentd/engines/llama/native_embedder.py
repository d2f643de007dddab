"""Vectors of tokens through llama-cpp-python's C API. Engine thread only; sizes are checked here, as C checks none."""

from __future__ import annotations

from collections.abc import Sequence

from llm_agentd.engines.llama.native_binding import NativeBinding
from llm_agentd.engines.llama.native_library import lib


class NativeEmbedder(NativeBinding):
    """As `NativeBinding`, with a context for vectors in the place of its own."""

    def open_embedder(self, *, context_tokens: int, threads: int) -> None:
        # A text is computed at once: all see all.
        params = self._context_params(
            context_tokens=context_tokens, max_num_seqs=1, threads=threads, batch_tokens=context_tokens
        )
        params.embeddings = True
        params.pooling_type = lib.LLAMA_POOLING_TYPE_NONE
        params.no_perf = True
        self._open(params, f"a text of {context_tokens} tokens", "lower model.context_tokens")
        self._memory = lib.llama_get_memory(self._context)
        self._width: int = lib.llama_model_n_embd(self._model)

    def tokenize_whole(self, text: str) -> list[int]:
        return self._tokenize(text, has_ends=True, control=False)

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
