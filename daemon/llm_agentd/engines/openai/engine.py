"""The `openai` engine: a pool of servers behind the engine protocol. Any number of sequences costs it one thread.

Two threads. The engine thread (an `EngineLoop` of its own) calls the methods of `Engine`; it only hands over and takes.
The thread `upstreams` runs one event loop with a task for each sequence; what arrives is put into `_arrived`, and
`_something` wakes a `step` that waits. A sequence that is stopped has its task cancelled, which closes its stream; what
was on its way is dropped by its number, as its slot may be another's by then.

A server counts tokens, nobody here can: those of a prompt are an estimate until it tells. Knows no requests and NPCs.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from itertools import count
from math import inf

from llm_agentd.engines import chat_template
from llm_agentd.engines.base import EngineInfo, Piece, Prompt, StepTiming
from llm_agentd.engines.limits import check_fits, check_one_source, check_room
from llm_agentd.engines.openai.answers import answer_of
from llm_agentd.engines.openai.api.form import wanted_form
from llm_agentd.engines.openai.facts import Facts
from llm_agentd.engines.openai.pool import Pool
from llm_agentd.engines.openai.target import Call, Chunk
from llm_agentd.engines.openai.transport import Transport
from llm_agentd.errors import BadRequest
from llm_agentd.types import Message, PrefixState, Sampling, Usage
from llm_agentd.util.surrogates import repair_surrogates

log = logging.getLogger(__name__)

# A step that waits ends after this much: so the loop looks for deadlines and closing batch windows as often as with a
# model that computes.
STEP_WAIT_MAX_S = 0.05
TOKEN_BYTES = 4  # of English text in the vocabularies in use; a guess, never less than one token
CLOSE_S = 5.0  # for streams that are cancelled and a budget that is written
STEP_S = 0.001  # the same for any number of sequences
_NO_STATES = "a model on another server has its states there"


@dataclass(frozen=True, slots=True)
class RemotePrompt(Prompt):
    """What is sent is the text; `tokens` stand for its length."""

    messages: tuple[Message, ...] | None = None
    text: str | None = None


class RemoteEngine:
    """`model_id`: what it is called here; "": as the servers call it. `context_tokens`: None asks the servers.

    `timeout_s`: for one sequence, all tries together. Opens no connection before its first sequence but to ask what the
    servers are; a server that is down fails the sequences that need it, and nothing else.
    """

    def __init__(
        self,
        pool: Pool,
        transport: Transport,
        *,
        model_id: str | None = None,
        context_tokens: int | None = None,
        timeout_s: float = 30.0,
    ) -> None:
        self._pool = pool
        self._facts = Facts(pool.models, pool.targets, transport, model_id=model_id, context_tokens=context_tokens)
        self._info = self._facts.info(pool.max_parallel)
        self._timeout_s = timeout_s
        self._active: dict[int, int] = {}  # the number of the sequence in each slot that is taken
        self._numbers = count()
        self._arrived: deque[tuple[int, Piece]] = deque()  # with the number of their sequence
        self._something = threading.Event()
        self._tasks: dict[int, asyncio.Task[None]] = {}  # by number; the event loop's
        self._loop = _new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="upstreams", daemon=True)
        self._thread.start()
        self._asking = asyncio.run_coroutine_threadsafe(self._facts.learn(self._refresh), self._loop)

    # -- any thread ------------------------------------------------------------------------------

    @property
    def info(self) -> EngineInfo:
        return self._info

    def wake(self) -> None:
        self._something.set()

    # -- the engine thread -----------------------------------------------------------------------

    @property
    def last_step(self) -> StepTiming:
        return StepTiming()

    def encode(self, prompt: str | None, messages: Sequence[Message] | None, sampling: Sampling) -> RemotePrompt:
        check_one_source(prompt, messages)
        if sampling.grammar is not None:
            raise BadRequest("grammar: a model on another server takes none; use json_schema")
        self._facts.check_schema(sampling)
        if messages is not None:
            chat_template.layout(chat_template.plain_lines, tuple(message.role for message in messages))
            messages = tuple(Message(one.role, repair_surrogates(one.content)) for one in messages)
        text = None if prompt is None else repair_surrogates(prompt)
        data = "".join(one.content for one in messages).encode() if messages is not None else (text or "").encode()
        check_room(len(data), self._info.context_tokens, TOKEN_BYTES)
        tokens = _estimate(data)
        check_fits(len(tokens), self._info.context_tokens)
        return RemotePrompt(tokens, is_estimate=True, messages=messages, text=text)

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
        if not 0 <= seq < self._info.max_num_seqs or seq in self._active:
            raise RuntimeError(f"sequence {seq} is active or out of range")
        assert isinstance(prompt, RemotePrompt)
        room_tokens = max(1, self._info.context_tokens - len(prompt))
        sampling = replace(sampling, max_tokens=min(sampling.max_tokens, room_tokens))
        call = Call(
            prompt.messages,
            prompt.text,
            sampling,
            session_id=session_id,
            timeout_s=self._timeout_s,
            patience_s=deadline_s - time.monotonic(),
        )
        number = self._active[seq] = next(self._numbers)
        self._loop.call_soon_threadsafe(self._begin, number, seq, call)
        return 0

    def step(self) -> list[Piece]:
        if not self._active:
            return []
        if not self._arrived:
            self._something.wait(STEP_WAIT_MAX_S)
        self._something.clear()  # before what has arrived is taken: what comes from here on sets it again
        pieces: list[Piece] = []
        while self._arrived:
            number, piece = self._arrived.popleft()
            if self._active.get(piece.seq) != number:
                continue  # it was stopped
            pieces.append(piece)
            if piece.finish:
                del self._active[piece.seq]
        return pieces

    def stop(self, seq: int) -> None:
        number = self._active.pop(seq, None)
        if number is not None:
            self._loop.call_soon_threadsafe(self._cancel, number)

    def pause(self, seq: int) -> object:
        raise RuntimeError(_NO_STATES)

    def resume(self, seq: int, paused: object, *, priority: int = 0) -> None:
        raise RuntimeError(_NO_STATES)

    def save_state(self, seq: int) -> PrefixState:
        raise RuntimeError(_NO_STATES)

    def verify_state(self, seq: int, state: PrefixState) -> bool:
        return False

    def time_step(self, num_seqs: int) -> float:
        return STEP_S

    def close(self) -> None:
        """Closes all streams. The pool may be opened again by another engine."""
        if self._loop.is_closed():
            return
        self._active.clear()
        ended = asyncio.run_coroutine_threadsafe(self._end(), self._loop)
        with suppress(TimeoutError):
            ended.result(CLOSE_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CLOSE_S)
        if not self._thread.is_alive():
            self._loop.close()

    # -- the event loop --------------------------------------------------------------------------

    def _begin(self, number: int, seq: int, call: Call) -> None:
        self._tasks[number] = self._loop.create_task(self._run(number, seq, call))

    def _cancel(self, number: int) -> None:
        task = self._tasks.get(number)
        if task is not None:
            task.cancel()

    async def _run(self, number: int, seq: int, call: Call) -> None:
        """From the call to the last piece. The last chunk is handed on before the pool has settled what it cost."""
        is_ended = False
        form = wanted_form(call.sampling)
        try:
            async with aclosing(self._pool.stream(call)) as chunks:
                async for chunk in chunks:
                    if form is not None:
                        form.feed(chunk)
                    if chunk.text or chunk.finish:
                        self._put(number, _piece(seq, chunk))
                        is_ended = is_ended or bool(chunk.finish)
            if not is_ended:
                raise RuntimeError("a stream ended without its last chunk")
        except Exception as error:
            if is_ended:
                log.warning("a reply was whole, but what it cost could not be noted: %s", error)
            else:
                answer = answer_of(error, call.sampling)
                self._put(number, Piece(seq, tokens=0, finish="failed", error=answer.message, answer=answer))
        finally:
            del self._tasks[number]
            self._refresh()

    def _put(self, number: int, piece: Piece) -> None:
        self._arrived.append((number, piece))
        self._something.set()

    def _refresh(self) -> None:
        """What is known of the servers may be more, or other, than it was."""
        self._info = self._facts.info(self._pool.max_parallel)

    async def _end(self) -> None:
        self._asking.cancel()
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._pool.close()


def _piece(seq: int, chunk: Chunk) -> Piece:
    data = chunk.text.encode("utf-8", "replace")
    usage = chunk.usage
    told = Usage(usage.prompt_tokens, usage.cached_tokens, usage.completion_tokens) if usage and chunk.finish else None
    # A chunk has one token or more; one is what can be counted on until the server tells.
    return Piece(
        seq,
        data,
        tokens=1 if data else 0,
        finish=chunk.finish,
        usage=told,
        model=chunk.model,
        embedding=chunk.embedding,
    )


def _estimate(data: bytes) -> list[int]:
    """Numbers that stand for TOKEN_BYTES each, the same where a text begins the same."""
    padded = data + b"\0" * (-len(data) % TOKEN_BYTES)
    return memoryview(padded).cast("I").tolist()


def _new_event_loop() -> asyncio.AbstractEventLoop:
    """Of uvloop where there is one: half the processor time for many streams."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
