"""The engine thread: decides who may go, and runs one decode step for all live sequences, over and over.

`_turn` is the map of the hot path, its steps numbered. Other threads reach in only by `submit`, `cancel`,
`drop_peer` and `stop`, all under one condition; answers leave by `emit`, which this thread alone calls.
What a sequence is and which slot it has is `sequences.py`. Knows nothing of sockets, records or NPC prompts.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from llm_agentd.cache import CompletionCache
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
from llm_agentd.metrics import Metrics
from llm_agentd.moderation.moderator import Moderator
from llm_agentd.prefix_cache import PrefixCache
from llm_agentd.scheduler.affinity import CpuPriority, apply_affinity
from llm_agentd.scheduler.batch import Batch, Out
from llm_agentd.scheduler.batch_size import Curve
from llm_agentd.scheduler.latency import LatencyEstimate
from llm_agentd.scheduler.request_queue import RequestQueue
from llm_agentd.types import Peer, Request

log = logging.getLogger(__name__)

Emit = Callable[[Out], None]

IDLE_BEAT_S = 5.0  # an idle loop still turns this often, to feed the watchdog
RESTARTS_MAX = 3  # an engine that breaks this often without one good step between is not coming back
RETRY_AFTER_MS = 1000  # while the engine starts again


class EngineLoop:
    """Start, then submit from the router thread, then stop.

    `open_engine`, `open_prefixes` and `find_curve` run on the engine thread, in this order.
    """

    def __init__(
        self,
        *,
        open_engine: Callable[[], Engine],
        connect: Callable[[], Emit],
        queue: RequestQueue,
        cache: CompletionCache,
        metrics: Metrics,
        open_prefixes: Callable[[EngineInfo], PrefixCache],
        find_curve: Callable[[Engine], Curve],
        pin_cpus: Sequence[int] = (),
        cpu_priority: CpuPriority = "nice",
        moderator: Moderator | None = None,
        beat: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._open_engine = open_engine
        self._connect = connect
        self._queue = queue
        self._cache = cache
        self._metrics = metrics
        self._open_prefixes = open_prefixes
        self._find_curve = find_curve
        self._pin_cpus = tuple(pin_cpus)
        self._cpu_priority = cpu_priority
        self._moderator = moderator
        self._beat = beat
        self._clock = clock
        self._changed = threading.Condition()
        self._cancelled: list[tuple[Peer, str]] = []
        self._dropped_peers: set[Peer] = set()
        self._fresh: list[tuple[Request, int]] = []  # offered since the last turn, and how many were before them
        self._stopping = False
        self._abort_s = float("inf")
        self._latency = LatencyEstimate()
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
                now_s = self._clock()
                try:
                    ahead = self._queue.ahead(request.priority, now_s)
                    displaced = self._queue.offer(request, now_s)
                    self._fresh.append((request, ahead))
                except Overloaded as error:
                    refused.append((request, error))
                    continue
                if displaced is not None:
                    refused.append(
                        (displaced, Overloaded("gave way to a spoken request", retry_after_ms=RETRY_AFTER_MS))
                    )
            self._queue.burst_end()
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
            return {str(priority): count for priority, count in self._queue.depth().items()}

    def stats(self) -> dict[str, Any]:
        """What `stats` shows of the engine room."""
        return {} if self.info is None else {"prefixes": self._prefixes.stats(), "useful_width": self._width}

    def stop(self, grace_s: float) -> None:
        """Takes no more, finishes what runs and waits within `grace_s`, answers the rest `unavailable`."""
        with self._changed:
            self._stopping = True
            self._abort_s = self._clock() + grace_s
            self._changed.notify()
        self._thread.join(grace_s + 5)

    # -- the engine thread ----------------------------------------------------------------

    def _run(self) -> None:
        self._emit = self._connect()
        try:
            apply_affinity(self._pin_cpus, self._cpu_priority)
            self._open()
        except BaseException as error:  # reported to whoever started us, who ends the daemon
            if not isinstance(error, StartError):
                log.exception("the engine did not open")
            self.failure = error
            self.started.set()
            self.ended.set()
            return
        self.info = self._engine.info
        self.started.set()
        try:
            while self._turn():
                self._beat()
        except BaseException as error:
            log.exception("the engine loop broke")
            self.failure = error
        finally:
            self._finish()

    def _open(self) -> None:
        self._engine = self._open_engine()
        self._prefixes = self._open_prefixes(self._engine.info)
        self._curve = self._find_curve(self._engine)
        self._width = self._curve.useful(self._engine.info.max_num_seqs)
        self._metrics.useful_width.set(self._width)
        self._sequences = self._all_free()

    def _all_free(self) -> Batch:
        return Batch(
            self._engine,
            prefixes=self._prefixes,
            cache=self._cache,
            metrics=self._metrics,
            latency=self._latency,
            moderator=self._moderator,
        )

    def _turn(self) -> bool:
        """One round of the loop; False when it is time to end."""
        out: Out = []
        going_on = self._wait(out)  # 1. for work; drop the cancelled and the late
        if going_on:
            self._admit(out)  # 2. by urgency: same requests join, others get a slot, the less urgent may have to pause
        if self._sequences.live:
            for piece in self._step(out):  # 3. one decode step for all live sequences
                self._sequences.advance(
                    piece, self._clock(), out
                )  # 4. text, moderation, deltas, done, cache, kept states
        self._metrics.active.set(len(self._sequences.live))
        if out:
            self._emit(out)  # 5. to the router thread, once a step
        return going_on

    def _wait(self, out: Out) -> bool:
        """Returns when there is something to do; False: nothing any more."""
        with self._changed:
            while True:
                now_s = self._clock()
                self._drop_unwanted(now_s, out)
                idle = not self._sequences.live and self._sequences.paused_rank(now_s) is None
                if self._stopping and ((idle and not len(self._queue)) or now_s >= self._abort_s):
                    return False
                if not idle or out or self._queue.due(now_s, idle=True) or (self._stopping and len(self._queue)):
                    return True
                wait_s = self._queue.wait_s(now_s, idle=True)
                woken = self._changed.wait(IDLE_BEAT_S if wait_s is None else min(wait_s, IDLE_BEAT_S))
                if not woken:
                    self._beat()

    def _drop_unwanted(self, now_s: float, out: Out) -> None:
        for peer, request_id in self._cancelled:
            waiting = self._queue.cancel(peer, request_id)
            gone = (
                [waiting]
                if waiting
                else self._sequences.drop(
                    lambda r, peer=peer, wanted=request_id: r.peer == peer and r.id == wanted  # type: ignore[misc]
                )
            )
            out.extend((request, Cancelled("cancelled by the client")) for request in gone)
        self._cancelled.clear()
        for peer in self._dropped_peers:
            self._queue.drop_peer(peer)
            self._sequences.drop(lambda r, peer=peer: r.peer == peer)  # type: ignore[misc]
        self._dropped_peers.clear()
        for request, ahead in self._fresh:
            if request.cache != "off" and self._sequences.has(request.key):
                for twin in self._queue.take_coalesced(request.key):
                    self._sequences.admit(twin, now_s, out)
            elif (error := self._too_late(request, now_s, ahead)) and self._queue.cancel(request.peer, request.id):
                out.append((request, error))
        self._fresh.clear()
        late = self._queue.expired(now_s) + self._sequences.drop(lambda r: r.deadline_s <= now_s)
        for request in late:
            waited_ms = round((now_s - request.arrived_s) * 1000)
            out.append((request, DeadlineExceeded(f"not done after {waited_ms} ms; raise deadline_ms or ask for less")))

    def _admit(self, out: Out) -> None:
        """Lets in whom there is room for; what was paused goes before its equals."""
        sequences = self._sequences
        while True:
            now_s = self._clock()
            with self._changed:
                due = self._stopping or self._queue.due(now_s, idle=not sequences.live)
                waiting = self._queue.best_rank(now_s) if due else None
                spoken = due and self._queue.depth()["spoken"] > 0
            paused = sequences.paused_rank(now_s)
            if sequences.free and len(sequences.live) < self._width:
                if paused is not None and (waiting is None or paused <= waiting):
                    sequences.resume(now_s, out)
                    continue
                if waiting is None:
                    return
            elif not (spoken and self._makes_room(now_s)):
                return
            with self._changed:
                (request,) = self._queue.take(1, now_s)
                error = self._too_late(request, now_s, 0)
                coalesced = self._queue.take_coalesced(request.key) if request.cache != "off" and not error else []
            if error:
                out.append((request, error))
                continue
            for one in (request, *coalesced):
                sequences.admit(one, now_s, out)

    def _makes_room(self, now_s: float) -> bool:
        """For a player: above the width that pays, as far as that costs the others little, or in another's place."""
        width = len(self._sequences.live) + 1
        if self._sequences.free and self._curve.pays(width):
            return True
        return self._sequences.pause_one(now_s)

    def _too_late(self, request: Request, now_s: float, ahead: int) -> DeadlineExceeded | None:
        """What cannot be done in time is better told so now than at its deadline."""
        live = len(self._sequences.live)
        needs_s = self._latency.forecast_s(ahead, live, self._width, request.sampling.max_tokens)
        if needs_s is None or now_s + needs_s <= request.deadline_s:
            return None
        left_ms = max(0, round((request.deadline_s - now_s) * 1000))
        return DeadlineExceeded(
            f"{ahead} requests wait before this one: it would take at least {round(needs_s * 1000)} ms and has "
            f"{left_ms} ms; raise deadline_ms, ask for fewer max_tokens, or ask less often",
            retry_after_ms=RETRY_AFTER_MS,
        )

    def _step(self, out: Out) -> list[Piece]:
        self._metrics.batch.observe(len(self._sequences.live))
        try:
            pieces = self._engine.step()
        except Exception as error:
            self._reopen(error, out)
            return []
        self._broken_in_a_row = 0
        step = self._engine.last_step
        if step.num_seqs:
            self._latency.stepped(step.num_seqs, step.decode_s)
        if step.prompt_tokens:
            self._latency.prompted(step.prompt_tokens, step.prompt_s)
        return pieces

    def _reopen(self, error: Exception, out: Out) -> None:
        """The engine broke: its live requests fail, the waiting ones go on in a fresh engine."""
        log.error("the engine broke and is opened again: %s", error, exc_info=error)
        failed = self._sequences.clear()
        out.extend((request, EngineFailed("the engine broke during this request")) for request in failed)
        self._emit(out)  # now: opening takes its time, and may fail
        out.clear()
        self._metrics.engine_restarts.inc()
        self._broken_in_a_row += 1
        if self._broken_in_a_row >= RESTARTS_MAX:
            raise RuntimeError(f"the engine broke {RESTARTS_MAX} times in a row") from error
        self._engine.close()
        self._engine = self._open_engine()
        self._sequences = self._all_free()

    def _why_not(self) -> str:
        return "the daemon is stopping" if self._stopping else "the model is still loading; try again shortly"

    def _finish(self) -> None:
        with self._changed:
            self._stopping = True
            self.info = None
            rest = self._sequences.clear() + self._queue.take(len(self._queue), self._clock())
        if rest:
            self._emit([(r, Unavailable("the daemon is stopping", retry_after_ms=RETRY_AFTER_MS)) for r in rest])
        self._prefixes.close()
        self._engine.close()
        self.ended.set()
