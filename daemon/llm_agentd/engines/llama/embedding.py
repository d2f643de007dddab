"""The engine of a model that computes embeddings: a vector for a text, and no text ever.

Which models are such their GGUF says: it names how the vectors of a text's tokens become one (`pooling_type`).
llama.cpp gives the vectors of the tokens; here they are pooled, and brought to length 1 as OpenAI's are. One text a
step, the most urgent first, so that nobody waits longer than for one. Engine thread only.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Protocol

import numpy as np

from llm_agentd.engines.base import EngineInfo, Piece, Prompt, StepTiming
from llm_agentd.engines.limits import check_fits, check_room, pick_context
from llm_agentd.engines.model_info import model_info
from llm_agentd.engines.model_shape import Pooling, pooling_of, read_model_header
from llm_agentd.engines.threads import pick_threads
from llm_agentd.errors import BadRequest
from llm_agentd.types import Message, PrefixState, Sampling
from llm_agentd.util.surrogates import repair_surrogates

STEP_S = 0.001  # what a step takes does not depend on how many wait
LONGEST_TOKEN_BYTES = 64  # far above any token of a vocabulary for embeddings
WRITES_NOTHING = (
    "this model computes embeddings (POST /v1/embeddings) and writes no text; set model.path to one that does"
)


class Embedder(Protocol):
    """What is needed of llama.cpp. The constructor loads a model: `(path, *, gpu_layers)`; raises StartError."""

    version: str

    def open_embedder(self, *, context_tokens: int, threads: int) -> None:
        """Raises StartError where there is no memory for it."""

    def tokenize_whole(self, text: str) -> list[int]:
        """Token ids with those that the model wants at the ends; control tokens in `text` are plain text."""

    def token_vectors(self, tokens: Sequence[int], first: int, end: int) -> list[Sequence[float]]:
        """Of tokens `first` to `end`, after all of them were computed together. Raises RuntimeError."""

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class _Waiting:
    tokens: list[int]
    priority: int


class EmbeddingEngine:
    """Behind the engine protocol, as far as it is about queueing: each sequence ends with its first piece."""

    def __init__(
        self,
        name: str,
        open_embedder: Callable[..., Embedder],
        path: Path,
        *,
        model_id: str | None = None,
        context_tokens: int | None = None,
        threads: int | None = None,
        gpu_layers: int = 0,
        max_num_seqs: int = 8,
    ) -> None:
        header = read_model_header(path)
        pooling = pooling_of(header)
        assert pooling is not None
        self._pooling: Pooling = pooling
        context = pick_context(header.context_tokens, context_tokens)
        threads = threads or pick_threads(header.parameters)
        self._embedder = open_embedder(path, gpu_layers=gpu_layers)
        self._embedder.open_embedder(context_tokens=context, threads=threads)
        self._waiting: dict[int, _Waiting] = {}
        self._last_step = StepTiming()
        self._info = model_info(
            name,
            path,
            header,
            model_id=model_id,
            context_tokens=context,
            max_num_seqs=max_num_seqs,
            threads=threads,
            settings=(self._embedder.version, context, gpu_layers, pooling),
            features=("embeddings",),
        )

    @property
    def info(self) -> EngineInfo:
        return self._info

    @property
    def last_step(self) -> StepTiming:
        return self._last_step

    def wake(self) -> None:
        """A step never waits."""

    def encode(self, prompt: str | None, messages: Sequence[Message] | None, sampling: Sampling) -> Prompt:
        if sampling.max_tokens > 0 or prompt is None:
            raise BadRequest(WRITES_NOTHING)
        check_room(len(prompt.encode("utf-8", "replace")), self._info.context_tokens, LONGEST_TOKEN_BYTES)
        tokens = self._embedder.tokenize_whole(repair_surrogates(prompt))
        check_fits(len(tokens), self._info.context_tokens)
        return Prompt(tokens)

    def cached_tokens(self, seq: int) -> Sequence[int]:
        return ()

    def start(
        self,
        seq: int,
        prompt: Prompt,
        sampling: Sampling,
        *,
        state: PrefixState | None = None,
        keep_prefix: bool = False,
        priority: int = 0,
        session_id: str = "",
        deadline_s: float = inf,
    ) -> int:
        if not 0 <= seq < self._info.max_num_seqs or seq in self._waiting:
            raise RuntimeError(f"sequence {seq} is active or out of range")
        self._waiting[seq] = _Waiting(prompt.tokens, priority)
        return 0

    def step(self) -> list[Piece]:
        if not self._waiting:
            return []
        seq = min(self._waiting, key=lambda one: self._waiting[one].priority)
        tokens = self._waiting.pop(seq).tokens
        began_s = time.perf_counter()
        vector = self._vector(tokens)
        self._last_step = StepTiming(0, 0.0, len(tokens), time.perf_counter() - began_s)
        return [Piece(seq, tokens=0, finish="stop", embedding=vector)]

    def _vector(self, tokens: Sequence[int]) -> tuple[float, ...]:
        count = len(tokens)
        first, end = {"mean": (0, count), "cls": (0, 1), "last": (count - 1, count)}[self._pooling]
        rows = np.array(self._embedder.token_vectors(tokens, first, end), dtype=np.float32)
        pooled = rows.mean(axis=0)
        length = float(np.linalg.norm(pooled)) or 1.0
        return tuple((pooled / length).tolist())

    def stop(self, seq: int) -> None:
        self._waiting.pop(seq, None)

    def pause(self, seq: int) -> object:
        raise RuntimeError("an embedding is computed at once")

    def resume(self, seq: int, paused: object, *, priority: int = 0) -> None:
        raise RuntimeError("an embedding is computed at once")

    def save_state(self, seq: int) -> PrefixState:
        raise RuntimeError("an embedding keeps nothing")

    def verify_state(self, seq: int, state: PrefixState) -> bool:
        return False

    def time_step(self, num_seqs: int) -> float:
        return STEP_S

    def close(self) -> None:
        self._waiting.clear()
        self._embedder.close()
