"""Vectors of tokens through cyllama, whose context pools nothing itself. Engine thread only."""

from __future__ import annotations

from collections.abc import Sequence

from llm_agentd.engines.llama.cyllama_binding import CyllamaBinding, collected_errors
from llm_agentd.errors import StartError

POOLING_NONE = 0


class CyllamaEmbedder(CyllamaBinding):
    """As `CyllamaBinding`, with a context for vectors in the place of its own."""

    def open_embedder(self, *, context_tokens: int, threads: int) -> None:
        from cyllama.llama import llama_cpp  # here, as the binding says what is wrong where it does not load

        params = llama_cpp.LlamaContextParams()
        params.n_ctx = params.n_batch = params.n_ubatch = context_tokens  # a text is computed at once: all see all
        params.n_seq_max = 1
        params.n_threads = params.n_threads_batch = threads
        params.embeddings = True
        params.pooling_type = POOLING_NONE
        params.no_perf = True
        with collected_errors() as errors:
            try:
                self._context = llama_cpp.LlamaContext(self._model, params)
            except Exception as error:
                why = "; ".join(errors) or str(error)
                raise StartError(
                    f"no room for a text of {context_tokens} tokens ({why}); lower model.context_tokens"
                ) from error
        self._batch = llama_cpp.LlamaBatch(n_tokens=context_tokens, embd=0, n_seq_max=1)

    def tokenize_whole(self, text: str) -> list[int]:
        return list(self._vocab.tokenize(text, add_special=True, parse_special=False))

    def token_vectors(self, tokens: Sequence[int], first: int, end: int) -> list[Sequence[float]]:
        self.kv_remove(0)
        self.decode([(token, position, 0, True) for position, token in enumerate(tokens)])
        return [self._context.get_embeddings_ith(row) for row in range(first, end)]
