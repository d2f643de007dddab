"""The inference thread: owns the engine, runs one decode step for all live sequences, over and over.

`_turn` is the map of the hot path, its steps numbered. Other threads reach in only by `submit`, `cancel`,
`drop_peer` and `stop`, all under one condition; answers leave by `emit`, which this thread alone calls.
Knows nothing of sockets, records or NPC prompts.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence

from llm_agentd.engines.base import Engine, EngineInfo, Piece
from llm_agentd.errors import (
    AgentdError,
    Cancelled,
    DeadlineExceeded,
    EngineFailed,
    Overloaded,
    StartError,
    Unavailable,
)
from llm_agentd.serving.cache import Cache
from llm_agentd.serving.live import Live, known
from llm_agentd.serving.meters import Meters
from llm_agentd.serving.request import Delta, Done, Peer, Request
from llm_agentd.serving.window import Window

log = logging.getLogger(__name__)

Event = Delta | Done | AgentdError
Emit = Callable[[list[tuple[Request, Event]]], None]

NICE = 10  # the router's and the game's threads win the CPU; p99 of an echo beside a full decode fell 3.6 → 0.3 ms
IDLE_BEAT_S = 5.0  # an idle loop still turns this often, to feed the watchdog
RESTARTS_MAX = 3  # an engine that breaks this often without one good step between is not coming back
RETRY_AFTER_MS = 1000  # while the engine starts again


class Inference:
    """Start, then submit from the router thread, then stop. `open_engine` runs on the inference thread."""

    def __init__(
        self,
        *,
        open_engine: Callable[[], Engine],
        connect: Callable[[], Emit],
        window: Window,
        cache: Cache,
        meters: Meters,
        pin_cpus: Sequence[int] = (),
        beat: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._open_engine = open_engine
        self._connect = connect
        self._window = window
        self._cache = cache
        self._meters = meters
        self._pin_cpus = tuple(pin_cpus)
        self._beat = beat
        self._clock = clock
        self._changed = threading.Condition()
        self._cancelled: list[tuple[Peer, str]] = []
        self._dropped_peers: set[Peer] = set()
        self._stopping = False
        self._abort_s = float("inf")
        self._live: dict[int, Live] = {}
        self._broken_in_a_row = 0
        self._thread = threading.Thread(target=self._run, name="inference", daemon=True)
        self.started = threading.Event()  # the engine is open, or `failure` says why not
        self.ended = threading.Event()
        self.failure: BaseException | None = None
        self.info: EngineInfo | None = None

    # -- from other threads ------------------------------------------------------------------

    def start(self) -> None:
        self._thread.start()

    def submit(self, requests: Sequence[Request]) -> list[tuple[Request, AgentdError]]:
        """Queues a burst; returns those refused (queue full, starting, stopping) with the reason."""
        refused: list[tuple[Request, AgentdError]] = []
        with self._changed:
            for request in requests:
                if self._stopping or self.info is None:
                    refused.append((request, Unavailable(self._why_not(), retry_after_ms=RETRY_AFTER_MS)))
                    continue
                try:
                    displaced = self._window.offer(request, self._clock())
                except Overloaded as error:
                    refused.append((request, error))
                    continue
                if displaced is not None:
                    refused.append(
                        (displaced, Overloaded("gave way to a spoken request", retry_after_ms=RETRY_AFTER_MS))
                    )
            self._window.burst_end()
            self._changed.notify()
        return refused

    def cancel(self, peer: Peer, request_id: str) -> None:
        """Frees the request at the next step; it is answered `cancelled`."""
        with self._changed:
            self._cancelled.append((peer, request_id))
            self._changed.notify()

    def drop_peer(self, peer: Peer) -> None:
        """The peer is gone: its requests are freed and answered to nobody."""
        with self._changed:
            self._dropped_peers.add(peer)
            self._changed.notify()

    def depth(self) -> dict[str, int]:
        with self._changed:
            return {str(priority): count for priority, count in self._window.depth().items()}

    def stop(self, grace_s: float) -> None:
        """Takes no more, finishes what runs and waits within `grace_s`, answers the rest `unavailable`."""
        with self._changed:
            self._stopping = True
            self._abort_s = self._clock() + grace_s
            self._changed.notify()
        self._thread.join(grace_s + 5)

    # -- the inference thread ----------------------------------------------------------------

    def _run(self) -> None:
        self._emit = self._connect()
        try:
            self._settle_thread()
            self._engine = self._open_engine()
        except BaseException as error:  # reported to whoever started us, who ends the daemon
            if not isinstance(error, StartError):
                log.exception("the engine did not open")
            self.failure = error
            self.started.set()
            self.ended.set()
            return
        self._free = list(range(self._engine.info.max_sequences))
        self.info = self._engine.info
        self.started.set()
        try:
            while self._turn():
                self._beat()
        except BaseException as error:
            log.exception("the inference loop broke")
            self.failure = error
        finally:
            self._finish()

    def _settle_thread(self) -> None:
        """CPUs and niceness hold for this thread alone, and the engine's own threads inherit them."""
        thread = threading.get_native_id()
        try:
            if self._pin_cpus:
                os.sched_setaffinity(thread, self._pin_cpus)
            os.setpriority(os.PRIO_PROCESS, thread, max(NICE, os.getpriority(os.PRIO_PROCESS, thread)))
        except OSError as error:  # a sandbox may forbid it; all works without, only less politely
            log.warning("cannot pin the inference thread or lower its priority: %s", error)

    def _turn(self) -> bool:
        """One round of the loop; False when it is time to end."""
        out: list[tuple[Request, Event]] = []
        taken, going_on = self._next(out)  # 1. wait for work; drop the cancelled and the late
        for request in taken:
            self._join_or_start(request, out)  # 2. twins join, others get a sequence
        if self._live:
            pieces = self._step(out)  # 3. one decode step for all live sequences
            for piece in pieces:
                self._advance(piece, out)  # 4. text, stop strings, deltas, done, cache
        self._meters.active.set(len(self._live))
        if out:
            self._emit(out)  # 5. to the router thread, once a step
        return going_on

    def _next(self, out: list[tuple[Request, Event]]) -> tuple[list[Request], bool]:
        with self._changed:
            while True:
                now_s = self._clock()
                self._drop_unwanted(now_s, out)
                idle = not self._live
                if self._stopping and ((idle and not len(self._window)) or now_s >= self._abort_s):
                    return [], False
                if self._free and len(self._window) and (self._stopping or self._window.due(now_s, idle=idle)):
                    return self._window.take(len(self._free), now_s), True
                if not idle or out:
                    return [], True
                wait_s = self._window.wait_s(now_s, idle=True)
                woken = self._changed.wait(IDLE_BEAT_S if wait_s is None else min(wait_s, IDLE_BEAT_S))
                if not woken:
                    self._beat()

    def _drop_unwanted(self, now_s: float, out: list[tuple[Request, Event]]) -> None:
        for peer, request_id in self._cancelled:
            waiting = self._window.cancel(peer, request_id)
            gone = (
                [waiting]
                if waiting
                else self._unlive(
                    lambda r, peer=peer, wanted=request_id: r.peer == peer and r.id == wanted  # type: ignore[misc]
                )
            )
            out.extend((request, Cancelled("cancelled by the client")) for request in gone)
        self._cancelled.clear()
        for peer in self._dropped_peers:
            self._window.drop_peer(peer)
            self._unlive(lambda r, peer=peer: r.peer == peer)  # type: ignore[misc]
        self._dropped_peers.clear()
        late = self._window.expired(now_s) + self._unlive(lambda r: r.deadline_s <= now_s)
        for request in late:
            waited_ms = round((now_s - request.arrived_s) * 1000)
            out.append((request, DeadlineExceeded(f"not done after {waited_ms} ms; raise deadline_ms or ask for less")))

    def _unlive(self, unwanted: Callable[[Request], bool]) -> list[Request]:
        """Takes unwanted requests off their sequences; a sequence nobody waits for is freed."""
        gone: list[Request] = []
        for live in list(self._live.values()):
            hit = [request for request in live.requests if unwanted(request)]
            if hit:
                gone += hit
                live.requests = [request for request in live.requests if not unwanted(request)]
                if not live.requests:
                    self._engine.stop(live.seq)
                    self._release(live)
        return gone

    def _join_or_start(self, request: Request, out: list[tuple[Request, Event]]) -> None:
        now_s = self._clock()
        if request.cache == "use" and (entry := self._cache.get(request.key, request.variants)):
            out.append((request, known(request, entry, now_s)))  # a twin finished while this one waited
            return
        if request.cache != "off":
            twin = next((live for live in self._live.values() if live.key == request.key), None)
            if twin is not None:
                out.extend(twin.join(request))
                return
        seq = self._free.pop()
        try:
            tokens = self._engine.encode(request.prompt, request.messages, request.sampling)
            reused = self._engine.start(seq, tokens, request.sampling)
        except Exception as error:  # one request's trouble must not end the others
            self._free.append(seq)
            if not isinstance(error, AgentdError):
                log.exception("the engine could not start a request")
                error = EngineFailed(f"the engine could not start this request: {type(error).__name__}")
            out.append((request, error))
            return
        self._live[seq] = Live.begin(request, seq=seq, prompt_tokens=len(tokens), reused_tokens=reused, now_s=now_s)

    def _step(self, out: list[tuple[Request, Event]]) -> list[Piece]:
        self._meters.batch.observe(len(self._live))
        try:
            pieces = self._engine.step()
        except Exception as error:
            self._reopen(error, out)
            return []
        self._broken_in_a_row = 0
        return pieces

    def _reopen(self, error: Exception, out: list[tuple[Request, Event]]) -> None:
        """The engine broke: its live requests fail, the waiting ones go on in a fresh engine."""
        log.error("the engine broke and is opened again: %s", error, exc_info=error)
        for live in list(self._live.values()):
            out.extend((request, EngineFailed("the engine broke during this request")) for request in live.requests)
            self._release(live)
        self._emit(out)  # now: opening takes its time, and may fail
        out.clear()
        self._meters.engine_restarts.inc()
        self._broken_in_a_row += 1
        if self._broken_in_a_row >= RESTARTS_MAX:
            raise RuntimeError(f"the engine broke {RESTARTS_MAX} times in a row") from error
        self._engine.close()
        self._engine = self._open_engine()

    def _advance(self, piece: Piece, out: list[tuple[Request, Event]]) -> None:
        live = self._live[piece.seq]
        if piece.finish == "failed":
            out.extend((request, EngineFailed(piece.error)) for request in live.requests)
            self._release(live)
            return
        now_s = self._clock()
        delta, finish = live.feed(piece, now_s)
        out.extend(live.deltas(delta))
        if finish is None:
            return
        if not piece.finish:  # a stop string or a sentence end, which the engine cannot know
            self._engine.stop(live.seq)
        model = self._engine.info.model
        replies = [(request, live.reply(request, finish, model=model, now_s=now_s)) for request in live.requests]
        out.extend(replies)
        self._meters.done(replies[0][1])
        if entry := live.entry(finish, model):
            self._cache.put(live.key, entry, live.requests[0].variants)
        self._release(live)

    def _release(self, live: Live) -> None:
        del self._live[live.seq]
        self._free.append(live.seq)

    def _why_not(self) -> str:
        return "the daemon is stopping" if self._stopping else "the model is still loading; try again shortly"

    def _finish(self) -> None:
        with self._changed:
            self._stopping = True
            self.info = None
            rest = [request for live in self._live.values() for request in live.requests]
            rest += self._window.take(len(self._window), self._clock())
        if rest:
            self._emit([(r, Unavailable("the daemon is stopping", retry_after_ms=RETRY_AFTER_MS)) for r in rest])
        self._engine.close()
        self.ended.set()
