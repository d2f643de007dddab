"""The `llama` engine: llama.cpp through cyllama, one decode call for all running sequences.

Inference thread only (`open` included: the threads of a decode inherit its CPUs and niceness). `decode` lets the
interpreter lock go. What cyllama does not check would crash the process, so it is checked here: positions, token
ids, grammars. Knows nothing of requests, caches or NPCs.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from cyllama.llama import llama_cpp

from llm_agentd.engines import chat
from llm_agentd.engines.base import EngineInfo, Piece
from llm_agentd.engines.fingerprint import fingerprint
from llm_agentd.engines.gguf import read_head
from llm_agentd.engines.grammar import Grammars
from llm_agentd.engines.llama_chat import pick_render
from llm_agentd.engines.llama_vocab import Vocab
from llm_agentd.engines.machine import pick_threads
from llm_agentd.engines.native_log import native_errors
from llm_agentd.engines.text import check_fits, check_one_source, check_room, pick_context, well_formed
from llm_agentd.errors import StartError
from llm_agentd.serving.request import Message, Sampling

# Prompts are computed in parts of so many tokens, one part a step or several short ones: what a long prompt may delay
# the running sequences by. 64 is within a tenth of the fastest prefill.
PROMPT_TOKENS_PER_STEP = 64
PENALTY_TOKENS = 64  # how far back repeat_penalty looks, as in llama.cpp
# Some grammars double their ways with each letter. Cut here, the next token would not have taken much memory yet;
# without a grammar a token is chosen in 0.03 ms.
SAMPLE_MAX_S = 0.5
SEED_RANDOM = 0xFFFFFFFF  # llama.cpp's word for "random": never passed on as a seed


@dataclass(slots=True)
class _Live:
    """One sequence: `prompt[computed:]` is still to be computed, then `token` is the one to feed next."""

    seq: int
    prompt: list[int]
    sampler: Any
    tokens_left: int
    computed: int = 0
    token: int = -1

    @property
    def running(self) -> bool:
        return self.token >= 0


class LlamaEngine:
    """llama.cpp behind the engine protocol. `decodes` counts native decode calls."""

    def __init__(
        self,
        path: Path,
        *,
        model_id: str | None = None,
        context_tokens: int | None = None,
        threads: int | None = None,
        gpu_layers: int = 0,
        width: int = 8,
        prompt_tokens_per_step: int = PROMPT_TOKENS_PER_STEP,
    ) -> None:
        head = read_head(path)
        context = pick_context(head.context_tokens, context_tokens)
        self._part_tokens = prompt_tokens_per_step
        self._threads = threads or pick_threads(head.parameters)
        self._model = _load_model(path, gpu_layers)
        self._vocab = Vocab(self._model.get_vocab(), head.metadata)
        self._context = _open_context(
            self._model,
            context_tokens=context,
            width=width,
            threads=self._threads,
            batch_tokens=max(width, self._part_tokens),
        )
        self._batch = llama_cpp.LlamaBatch(n_tokens=max(width, self._part_tokens), embd=0, n_seq_max=1)
        self._grammars = Grammars(self._vocab.native)
        self._layout = lru_cache(chat.TURNS_KEPT)(self._lay_out)
        self._render = pick_render(self._model, head.chat_template)
        self._live: dict[int, _Live] = {}
        self.decodes = 0
        cyllama = version("cyllama")
        self._info = EngineInfo(
            engine="llama",
            model=model_id or str(head.metadata.get("general.name") or path.stem),
            fingerprint=fingerprint(path, "llama", cyllama, context, gpu_layers),
            context_tokens=context,
            max_sequences=width,
            parameters=head.parameters,
            model_bytes=path.stat().st_size,
            path=str(path),
            threads=self._threads,
            features=frozenset({"messages", "grammar", "json_schema"}),
        )

    @property
    def info(self) -> EngineInfo:
        return self._info

    # -- encode ----------------------------------------------------------------------------------

    def encode(self, prompt: str | None, messages: Sequence[Message] | None, sampling: Sampling) -> list[int]:
        check_one_source(prompt, messages)
        self._grammars.text(sampling)
        contents = [message.content for message in messages] if messages is not None else [prompt or ""]
        contents = [well_formed(content) for content in contents]
        size = sum(len(content.encode()) for content in contents)
        check_room(size, self._info.context_tokens, self._vocab.longest_bytes)
        tokens = list(self._vocab.start)
        if messages is None:
            tokens += self._vocab.text(contents[0])
        else:
            for part in self._layout(tuple(message.role for message in messages)):
                tokens += self._vocab.text(contents[part]) if isinstance(part, int) else part
        check_fits(len(tokens), self._info.context_tokens)
        return tokens

    def _lay_out(self, roles: tuple[str, ...]) -> list[list[int] | int]:
        """The template for turns of these roles: token ids, and indices of contents between them."""
        parts = chat.layout(self._render, roles)
        return [
            part if isinstance(part, int) else self._vocab.template(part, opens=place == 0)
            for place, part in enumerate(parts)
        ]

    # -- sequences -------------------------------------------------------------------------------

    def start(self, seq: int, tokens: Sequence[int], sampling: Sampling) -> int:
        if not 0 <= seq < self._info.max_sequences or seq in self._live:
            raise RuntimeError(f"sequence {seq} is live or out of range")
        if not tokens or len(tokens) + 1 > self._info.context_tokens:
            raise RuntimeError(f"{len(tokens)} tokens were not made by encode")
        sampler = self._sampler(sampling)
        self._context.memory_seq_rm(seq, -1, -1)
        self._live[seq] = _Live(seq, list(tokens), sampler, sampling.max_tokens)
        return 0

    def step(self) -> list[Piece]:
        """One token for each running sequence, in one decode; then parts of the prompts of those that start.

        A prompt is decoded by itself and its parts always end at the same places, whoever else is live: mixed into the
        others' batch it would be cut where their number wants it, which is slower and lets company change a rounding.
        """
        running = [live for live in self._live.values() if live.running]
        starting = [live for live in self._live.values() if not live.running]
        pieces = self._advance(running) if running else []
        budget = self._part_tokens
        for live in starting:
            if budget <= 0:
                break
            part = self._compute_part(live)
            budget -= part
            if live.computed == len(live.prompt):
                pieces.append(self._sample(live, part - 1))
        return pieces

    def _advance(self, running: list[_Live]) -> list[Piece]:
        self._batch.clear()
        for live in running:
            self._batch.add(live.token, live.computed, [live.seq], True)
            live.computed += 1
        self._decode()
        return [self._sample(live, row) for row, live in enumerate(running)]

    def _compute_part(self, live: _Live) -> int:
        """The next part of a prompt; returns its tokens. Only the prompt's last row is sampled from."""
        part = live.prompt[live.computed : live.computed + self._part_tokens]
        last = len(live.prompt) - 1
        self._batch.clear()
        for position, token in enumerate(part, live.computed):
            self._batch.add(token, position, [live.seq], position == last)
        live.computed += len(part)
        self._decode()
        return len(part)

    def _decode(self) -> None:
        self._context.decode(self._batch)
        self.decodes += 1

    def _sample(self, live: _Live, row: int) -> Piece:
        """The next token of `live` from a row of the batch just decoded."""
        began_s = time.thread_time()
        try:
            token = live.sampler.sample(self._context, row)
        except Exception as error:
            self.stop(live.seq)
            return Piece(live.seq, tokens=0, finish="failed", error=f"sampling failed: {error}")
        if time.thread_time() - began_s > SAMPLE_MAX_S:
            self.stop(live.seq)
            return Piece(live.seq, tokens=0, finish="failed", error="the grammar is too ambiguous; simplify it")
        if self._vocab.ends(token):
            self.stop(live.seq)
            return Piece(live.seq, tokens=0, finish="stop")
        live.token = token
        live.tokens_left -= 1
        data = self._vocab.piece(token)
        # The token just sampled still needs a cell when it is fed, and the next one a place after it.
        if live.tokens_left <= 0 or live.computed + 1 >= self._info.context_tokens:
            self.stop(live.seq)
            return Piece(live.seq, data, finish="length")
        return Piece(live.seq, data)

    def stop(self, seq: int) -> None:
        live = self._live.pop(seq, None)
        if live is not None:
            self._context.memory_seq_rm(seq, -1, -1)

    def close(self) -> None:
        self._live.clear()
        with native_errors():  # freeing logs too
            self._batch.close()
            self._context.close()
            self._model.close()

    def _sampler(self, sampling: Sampling) -> Any:
        sampler = llama_cpp.LlamaSampler(llama_cpp.LlamaSamplerChainParams())
        grammar = self._grammars.text(sampling)
        if grammar is not None:
            sampler.add_grammar(self._vocab.native, grammar, "root")
        if sampling.repeat_penalty != 1.0:
            sampler.add_penalties(PENALTY_TOKENS, sampling.repeat_penalty, 0.0, 0.0)
        if sampling.temperature <= 0:
            sampler.add_greedy()
            return sampler
        if sampling.top_k > 0:
            sampler.add_top_k(sampling.top_k)
        sampler.add_top_p(sampling.top_p, 1)
        sampler.add_min_p(sampling.min_p, 1)
        sampler.add_temp(sampling.temperature)
        sampler.add_dist(_seed(sampling.seed))
        return sampler


def _seed(seed: int | None) -> int:
    return (secrets.randbits(32) if seed is None else seed) % SEED_RANDOM


def _load_model(path: Path, gpu_layers: int) -> Any:
    params = llama_cpp.LlamaModelParams()
    params.n_gpu_layers = gpu_layers
    with native_errors() as errors:
        llama_cpp.ggml_backend_load_all()
        try:
            return llama_cpp.LlamaModel(str(path), params)
        except Exception as error:
            why = "; ".join(errors) or str(error)
            raise StartError(f"model.path: llama.cpp cannot load {path} ({why}); try another GGUF file") from error


def _open_context(model: Any, *, context_tokens: int, width: int, threads: int, batch_tokens: int) -> Any:
    params = llama_cpp.LlamaContextParams()
    params.n_ctx = context_tokens * width
    params.n_seq_max = width
    params.n_batch = params.n_ubatch = batch_tokens  # one call is one pass through the network
    params.n_threads = params.n_threads_batch = threads
    # Each sequence attends over its own cells only: one cache for all took twice the time at eight sequences of 300.
    params.kv_unified = False
    params.no_perf = True
    with native_errors() as errors:
        try:
            return llama_cpp.LlamaContext(model, params)
        except Exception as error:
            why = "; ".join(errors) or str(error)
            raise StartError(
                f"no room for {width} sequences of {context_tokens} tokens ({why}); "
                "lower batch.size or model.context_tokens"
            ) from error
