"""The queue of requests and the batch window: who waits, who may go now, who goes first.

Urgent before less urgent; inside a priority the owners (players, NPCs) take turns, each with its oldest request; what
waited too long goes as `spoken`, where all the aged together have one turn in the round, as if they were one more
player: nobody who is spoken to waits behind a heap of old chatter, and no chatter waits for ever.
Pure: the time comes in as an argument (monotonic seconds), there is no lock, no clock call and no socket in here.
The caller (`engine_loop.py`) guards it with its own lock. It must not know engines, caches or the wire.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice, takewhile
from typing import TypeAlias

from llm_agentd.errors import Overloaded
from llm_agentd.types import PRIORITIES, Peer, Priority, Request

AGED_S = 2.0  # a lesser request that waited this long goes as `spoken`: well inside the default 5 s timeout
RETRY_AFTER_MS = 1000  # a full queue needs about this long to make room on a small machine
GIVES_WAY: tuple[Priority, ...] = ("background", "ambient")  # to a spoken newcomer, in this order
LESSER: tuple[Priority, ...] = ("ambient", "background")  # they age

_Key: TypeAlias = tuple[Peer, str]
_Owner: TypeAlias = str | Peer
_AGED: _Owner = (b"", b"", b"aged")  # their turn in the round of the spoken; no peer's envelope has three parts


@dataclass(frozen=True, slots=True)
class _Waiting:
    request: Request
    offered_s: float
    order: int  # arrival, a counter: two offers may share a clock reading

    @property
    def key(self) -> _Key:
        return (self.request.peer, self.request.id)

    @property
    def owner(self) -> _Owner:
        return self.request.owner or self.request.peer


class _Line:
    """The requests of one priority: by arrival, and by owner, the owner whose turn is next first.

    OrderedDict, because the first of a plain dict gets slow to find where many were taken from its front.
    """

    def __init__(self, owners: Iterable[_Owner] = ()) -> None:
        self.by_arrival: OrderedDict[_Key, _Waiting] = OrderedDict()
        self.by_owner: OrderedDict[_Owner, OrderedDict[_Key, _Waiting]] = OrderedDict(
            (o, OrderedDict()) for o in owners
        )

    def __len__(self) -> int:
        return len(self.by_arrival)

    def add(self, waiting: _Waiting) -> None:
        self.by_arrival[waiting.key] = waiting
        self.by_owner.setdefault(waiting.owner, OrderedDict())[waiting.key] = waiting

    def pop(self, key: _Key) -> _Waiting | None:
        waiting = self.by_arrival.pop(key, None)
        if waiting is not None:
            mine = self.by_owner[waiting.owner]
            del mine[key]
            if not mine:
                del self.by_owner[waiting.owner]
        return waiting

    def oldest(self) -> _Waiting | None:
        return next(iter(self.by_arrival.values()), None)

    def whose_turn(self) -> _Owner:
        return next(iter(self.by_owner))

    def turn_over(self) -> None:
        self.by_owner.move_to_end(self.whose_turn())

    def take_turn(self) -> _Waiting:
        """The oldest request of the next owner who has one; only asked while one waits."""
        while not (mine := self.by_owner[self.whose_turn()]):  # only the aged may have a turn without a request
            self.turn_over()
        waiting = next(iter(mine.values()))
        self.turn_over()
        self.pop(waiting.key)
        return waiting

    def newest_of_the_greediest(self, now_s: float) -> _Waiting | None:
        """The newest request of the owner who has most waiting, among those whose newest is not aged."""
        newest = [(len(mine), mine[next(reversed(mine))]) for mine in self.by_owner.values() if mine]
        young = [(count, waiting) for count, waiting in newest if not _aged(waiting, now_s)]
        return max(young, key=lambda entry: (entry[0], entry[1].order))[1] if young else None

    def before(self, owner: _Owner, aged: int = 0) -> int:
        """How many go before a newcomer of `owner`, when `aged` requests take the turns of the aged."""
        mine = len(self.by_owner.get(owner, ()))
        turns = mine + 1  # of each owner who comes before `owner` in the round
        count = mine
        for other, theirs in self.by_owner.items():
            if other == owner:
                turns = mine
            else:
                count += min(aged if other == _AGED else len(theirs), turns)
        return count


class RequestQueue:
    """Waiting requests, bounded by `queue_max`; let out when `window_s` is over, `size` wait, or the engine idles."""

    def __init__(self, *, size: int, window_s: float, queue_max: int) -> None:
        self._size = size
        self._window_s = window_s
        self._queue_max = queue_max
        # In the order of PRIORITIES.
        self._lines: dict[Priority, _Line] = {"spoken": _Line([_AGED]), "ambient": _Line(), "background": _Line()}
        self._order = 0
        self._burst_in = False
        self._first_deadline_s = float("inf")  # never later than the true one; `expired` makes it exact again

    def offer(self, request: Request, now_s: float) -> Request | None:
        """Lets `request` wait. Returns the lesser request it displaced, which the caller answers `overloaded`.

        Raises Overloaded when the queue is full and nothing may be displaced.
        """
        self._order += 1
        waiting = _Waiting(request, now_s, self._order)
        if any(waiting.key in line.by_arrival for line in self._lines.values()):
            raise ValueError(f"id {request.id!r} waits already; the router must refuse or join duplicate ids")
        displaced = self._make_room(request, now_s) if len(self) >= self._queue_max else None
        self._lines[request.priority].add(waiting)
        self._first_deadline_s = min(self._first_deadline_s, request.deadline_s)
        self._burst_in = False
        return displaced

    def _make_room(self, newcomer: Request, now_s: float) -> Request:
        """Takes out one of the least urgent, if a player waits for `newcomer`. Aged ones keep their place."""
        if newcomer.priority == "spoken":
            for priority in GIVES_WAY:
                line = self._lines[priority]
                if (displaced := line.newest_of_the_greediest(now_s)) is not None:
                    line.pop(displaced.key)
                    return displaced.request
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

    def best_priority(self, now_s: float) -> int | None:
        """How urgent the most urgent is: 0 spoken or aged, 1 ambient, 2 background; None: nobody waits."""
        if self._oldest_aged(now_s) is not None:
            return 0
        return next((index for index, line in enumerate(self._lines.values()) if len(line)), None)

    def ahead(self, priority: Priority, now_s: float, *, owner: str = "", peer: Peer = ()) -> int:
        """How many would go before a newcomer if nobody else came: exact for `spoken`, near the truth for others.

        Without `owner` and `peer` it is someone of whom nothing waits. A lesser newcomer ages, so of two counts the
        smaller holds: by its class, or in the line of the aged, where each lesser request before it goes first and
        the spoken have their turns between.
        """
        who = owner or peer
        line = self._lines[priority]
        if priority == "spoken":
            return line.before(who, self._count_aged(now_s, at_most=len(line.by_owner.get(who, ())) + 1))
        better = list(self._lines.values())[: PRIORITIES.index(priority)]
        by_class = sum(map(len, better)) + line.before(who)
        lesser = sum(len(self._lines[other]) for other in LESSER)
        by_age = lesser + sum(min(len(theirs), lesser + 1) for theirs in self._lines["spoken"].by_owner.values())
        return min(by_class, by_age)

    def take(self, limit: int, now_s: float, *, priority_max: int | None = None) -> list[Request]:
        """At most `limit` requests in the order of going, of priorities up to index `priority_max`. Ask `due` first."""
        lines = list(self._lines.values())[: None if priority_max is None else priority_max + 1]
        taken: list[Request] = []
        while len(taken) < limit and (waiting := self._next(lines, now_s)) is not None:
            taken.append(waiting.request)
        return taken

    def _next(self, lines: list[_Line], now_s: float) -> _Waiting | None:
        spoken = self._lines["spoken"]
        aged = self._oldest_aged(now_s)
        if aged is not None and (not len(spoken) or spoken.whose_turn() == _AGED):
            if len(spoken):
                spoken.turn_over()
            return self._lines[aged.request.priority].pop(aged.key)
        line = next((line for line in lines if len(line)), None)
        return None if line is None else line.take_turn()

    def take_coalesced(self, key: bytes) -> list[Request]:
        """Takes out all that would be given the same reply as a sequence with this cache key."""
        return self._remove([w for w in self._all() if w.request.key == key and w.request.cache != "off"])

    def cancel(self, peer: Peer, id: str) -> Request | None:
        """Takes out one request; None where it does not wait here."""
        for line in self._lines.values():
            waiting = line.pop((peer, id))
            if waiting is not None:
                return waiting.request
        return None

    def drop_peer(self, peer: Peer) -> list[Request]:
        """Takes out all requests of a peer that went away."""
        return self._remove([waiting for waiting in self._all() if waiting.request.peer == peer])

    def expired(self, now_s: float) -> list[Request]:
        """Takes out the requests whose deadline has passed. Cheap while none has, so call it before each `take`."""
        if now_s < self._first_deadline_s:
            return []
        waiting = self._all()
        late = [w for w in waiting if w.request.deadline_s <= now_s]
        left = (w.request.deadline_s for w in waiting if w.request.deadline_s > now_s)
        self._first_deadline_s = min(left, default=float("inf"))
        return self._remove(late)

    def depth(self) -> dict[Priority, int]:
        """How many wait, by priority (for the metrics)."""
        return {priority: len(line) for priority, line in self._lines.items()}

    def __len__(self) -> int:
        return sum(map(len, self._lines.values()))

    def _all(self) -> list[_Waiting]:
        return [waiting for line in self._lines.values() for waiting in line.by_arrival.values()]

    def _closes_s(self) -> float:
        """When the window of the oldest waiting request closes; only asked while one waits."""
        return min(w.offered_s for line in self._lines.values() if (w := line.oldest()) is not None) + self._window_s

    def _oldest_aged(self, now_s: float) -> _Waiting | None:
        heads = (self._lines[priority].oldest() for priority in LESSER)
        aged = [head for head in heads if head is not None and _aged(head, now_s)]
        return min(aged, key=lambda waiting: waiting.order, default=None)

    def _count_aged(self, now_s: float, *, at_most: int) -> int:
        """Looks at no more than it counts: a line is in order of arrival."""
        return sum(
            1
            for priority in LESSER
            for _ in islice(takewhile(lambda w: _aged(w, now_s), self._lines[priority].by_arrival.values()), at_most)
        )

    def _remove(self, waiting: list[_Waiting]) -> list[Request]:
        for item in waiting:
            self._lines[item.request.priority].pop(item.key)
        return [item.request for item in waiting]


def _aged(waiting: _Waiting, now_s: float) -> bool:
    return now_s - waiting.offered_s >= AGED_S
