"""The `llama` engines: llama.cpp, one decode call for all running sequences, prompts in parts beside them.

What llama.cpp is called through is a `Binding`. Engine thread only (the constructor included: the threads of a
decode inherit its CPUs and niceness). Knows nothing of requests, caches or NPCs.
"""

from __future__ import annotations

import heapq
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from llm_agentd.engines import chat
from llm_agentd.engines.base import EngineInfo, Piece, Prompt, StepTiming
from llm_agentd.engines.fingerprint import fingerprint
from llm_agentd.engines.gguf import read_head
from llm_agentd.engines.llama.binding import Binding, KvType, Row, Sampler
from llm_agentd.engines.llama.chat import pick_render
from llm_agentd.engines.llama.grammar import Grammars
from llm_agentd.engines.llama.vocab import Vocab
from llm_agentd.engines.machine import is_tiny, pick_threads
from llm_agentd.engines.text import check_fits, check_one_source, check_room, pick_context
from llm_agentd.types import Message, PrefixState, Sampling
from llm_agentd.util.common_prefix import common_prefix_length
from llm_agentd.util.surrogates import repair_surrogates

# Prompts are computed in parts of so many tokens, one part a step or several short ones: what a long prompt may delay
# the running sequences by. 64 is within a tenth of the fastest prefill, and the least at which attention takes the
# quick routine: behind 251 known tokens a 360 M model computes 58 in 316 ms, 64 in 291 (63 in 346). So a last part that
# is short of 64 by a few tokens takes those before it along again, and one that is a little longer is not cut.
PROMPT_TOKENS_PER_STEP = 64
ROUNDED_UP_FROM_TOKENS = 54
UNCUT_SHARE = 1.5
# Some grammars double their ways with each letter. Cut here, the next token would not have taken much memory yet;
# without a grammar a token is chosen in 0.03 ms.
SAMPLE_MAX_S = 0.5
SEED_RANDOM = 0xFFFFFFFF  # llama.cpp's word for "random": never passed on as a seed
# A state is kept with the scores of so many tokens. Restored, they may differ by rounding, since one token alone takes
# another routine than 64 at once; a state of another prompt or model is off by whole units.
PROBE_TOKENS = 8
PROBE_TOLERANCE = 1.0

OpenBinding = Callable[..., Binding]  # (path, *, gpu_layers)


@dataclass(slots=True)
class _Live:
    """One sequence: `tokens[:computed]` are in the slot, prompt first. Once `running`, one more token is fed a step.

    `cut`: a part of the prompt ends with its stable beginning; `keep`: and its state is given out then.
    """

    seq: int
    tokens: list[int]
    prompt_tokens: int
    sampler: Sampler
    tokens_left: int
    priority: int
    stable_tokens: int
    cut: bool
    keep: bool
    computed: int

    @property
    def running(self) -> bool:
        return len(self.tokens) > self.prompt_tokens


@dataclass(slots=True)
class _Paused:
    live: _Live
    data: bytes


class LlamaEngine:
    """llama.cpp behind the engine protocol. `decodes` counts native decode calls."""

    def __init__(
        self,
        name: str,
        open_binding: OpenBinding,
        path: Path,
        *,
        model_id: str | None = None,
        context_tokens: int | None = None,
        threads: int | None = None,
        gpu_layers: int = 0,
        max_num_seqs: int = 8,
        kv_type: KvType = "f16",
        prompt_tokens_per_step: int = PROMPT_TOKENS_PER_STEP,
    ) -> None:
        head = read_head(path)
        context = pick_context(head.context_tokens, context_tokens)
        self._part_tokens = prompt_tokens_per_step
        self._uncut_tokens = int(UNCUT_SHARE * prompt_tokens_per_step)
        threads = threads or pick_threads(head.parameters)
        self._native = open_binding(path, gpu_layers=gpu_layers)
        self._vocab = Vocab(self._native, head.metadata)
        self._native.open_context(
            context_tokens=context,
            max_num_seqs=max_num_seqs,
            threads=threads,
            batch_tokens=max(max_num_seqs, self._uncut_tokens),
            kv_type=kv_type,
        )
        self._grammars = Grammars(self._native.grammar_error)
        self._layout = lru_cache(chat.TURNS_KEPT)(self._lay_out)
        self._render = pick_render(self._native, head.chat_template)
        # A tiny model's prompt costs little: there the same seed gives the same text bit for bit, whatever was reused.
        self._exact = is_tiny(head.parameters)
        self._live: dict[int, _Live] = {}
        self._held: list[list[int]] = [[] for _ in range(max_num_seqs)]
        self._last_step = StepTiming()
        self.decodes = 0
        self._info = EngineInfo(
            engine=name,
            model=model_id or str(head.metadata.get("general.name") or path.stem),
            fingerprint=fingerprint(path, name, self._native.version, context, gpu_layers, kv_type),
            context_tokens=context,
            max_num_seqs=max_num_seqs,
            parameters=head.parameters,
            model_bytes=path.stat().st_size,
            path=str(path),
            threads=threads,
            languages=head.languages,
            features=frozenset({"messages", "grammar", "json_schema", "states"}),
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
        self._grammars.text(sampling)
        contents = [message.content for message in messages] if messages is not None else [prompt or ""]
        contents = [repair_surrogates(content) for content in contents]
        size = sum(len(content.encode()) for content in contents)
        check_room(size, self._info.context_tokens, self._vocab.longest_bytes)
        tokens = list(self._vocab.start)
        stable = 0
        if messages is None:
            tokens += self._vocab.text(contents[0])
            stable = (len(tokens) - 1) // self._part_tokens * self._part_tokens
        else:
            for part in self._layout(tuple(message.role for message in messages)):
                if part == len(contents) - 1:
                    stable = len(tokens)
                tokens += self._vocab.text(contents[part]) if isinstance(part, int) else part
        check_fits(len(tokens), self._info.context_tokens)
        return Prompt(tokens, stable)

    def _lay_out(self, roles: tuple[str, ...]) -> list[list[int] | int]:
        """The template for turns of these roles: token ids, and indices of contents between them."""
        parts = chat.layout(self._render, roles)
        return [
            part if isinstance(part, int) else self._vocab.template(part, opens=place == 0)
            for place, part in enumerate(parts)
        ]

    # -- sequences -------------------------------------------------------------------------------

    def cached_tokens(self, seq: int) -> Sequence[int]:
        return self._held[seq]

    def start(
        self,
        seq: int,
        prompt: Prompt,
        sampling: Sampling,
        *,
        state: PrefixState | None = None,
        keep_prefix: bool = False,
        priority: int = 0,
    ) -> int:
        self._check_free(seq)
        if not prompt.tokens or len(prompt) + 1 > self._info.context_tokens:
            raise RuntimeError(f"{len(prompt)} tokens were not made by encode")
        grammar = self._grammars.text(sampling)
        sampler = self._native.sampler(sampling, seed=_seed(sampling.seed), grammar=grammar)
        reused = self._take_up(seq, prompt, state)
        self._live[seq] = _Live(
            seq,
            list(prompt.tokens),
            prompt_tokens=len(prompt),
            sampler=sampler,
            tokens_left=sampling.max_tokens,
            priority=priority,
            stable_tokens=prompt.stable_tokens,
            cut=keep_prefix or self._exact,
            keep=keep_prefix,
            computed=reused,
        )
        return reused

    def _take_up(self, seq: int, prompt: Prompt, state: PrefixState | None) -> int:
        """Leaves in `seq` the longest usable beginning of the prompt that it holds or that `state` brings."""
        count = self._usable(prompt, self._held[seq])
        if state is not None and self._usable(prompt, state.tokens) > count:
            self._restore(seq, state)
            count = self._usable(prompt, self._held[seq])
        if not self._native.kv_remove(seq, count):  # a memory that cannot be cut in the middle: all or nothing
            self._native.kv_remove(seq)
            count = 0
        self._held[seq] = []
        return count

    def _usable(self, prompt: Prompt, known: Sequence[int]) -> int:
        """How many tokens of `known` may stand for the prompt's; at least its last one is always computed."""
        count = min(common_prefix_length(prompt.tokens, known), len(prompt) - 1)
        if not self._exact or count == prompt.stable_tokens:
            return count
        if count > prompt.stable_tokens > 0:
            return prompt.stable_tokens
        return count - count % self._part_tokens

    def _restore(self, seq: int, state: PrefixState) -> None:
        self._held[seq] = []
        try:
            self._native.load_state(seq, state.data)
        except ValueError:
            self._native.kv_remove(seq)
            return
        self._held[seq] = list(state.tokens)

    def step(self) -> list[Piece]:
        """One token for each running sequence, in one decode; then parts of the prompts of those that start.

        A prompt is decoded by itself and its parts always end at the same places, whoever else is live: mixed into the
        others' batch it would be cut where their number wants it, which is slower and lets company change a rounding.
        """
        running = [live for live in self._live.values() if live.running]
        starting = sorted((live for live in self._live.values() if not live.running), key=lambda live: live.priority)
        began_s = time.perf_counter()
        pieces = self._advance(running) if running else []
        decoded_s = time.perf_counter()
        computed = 0
        for live in starting:
            if computed >= self._part_tokens:
                break
            computed += self._compute_part(live, pieces)
        self._last_step = StepTiming(len(running), decoded_s - began_s, computed, time.perf_counter() - decoded_s)
        return pieces

    def _advance(self, running: list[_Live]) -> list[Piece]:
        self._decode([(live.tokens[live.computed], live.computed, live.seq, True) for live in running])
        for live in running:
            live.computed += 1
        return [self._sample(live, row) for row, live in enumerate(running)]

    def _compute_part(self, live: _Live, pieces: list[Piece]) -> int:
        """The next part of a prompt; returns its tokens. Only the prompt's last row is sampled from."""
        first, end = live.computed, live.prompt_tokens
        if live.cut and first < live.stable_tokens:
            end = live.stable_tokens
        until = end if end - first <= self._uncut_tokens else first + self._part_tokens
        if until == live.prompt_tokens and ROUNDED_UP_FROM_TOKENS <= until - first < self._part_tokens:
            first = self._step_back(live, until - self._part_tokens)
        keeps = live.keep and until == live.stable_tokens
        wanted = keeps or until == live.prompt_tokens
        rows: list[Row] = [(live.tokens[at], at, live.seq, wanted and at == until - 1) for at in range(first, until)]
        self._decode(rows)
        live.computed = until
        if keeps:
            pieces.append(Piece(live.seq, tokens=0, state=self._state(live)))
        if until == live.prompt_tokens:
            pieces.append(self._sample(live, len(rows) - 1))
        return len(rows)

    def _step_back(self, live: _Live, position: int) -> int:
        """Has the tokens from `position` on computed once more, if that changes no text and the memory can be cut."""
        if not self._exact and position > 0 and self._native.kv_remove(live.seq, position):
            live.computed = position
        return live.computed

    def _state(self, live: _Live) -> PrefixState:
        scores = self._native.logits()
        best = heapq.nlargest(PROBE_TOKENS, range(len(scores)), key=scores.__getitem__)
        probe = tuple((token, scores[token]) for token in best)
        return PrefixState(tuple(live.tokens[: live.computed]), self._native.save_state(live.seq), probe)

    def _decode(self, rows: Sequence[Row]) -> None:
        self._native.decode(rows)
        self.decodes += 1

    def _sample(self, live: _Live, row: int) -> Piece:
        """The next token of `live` from a row of the batch just decoded."""
        began_s = time.thread_time()
        try:
            token = live.sampler.sample(row)
        except Exception as error:
            self.stop(live.seq)
            return Piece(live.seq, tokens=0, finish="failed", error=f"sampling failed: {error}")
        if time.thread_time() - began_s > SAMPLE_MAX_S:
            self.stop(live.seq)
            return Piece(live.seq, tokens=0, finish="failed", error="the grammar is too ambiguous; simplify it")
        if self._vocab.ends(token):
            self.stop(live.seq)
            return Piece(live.seq, tokens=0, finish="stop")
        live.tokens.append(token)
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
            # Where texts must be the same bit for bit, only what any prompt would compute in the same parts counts.
            known = min(live.computed, live.stable_tokens) if self._exact else live.computed
            self._held[seq] = live.tokens[:known]

    def pause(self, seq: int) -> object:
        live = self._live.pop(seq)
        self._held[seq] = []
        return _Paused(live, self._native.save_state(seq) if live.computed else b"")

    def resume(self, seq: int, paused: object, *, priority: int = 0) -> None:
        self._check_free(seq)
        assert isinstance(paused, _Paused)
        live = paused.live
        self._held[seq] = []
        if paused.data:
            self._native.load_state(seq, paused.data)
        else:
            self._native.kv_remove(seq)
        live.seq, live.priority = seq, priority
        self._live[seq] = live

    def save_state(self, seq: int) -> PrefixState:
        return PrefixState(tuple(self._held[seq]), self._native.save_state(seq))

    def verify_state(self, seq: int, state: PrefixState) -> bool:
        self._check_free(seq)
        self._restore(seq, state)
        last = len(state.tokens) - 1
        if not self._held[seq] or not state.probe:
            return False
        if not self._native.kv_remove(seq, last):
            self._held[seq] = []
            return False
        self._decode([(state.tokens[last], last, seq, True)])
        scores = self._native.logits()
        proved = all(abs(scores[token] - score) <= PROBE_TOLERANCE for token, score in state.probe)
        self._held[seq] = []
        if proved:  # from the file again: the row computed alone may differ by a rounding
            self._restore(seq, state)
        return proved

    def time_step(self, num_seqs: int) -> float:
        for seq in range(num_seqs):
            self._check_free(seq)
            self._held[seq] = []
            self._native.kv_remove(seq)
        rows: list[Row] = [(0, 0, seq, True) for seq in range(num_seqs)]
        began_s = time.perf_counter()
        self._native.decode(rows)
        return time.perf_counter() - began_s

    def close(self) -> None:
        self._live.clear()
        self._native.close()

    def _check_free(self, seq: int) -> None:
        if not 0 <= seq < self._info.max_num_seqs or seq in self._live:
            raise RuntimeError(f"sequence {seq} is live or out of range")


def _seed(seed: int | None) -> int:
    return (secrets.randbits(32) if seed is None else seed) % SEED_RANDOM
