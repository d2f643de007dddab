"""How `llama_native` chooses tokens: llama.cpp's sampler chain, alone or under a grammar. Engine thread only.

Through ctypes, so what llama.cpp would end the process over is checked here.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from llm_agentd.engines.llama.grammar.follow import Follower, Forced
from llm_agentd.engines.llama.native_library import lib


class ChainSampler:
    """Frees its chain when nobody holds it any more."""

    def __init__(self, chain: Any, context: Any, vocab_size: int) -> None:
        self._chain = chain
        self._context = context
        self._size = vocab_size

    def sample(self, row: int) -> int:
        self._logits(row)
        return int(lib.llama_sampler_sample(self._chain, self._context, row))

    def forced(self) -> Forced:
        return Forced()

    def accept(self, token: int) -> None:
        lib.llama_sampler_accept(self._chain, token)

    def _logits(self, row: int) -> Any:
        """llama.cpp would end the process over a row that has none."""
        logits = lib.llama_get_logits_ith(self._context, row)
        if not logits:
            raise RuntimeError("llama.cpp has no logits for this row")
        return logits

    def __del__(self) -> None:
        lib.llama_sampler_free(self._chain)


class GrammarSampler(ChainSampler):
    """Chooses a token without the grammar and asks the grammar about that one; only where it does not fit, the grammar
    filters all tokens and one is chosen anew. A model that knows its output format is nearly always right, and
    filtering the vocabulary takes longer than a small model computes.

    In single steps, since a grammar that takes none of the tokens (`root ::= "\\x00"`) throws a C++ exception, which
    would end the process, once one is accepted.
    """

    def __init__(
        self, chain: Any, grammar: Any, context: Any, vocab_size: int, follower: Follower, piece: Callable[[int], bytes]
    ) -> None:
        """`piece`: the bytes of a token."""
        super().__init__(chain, context, vocab_size)
        self._grammar = grammar
        self._follower = follower
        self._piece = piece

    def sample(self, row: int) -> int:
        logits = self._logits(row)
        token = self._chosen(logits, self._chain)
        if not self._fits(token):
            token = self._chosen(logits, self._grammar, self._chain)
        self.accept(token)
        return token

    def forced(self) -> Forced:
        return self._follower.forced()

    def accept(self, token: int) -> None:
        lib.llama_sampler_accept(self._grammar, token)
        lib.llama_sampler_accept(self._chain, token)
        self._follower.accept(self._piece(token))

    def _chosen(self, logits: Any, *stages: Any) -> int:
        fresh, cells, floats = _candidates(self._size)
        ctypes.memmove(cells, fresh, len(fresh))
        known = ctypes.cast(logits, ctypes.POINTER(ctypes.c_float * self._size)).contents
        floats[1::3] = memoryview(known).cast("B").cast("f")
        left = lib.llama_token_data_array(data=cells, size=self._size, selected=-1, sorted=False)
        for stage in stages:
            lib.llama_sampler_apply(stage, ctypes.byref(left))
        if not 0 <= left.selected < left.size or left.data[left.selected].logit == -math.inf:
            raise RuntimeError("no token of this model fits the grammar here")
        return int(left.data[left.selected].id)

    def _fits(self, token: int) -> bool:
        cell = lib.llama_token_data(id=token, logit=0.0, p=0.0)
        alone = lib.llama_token_data_array(data=ctypes.pointer(cell), size=1, selected=-1, sorted=False)
        lib.llama_sampler_apply(self._grammar, ctypes.byref(alone))
        return bool(cell.logit == 0.0)

    def __del__(self) -> None:
        lib.llama_sampler_free(self._grammar)
        super().__del__()


@lru_cache(maxsize=1)
def _candidates(size: int) -> tuple[bytes, Any, memoryview[float]]:
    """`size` candidates, one a token id, in the three forms that `_chosen` needs.

    Their bytes with no logit set, to start from; the C array itself; and the same memory as float32 of length
    3 · `size`: id (an int32, not to be read here), logit, probability, and so on, so that logits are set by one slice.
    """
    cells = (lib.llama_token_data * size)()
    for token, cell in enumerate(cells):
        cell.id = token
    return bytes(cells), cells, memoryview(cells).cast("B").cast("f")
