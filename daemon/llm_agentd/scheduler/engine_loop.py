"""The engine thread: decides who may go, and runs one decode step for all running sequences, over and over.

`step` is the map of the hot path, its parts numbered. Other threads reach in only by `submit`, `cancel`, `drop_peer`,
`depth`, `stats` and `stop`; events leave by `emit`. What a sequence is and which slot it has is `batch.py`; who waits
and who is next is `request_queue.py`. Knows nothing of sockets, records or NPC prompts.

Who owns what: the engine, the batch, the latency estimate and the prefix cache belong to this thread; nobody else
touches them, so they have no locks. The queue and the lists below it in `__init__` are shared with the router thread
and touched only under `_changed`. The lock is never held while the engine computes: a submit must not wait for a decode
step. So the router may cancel or submit at any moment: what waits leaves the queue at once; of what is in the batch the
router leaves a note, which this thread follows before anything more gets out of the queue. So a note never hits a later
request with the same id.
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
from llm_agentd.metrics import Load, Metrics
from llm_agentd.moderation.moderator import Moderator
from llm_agentd.prefix_cache import PrefixCache
from llm_agentd.scheduler.affinity import CpuPriority, apply_affinity
from llm_agentd.scheduler.batch import Batch
from llm_agentd.scheduler.batch_size import Curve
from llm_agentd.scheduler.curve_watch import CurveWatch
from llm_agentd.scheduler.latency import LatencyEstimate
from llm_agentd.scheduler.request_queue import RequestQueue
from llm_agentd.scheduler.sequence import Events
from llm_agentd.scheduler.warm_list import WarmList, is_warm
from llm_agentd.types import Peer, Priority, Request

log = logging.getLogger(__name__)

IDLE_WAIT_MAX_S = 5.0  # an idle loop still turns this often, to feed the watchdog
# A loop that has not turned for so long hangs, as far as anybody can tell. The longest step there should be is a part
# of a prompt, 96 tokens: a machine that computes four of them a second needs 24 s. And it is half of what the watchdogs
# wait for: so a client is told why before the process is ended.
SILENT_MAX_S = 30.0
SILENT_MIN_S = 10.0  # where steps were short so far: beyond an idle loop's turn, a swap storm and a slow disk
LONGEST_FACTOR = 4  # beyond that, for the longest step so far: its prompt may have been a short one
STEP_END_MAX_S = 5.0  # beyond the grace: the step that runs when it is over must end by itself
RESTARTS_MAX = 3  # an engine that breaks this often without one good step between is not coming back
RETRY_AFTER_MS = 1000  # while the engine starts again
_GAVE_WAY = "gave way to a spoken request, or to a client of whom fewer wait"


class EngineLoop:
    """`start`, then `submit` from the router thread, then `stop`.

    `open_engine`, `open_prefix_cache` and `find_curve` run on the engine thread, in this order: an engine's native
    threads inherit the CPUs and the priority of the thread that opens it.
    """

    def __init__(
        self,
        *,
        open_engine: Callable[[], Engine],
        emit: Callable[[Events], None],
        queue: RequestQueue,
        cache: CompletionCache,
        metrics: Metrics,
        open_prefix_cache: Callable[[EngineInfo], PrefixCache],
        find_curve: Callable[[Engine], tuple[Curve, Callable[[Curve], None]]],
        pin_cpus: Sequence[int] = (),
        cpu_priority: CpuPriority = "nice",
        moderator: Moderator | None = None,
        feed_watchdog: Callable[[], None] = lambda: None,
        idle_wait_max_s: float = IDLE_WAIT_MAX_S,
        clock: Callable[[], float] = time.monotonic,
        name: str = "engine",
    ) -> None:
        self._open_engine = open_engine
        self._emit = emit
        self._queue = queue
        self._cache = cache
        self._metrics = metrics
        self._open_prefix_cache = open_prefix_cache
        self._find_curve = find_curve
        self._pin_cpus = tuple(pin_cpus)
        self._cpu_priority = cpu_priority
        self._moderator = moderator
        self._feed_watchdog = feed_watchdog
        self._idle_wait_max_s = idle_wait_max_s
        self._clock = clock
        self._latency = LatencyEstimate()
        self._restarts_in_a_row = 0
        self._is_given_up = False  # the daemon has ended without this thread
        self._abort_s = float("inf")  # when stopping: from here on nothing goes on any more
        # Shared with other threads, under this lock:
        self._changed = threading.Condition()
        self._cancelled_in_batch: list[tuple[Peer, str]] = []
        self._peers_gone_from_batch: list[Peer] = []
        self._refusal: Callable[[], AgentdError] | None = None  # set while all calls are switched off
        self._new_in_queue: list[tuple[Request, int]] = []  # since the last step, and how many were before them
        self._to_warm = WarmList()
        self._wake_engine: Callable[[], None] = lambda: None  # of the engine that is open
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        # For other threads to look at:
        self.started = threading.Event()  # starting is over: the engine is open, or `failure` says why not
        self.stopping = threading.Event()  # takes no more; set under the lock, so that no submit slips in behind it
        self.ended = threading.Event()
        self.failure: BaseException | None = None
        self.steps = self.stepped = 0  # of the model since the start, and the sequences in all of them
        self.info: EngineInfo | None = None  # None: there is no engine yet, or no more
        self.has_opened = False  # there was an engine at some time
        self.is_reopening = False  # it broke; what is submitted waits for a fresh one
        self._beat_s = clock()  # when the loop last turned
        self._longest_step_s: float | None = None  # of the model

    # -- from other threads ------------------------------------------------------------------

    def start(self) -> None:
        self._thread.start()

    def submit(self, requests: Sequence[Request]) -> list[tuple[Request, AgentdError]]:
        """Queues what came together; returns those refused (queue full, starting, stopping) with the reason.

        What came together is queued under one lock: the engine must not start on the first of a game tick's requests
        while the others are on their way, as a batch costs little more than one.
        """
        refused: list[tuple[Request, AgentdError]] = []
        with self._changed:
            for request in requests:
                refused += self._offer(request)
            self._queue.end_burst()
            self._notify()
        return refused

    def warm(self, request: Request) -> bool:
        """Computes its prompt when there is nothing else to do; nobody hears of it. False: it does not pay here."""
        info = self.info
        if info is None or "states" not in info.features:
            return False
        with self._changed:
            if self.stopping.is_set() or self._refusal is not None:
                return False
            self._to_warm.put(request)
            self._notify()
        return True

    def _notify(self) -> None:
        """There is something to look at: ends the loop's wait for work, or the engine's for another process. Under the
        lock.
        """
        self._changed.notify()
        self._wake_engine()

    def _offer(self, request: Request) -> list[tuple[Request, AgentdError]]:
        """Who is refused by it: nobody, `request` itself, or a lesser one that made room. Under the lock."""
        if self.stopping.is_set() or self.info is None:
            reason = "the daemon is stopping"
            if not self.stopping.is_set():
                reason = "the model is still loading; try again shortly"
            return [(request, Unavailable(reason, retry_after_ms=RETRY_AFTER_MS))]
        if self._refusal is not None:
            return [(request, self._refusal())]
        now_s = self._clock()
        ahead = self._queue.ahead(request.priority, now_s, owner=request.owner, peer=request.peer)
        try:
            displaced = self._queue.offer(request, now_s)
        except Overloaded as error:
            return [(request, error)]
        self._new_in_queue.append((request, ahead))
        if displaced is None:
            return []
        return [(displaced, Overloaded(_GAVE_WAY, retry_after_ms=RETRY_AFTER_MS))]

    def has_room(self, priority: Priority, peer: Peer) -> bool:
        """Whether `require_room` would raise nothing for a peer that does not flood."""
        try:
            self.require_room(priority, peer, waiting_max=None)
        except Overloaded:
            return False
        return True

    def require_room(self, priority: Priority, peer: Peer, *, waiting_max: int | None) -> None:
        """Raises Overloaded where `submit` would refuse such a request, before anything is paid for it.

        `waiting_max`: of a peer that floods, so many as urgent or more may wait.
        """
        with self._changed:
            self._queue.require_room(priority, peer, self._clock())
            waiting = 0 if waiting_max is None else self._queue.waiting_of(peer, priority)
        if waiting_max is not None and waiting >= waiting_max:
            raise Overloaded(
                f"this client asks for more than can be prepared, and {waiting} of its requests wait; ask less often",
                retry_after_ms=RETRY_AFTER_MS,
            )

    def cancel(self, peer: Peer, request_id: str) -> None:
        """Frees the request at once where it waits, else before the next step; its last event is `Cancelled`."""
        with self._changed:
            waiting = self._queue.cancel(peer, request_id)
            if waiting is None:
                self._cancelled_in_batch.append((peer, request_id))
            self._notify()
        if waiting is not None:
            self._emit([(waiting, _cancelled())])

    def drop_peer(self, peer: Peer) -> None:
        """The peer is gone: its requests are freed, those that wait at once. They have no more events."""
        with self._changed:
            self._queue.drop_peer(peer)
            self._to_warm.drop_peer(peer)
            self._peers_gone_from_batch.append(peer)
            self._notify()

    def require_info(self) -> EngineInfo:
        """The engine's facts. Raises Unavailable while there is no engine to serve a request, or one that hangs."""
        info = self.info
        if info is None:
            raise Unavailable("the daemon is starting or stopping; try again shortly", retry_after_ms=RETRY_AFTER_MS)
        silent_s = self.silent_s()
        if silent_s > self._silent_max_s():
            reason = f"the engine loop is silent for {silent_s:.0f} s: one step of the model hangs, or takes that long"
            raise Unavailable(reason, retry_after_ms=RETRY_AFTER_MS)
        return info

    def silent_s(self) -> float:
        """Since the loop last turned; up to `idle_wait_max_s` where it has nothing to do."""
        return self._clock() - self._beat_s

    def _silent_max_s(self) -> float:
        """No longer than SILENT_MAX_S, and shorter where all steps so far were: one that takes so much longer hangs."""
        longest_s = self._longest_step_s
        return SILENT_MAX_S if longest_s is None else min(SILENT_MAX_S, SILENT_MIN_S + LONGEST_FACTOR * longest_s)

    def depth(self) -> dict[str, int]:
        """How many wait, by priority."""
        with self._changed:
            return {str(priority): count for priority, count in self._queue.depth().items()}

    def count_waiting(self) -> int:
        return sum(self.depth().values())

    def switch(self, refusal: Callable[[], AgentdError] | None) -> None:
        """`refusal` set: nothing is computed for anybody any more. What runs and waits ends with it, before the next
        step, and so does whatever is submitted. None: all goes on as ever.
        """
        with self._changed:
            self._refusal = refusal
            self._notify()

    def load(self) -> Load:
        """How much there is to do. Reads the batch beside the engine thread: whoever looks may see half a step."""
        waiting = self.depth()
        return Load(waiting) if self.info is None else Load(waiting, *self._batch.usage())

    def stats(self) -> dict[str, Any]:
        """What `stats` shows of the engine."""
        if self.info is None:
            return {}
        return {"prefixes": self._prefix_cache.stats(), "useful_batch_size": self._batch_size}

    def stop(self, grace_s: float) -> None:
        """Takes no more, finishes what runs and waits within `grace_s`, answers the rest `unavailable`.

        Returns when the thread has ended. Its last events are emitted before that.
        """
        self.end(grace_s)
        self.join(grace_s)

    def end(self, grace_s: float) -> None:
        """The first half of `stop`, which does not wait: so several loops have their grace at the same time."""
        with self._changed:
            self.stopping.set()
            self._abort_s = self._clock() + grace_s
            self._notify()

    def join(self, grace_s: float) -> None:
        """The second half. A thread whose step of the model hangs, or takes far too long, is given up: who waits is
        answered by the router, and when the step ends after all the stores may be closed, which is no failure of the
        loop any more.
        """
        if self._thread.is_alive():
            self._thread.join(grace_s + STEP_END_MAX_S)
        if self._thread.is_alive():
            self._is_given_up = True
            log.error("one step of the model did not end in %.0f s; the daemon ends without it", STEP_END_MAX_S)

    # -- the engine thread -------------------------------------------------------------------

    def _run(self) -> None:
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
        self._beat()
        self.info = self._engine.info
        self.has_opened = True
        self.started.set()
        try:
            while self.step():
                self._beat()
        except BaseException as error:
            if not self._is_given_up:
                log.exception("the engine loop broke")
            self.failure = error
        finally:
            if not self._is_given_up:
                self._close()
            self.ended.set()

    def _beat(self) -> None:
        """The loop turns: tells whoever looks at it, in this process and outside."""
        self._beat_s = self._clock()
        self._feed_watchdog()

    def _open(self) -> None:
        self._engine = self._open_engine()
        self._wake_engine = self._engine.wake
        self._prefix_cache = self._open_prefix_cache(self._engine.info)
        curve, keep_curve = self._find_curve(self._engine)
        self._curve_watch = CurveWatch(curve, self._engine.info.max_num_seqs, keep_curve)
        self._set_batch_size()
        self._batch = self._empty_batch()
        self._quiet_since_s = self._clock()

    def _set_batch_size(self) -> None:
        self._batch_size = self._curve_watch.curve.useful_size(self._engine.info.max_num_seqs)
        self._metrics.useful_batch_size.set(self._batch_size)

    def _empty_batch(self) -> Batch:
        return Batch(
            self._engine,
            prefix_cache=self._prefix_cache,
            cache=self._cache,
            metrics=self._metrics,
            latency=self._latency,
            moderator=self._moderator,
        )

    def step(self) -> bool:
        """One round of the loop; False when it is time to end. Called by this thread alone."""
        events: Events = []
        self.info = self._engine.info  # of a model elsewhere it may have changed: its server is there now, or another
        goes_on = self._wait(events)  # 1. for work; drop the cancelled and the late
        if goes_on and self._refusal is None:
            self._stop_warming()
            self._admit(events)  # 2. by urgency: into a slot, to a sequence with the same key, or another must pause
            self._warm_next(events)
        if self._batch.running and self._refusal is None:
            if events and self.info.is_remote:  # its step waits for a server: who was cancelled or late hears it now
                self._emit(events)
                events = []
            for piece in self._decode(events):  # 3. one token for each running sequence
                self._batch.advance(piece, self._clock(), events)  # 4. text, moderation, deltas, replies, kept states
            self._batch.share_states(events)
            self._quiet_since_s = self._clock()
        elif goes_on and not events and self._is_quiet(self._clock()):
            self._measure_step(events)
        if events:
            self._emit(events)  # 5. to the router thread, once a step: one wake-up for all that one step made
        return goes_on

    def _wait(self, events: Events) -> bool:
        """Returns when there is something to do; False: nothing any more.

        Never sleeps while a sequence runs or is paused. The time to sleep comes from the queue: until the batch window
        closes or a deadline passes. Whatever changes meanwhile notifies.
        """
        with self._changed:
            while True:
                now_s = self._clock()
                self._drop_unwanted(events)
                self._refuse_all(now_s, events)
                self._join_or_refuse_new(now_s, events)
                self._drop_late(now_s, events)
                is_idle = not self._batch.running and self._batch.paused_priority(now_s) is None
                if self.stopping.is_set():
                    if (is_idle and not len(self._queue)) or now_s >= self._abort_s:
                        return False
                    if len(self._queue):
                        return True  # nothing more will come, so no window need be waited for
                if not is_idle or events or self._queue.due(now_s, idle=True) or self._is_quiet(now_s):
                    return True
                if self._to_warm and not len(self._queue):
                    return True
                wait_s = self._queue.wait_s(now_s, idle=True)
                idle_s = self._idle_wait_max_s
                if not self._changed.wait(idle_s if wait_s is None else min(wait_s, idle_s)):
                    self._beat()
                    self._prefix_cache.shrink()  # somebody else may need the memory by now

    def _drop_unwanted(self, events: Events) -> None:
        """Frees what was cancelled in the batch, and what is there of peers that are gone. Under the lock.

        A request is in the queue, or taken out of it by this thread and in the batch when this is called next. So a
        cancel finds it in one of them, or it is done and its answer on the way.
        """
        for peer, request_id in self._cancelled_in_batch:
            events.extend((request, _cancelled()) for request in self._batch.drop(_is_request(peer, request_id)))
        self._cancelled_in_batch.clear()
        for peer in self._peers_gone_from_batch:
            self._batch.drop(_is_of_peer(peer))
        self._peers_gone_from_batch.clear()

    def _refuse_all(self, now_s: float, events: Events) -> None:
        """While all calls are switched off. Under the lock."""
        if self._refusal is not None:
            self._to_warm.clear()
            rest = self._batch.drop(lambda request: True) + self._queue.take(len(self._queue), now_s)
            events.extend((request, self._refusal()) for request in rest)

    def _join_or_refuse_new(self, now_s: float, events: Events) -> None:
        """What is decided of each request once, before it waits: whether it must, and whether it can be done in time.

        One with the key of a sequence joins it now: it needs no slot. One that cannot be done in time fails now rather
        than at its deadline. Under the lock.
        """
        for request, ahead in self._new_in_queue:
            if not self._queue.has(request):
                continue  # displaced, cancelled or dropped since it came, or it joined with one before it
            if request.cache != "off" and self._batch.has(request.key):
                for same in self._queue.take_coalesced(request.key):
                    self._batch.admit(same, now_s, events)
            elif error := self._too_late(request, now_s, ahead):
                self._queue.cancel(request.peer, request.id)
                events.append((request, error))
        self._new_in_queue.clear()

    def _drop_late(self, now_s: float, events: Events) -> None:
        for request in self._queue.expired(now_s) + self._batch.drop_late(now_s):
            events.append((request, late(request, now_s)))

    def _admit(self, events: Events) -> None:
        """Lets in whom there is room for; what was paused goes before its equals, as it was let in before.

        One request at a time, and the lock only to look and to take: encoding a prompt and starting it takes
        milliseconds, in which the router must be able to submit. What it submits meanwhile is seen by the next round.
        """
        batch = self._batch
        while self._refusal is None:
            now_s = self._clock()
            with self._changed:
                is_due = self.stopping.is_set() or self._queue.due(now_s, idle=not batch.running)
                waiting = self._queue.best_priority(now_s) if is_due else None
                has_spoken = is_due and self._queue.depth()["spoken"] > 0
            paused = batch.paused_priority(now_s)
            if batch.has_free_slot and len(batch.running) < self._batch_size:
                if paused is not None and (waiting is None or paused <= waiting):
                    batch.resume(now_s, events)
                    continue
                if waiting is None:
                    return
            elif not (has_spoken and self._make_room(now_s)):
                return
            self._admit_next(now_s, events)

    def _admit_next(self, now_s: float, events: Events) -> None:
        """The next request, and all that wait with its key: they join it at once, as they need no slot.

        The lock was open since `_admit` looked: a cancel may have left none to take. Or it may have left a note about
        the batch and then submitted the same id again; so notes come first.
        """
        with self._changed:
            self._drop_unwanted(events)
            taken = self._queue.take(1, now_s)
            if not taken:
                return
            request = taken[0]
            error = self._too_late(request, now_s, 0)
            same = self._queue.take_coalesced(request.key) if request.cache != "off" and not error else []
        if error:
            events.append((request, error))
            return
        for one in (request, *same):
            self._batch.admit(one, now_s, events)

    def _warm_next(self, events: Events) -> None:
        """With nothing else to do, a prompt that somebody may ask for soon. Its events reach nobody, as its peer waits
        for none; what it leaves is its tokens in a free slot, and a kept state.
        """
        if self._batch.running or self.stopping.is_set():
            return
        now_s = self._clock()
        with self._changed:
            is_wanted = len(self._queue) > 0 or self._batch.paused_priority(now_s) is not None
            request = None if is_wanted else self._to_warm.take(now_s)
        if request is not None:
            self._batch.admit(request, now_s, events)

    def _stop_warming(self) -> None:
        """Somebody asks: it ends before the next step, and before the window is looked at, as it is no reason to wait.
        What is computed by then stays in its slot.
        """
        if not self._batch.is_warming:
            return
        with self._changed:
            is_wanted = len(self._queue) > 0
        if is_wanted:
            self._batch.drop(is_warm)

    def _make_room(self, now_s: float) -> bool:
        """For a player: above the useful size, as far as that costs the others little, or in another's place."""
        if self._batch.has_free_slot and self._curve_watch.curve.allows(len(self._batch.running) + 1):
            return True
        return self._batch.pause_one(now_s)

    def _too_late(self, request: Request, now_s: float, ahead: int) -> DeadlineExceeded | None:
        """The error of a request that cannot be done in time: better now, when the client can act, than at the end."""
        running = len(self._batch.running)
        needs_s = self._latency.forecast_s(ahead, running, self._batch_size, request.sampling.max_tokens)
        if needs_s is None or now_s + needs_s <= request.deadline_s:
            return None
        left_ms = max(0, round((request.deadline_s - now_s) * 1000))
        return DeadlineExceeded(
            f"{ahead} requests wait before this one: it would take at least {round(needs_s * 1000)} ms and has "
            f"{left_ms} ms; raise deadline_ms, ask for fewer max_tokens, or ask less often",
            retry_after_ms=RETRY_AFTER_MS,
        )

    def _decode(self, events: Events) -> list[Piece]:
        self._metrics.batch_size.observe(len(self._batch.running))
        began_s = self._clock()
        self.steps += 1
        self.stepped += len(self._batch.running)
        try:
            pieces = self._engine.step()
        except Exception as error:
            self._reopen(error, events)
            return []
        self._restarts_in_a_row = 0
        self._longest_step_s = max(self._longest_step_s or 0.0, self._clock() - began_s)
        cost = self._engine.last_step
        if cost.num_seqs:
            self._latency.stepped(cost.num_seqs, cost.decode_s)
            self._curve_watch.stepped(cost.num_seqs, cost.decode_s)
        if cost.prompt_tokens:
            self._latency.prompted(cost.prompt_tokens, cost.prompt_s)
        return pieces

    def _is_quiet(self, now_s: float) -> bool:
        """Whether the time is there to measure what steps cost, and there is a reason to."""
        return self._refusal is None and self._curve_watch.is_due(now_s, now_s - self._quiet_since_s)

    def _measure_step(self, events: Events) -> None:
        """One step and no more: whoever asks meanwhile waits for that one."""
        try:
            self._batch.save_kept_chats()
            if self._curve_watch.measure_one(self._engine.time_step, self._clock()):
                self._set_batch_size()
        except Exception as error:
            self._reopen(error, events)

    def _reopen(self, error: Exception, events: Events) -> None:
        """The engine broke: its running requests fail, the waiting ones go on in a fresh engine."""
        log.error("the engine broke and is opened again: %s", error, exc_info=error)
        self._metrics.engine_restarts.inc()  # before anybody is told of it
        self.is_reopening = True
        failed = self._batch.clear()
        events.extend((request, EngineFailed("the engine broke during this request")) for request in failed)
        self._emit(events[:])  # now: opening takes its time, and may fail
        events.clear()
        self._restarts_in_a_row += 1
        if self._restarts_in_a_row >= RESTARTS_MAX:
            raise RuntimeError(f"the engine broke {RESTARTS_MAX} times in a row") from error
        self._engine.close()
        self._beat()  # opening takes longer than any step
        self._engine = self._open_engine()
        self._wake_engine = self._engine.wake
        self._batch = self._empty_batch()
        self.is_reopening = False

    def _close(self) -> None:
        """Answers who still waits, then frees the engine. `info` goes first: whoever submits from now on is refused."""
        with self._changed:
            self.stopping.set()
            self.info = None
            rest = self._batch.clear() + self._queue.take(len(self._queue), self._clock())
        if rest:
            self._emit([(r, Unavailable("the daemon is stopping", retry_after_ms=RETRY_AFTER_MS)) for r in rest])
        self._prefix_cache.close()
        self._engine.close()


def late(request: Request, now_s: float) -> DeadlineExceeded:
    """What is answered where `request` was given up after all its time, or after the part that this mind has of it."""
    waited_ms = round((now_s - request.arrived_s) * 1000)
    if now_s < request.deadline_s:
        return DeadlineExceeded(f"nothing came for {waited_ms} ms, which is this mind's share of the deadline")
    return DeadlineExceeded(f"not done after {waited_ms} ms; raise deadline_ms or ask for less")


def _cancelled() -> Cancelled:
    return Cancelled("cancelled by the client")


def _is_request(peer: Peer, request_id: str) -> Callable[[Request], bool]:
    return lambda request: request.peer == peer and request.id == request_id


def _is_of_peer(peer: Peer) -> Callable[[Request], bool]:
    return lambda request: request.peer == peer
