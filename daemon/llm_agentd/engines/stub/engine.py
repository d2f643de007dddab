"""The `stub` engine: no model, but all manners of one; for trying things out and for tests in milliseconds.

Its text follows from prompt and seed, comes in pieces (some end inside a character), obeys `max_tokens` and JSON
schemas; prompts are computed in parts. Pure but for `on_step`; engine thread only, like every engine.
"""

from __future__ import annotations

import hashlib
import math
import random
import re
import secrets
import struct
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf

from llm_agentd.engines import chat_template
from llm_agentd.engines.base import EngineInfo, Piece, Prompt, StepTiming
from llm_agentd.engines.gguf import TOPICS_FORM
from llm_agentd.engines.limits import check_fits, check_one_source, check_room
from llm_agentd.engines.stub.minimal_json import minimal_json
from llm_agentd.errors import BadRequest
from llm_agentd.types import Message, PrefixState, Sampling
from llm_agentd.util.common_prefix import common_prefix_length
from llm_agentd.util.surrogates import repair_surrogates

CONTEXT_TOKENS = 2048
TOKEN_BYTES = 4  # a token is up to four bytes of UTF-8 and their number: about what real vocabularies reach
PROMPT_TOKENS_PER_STEP = 256  # all starting sequences together, as in `llama`
WORDS_ECHOED = 6
EMBEDDING_VALUES = 8
STEP_S = 0.001  # what a step is said to take; the same for any number of sequences: the more at once the better

# Sentences with characters of two, three and four bytes, so that text is assembled for real.
_SENTENCES = (
    "“{words}”, you say? {name} has heard stranger things – but not today.",
    "{name} nods. “{words}” … well, that is worth a thought.",
    "Ah, {words}! Ask {name} again when the moon is up 🌙.",
    "{name} scratches an ear: {words}? It would cost you a café’s worth of silver.",
    "By the old oak, {name} knows nothing of {words}, naïve as that may sound.",
)
_OPEN = b"\nassistant:"  # what the plain layout puts behind the last turn
_PROBE = ((0, 1.0),)  # stands for logits, which the stub has not
_ASIDE = "(Do not repeat: "  # an aside to the model, not words said
_NAME = re.compile(r"You are ([^,.\n]{1,40})")

Script = Callable[[str], list[bytes]]


@dataclass(slots=True)
class _Sequence:
    """`prompt.tokens[:computed]` are computed, `pieces[:sent]` are given out."""

    seq: int
    prompt: Prompt
    text: str
    pieces: list[bytes]
    tokens_left: int
    keep_prefix: bool
    priority: int
    computed: int
    sent: int = 0

    @property
    def is_running(self) -> bool:
        return self.computed == len(self.prompt)


class StubEngine:
    """Constructor arguments are for tests and demos; the daemon's configuration sets none but the first three.

    `script` gives the pieces for a prompt; `on_step` is called with the number of active sequences at each step (to
    sleep or count); a prompt that holds `fail_mark` fails alone, one that holds `break_mark` breaks the engine, and the
    step of one that holds `hang_mark` never ends, as native code may hang. `step_s`: each step takes so long and
    computes nothing, as one on a graphics card would; 0: as fast as it goes.
    `topics_of`: the path of a model whose topics and placeholders it is told, as if it were that one.
    """

    def __init__(
        self,
        *,
        model_id: str = "stub",
        context_tokens: int | None = None,
        max_num_seqs: int = 8,
        script: Script | None = None,
        on_step: Callable[[int], None] | None = None,
        fail_mark: str | None = None,
        break_mark: str | None = None,
        hang_mark: str | None = None,
        topics_of: str = "",
        step_s: float = 0.0,
    ) -> None:
        self._script = script
        self._on_step = on_step
        self._fail_mark = fail_mark
        self._break_mark = break_mark
        self._hang_mark = hang_mark
        self._step_s = step_s
        self._active: dict[int, _Sequence] = {}
        self._cached: list[list[int]] = [[] for _ in range(max_num_seqs)]
        self._last_step = StepTiming()
        self.decodes = 0
        self._info = EngineInfo(
            engine="stub",
            model=model_id,
            fingerprint=f"stub-1-{model_id}",
            context_tokens=context_tokens or CONTEXT_TOKENS,
            max_num_seqs=max_num_seqs,
            path=topics_of,
            prompt_form=TOPICS_FORM if topics_of else "",
            features=frozenset({"messages", "json_schema", "states", "embeddings"}),
        )

    @property
    def info(self) -> EngineInfo:
        return self._info

    @property
    def last_step(self) -> StepTiming:
        return self._last_step

    def encode(self, prompt: str | None, messages: Sequence[Message] | None, sampling: Sampling) -> Prompt:
        check_one_source(prompt, messages)
        if sampling.grammar is not None:
            raise BadRequest("grammar: the stub engine has none; use json_schema, or engine llama")
        if sampling.json_schema is not None:
            minimal_json(sampling.json_schema, "")
        text = _chat_text(messages) if messages is not None else prompt or ""
        data = repair_surrogates(text).encode()
        check_room(len(data), self._info.context_tokens, TOKEN_BYTES)
        tokens = _pack(data)
        check_fits(len(tokens), self._info.context_tokens)
        last = len(messages[-1].content.encode(errors="replace")) if messages else len(data)
        return Prompt(tokens, max(0, len(data) - last - len(_OPEN)) // TOKEN_BYTES)

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
        text = _unpack(prompt.tokens).decode(errors="replace")
        pieces = self._script(text) if self._script else _pieces(text, sampling)
        if sampling.max_tokens == 0:
            pieces = []
        room = self._info.context_tokens - len(prompt)
        known = [
            common_prefix_length(prompt.tokens, tokens) for tokens in (self._cached[seq], state.tokens if state else ())
        ]
        reused = min(max(known), len(prompt) - 1)
        self._cached[seq] = []
        self._active[seq] = _Sequence(
            seq, prompt, text, pieces, min(sampling.max_tokens, room), keep_prefix, priority, reused
        )
        return reused

    def step(self) -> list[Piece]:
        if not self._active:
            return []
        if self._on_step:
            self._on_step(len(self._active))
        if self._step_s:
            time.sleep(self._step_s)
        if self._break_mark and any(self._break_mark in sequence.text for sequence in self._active.values()):
            raise RuntimeError("the stub engine broke, as it was told to")
        if self._hang_mark and any(self._hang_mark in sequence.text for sequence in self._active.values()):
            threading.Event().wait()
        self.decodes += 1
        running = [sequence for sequence in self._active.values() if sequence.is_running]
        starting = [sequence for sequence in self._active.values() if not sequence.is_running]
        starting.sort(key=lambda sequence: sequence.priority)
        out = [self._next(sequence) for sequence in running]
        budget = PROMPT_TOKENS_PER_STEP
        for sequence in starting:
            budget -= self._compute_part(sequence, budget, out)
        prompt_tokens = PROMPT_TOKENS_PER_STEP - budget
        # A part of a prompt rides in a decode step for nothing; alone, it is charged for its share of a full one.
        prompt_s = 0.0 if running else self._step_s * prompt_tokens / PROMPT_TOKENS_PER_STEP
        self._last_step = StepTiming(len(running), self._step_s if running else 0.0, prompt_tokens, prompt_s)
        return out

    def _compute_part(self, sequence: _Sequence, budget: int, out: list[Piece]) -> int:
        before, stable = sequence.computed, sequence.prompt.stable_tokens
        sequence.computed = min(len(sequence.prompt), before + budget)
        if sequence.keep_prefix and before < stable <= sequence.computed:
            state = PrefixState(tuple(sequence.prompt.tokens[:stable]), b"", _PROBE)
            out.append(Piece(sequence.seq, tokens=0, state=state))
        if sequence.is_running:
            out.append(self._next(sequence))
        return sequence.computed - before

    def _next(self, sequence: _Sequence) -> Piece:
        if self._fail_mark and self._fail_mark in sequence.text:
            self.stop(sequence.seq)
            return Piece(sequence.seq, tokens=0, finish="failed", error="the stub engine failed, as it was told to")
        if sequence.sent == len(sequence.pieces):
            self.stop(sequence.seq)
            embedding = () if sequence.tokens_left else _embedding(sequence.text)
            return Piece(sequence.seq, tokens=0, finish="stop", embedding=embedding)
        data = sequence.pieces[sequence.sent]
        sequence.sent += 1
        if sequence.sent >= sequence.tokens_left:
            self.stop(sequence.seq)
            return Piece(sequence.seq, data, finish="length")
        return Piece(sequence.seq, data)

    def wake(self) -> None:
        pass

    def stop(self, seq: int) -> None:
        sequence = self._active.pop(seq, None)
        if sequence is not None:
            self._cached[seq] = sequence.prompt.tokens[: sequence.computed]

    def pause(self, seq: int) -> object:
        return self._active.pop(seq)

    def resume(self, seq: int, paused: object, *, priority: int = 0) -> None:
        self._check_free(seq)
        assert isinstance(paused, _Sequence)
        self._cached[seq] = []
        paused.seq, paused.priority = seq, priority
        self._active[seq] = paused

    def save_state(self, seq: int) -> PrefixState:
        return PrefixState(tuple(self._cached[seq]), b"")

    def verify_state(self, seq: int, state: PrefixState) -> bool:
        self._cached[seq] = list(state.tokens) if state.probe == _PROBE else []
        return bool(self._cached[seq])

    def time_step(self, num_seqs: int) -> float:
        return self._step_s or STEP_S

    def close(self) -> None:
        self._active.clear()

    def _check_free(self, seq: int) -> None:
        if not 0 <= seq < self._info.max_num_seqs or seq in self._active:
            raise RuntimeError(f"sequence {seq} is active or out of range")


def _embedding(text: str) -> tuple[float, ...]:
    """Of length 1, and another for each text."""
    rng = random.Random(hashlib.sha256(text.encode()).digest())
    values = [rng.gauss(0.0, 1.0) for _ in range(EMBEDDING_VALUES)]
    length = math.hypot(*values)
    return tuple(value / length for value in values)


def _chat_text(messages: Sequence[Message]) -> str:
    parts = chat_template.layout(chat_template.plain_lines, tuple(message.role for message in messages))
    return "".join(part if isinstance(part, str) else messages[part].content for part in parts)


def _pieces(prompt: str, sampling: Sampling) -> list[bytes]:
    """What the stub says to `prompt`, cut into pieces."""
    seed = 0 if sampling.temperature <= 0 else secrets.randbits(32) if sampling.seed is None else sampling.seed
    rng = random.Random(hashlib.sha256(f"{seed}\0{prompt}".encode()).digest())
    text = _sentence(prompt, rng)
    if sampling.json_schema is not None:
        text = minimal_json(sampling.json_schema, text)
    return [piece for word in re.findall(r"(?<!\s)\s*\S+", text) for piece in _cut(word.encode(), rng)]


def _sentence(prompt: str, rng: random.Random) -> str:
    """Names who speaks (as in `You are NAME`) and the last words said."""
    lines = [line for line in prompt.removesuffix("assistant:").splitlines() if line.strip() and _ASIDE not in line]
    last = lines[-1] if lines else ""
    words = last.rpartition(":")[2].split()[:WORDS_ECHOED] or ["nothing"]
    names = _NAME.findall(prompt)  # the last one: role texts come first and may say `You are` as well
    sentence = rng.choice(_SENTENCES)
    return sentence.format(name=names[-1].strip() if names else "The stranger", words=" ".join(words).rstrip(".!?"))


def _cut(word: bytes, rng: random.Random) -> list[bytes]:
    """A word whole or in two; a cut may fall inside a character, and always does where there is a long one."""
    inside = [at for at in range(1, len(word)) if word[at] & 0xC0 == 0x80]
    if inside:
        at = rng.choice(inside)
    elif len(word) > 5 and rng.random() < 0.4:
        at = rng.randrange(1, len(word))
    else:
        return [word]
    return [word[:at], word[at:]]


def _pack(data: bytes) -> list[int]:
    """All tokens but the last hold TOKEN_BYTES."""
    whole, rest = divmod(len(data), TOKEN_BYTES)
    full = TOKEN_BYTES << 8 * TOKEN_BYTES
    tokens = [full | value for value in struct.unpack_from(f">{whole}I", data)]
    return [*tokens, rest << 8 * TOKEN_BYTES | int.from_bytes(data[-rest:], "big")] if rest else tokens


def _unpack(tokens: Sequence[int]) -> bytes:
    values = [token & (1 << 8 * TOKEN_BYTES) - 1 for token in tokens]
    missing = TOKEN_BYTES - (tokens[-1] >> 8 * TOKEN_BYTES)
    data = struct.pack(f">{len(values)}I", *values)
    return data[:-TOKEN_BYTES] + data[-TOKEN_BYTES:][missing:]
