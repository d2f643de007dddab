"""The `llama` engines: llama.cpp, one decode call for all running sequences, prompts in parts beside them.

What llama.cpp is called through is a `Binding`. Engine thread only (the constructor included: the threads of a
decode inherit its CPUs and niceness). Knows nothing of requests, caches or NPCs.
"""

from __future__ import annotations

import heapq
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from math import inf
from pathlib import Path

from llm_agentd.engines.base import Candidate, EngineInfo, Piece, Prompt, StepTiming
from llm_agentd.engines.limits import check_one_source, pick_context
from llm_agentd.engines.llama.binding import BatchRow, Binding, KvType
from llm_agentd.engines.llama.forced import forced_tokens, opening_tokens
from llm_agentd.engines.llama.fresh_pages import taken_as_filled
from llm_agentd.engines.llama.grammar.grammars import Grammars
from llm_agentd.engines.llama.prompt_encoder import PromptEncoder
from llm_agentd.engines.llama.sequence import LlamaSequence, PausedSequence
from llm_agentd.engines.llama.template_renderer import pick_renderer
from llm_agentd.engines.llama.vocab import Vocab
from llm_agentd.engines.model_info import model_info
from llm_agentd.engines.model_shape import KV_VALUE_BYTES, kv_values_per_token, read_model_header
from llm_agentd.engines.threads import is_tiny, pick_threads
from llm_agentd.types import Message, PrefixState, Sampling
from llm_agentd.util.common_prefix import common_prefix_length

# Prompts are computed in parts of so many tokens, one part a step or several short ones: what a long prompt may delay
# the running sequences by. 64 is within a tenth of the fastest prefill, and the least at which attention takes the
# quick routine: behind 251 known tokens a 360 M model computes 58 in 316 ms, 64 in 291 (63 in 346). So a last part that
# is short of 64 by a few tokens takes those before it along again, and one that is a little longer is not cut.
PROMPT_TOKENS_PER_STEP = 64
PROMPT_S_PER_STEP = 0.02  # or as many as take no longer: less than a step of a batch that is worth its name
ROUNDED_UP_FROM_TOKENS = 54
UNCUT_TOKENS = 96
# Each run of neighbours costs a pass through the model. A slot between two that run is given a row that is thrown away,
# where so few of those join two runs: 7 sequences of 300 tokens with one gap took 50 ms, 8 without took 35.
GAP_MAX_SLOTS = 3
PART_MULTIPLE = 8  # of rows: a binding that is held to shorter parts computes those best that are a multiple of it
# Without a grammar a token is chosen in 0.03 ms; a grammar that fits is asked about each of 150,000 tokens in some tens
# of milliseconds. What a token takes beyond this, or beyond the step that computed it, the others wait for: it adds up,
# and a sequence may have them wait so long in all. Some grammars double their ways with each letter: cut here, the next
# token would not have taken much memory yet. One call of llama.cpp cannot be cut short: that is the watchdog's.
SAMPLE_FREE_S = 0.1
SAMPLE_MAX_S = 0.5
SEED_RANDOM = 0xFFFFFFFF  # llama.cpp's word for "random": never passed on as a seed
# A state is kept with the logits of so many of the likeliest tokens. Loaded, they may differ by a rounding, since one
# token alone takes another matrix routine than 64 at once; a state of another prompt or model is off by whole units.
PROBE_TOKENS = 8
PROBE_TOLERANCE = 1.0

OpenBinding = Callable[..., Binding]  # (path, *, gpu_layers)


class LlamaEngine:
    """llama.cpp behind the engine protocol. `decodes` counts native decode calls, for tests and benchmarks."""

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
        bit_exact: bool | None = None,
        rows_max: int | None = None,
        candidates: tuple[Candidate, ...] = (),
    ) -> None:
        """Raises StartError. `bit_exact`: the same seed gives the same text whatever was reused, at the price of
        computing more of a prompt. None: for tiny models only, whose prompts cost little (docs/determinism.md).
        `rows_max`: the most rows that the binding computes rightly in one decode, where there is such a limit
        (`engines/proof`); `candidates`: for /info.
        """
        header = read_model_header(path)
        context = pick_context(header.context_tokens, context_tokens)
        threads = threads or pick_threads(header.parameters)
        self._binding = open_binding(path, gpu_layers=gpu_layers)
        self._vocab = Vocab(self._binding, header.metadata)
        cells_bytes = int(context * max_num_seqs * kv_values_per_token(header) * KV_VALUE_BYTES[kv_type])
        with taken_as_filled(cells_bytes):
            self._binding.open_context(
                context_tokens=context,
                max_num_seqs=max_num_seqs,
                threads=threads,
                batch_tokens=max(max_num_seqs, UNCUT_TOKENS),
                kv_type=kv_type,
            )
        self._grammars = Grammars(self._binding.grammar_error)
        renderer = pick_renderer(self._binding, header.chat_template)
        self._rows_max = rows_max or max(max_num_seqs, UNCUT_TOKENS)
        part_tokens = self._rows_max - self._rows_max % PART_MULTIPLE or self._rows_max
        self._part_tokens = min(PROMPT_TOKENS_PER_STEP, part_tokens)
        self._encoder = PromptEncoder(self._vocab, renderer, context, self._part_tokens)
        self._bit_exact = is_tiny(header.parameters) if bit_exact is None else bit_exact
        self._active: dict[int, LlamaSequence] = {}
        self._cached: list[list[int]] = [[] for _ in range(max_num_seqs)]
        self._last_step = StepTiming()
        self._is_cut_short = False  # the last step, before its decode
        self._decode_s = 0.0  # of the last native call
        self.decodes = 0
        self._info = model_info(
            name,
            path,
            header,
            model_id=model_id,
            context_tokens=context,
            max_num_seqs=max_num_seqs,
            threads=threads,
            settings=(self._binding.version, context, gpu_layers, kv_type, *((rows_max,) if rows_max else ())),
            features=("messages", "grammar", "json_schema", "states"),
            candidates=candidates,
        )

    @property
    def info(self) -> EngineInfo:
        return self._info

    @property
    def last_step(self) -> StepTiming:
        return self._last_step

    def encode(self, prompt: str | None, messages: Sequence[Message] | None, sampling: Sampling) -> Prompt:
        check_one_source(prompt, messages)
        self._grammars.text(sampling)
        return self._encoder.encode(prompt, messages)

    # -- sequences -------------------------------------------------------------------------------

    def cached_tokens(self, seq: int) -> Sequence[int]:
        return self._cached[seq]

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
        self._check_free(seq)
        if not prompt.tokens or len(prompt) + 1 > self._info.context_tokens:
            raise RuntimeError(f"{len(prompt)} tokens were not made by encode")
        grammar = self._grammars.text(sampling)
        sampler = self._binding.sampler(sampling, seed=_seed(sampling.seed), grammar=grammar)
        reused = self._reuse(seq, prompt, state)
        room_tokens = min(sampling.max_tokens, self._info.context_tokens - len(prompt)) - 1
        opening = opening_tokens(sampler, self._vocab, room_tokens, PROMPT_TOKENS_PER_STEP)
        self._active[seq] = LlamaSequence(
            seq,
            [*prompt.tokens, *opening],
            prompt_tokens=len(prompt) + len(opening),
            sampler=sampler,
            tokens_left=sampling.max_tokens - len(opening),
            opening=opening,
            priority=priority,
            stable_tokens=prompt.stable_tokens,
            cut=keep_prefix or self._bit_exact,
            keep_prefix=keep_prefix,
            computed=reused,
        )
        return reused

    def _reuse(self, seq: int, prompt: Prompt, state: PrefixState | None) -> int:
        """Leaves in the KV cache of `seq` the longest prefix of the prompt that it holds or that `state` brings."""
        count = self._usable(prompt, self._cached[seq])
        if state is not None and self._usable(prompt, state.tokens) > count:
            self._restore(seq, state)
            count = self._usable(prompt, self._cached[seq])
        if not self._binding.kv_remove(seq, count):  # a memory that cannot be cut in the middle: all or nothing
            self._binding.kv_remove(seq)
            count = 0
        self._cached[seq] = []
        return count

    def _usable(self, prompt: Prompt, known: Sequence[int]) -> int:
        """How many tokens of the prompt need not be computed after `known`; the last one always is, for its logits.

        Bit for bit the same text needs the same parts: then only whole parts count, or all stable tokens.
        """
        count = min(common_prefix_length(prompt.tokens, known), len(prompt) - 1)
        if not self._bit_exact or count == prompt.stable_tokens:
            return count
        if count > prompt.stable_tokens > 0:
            return prompt.stable_tokens
        return count - count % self._part_tokens

    def _restore(self, seq: int, state: PrefixState) -> None:
        self._cached[seq] = []
        try:
            self._binding.load_state(seq, state.data)
        except ValueError:
            self._binding.kv_remove(seq)
            return
        self._cached[seq] = list(state.tokens)

    def step(self) -> list[Piece]:
        """Parts of the prompts of those that start; then one token for each running sequence, in one decode.

        Whose prompt ends here is in that decode too: it costs the others next to nothing, and the step stays as wide
        as it was before the sequence ended whose place it took. With nobody running its first token goes out at once,
        and so does that of the most urgent: the decode comes in the next step.

        A prompt is decoded by itself, and its parts always end at the same positions, whoever else is active. In one
        batch with the others it would be cut where their number leaves room, which is slower and lets other sequences
        change a rounding.
        """
        is_shared = any(sequence.is_running for sequence in self._active.values())
        starting = [sequence for sequence in self._active.values() if not sequence.is_running]
        starting.sort(key=lambda sequence: sequence.priority)
        pieces: list[Piece] = []
        began_s = time.perf_counter()
        computed = self._compute_prompts(starting, pieces, began_s)
        computed_s = time.perf_counter()
        is_awaited = any(self._is_awaited(sequence, began_s) for sequence in starting)
        self._is_cut_short = is_shared and is_awaited and not self._is_cut_short
        if self._is_cut_short:
            self._last_step = StepTiming(prompt_tokens=computed, prompt_s=computed_s - began_s)
            return pieces
        running = [sequence for sequence in self._active.values() if sequence.is_running and is_shared]
        # Where each sequence has a stream of cells of its own, llama.cpp computes those together whose numbers follow
        # one another in the batch, and reads the whole model again for each other run of them: 8 in any order cost
        # twice as much as 8 in theirs.
        running.sort(key=lambda sequence: sequence.seq)
        rows = sum(sequence.fed for sequence in running)
        pieces += self._advance(running)
        stepped = len(running) if rows == len(running) else 0
        self._last_step = StepTiming(stepped, time.perf_counter() - computed_s, computed, computed_s - began_s)
        return pieces

    def _compute_prompts(self, starting: Sequence[LlamaSequence], pieces: list[Piece], began_s: float) -> int:
        """Parts of prompts, the most urgent first; returns their tokens. On a processor that is one part in each step,
        as those that run wait for it. Where it takes no time, on a GPU or with a tiny model, it is more: one part would
        leave most of the batch empty.
        """
        computed = 0
        for sequence in starting:
            here = 0
            while self._is_starting(sequence) and (
                self._has_room(sequence, computed, here) or time.perf_counter() - began_s < PROMPT_S_PER_STEP
            ):
                part = self._compute_part(sequence, pieces)
                computed, here = computed + part, here + part
            if self._is_awaited(sequence, began_s):
                break
        return computed

    def _is_awaited(self, sequence: LlamaSequence, began_s: float) -> bool:
        """Whether somebody waits for its first token, which this step has, and the step is long already."""
        is_here = sequence.priority == 0 and not self._is_starting(sequence)
        return is_here and time.perf_counter() - began_s >= PROMPT_S_PER_STEP

    def _is_starting(self, sequence: LlamaSequence) -> bool:
        return self._active.get(sequence.seq) is sequence and not sequence.is_running

    def _has_room(self, sequence: LlamaSequence, computed: int, here: int) -> bool:
        """Whether a step may have the next part of `sequence` too, which has had `here` tokens of the `computed` ones:
        more than one of the same only where parts are held short."""
        if here and self._part_tokens == PROMPT_TOKENS_PER_STEP:
            return False
        part_tokens = self._part_end(sequence) - sequence.computed
        return not computed or computed + part_tokens <= PROMPT_TOKENS_PER_STEP

    def _advance(self, running: list[LlamaSequence]) -> list[Piece]:
        pieces: list[Piece] = []
        together: list[LlamaSequence] = []
        rows = 0
        for sequence in running:
            if rows + sequence.fed > self._rows_max:
                pieces += self._advance_together(together)
                together, rows = [], 0
            together.append(sequence)
            rows += sequence.fed
        return pieces + self._advance_together(together)

    def _advance_together(self, running: list[LlamaSequence]) -> list[Piece]:
        rows: list[BatchRow] = []
        last_rows: list[int] = []
        fillers: list[BatchRow] = []
        room = self._rows_max - sum(sequence.fed for sequence in running)
        behind = running[0].seq if running else 0  # the slot next to the last one that has a row
        for sequence in running:
            filling = self._gap_rows(range(behind, sequence.seq), room - len(fillers))
            rows += filling
            fillers += filling
            behind = sequence.seq + 1
            last = len(sequence.tokens) - 1
            for at in range(sequence.computed, last + 1):
                rows.append((sequence.tokens[at], at, sequence.seq, at == last))
            sequence.computed = last + 1
            last_rows.append(len(rows) - 1)
        if rows:
            self._decode(rows)
        for _, position, seq, _ in fillers:
            self._binding.kv_remove(seq, position)
        pieces: list[Piece] = []
        for row, sequence in zip(last_rows, running, strict=True):
            pieces += self._sample(sequence, row)
        return pieces

    def _gap_rows(self, gap: range, room: int) -> list[BatchRow]:
        """A row for each slot of `gap`, behind what it holds; none where it does not pay or one has no place for it.

        Where the same text is wanted bit for bit, none either: it may change in which cells a prompt goes on.
        """
        if not 0 < len(gap) <= min(GAP_MAX_SLOTS, room) or self._bit_exact or not self._binding.has_streams:
            return []
        rows: list[BatchRow] = []
        for seq in gap:
            starting = self._active.get(seq)
            position = starting.computed if starting else len(self._cached[seq])
            if position >= self._info.context_tokens or not self._binding.kv_remove(seq, position):
                return []
            rows.append((0, position, seq, False))
        return rows

    def _compute_part(self, sequence: LlamaSequence, pieces: list[Piece]) -> int:
        """The next part of a prompt; returns its tokens. Only the prompt's last row is sampled from."""
        first, until = sequence.computed, self._part_end(sequence)
        if until == sequence.prompt_tokens and ROUNDED_UP_FROM_TOKENS <= until - first < self._part_tokens:
            first = self._step_back(sequence, until - self._part_tokens)
        keeps = sequence.keep_prefix and until == sequence.stable_tokens
        wants_logits = keeps or until == sequence.prompt_tokens
        rows: list[BatchRow] = []
        for at in range(first, until):
            rows.append((sequence.tokens[at], at, sequence.seq, wants_logits and at == until - 1))
        self._decode(rows)
        sequence.computed = until
        if keeps:
            pieces.append(Piece(sequence.seq, tokens=0, state=self._state(sequence)))
        if until == sequence.prompt_tokens:
            pieces += self._sample(sequence, len(rows) - 1)
        return len(rows)

    def _part_end(self, sequence: LlamaSequence) -> int:
        """Where the next part of its prompt ends."""
        first, end = sequence.computed, sequence.prompt_tokens
        if sequence.cut and first < sequence.stable_tokens:
            end = sequence.stable_tokens
        return end if end - first <= min(UNCUT_TOKENS, self._rows_max) else first + self._part_tokens

    def _step_back(self, sequence: LlamaSequence, position: int) -> int:
        """Has the tokens from `position` on computed once more, if that changes no text and the memory can be cut."""
        if not self._bit_exact and position > 0 and self._binding.kv_remove(sequence.seq, position):
            sequence.computed = position
        return sequence.computed

    def _state(self, sequence: LlamaSequence) -> PrefixState:
        logits = self._binding.logits()
        likeliest = heapq.nlargest(PROBE_TOKENS, range(len(logits)), key=logits.__getitem__)
        probe = tuple((token, logits[token]) for token in likeliest)
        return PrefixState(tuple(sequence.tokens[: sequence.computed]), self._binding.save_state(sequence.seq), probe)

    def _decode(self, rows: Sequence[BatchRow]) -> None:
        began_s = time.perf_counter()
        self._binding.decode(rows)
        self._decode_s = time.perf_counter() - began_s
        self.decodes += 1

    def _sample(self, sequence: LlamaSequence, row: int) -> list[Piece]:
        """The next token of `sequence` from a row of the batch just decoded, and those that must follow it."""
        began_s = time.thread_time()
        try:
            token = sequence.sampler.sample(row)
        except Exception as error:
            return self._fail(sequence, f"sampling failed: {error}")
        took_s = time.thread_time() - began_s
        sequence.waited_for_s += max(0.0, took_s - max(SAMPLE_FREE_S, min(self._decode_s, SAMPLE_MAX_S)))
        if sequence.waited_for_s > SAMPLE_MAX_S:
            return self._fail(sequence, "the grammar is too ambiguous; simplify it")
        opening, sequence.opening = self._pieces(sequence, sequence.opening), []
        if self._vocab.is_eog(token):
            self.stop(sequence.seq)
            return [*opening, Piece(sequence.seq, tokens=0, finish="stop")]
        return opening + self._go_on(sequence, token)

    def _fail(self, sequence: LlamaSequence, error: str) -> list[Piece]:
        self.stop(sequence.seq)
        return [Piece(sequence.seq, tokens=0, finish="failed", error=error)]

    def _go_on(self, sequence: LlamaSequence, token: int) -> list[Piece]:
        """Takes a token that was chosen, and those that must follow it."""
        # The last token still needs a cell when it is fed, and the next one a place after it.
        room_tokens = min(sequence.tokens_left, self._info.context_tokens - len(sequence.tokens)) - 1
        forced, is_end = forced_tokens(sequence.sampler, self._vocab, room_tokens, self._rows_max - 1)
        new = [token, *forced]
        sequence.tokens += new
        sequence.tokens_left -= len(new)
        pieces = self._pieces(sequence, new)
        if is_end or len(forced) >= room_tokens:
            self.stop(sequence.seq)
            pieces[-1] = replace(pieces[-1], finish="stop" if is_end else "length")
            return pieces
        for token in forced:
            sequence.sampler.accept(token)
        return pieces

    def _pieces(self, sequence: LlamaSequence, tokens: Sequence[int]) -> list[Piece]:
        return [Piece(sequence.seq, self._vocab.token_to_piece(token)) for token in tokens]

    def wake(self) -> None:
        pass

    def stop(self, seq: int) -> None:
        sequence = self._active.pop(seq, None)
        if sequence is not None:
            # Where texts must be the same bit for bit, only what any prompt would compute in the same parts counts.
            known = min(sequence.computed, sequence.stable_tokens) if self._bit_exact else sequence.computed
            self._cached[seq] = sequence.tokens[:known]

    def pause(self, seq: int) -> object:
        sequence = self._active.pop(seq)
        self._cached[seq] = []
        return PausedSequence(sequence, self._binding.save_state(seq) if sequence.computed else b"")

    def resume(self, seq: int, paused: object, *, priority: int = 0) -> None:
        self._check_free(seq)
        assert isinstance(paused, PausedSequence)
        sequence = paused.sequence
        self._cached[seq] = []
        if paused.data:
            self._binding.load_state(seq, paused.data)
        else:
            self._binding.kv_remove(seq)
        sequence.seq, sequence.priority = seq, priority
        self._active[seq] = sequence

    def save_state(self, seq: int) -> PrefixState:
        return PrefixState(tuple(self._cached[seq]), self._binding.save_state(seq))

    def verify_state(self, seq: int, state: PrefixState) -> bool:
        """Computes the last token of `state` once more and compares the logits with its probe.

        The last token is enough: its logits depend on every layer's state of every token before it.
        """
        self._check_free(seq)
        self._restore(seq, state)
        last = len(state.tokens) - 1
        if not self._cached[seq] or not state.probe:
            return False
        if not self._binding.kv_remove(seq, last):
            self._cached[seq] = []
            return False
        self._decode([(state.tokens[last], last, seq, True)])
        logits = self._binding.logits()
        is_verified = all(abs(logits[token] - logit) <= PROBE_TOLERANCE for token, logit in state.probe)
        self._cached[seq] = []
        if is_verified:  # loaded again: the row just computed by itself may differ from the saved one by a rounding
            self._restore(seq, state)
        return is_verified

    def time_step(self, num_seqs: int) -> float:
        for seq in range(num_seqs):
            self._check_free(seq)
            self._cached[seq] = []
            self._binding.kv_remove(seq)
        rows: list[BatchRow] = [(0, 0, seq, True) for seq in range(num_seqs)]
        began_s = time.perf_counter()
        for first in range(0, num_seqs, self._rows_max):
            self._binding.decode(rows[first : first + self._rows_max])
        return time.perf_counter() - began_s

    def close(self) -> None:
        self._active.clear()
        self._binding.close()

    def _check_free(self, seq: int) -> None:
        if not 0 <= seq < self._info.max_num_seqs or seq in self._active:
            raise RuntimeError(f"sequence {seq} is active or out of range")


def _seed(seed: int | None) -> int:
    return (secrets.randbits(32) if seed is None else seed) % SEED_RANDOM
