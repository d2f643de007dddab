"""Sentences rendered one after the other: the queue, the child process that speaks, and who waits. Event loop.

One sentence is with the child at a time, so that whose turn it is next is decided here (line_queue.py) and not in a
pipe. Who waits gets the sound or an AgentdError, at the latest at its deadline; what nobody waits for any more is not
rendered. Knows no store but to hand it what was rendered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias

from llm_agentd.errors import AgentdError, DeadlineExceeded, Overloaded, SpeechError, Unavailable
from llm_agentd.speech.kept import KeptSounds
from llm_agentd.speech.line_queue import Line, LineQueue, rank_of
from llm_agentd.speech.metrics import Kind, SpeechMetrics
from llm_agentd.speech.rate import RenderRate
from llm_agentd.speech.sentence import Ended, SpeakRequest, Spoken
from llm_agentd.speech.worker.process import Died, Worker

BUSY_RETRY_MS = 1_000
RENDER_MAX_S = 20.0  # of a sentence, and so much more for each character: the lowest priority may have to wait for CPU
RENDER_MAX_S_A_CHAR = 0.05
PREPARE_AFTER_S = 0.2  # without a sentence that somebody waits for
KILLS_MAX = 2  # a sentence of which the child died so often is not tried again
KILLERS_KEPT = 256

Gate: TypeAlias = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True, eq=False)
class _Work:
    """Of a line: what is asked of the child, and who waits for it."""

    request: SpeakRequest
    spoken: asyncio.Future[Spoken]
    kind: Kind
    timing_ms: dict[str, float] = field(default_factory=dict)


class Renderer:
    """`render` and `prepare`, then `close`."""

    def __init__(
        self, mouth: Worker, kept: KeptSounds, metrics: SpeechMetrics, gate: Gate, clock: Callable[[], float]
    ) -> None:
        """`gate`: raises where no model may be called."""
        self._mouth = mouth
        self._kept = kept
        self._metrics = metrics
        self._gate = gate
        self._clock = clock
        self._queue: LineQueue[_Work] = LineQueue()
        self._arrived = asyncio.Event()  # a line that somebody waits for
        self._rendering: Line[_Work] | None = None
        self._pump: asyncio.Task[None] | None = None
        self._rate = RenderRate()
        self._kills: dict[str, int] = {}  # by id of the sentence, the newest last

    async def render(self, line_id: str, ended: Ended, deadline_s: float) -> Spoken:
        """Fills `ended` in. Raises AgentdError; DeadlineExceeded: it is not rendered any more."""
        request = ended.request
        if self._kills.get(line_id, 0) >= KILLS_MAX:
            raise SpeechError("the engine broke each time at this sentence; it is not tried again")
        line = self._join(line_id, request, deadline_s) or self._add(line_id, request, deadline_s)
        try:
            left_s = max(0.0, deadline_s - self._clock())
            spoken = await asyncio.wait_for(asyncio.shield(line.work.spoken), left_s)
            ended.outcome = "done"
            ended.timing_ms |= line.work.timing_ms
            return spoken
        except TimeoutError:
            raise _late() from None
        finally:
            self._queue.leave(line)

    def prepare(self, requests: Iterable[tuple[str, SpeakRequest]]) -> int:
        """By id; how many are new, and were taken."""
        queued = self._queue.prepare(self._line(line_id, request, 0.0, "prepare") for line_id, request in requests)
        self._ensure_pump()
        return queued

    def close(self) -> None:
        """Whoever waits is answered `unavailable`."""
        for line in (*self._queue.clear(), *([self._rendering] if self._rendering else [])):
            _fail(line, Unavailable("the HTTP adapter is stopping"))
        if self._pump is not None:
            self._pump.cancel()

    def _join(self, line_id: str, request: SpeakRequest, deadline_s: float) -> Line[_Work] | None:
        """Where it is asked for already: that line."""
        line = self._queue.find(line_id)
        if line is None and self._rendering is not None and self._rendering.id == line_id:
            line = self._rendering
        if line is not None:
            self._queue.join(line, rank_of(request.priority), deadline_s)
        return line

    def _add(self, line_id: str, request: SpeakRequest, deadline_s: float) -> Line[_Work]:
        wait_s = self._rate.spend(len(request.text), self._clock())
        if wait_s > 0:
            reason = "more is said at once than anybody could hear; say it later"
            raise Overloaded(reason, retry_after_ms=int(wait_s * 1000) + 1)
        line = self._line(line_id, request, deadline_s, "speak")
        for dropped in self._queue.add(line):
            _fail(dropped, Overloaded("too many sentences wait to be spoken", retry_after_ms=BUSY_RETRY_MS))
        self._arrived.set()
        self._ensure_pump()
        return line

    def _line(self, line_id: str, request: SpeakRequest, deadline_s: float, kind: Kind) -> Line[_Work]:
        spoken: asyncio.Future[Spoken] = asyncio.get_running_loop().create_future()
        spoken.add_done_callback(lambda done: done.cancelled() or done.exception())  # it may be that nobody waits
        work = _Work(request, spoken, kind)
        return Line(line_id, request.npc, rank_of(request.priority), deadline_s, work, self._clock())

    # -- one after the other -----------------------------------------------------------------------

    def _ensure_pump(self) -> None:
        if self._pump is None or self._pump.done():
            self._pump = asyncio.create_task(self._run())

    async def _run(self) -> None:
        while True:
            line, late = self._queue.take(self._clock())
            for one in late:
                _fail(one, _late())
            line = line or await self._next_prepared()
            if line is not None:
                self._rendering = line
                try:
                    await self._render(line)
                finally:
                    self._rendering = None
            elif not len(self._queue) and not self._queue.prepared:
                return

    async def _next_prepared(self) -> Line[_Work] | None:
        """One that is not kept yet, where nobody comes meanwhile who waits."""
        if not self._queue.prepared:
            return None
        self._arrived.clear()
        try:
            await asyncio.wait_for(self._arrived.wait(), PREPARE_AFTER_S)
            return None
        except TimeoutError:
            line = self._queue.take_prepared()
            return None if line is None or await self._kept.get(line.id) is not None else line

    async def _render(self, line: Line[_Work]) -> None:
        work = line.work
        try:
            await self._gate()  # again, as it has waited
            facts, audio = await self._ask(line)
        except AgentdError as error:
            _fail(line, error)
            if work.kind == "prepare":
                self._metrics.ended("prepare", error.code)
                if isinstance(error, Unavailable):
                    self._queue.forget_prepared()
            return
        if work.kind == "prepare":
            self._metrics.ended("prepare", "done")
        if not work.spoken.done():
            work.spoken.set_result(spoken_of(line.id, facts, audio))
        if work.request.is_kept:
            self._kept.put(line.id, facts, audio)

    async def _ask(self, line: Line[_Work]) -> tuple[dict[str, Any], bytes]:
        request = line.work.request
        order = {"text": request.text, "lang": request.lang, "voice": asdict(request.voice), "form": request.form}
        queue_s = self._clock() - line.queued_s
        if line.work.kind == "speak":
            self._metrics.took("queue", queue_s)
        limit_s = RENDER_MAX_S + RENDER_MAX_S_A_CHAR * len(request.text)
        try:
            facts, audio = await self._mouth.ask(order, limit_s=limit_s)
        except Died:
            self._kills[line.id] = self._kills.pop(line.id, 0) + 1
            if len(self._kills) > KILLERS_KEPT:
                del self._kills[next(iter(self._kills))]
            raise
        render_s, encode_s = facts.pop("render_s"), facts.pop("encode_s")
        self._metrics.took("render", render_s)
        self._metrics.took("encode", encode_s)
        spent_s = {"queue": queue_s, "render": render_s, "encode": encode_s}
        line.work.timing_ms.update((stage, seconds * 1000) for stage, seconds in spent_s.items())
        return facts, audio


def spoken_of(line_id: str, facts: dict[str, Any], audio: bytes) -> Spoken:
    return Spoken(line_id, facts["seconds"], facts["mouth"], facts["engine"], audio)


def _fail(line: Line[_Work], error: AgentdError) -> None:
    if not line.work.spoken.done():
        line.work.spoken.set_exception(error)


def _late() -> DeadlineExceeded:
    return DeadlineExceeded("not spoken in time; it is not rendered any more")
