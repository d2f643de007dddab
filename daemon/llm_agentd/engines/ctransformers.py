"""The `ctransformers` engine: llama.cpp as of September 2023, one sequence at a time; for GGUF files of its day.

It reads GGUF with the tensor types of its time (up to the k-quants) and the architectures llama and falcon. Its
sampler knows top_k, top_p, temperature and repeat_penalty; what it does not know is refused, never left out.
Engine thread only; native calls let the interpreter lock go. Knows nothing of requests, caches or NPCs.
"""

from __future__ import annotations

import ctypes
import logging
import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from math import inf
from pathlib import Path
from typing import Any

from llm_agentd.engines import chat_template
from llm_agentd.engines.base import EngineInfo, Piece, Prompt, StepTiming
from llm_agentd.engines.caught_stderr import caught_stderr, pass_on
from llm_agentd.engines.gguf import GgufHeader, read_header
from llm_agentd.engines.limits import check_fits, check_one_source, check_room, pick_context
from llm_agentd.engines.model_info import model_info
from llm_agentd.engines.threads import pick_threads
from llm_agentd.errors import BadRequest, StartError
from llm_agentd.types import Message, PrefixState, Sampling
from llm_agentd.util.cpu_info import cpu_flags
from llm_agentd.util.surrogates import repair_surrogates

log = logging.getLogger(__name__)

PROMPT_TOKENS_PER_STEP = 64  # a stop or a deadline waits no longer than this part of a prompt
PENALTY_TOKENS = 64  # how far back repeat_penalty looks
NEWEST_TENSOR_TYPE = 15  # Q8_K; a newer type makes the native code abort the process
SEED_MASK = 0x7FFFFFFF  # below 0 means "by the clock"
CONTROL = 3  # token type

_TOKENS, _TYPES = "tokenizer.ggml.tokens", "tokenizer.ggml.token_type"
_EOG_TOKENS = ("<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<end_of_turn>")
# The old tokenizer puts a space before every text; after this guard, cut off again, it does not.
_GUARD = "\n"
_NO_STATES = "the ctransformers engine keeps no states"


@dataclass(slots=True)
class _Sequence:
    """The one sequence: `tokens[computed:]` is still to be computed."""

    sampling: Sampling
    seed: int
    tokens: list[int]
    prompt_tokens: int
    computed: int = 0
    recent: list[int] = field(default_factory=list)


class CTransformersEngine:
    """ctransformers behind the engine protocol. `decodes` counts native evaluations, for tests and benchmarks."""

    def __init__(
        self,
        path: Path,
        *,
        model_id: str | None = None,
        context_tokens: int | None = None,
        threads: int | None = None,
        gpu_layers: int = 0,
    ) -> None:
        header = read_header(path, arrays=(_TOKENS, _TYPES))
        context = pick_context(header.context_tokens, context_tokens)
        self._threads = threads or pick_threads(header.parameters)
        self._llm = _load(path, header, context, gpu_layers)
        pieces: list[str] = header.metadata.get(_TOKENS, [])
        types: list[int] = header.metadata.get(_TYPES, [])
        self._control = {text: token for token, text in enumerate(pieces) if types[token : token + 1] == [CONTROL]}
        self._eog = {self._control[text] for text in _EOG_TOKENS if text in self._control} | {self._llm.eos_token_id}
        self._longest_bytes = max((len(text.encode(errors="replace")) for text in pieces), default=1)
        self._space_prefix = bool(header.metadata.get("tokenizer.ggml.add_space_prefix", True))
        self._start = [self._llm.bos_token_id] if header.metadata.get("tokenizer.ggml.add_bos_token", True) else []
        self._render = self._pick_render(header.chat_template)
        self._vocab_size: int = self._llm.vocab_size
        self._sequence: _Sequence | None = None
        self._last_step = StepTiming()
        self.decodes = 0
        self._info = model_info(
            "ctransformers",
            path,
            header,
            model_id=model_id,
            context_tokens=context,
            max_num_seqs=1,
            threads=self._threads,
            settings=(version("ctransformers"), context, gpu_layers),
            features=("messages",),
        )

    @property
    def info(self) -> EngineInfo:
        return self._info

    @property
    def last_step(self) -> StepTiming:
        return self._last_step

    # -- encode ----------------------------------------------------------------------------------

    def encode(self, prompt: str | None, messages: Sequence[Message] | None, sampling: Sampling) -> Prompt:
        check_one_source(prompt, messages)
        _refuse_unknown(sampling)
        contents = [message.content for message in messages] if messages is not None else [prompt or ""]
        # The native side takes C strings, which end at the first NUL.
        contents = [repair_surrogates(content).replace("\0", "�") for content in contents]
        check_room(sum(len(text.encode()) for text in contents), self._info.context_tokens, self._longest_bytes)
        tokens = list(self._start)
        if messages is None:
            tokens += self._tokenize(contents[0]) if self._space_prefix else self._text(contents[0])
        else:
            for part in chat_template.layout(self._render, tuple(message.role for message in messages)):
                tokens += self._text(contents[part]) if isinstance(part, int) else self._template(part)
        check_fits(len(tokens), self._info.context_tokens)
        return Prompt(tokens)

    def _pick_render(self, template: str) -> chat_template.Render:
        if chat_template.is_chatml(template) and {"<|im_start|>", "<|im_end|>"} <= self._control.keys():
            return chat_template.chatml
        if template:
            log.warning(
                "engine ctransformers knows no chat template but ChatML; messages go in as `role: content` lines"
            )
        return chat_template.plain_lines

    def _template(self, text: str) -> list[int]:
        """Template text: the old tokenizer knows no control tokens, so they are put in by hand."""
        names = "|".join(map(re.escape, self._control))
        tokens: list[int] = []
        for part in re.split(f"({names})", text) if names else [text]:
            tokens += [self._control[part]] if part in self._control else self._text(part)
        return tokens

    def _text(self, text: str) -> list[int]:
        """Tokens of `text` without the space that the old tokenizer puts before it."""
        if not text:
            return []
        guard, tokens = self._tokenize(_GUARD), self._tokenize(_GUARD + text)
        return tokens[len(guard) :] if tokens[: len(guard)] == guard else self._tokenize(text)

    def _tokenize(self, text: str) -> list[int]:
        """Around ctransformers' own `tokenize`, whose buffer is too small for multi-byte text and overflows."""
        data = text.encode()
        buffer = (ctypes.c_int * (len(data) + 2))()  # at worst a token a byte, the space before it and a start token
        count: int = self._llm.ctransformers_llm_tokenize(data, False, buffer)
        return list(buffer[:count])

    # -- the sequence ----------------------------------------------------------------------------

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
        """Nothing is reused: ctransformers does not tell what its context still holds."""
        tokens = prompt.tokens
        if seq != 0 or self._sequence is not None:
            raise RuntimeError(f"sequence {seq} is active or out of range")
        if not tokens or len(tokens) + 1 > self._info.context_tokens:
            raise RuntimeError(f"{len(tokens)} tokens were not made by encode")
        seed = secrets.randbits(31) if sampling.seed is None else sampling.seed
        self._sequence = _Sequence(sampling, seed, list(tokens), len(tokens))
        return 0

    def step(self) -> list[Piece]:
        sequence = self._sequence
        if sequence is None:
            return []
        began_s = time.perf_counter()
        part = sequence.tokens[sequence.computed : sequence.computed + PROMPT_TOKENS_PER_STEP]
        running = sequence.computed >= sequence.prompt_tokens
        self.decodes += 1
        if not self._eval(part, sequence.computed):
            self._sequence = None
            return [Piece(0, tokens=0, finish="failed", error="ctransformers could not compute these tokens")]
        sequence.computed += len(part)
        took_s = time.perf_counter() - began_s
        self._last_step = StepTiming(1, took_s) if running else StepTiming(0, 0.0, len(part), took_s)
        return [self._next(sequence)] if sequence.computed == len(sequence.tokens) else []

    def _eval(self, tokens: list[int], past: int) -> bool:
        buffer = (ctypes.c_int * len(tokens))(*tokens)
        done = self._llm.ctransformers_llm_batch_eval(buffer, len(tokens), past, PROMPT_TOKENS_PER_STEP, self._threads)
        return bool(done)

    def _next(self, sequence: _Sequence) -> Piece:
        token = self._sample(sequence)
        if token in self._eog:
            self._sequence = None
            return Piece(0, tokens=0, finish="stop")
        sequence.tokens.append(token)
        sequence.recent = [*sequence.recent, token][-PENALTY_TOKENS:]
        data: bytes = self._llm.ctransformers_llm_detokenize(token)
        generated = len(sequence.tokens) - sequence.prompt_tokens
        if generated >= sequence.sampling.max_tokens or len(sequence.tokens) >= self._info.context_tokens:
            self._sequence = None
            return Piece(0, data, finish="length")
        return Piece(0, data)

    def _sample(self, sequence: _Sequence) -> int:
        sampling = sequence.sampling
        greedy = sampling.temperature <= 0
        recent = (ctypes.c_int * len(sequence.recent))(*sequence.recent)
        # Each native call seeds anew: with one seed all tokens would be drawn with the same random number.
        seed = (sequence.seed * 1_000_003 + len(sequence.tokens) * 7919) & SEED_MASK
        token: int = self._llm.ctransformers_llm_sample(
            recent,
            len(recent),
            1 if greedy else sampling.top_k if sampling.top_k > 0 else self._vocab_size,
            1.0 if greedy else sampling.top_p,
            1.0 if greedy else sampling.temperature,
            sampling.repeat_penalty,
            seed,
        )
        return token

    def wake(self) -> None:
        pass

    def stop(self, seq: int) -> None:
        if seq == 0:
            self._sequence = None

    def pause(self, seq: int) -> object:
        raise NotImplementedError(_NO_STATES)

    def resume(self, seq: int, paused: object, *, priority: int = 0) -> None:
        raise NotImplementedError(_NO_STATES)

    def save_state(self, seq: int) -> PrefixState:
        raise NotImplementedError(_NO_STATES)

    def verify_state(self, seq: int, state: PrefixState) -> bool:
        return False

    def time_step(self, num_seqs: int) -> float:
        began_s = time.perf_counter()
        self._eval([self._llm.eos_token_id], 0)
        return time.perf_counter() - began_s

    def close(self) -> None:
        self._sequence = None
        self._llm = None  # its destructor frees the model


def _refuse_unknown(sampling: Sampling) -> None:
    for name, given in (
        ("grammar", sampling.grammar is not None),
        ("json_schema", sampling.json_schema is not None),
        ("min_p", sampling.min_p > 0),
    ):
        if given:
            raise BadRequest(f"{name}: the ctransformers engine cannot do this; leave it out, or use engine llama")


def _cpu_build(flags: frozenset[str]) -> str | None:
    """Which of its CPU builds ctransformers should load; None = let it find out, which takes it a second."""
    if not flags:
        return None
    if {"avx2", "fma", "f16c"} <= flags:
        return "avx2"
    return "avx" if {"avx", "f16c"} <= flags else "basic"


def _load(path: Path, header: GgufHeader, context_tokens: int, gpu_layers: int) -> Any:
    newest = max(header.tensor_types, default=0)
    if newest > NEWEST_TENSOR_TYPE:
        raise StartError(
            f"model.path: {path} holds tensors of type {newest}, too new for engine ctransformers; use engine llama"
        )
    try:
        from ctransformers.llm import LLM, Config
    except (ImportError, OSError) as error:
        raise StartError(f"engine ctransformers does not load ({error}); pip install ctransformers") from error
    config = Config(context_length=context_tokens, gpu_layers=gpu_layers)
    build = None if gpu_layers else _cpu_build(cpu_flags())
    with caught_stderr() as printed:
        try:
            llm = LLM(str(path), "gguf", config=config, lib=build)
        except (RuntimeError, ValueError, OSError) as error:
            failure: Exception | None = error
        else:
            failure = None
    if failure is not None:
        why = " ".join(printed[0].split())[:300] or str(failure)
        raise StartError(f"model.path: engine ctransformers cannot load {path} ({why}); use engine llama") from failure
    pass_on(printed)
    return llm
