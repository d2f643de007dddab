"""The `llama_native` engine's binding: llama.cpp as llama-cpp-python builds it here, with all this processor can do.

Through its ctypes layer, so a call lets the interpreter lock go and nothing is checked: null pointers and sizes are
checked here, positions and token ids by the engine. A C++ exception would end the process, so a grammar that allows no
token is noticed before llama.cpp throws. Engine thread only.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from llm_agentd.engines.caught_stderr import caught_stderr, pass_on
from llm_agentd.engines.llama.binding import PENALTY_TOKENS, BatchRow, KvType, Sampler
from llm_agentd.engines.llama.ctypes_calls import (
    bytes_address,
    chat_rows,
    fill_batch,
    filled_buffer,
    new_bytes,
    template_room,
)
from llm_agentd.engines.llama.native_library import collected_errors, lib
from llm_agentd.engines.llama.native_samplers import ChainSampler, GrammarSampler
from llm_agentd.errors import StartError
from llm_agentd.types import Sampling

SPM = 1  # llama_vocab_type
GGML_TYPES: dict[KvType, int] = {"f16": 1, "q8_0": 8}
ROOT = b"root"
STATE_MIN_BYTES = 16  # what llama.cpp reads of a state before it looks how much there is
CELLS_MAX = 2**32 - 1  # ctypes would cut a greater number short without a word


class NativeBinding:
    """llama.cpp through llama-cpp-python's C API."""

    def __init__(self, path: Path, *, gpu_layers: int) -> None:
        self.version = f"llama-cpp-python {lib.__version__}"
        params = lib.llama_model_default_params()
        params.n_gpu_layers = gpu_layers
        self._context: Any = None
        self._batch: Any = None
        with collected_errors() as errors:
            self._model = lib.llama_model_load_from_file(os.fsencode(path), params)
        if not self._model:
            why = "; ".join(errors) or "no reason given"
            raise StartError(f"model.path: llama.cpp cannot load {path} ({why}); try another GGUF file")
        self._vocab = lib.llama_model_get_vocab(self._model)
        self.vocab_size: int = lib.llama_vocab_n_tokens(self._vocab)
        self.is_sentencepiece = lib.llama_vocab_type(self._vocab) == SPM
        bos = lib.llama_vocab_bos(self._vocab)
        self.bos: int | None = bos if lib.llama_vocab_get_add_bos(self._vocab) else None

    # -- vocabulary and templates ----------------------------------------------------------------

    def tokenize(self, text: str, *, control: bool) -> list[int]:
        data = text.encode()
        room = len(data) + 2  # a token a byte, and a space before
        buffer = (ctypes.c_int * room)()
        count: int = lib.llama_tokenize(self._vocab, data, len(data), buffer, room, False, control)
        if count < 0:
            raise RuntimeError(f"llama.cpp wants {-count} tokens for {len(data)} bytes")
        return buffer[:count]

    def token_text(self, token: int) -> str:
        return bytes(lib.llama_vocab_get_text(self._vocab, token)).decode(errors="replace")

    def token_to_piece(self, token: int) -> bytes:
        return filled_buffer(
            lambda buffer, size: lib.llama_token_to_piece(self._vocab, token, buffer, size, 0, False), 64
        )

    def is_eog(self, token: int) -> bool:
        return bool(lib.llama_vocab_is_eog(self._vocab, token))

    def apply_chat_template(self, template: str, turns: list[tuple[str, str]]) -> str:
        kept = [(role.encode(), content.encode()) for role, content in turns]
        rows = chat_rows(lib.llama_chat_message, kept)
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
        if context_tokens * max_num_seqs > CELLS_MAX:
            raise StartError(
                f"no room for {max_num_seqs} sequences of {context_tokens} tokens; "
                "lower batch.size or model.context_tokens"
            )
        params = lib.llama_context_default_params()
        params.n_ctx = context_tokens * max_num_seqs
        params.n_seq_max = max_num_seqs
        params.n_batch = params.n_ubatch = batch_tokens  # one call is one pass through the network
        params.n_threads = params.n_threads_batch = threads
        params.kv_unified = False  # as in the other binding
        params.flash_attn_type = lib.LLAMA_FLASH_ATTN_TYPE_AUTO
        params.type_k = params.type_v = GGML_TYPES[kv_type]
        params.no_perf = True
        with collected_errors() as errors:
            self._context = lib.llama_init_from_model(self._model, params)
        if not self._context:
            why = "; ".join(errors) or "no reason given"
            raise StartError(
                f"no room for {max_num_seqs} sequences of {context_tokens} tokens ({why}); "
                "lower batch.size or model.context_tokens"
            )
        self._memory = lib.llama_get_memory(self._context)
        self._batch = lib.llama_batch_init(batch_tokens, 0, 1)
        self._room = batch_tokens
        self._first_with_logits = 0

    def decode(self, rows: Sequence[BatchRow]) -> None:
        if len(rows) > self._room:
            raise RuntimeError(f"{len(rows)} rows, room for {self._room}")
        self._first_with_logits = fill_batch(self._batch, rows)
        code = lib.llama_decode(self._context, self._batch)
        if code:
            raise RuntimeError(f"llama_decode failed with {code}")

    def logits(self) -> Sequence[float]:
        if self._first_with_logits < 0:
            raise RuntimeError("no row of the last decode wanted logits")
        logits = lib.llama_get_logits_ith(self._context, self._first_with_logits)
        if not logits:
            raise RuntimeError("llama.cpp has no logits for this row")
        return logits[: self.vocab_size]  # type: ignore[no-any-return]

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
        held = lib.llama_sampler_init_grammar(self._vocab, grammar.encode(errors="replace"), ROOT)
        if not held:
            raise RuntimeError("a grammar that was not checked")
        return GrammarSampler(self._chain(sampling, seed), held, self._context, self.vocab_size)

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

    def close(self) -> None:
        with collected_errors():
            if self._context:
                lib.llama_batch_free(self._batch)
                lib.llama_free(self._context)
            if self._model:
                lib.llama_model_free(self._model)
        self._context = self._model = None


def grammar_error(grammar: str, vocab: Any = None) -> str:
    """As `Binding.grammar_error`. Without a vocabulary, for which no model need be loaded, tokens cannot be named."""
    with collected_errors() as errors, caught_stderr() as printed:
        sampler = lib.llama_sampler_init_grammar(vocab, grammar.encode(errors="replace"), ROOT)
    if not sampler:
        _, found, tail = printed[0].partition("error parsing grammar: ")
        return tail.splitlines()[0][:200] if found and tail else "; ".join(errors) or "it does not parse"
    pass_on(printed)  # another thread's line
    lib.llama_sampler_free(sampler)
    return ""
