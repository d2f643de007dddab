"""Admission and the batch window: who waits, who may go now, who goes first.

Pure: the time comes in as an argument (monotonic seconds), there is no lock, no clock call and no socket in here.
The caller (`inference.py`) guards it with its own lock. It must not know engines, caches or the wire.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from llm_agentd.errors import Overloaded
from llm_agentd.serving.request import PRIORITIES, Peer, Priority, Request

AGED_S = 2.0  # a lesser request that waited this long goes as `spoken`: well inside the default 5 s timeout
RETRY_AFTER_MS = 1000  # a full queue needs about this long to make room on a small machine
GIVES_WAY: tuple[Priority, ...] = ("background", "ambient")  # to a spoken newcomer, in this order


@dataclass(frozen=True, slots=True)
class _Waiting:
    request: Request
    offered_s: float
    order: int  # arrival, a counter: two offers may share a clock reading


class Window:
    """Waiting requests, bounded by `queue_max`; let out when `window_s` is over, `size` wait, or the engine idles.

    Each priority is a queue of its own in order of arrival, so the head of a queue is always its oldest.
    """

    def __init__(self, *, size: int, window_s: float, queue_max: int) -> None:
        self._size = size
        self._window_s = window_s
        self._queue_max = queue_max
        self._queues: dict[Priority, OrderedDict[tuple[Peer, str], _Waiting]] = {
            "spoken": OrderedDict(),
            "ambient": OrderedDict(),
            "background": OrderedDict(),
        }
        self._order = 0
        self._burst_in = False
        self._first_deadline_s = float("inf")  # never later than the true one; `expired` makes it exact again

    def offer(self, request: Request, now_s: float) -> Request | None:
        """Lets `request` wait. Returns the lesser request it displaced, which the caller answers `overloaded`.

        Raises Overloaded when the queue is full and nothing may be displaced.
        """
        key = (request.peer, request.id)
        if any(key in queue for queue in self._queues.values()):
            raise ValueError(f"id {request.id!r} waits already; the router must refuse or join duplicate ids")
        displaced = self._make_room(request, now_s) if len(self) >= self._queue_max else None
        self._order += 1
        self._queues[request.priority][key] = _Waiting(request, now_s, self._order)
        self._first_deadline_s = min(self._first_deadline_s, request.deadline_s)
        self._burst_in = False
        return displaced

    def _make_room(self, newcomer: Request, now_s: float) -> Request:
        """Takes out the newest of the least urgent, if a player waits for `newcomer`. Aged ones keep their place."""
        if newcomer.priority == "spoken":
            for priority in GIVES_WAY:
                queue = self._queues[priority]
                if queue and not _aged(newest := queue[next(reversed(queue))], now_s):
                    del queue[_key(newest)]
                    return newest.request
        raise Overloaded(
            f"the queue is full: {len(self)} requests wait (batch.queue_max); ask again later, or ask less often",
            retry_after_ms=RETRY_AFTER_MS,
        )

    def burst_end(self) -> None:
        """The router saw its socket empty: what came together is in, an idle engine need not wait for more."""
        self._burst_in = True

    def due(self, now_s: float, *, idle: bool) -> bool:
        """May requests be taken now?"""
        waiting = len(self)
        if not waiting:
            return False
        return (idle and self._burst_in) or waiting >= self._size or now_s >= self._closes_s()

    def wait_s(self, now_s: float, *, idle: bool) -> float | None:
        """Seconds until time alone makes something due or passes a deadline; None: wait for a wake-up.

        May be too short after a deadline's request has left (call `expired`, then ask again), never too long.
        """
        if not len(self):
            return None
        if self.due(now_s, idle=idle):
            return 0.0
        return max(0.0, min(self._closes_s(), self._first_deadline_s) - now_s)

    def take(self, limit: int, now_s: float) -> list[Request]:
        """At most `limit` requests, by priority, then arrival; aged ones count as `spoken`. Ask `due` first."""
        taken: list[Request] = []
        while len(taken) < limit:
            heads = self._heads()
            if not heads:
                break
            best = min(heads, key=lambda head: (_rank(head, now_s), head.order))
            del self._queues[best.request.priority][_key(best)]
            taken.append(best.request)
        return taken

    def cancel(self, peer: Peer, id: str) -> Request | None:
        """Takes out one request; None where it does not wait here."""
        for queue in self._queues.values():
            waiting = queue.pop((peer, id), None)
            if waiting is not None:
                return waiting.request
        return None

    def drop_peer(self, peer: Peer) -> list[Request]:
        """Takes out all requests of a peer that went away."""
        return self._remove([w for queue in self._queues.values() for w in queue.values() if w.request.peer == peer])

    def expired(self, now_s: float) -> list[Request]:
        """Takes out the requests whose deadline has passed. Cheap while none has, so call it before each `take`."""
        if now_s < self._first_deadline_s:
            return []
        waiting = [w for queue in self._queues.values() for w in queue.values()]
        late = [w for w in waiting if w.request.deadline_s <= now_s]
        left = (w.request.deadline_s for w in waiting if w.request.deadline_s > now_s)
        self._first_deadline_s = min(left, default=float("inf"))
        return self._remove(late)

    def depth(self) -> dict[Priority, int]:
        """How many wait, by priority (for the metrics)."""
        return {priority: len(queue) for priority, queue in self._queues.items()}

    def __len__(self) -> int:
        return sum(map(len, self._queues.values()))

    def _heads(self) -> list[_Waiting]:
        return [queue[next(iter(queue))] for queue in self._queues.values() if queue]

    def _closes_s(self) -> float:
        """When the window of the oldest waiting request closes; only asked while one waits."""
        return min(head.offered_s for head in self._heads()) + self._window_s

    def _remove(self, waiting: list[_Waiting]) -> list[Request]:
        for item in waiting:
            del self._queues[item.request.priority][_key(item)]
        return [item.request for item in waiting]


def _key(waiting: _Waiting) -> tuple[Peer, str]:
    return (waiting.request.peer, waiting.request.id)


def _aged(waiting: _Waiting, now_s: float) -> bool:
    return now_s - waiting.offered_s >= AGED_S


def _rank(waiting: _Waiting, now_s: float) -> int:
    return 0 if _aged(waiting, now_s) else PRIORITIES.index(waiting.request.priority)
