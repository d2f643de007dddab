"""How `llama_ik` chooses tokens: llama.cpp's filters one after the other, and a draw of our own. Engine thread only.

Its C API has one random number generator for all sequences of a context; each sequence has its own here, so that the
same seed gives the same text whoever else runs. What would throw a C++ exception, and end the process, is checked.
"""

from __future__ import annotations

import ctypes
import math
from bisect import bisect_left
from collections import deque
from collections.abc import Callable
from itertools import accumulate
from random import Random
from typing import Any

from llm_agentd.engines.llama.binding import PENALTY_TOKENS
from llm_agentd.engines.llama.grammar.follow import Follower, Forced
from llm_agentd.engines.llama.ik.library import lib
from llm_agentd.engines.llama.ik.llama_h import Candidates, TokenData
from llm_agentd.types import Sampling

FLOATS_EACH = 3  # a candidate's id (an int32, not to be read as one), logit, probability


class CandidateTable:
    """The candidates that filters work on, one a token id; one table for all sequences, as they choose in turn."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._cells = (TokenData * size)()
        for token, cell in enumerate(self._cells):
            cell.id = token
        self._fresh = bytes(self._cells)
        self._floats = memoryview(self._cells).cast("B").cast("f")

    def filled(self, logits: Any) -> Any:
        """All tokens with these logits, a float array of C."""
        ctypes.memmove(self._cells, self._fresh, len(self._fresh))
        known = ctypes.cast(logits, ctypes.POINTER(ctypes.c_float * self._size)).contents
        self._floats[1::FLOATS_EACH] = memoryview(known).cast("B").cast("f")
        return Candidates(self._cells, self._size, -1, False)

    def probabilities(self, left: Any) -> list[float]:
        return list(self._floats[2 : FLOATS_EACH * left.size : FLOATS_EACH])


class IkSampler:
    """Frees its grammar when nobody holds it any more.

    With a grammar, a token is chosen without it first and the grammar asked about that one; only where it does not fit,
    all tokens are filtered: as `native_samplers` does, and why, is said there.
    """

    def __init__(
        self,
        context: Any,
        table: CandidateTable,
        sampling: Sampling,
        *,
        seed: int,
        grammar: Any,
        follower: Follower | None,
        piece: Callable[[int], bytes],
    ) -> None:
        """`follower`: of the grammar, where there is one. `piece`: the bytes of a token."""
        self._context = context
        self._table = table
        self._sampling = sampling
        self._random = Random(seed)
        self._grammar = grammar
        self._follower = follower
        self._piece = piece
        self._said: deque[int] = deque(maxlen=PENALTY_TOKENS)

    def sample(self, row: int) -> int:
        logits = lib.llama_get_logits_ith(self._context, row)
        if not logits:
            raise RuntimeError("ik_llama.cpp has no logits for this row")
        token = self._chosen(self._table.filled(logits))
        if self._grammar is not None and not self._fits(token):
            left = self._table.filled(logits)
            lib.llama_grammar_sample(self._grammar, self._context, left)
            token = self._chosen(left)
        self.accept(token)
        return token

    def forced(self) -> Forced:
        return self._follower.forced() if self._follower else Forced()

    def accept(self, token: int) -> None:
        if self._follower is not None:
            lib.llama_grammar_accept_token(self._grammar, self._context, token)
            self._follower.accept(self._piece(token))
        self._said.append(token)

    def _chosen(self, left: Any) -> int:
        """Raises RuntimeError where no candidate is left with more than no chance."""
        sampling, context = self._sampling, self._context
        if sampling.repeat_penalty != 1.0 and self._said:
            said = (ctypes.c_int32 * len(self._said))(*self._said)
            lib.llama_sample_repetition_penalties(context, left, said, len(said), sampling.repeat_penalty, 0.0, 0.0)
        if sampling.temperature <= 0:
            token = lib.llama_sample_token_greedy(context, left)
            return self._possible(token, left.data[token].logit)  # nothing has sorted them: a token is its own index
        if sampling.top_k > 0:
            lib.llama_sample_top_k(context, left, sampling.top_k, 1)
        lib.llama_sample_top_p(context, left, sampling.top_p, 1)
        lib.llama_sample_min_p(context, left, sampling.min_p, 1)
        lib.llama_sample_temp(context, left, sampling.temperature)
        lib.llama_sample_softmax(context, left)
        return self._drawn(left)

    def _drawn(self, left: Any) -> int:
        sums = list(accumulate(self._table.probabilities(left)))
        at = bisect_left(sums, self._random.random() * sums[-1])
        cell = left.data[min(at, left.size - 1)]
        return self._possible(cell.id, cell.logit)

    def _possible(self, token: int, logit: float) -> int:
        if logit == -math.inf:
            raise RuntimeError("no token of this model fits the grammar here")
        return token

    def _fits(self, token: int) -> bool:
        cell = TokenData(token, 0.0, 0.0)
        alone = Candidates(ctypes.pointer(cell), 1, -1, False)
        lib.llama_grammar_sample(self._grammar, self._context, alone)
        return bool(cell.logit == 0.0)

    def __del__(self) -> None:
        if self._grammar is not None:
            lib.llama_grammar_free(self._grammar)
