"""The `llama_native` engine's binding: llama.cpp as llama-cpp-python builds it here, with all this processor can do.

Through its ctypes layer, so a call lets the interpreter lock go and nothing is checked: null pointers and sizes are
checked here, positions and token ids by the engine. A C++ exception would end the process, so a grammar that allows no
token is noticed before llama.cpp throws. Engine thread only.
"""

from __future__ import annotations

from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from llm_agentd.engines.llama.binding import PENALTY_TOKENS, KvType, Sampler
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
from llm_agentd.engines.llama.native_library import collected_errors, lib
from llm_agentd.engines.llama.native_samplers import ChainSampler, GrammarSampler
from llm_agentd.errors import StartError
from llm_agentd.types import Sampling

LIBRARY = Library(
    name="llama.cpp",
    lib=lib,
    collected_errors=collected_errors,
    chat_message=lib.llama_chat_message,
    tokenize=lib.llama_tokenize,
    token_to_piece=lib.llama_token_to_piece,
    free_model=lib.llama_model_free,
    free_grammar=lib.llama_sampler_free,
)
GGML_TYPES: dict[KvType, int] = {"f16": 1, "q8_0": 8}
STATE_MIN_BYTES = 16  # what llama.cpp reads of a state before it looks how much there is


# Without a vocabulary, for which no model need be loaded.
grammar_error = partial(error_of_grammar, LIBRARY)


class NativeBinding(CtypesBinding):
    """llama.cpp through llama-cpp-python's C API."""

    library = LIBRARY
    has_streams = True

    def __init__(self, path: Path, *, gpu_layers: int) -> None:
        self.version = f"llama-cpp-python {version('llama-cpp-python')}"
        params = lib.llama_model_default_params()
        params.n_gpu_layers = gpu_layers
        super().__init__(path, params)

    # -- the context -----------------------------------------------------------------------------

    def open_context(
        self, *, context_tokens: int, max_num_seqs: int, threads: int, batch_tokens: int, kv_type: KvType
    ) -> None:
        what = sequences_of(context_tokens, max_num_seqs)
        if context_tokens * max_num_seqs > CELLS_MAX:
            raise StartError(f"no room for {what}; {CURE}")
        params = self._context_params(
            context_tokens=context_tokens, max_num_seqs=max_num_seqs, threads=threads, batch_tokens=batch_tokens
        )
        params.kv_unified = False  # as in the other binding
        params.flash_attn_type = lib.LLAMA_FLASH_ATTN_TYPE_AUTO
        params.type_k = params.type_v = GGML_TYPES[kv_type]
        params.no_perf = True
        self._open(params, what, CURE)
        self._memory = lib.llama_get_memory(self._context)

    def _decode_batch(self) -> int:
        """On a GPU llama_decode returns before it is done: without the wait no step's time would be its own, and the
        scheduler chooses by them. The scores, which are read next, wait for it in any case.
        """
        code = super()._decode_batch()
        lib.llama_synchronize(self._context)
        return code

    def kv_remove(self, seq: int, position: int = 0) -> bool:
        return bool(lib.llama_memory_seq_rm(self._memory, seq, position, -1))

    def save_state(self, seq: int) -> bytes:
        size: int = lib.llama_state_seq_get_size(self._context, seq)
        data: bytes = new_bytes(None, size)
        if lib.llama_state_seq_get_data(self._context, bytes_address(data), size, seq) != size:
            raise RuntimeError("llama.cpp did not save the whole state")
        return data

    def load_state(self, seq: int, data: bytes) -> None:
        if len(data) < STATE_MIN_BYTES:
            raise ValueError("this is no state")
        with collected_errors():
            count: int = lib.llama_state_seq_set_data(self._context, bytes_address(data), len(data), seq)
        if count != len(data):
            self.kv_remove(seq)
            raise ValueError("this state is not of this model and context")

    def sampler(self, sampling: Sampling, *, seed: int, grammar: str | None) -> Sampler:
        if grammar is None:
            return ChainSampler(self._chain(sampling, seed), self._context, self.vocab_size)
        follower = Follower(grammar, is_schema=sampling.json_schema is not None)
        chain, held = self._chain(sampling, seed), self._grammar(grammar)
        return GrammarSampler(chain, held, self._context, self.vocab_size, follower, self.token_to_piece)

    def _chain(self, sampling: Sampling, seed: int) -> Any:
        """All but the grammar."""
        chain = lib.llama_sampler_chain_init(lib.llama_sampler_chain_default_params())
        if sampling.repeat_penalty != 1.0:
            penalties = lib.llama_sampler_init_penalties(
                self.vocab_size, PENALTY_TOKENS, sampling.repeat_penalty, 0.0, 0.0
            )
            lib.llama_sampler_chain_add(chain, penalties)
        if sampling.temperature <= 0:
            lib.llama_sampler_chain_add(chain, lib.llama_sampler_init_greedy())
            return chain
        if sampling.top_k > 0:
            lib.llama_sampler_chain_add(chain, lib.llama_sampler_init_top_k(sampling.top_k))
        lib.llama_sampler_chain_add(chain, lib.llama_sampler_init_top_p(sampling.top_p, 1))
        lib.llama_sampler_chain_add(chain, lib.llama_sampler_init_min_p(sampling.min_p, 1))
        lib.llama_sampler_chain_add(chain, lib.llama_sampler_init_temp(sampling.temperature))
        lib.llama_sampler_chain_add(chain, lib.llama_sampler_init_dist(seed))
        return chain
