"""The queue of requests and the batch window: who waits, who may go now, who goes first.

Urgent before less urgent. Inside a priority the owners (players, NPCs) take turns, each with its oldest request: one
who asks for fifty things delays another by one, not by fifty. What waited too long goes as `spoken`; all the aged
together have one turn in the round of the spoken, as if they were one more player. So nobody who is spoken to waits
behind a heap of old chatter, and no chatter waits for ever.

Pure: the time comes in as an argument (monotonic seconds), there is no lock, no clock call and no socket in here. The
caller (`engine_loop.py`) guards it with its own lock. It must not know engines, caches or the wire.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice, takewhile
from typing import TypeAlias

from llm_agentd.errors import Overloaded
from llm_agentd.types import PRIORITIES, Peer, Priority, Request

AGED_S = 2.0  # a request that waited this long goes as `spoken`: well inside the default 5 s timeout
RETRY_AFTER_MS = 1000  # a full queue needs about this long to make room on a small machine
DISPLACED: tuple[Priority, ...] = ("background", "ambient")  # by a spoken newcomer, in this order
AGING: tuple[Priority, ...] = ("ambient", "background")

_Key: TypeAlias = tuple[Peer, str]
_Owner: TypeAlias = str | Peer
_AGED: _Owner = (b"", b"", b"aged")  # the owner of the aged's turn; no peer's envelope has three parts


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
    """The requests of one priority, twice: by arrival, and by owner, the owner whose turn is next first.

    By arrival, for what concerns all owners: the window, ageing. OrderedDict, because the first item of a plain dict
    gets slow to find where many were taken from its front.
    """

    def __init__(self, owners: Iterable[_Owner] = ()) -> None:
        """`owners`: those who keep their turn in the round even while nothing of theirs waits."""
        self.by_arrival: OrderedDict[_Key, _Waiting] = OrderedDict()
        self.by_owner: OrderedDict[_Owner, OrderedDict[_Key, _Waiting]] = OrderedDict(
            (owner, OrderedDict()) for owner in owners
        )

    def __len__(self) -> int:
        return len(self.by_arrival)

    def add(self, waiting: _Waiting) -> None:
        """An owner of whom nothing waited joins the end of the round."""
        self.by_arrival[waiting.key] = waiting
        self.by_owner.setdefault(waiting.owner, OrderedDict())[waiting.key] = waiting

    def pop(self, key: _Key) -> _Waiting | None:
        waiting = self.by_arrival.pop(key, None)
        if waiting is not None:
            requests = self.by_owner[waiting.owner]
            del requests[key]
            if not requests:
                del self.by_owner[waiting.owner]
        return waiting

    def oldest(self) -> _Waiting | None:
        return next(iter(self.by_arrival.values()), None)

    def next_owner(self) -> _Owner:
        return next(iter(self.by_owner))

    def end_turn(self) -> None:
        self.by_owner.move_to_end(self.next_owner())

    def take_next(self) -> _Waiting:
        """The oldest request of the next owner who has one. Only called while one waits."""
        while not (requests := self.by_owner[self.next_owner()]):  # only the aged may have a turn without a request
            self.end_turn()
        waiting = next(iter(requests.values()))
        self.end_turn()
        self.pop(waiting.key)
        return waiting

    def newest_of_largest_owner(self, now_s: float) -> _Waiting | None:
        """The newest request of the owner who has most waiting, among those whose newest is not aged."""
        newest = [(len(waits), waits[next(reversed(waits))]) for waits in self.by_owner.values() if waits]
        young = [(count, waiting) for count, waiting in newest if not _is_aged(waiting, now_s)]
        return max(young, key=lambda entry: (entry[0], entry[1].order))[1] if young else None

    def before(self, owner: _Owner, aged: int = 0) -> int:
        """How many go before a newcomer of `owner`, when `aged` requests take the turns of the aged.

        All of the owner's own, and of each other owner one a round: those who come before `owner` in the round have one
        turn more until then.
        """
        own = len(self.by_owner.get(owner, ()))
        turns = own + 1
        count = own
        for other, requests in self.by_owner.items():
            if other == owner:
                turns = own
            else:
                count += min(aged if other == _AGED else len(requests), turns)
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
        self._is_burst_over = False
        self._first_deadline_s = float("inf")  # never later than the true one; `expired` makes it exact again

    # -- in --------------------------------------------------------------------------------------

    def offer(self, request: Request, now_s: float) -> Request | None:
        """Lets `request` wait. Returns the lesser request it displaced, which the caller answers `overloaded`.

        Raises Overloaded when the queue is full and nothing may be displaced.
        """
        self._order += 1
        waiting = _Waiting(request, now_s, self._order)
        if any(waiting.key in line.by_arrival for line in self._lines.values()):
            raise ValueError(f"id {request.id!r} waits already; the pipeline must refuse or ignore duplicate ids")
        displaced = self._make_room(request, now_s) if len(self) >= self._queue_max else None
        self._lines[request.priority].add(waiting)
        self._first_deadline_s = min(self._first_deadline_s, request.deadline_s)
        self._is_burst_over = False
        return displaced

    def _make_room(self, newcomer: Request, now_s: float) -> Request:
        """Takes out one of the least urgent, if a player waits for `newcomer`. Aged ones keep their place."""
        if newcomer.priority == "spoken":
            for priority in DISPLACED:
                line = self._lines[priority]
                if (displaced := line.newest_of_largest_owner(now_s)) is not None:
                    line.pop(displaced.key)
                    return displaced.request
        raise Overloaded(
            f"the queue is full: {len(self)} requests wait (batch.queue_max); ask again later, or ask less often",
            retry_after_ms=RETRY_AFTER_MS,
        )

    def end_burst(self) -> None:
        """What came together is in: an idle engine need not wait for more."""
        self._is_burst_over = True

    # -- when ------------------------------------------------------------------------------------

    def due(self, now_s: float, *, idle: bool) -> bool:
        """Whether requests may be taken now.

        An idle engine starts at once. A busy one has no slot to lose, so it waits for the window: what starts in the
        same step has its prompts computed together.
        """
        waiting = len(self)
        if not waiting:
            return False
        return (idle and self._is_burst_over) or waiting >= self._size or now_s >= self._window_ends_s()

    def wait_s(self, now_s: float, *, idle: bool) -> float | None:
        """Seconds until time alone makes something due or passes a deadline; None: wait for a wake-up.

        May be too short after a deadline's request has left (call `expired`, then this again), never too long.
        """
        if not len(self):
            return None
        if self.due(now_s, idle=idle):
            return 0.0
        return max(0.0, min(self._window_ends_s(), self._first_deadline_s) - now_s)

    def best_priority(self, now_s: float) -> int | None:
        """Index of the most urgent: 0 spoken or aged, 1 ambient, 2 background; None: nobody waits."""
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
        lesser = sum(len(self._lines[other]) for other in AGING)
        by_age = lesser + sum(min(len(requests), lesser + 1) for requests in self._lines["spoken"].by_owner.values())
        return min(by_class, by_age)

    # -- out -------------------------------------------------------------------------------------

    def take(self, limit: int, now_s: float) -> list[Request]:
        """At most `limit` requests in the order of going. Ask `due` first."""
        taken: list[Request] = []
        while len(taken) < limit and (waiting := self._next(now_s)) is not None:
            taken.append(waiting.request)
        return taken

    def _next(self, now_s: float) -> _Waiting | None:
        """The aged if it is their turn among the spoken, or nobody else is spoken to; else the most urgent."""
        spoken = self._lines["spoken"]
        aged = self._oldest_aged(now_s)
        if aged is not None and (not len(spoken) or spoken.next_owner() == _AGED):
            if len(spoken):
                spoken.end_turn()
            return self._lines[aged.request.priority].pop(aged.key)
        line = next((line for line in self._lines.values() if len(line)), None)
        return None if line is None else line.take_next()

    def take_coalesced(self, key: bytes) -> list[Request]:
        """Takes out all that would be given the same reply as a sequence with this cache key."""
        return self._remove([w for w in self._all() if w.request.key == key and w.request.cache != "off"])

    def has(self, request: Request) -> bool:
        """Whether this very request waits, not only one with its id."""
        waiting = self._lines[request.priority].by_arrival.get((request.peer, request.id))
        return waiting is not None and waiting.request is request

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

    # -- how it stands ---------------------------------------------------------------------------

    def depth(self) -> dict[Priority, int]:
        """How many wait, by priority (for the metrics)."""
        return {priority: len(line) for priority, line in self._lines.items()}

    def __len__(self) -> int:
        return sum(map(len, self._lines.values()))

    def _all(self) -> list[_Waiting]:
        return [waiting for line in self._lines.values() for waiting in line.by_arrival.values()]

    def _window_ends_s(self) -> float:
        """When the window of the oldest waiting request closes. Only called while one waits."""
        return min(w.offered_s for line in self._lines.values() if (w := line.oldest()) is not None) + self._window_s

    def _oldest_aged(self, now_s: float) -> _Waiting | None:
        """A line is in order of arrival, so its first is the one that may be aged."""
        heads = (self._lines[priority].oldest() for priority in AGING)
        aged = [head for head in heads if head is not None and _is_aged(head, now_s)]
        return min(aged, key=lambda waiting: waiting.order, default=None)

    def _count_aged(self, now_s: float, *, at_most: int) -> int:
        """Looks at no more than it counts, and one: a queue of a thousand must not cost a thousand looks a request."""
        return sum(
            1
            for priority in AGING
            for _ in islice(takewhile(lambda w: _is_aged(w, now_s), self._lines[priority].by_arrival.values()), at_most)
        )

    def _remove(self, waiting: list[_Waiting]) -> list[Request]:
        for item in waiting:
            self._lines[item.request.priority].pop(item.key)
        return [item.request for item in waiting]


def _is_aged(waiting: _Waiting, now_s: float) -> bool:
    return now_s - waiting.offered_s >= AGED_S
