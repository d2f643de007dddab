"""The queue of requests and the batch window: who waits, who may go now, who goes first.

Urgent before less urgent. Inside a priority the peers (clients of the daemon) take turns, and in a peer's turn its
owners (players, NPCs) do, each with its oldest request: one who asks for fifty things delays another by one, not by
fifty. What waited too long goes with the `spoken`; all the aged of a peer have one turn in the round of its players, as
if they were one more. So nobody who is spoken to waits behind a heap of old chatter, and no chatter waits for ever.

Pure: the time comes in as an argument (monotonic seconds), there is no lock, no clock call and no socket in here. The
caller (`engine_loop.py`) guards it with its own lock. It must not know engines, caches or the wire.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import TypeAlias, TypeVar

from llm_agentd.errors import Overloaded
from llm_agentd.types import PRIORITIES, Peer, Priority, Request

AGED_S = 2.0  # a request that waited this long goes as `spoken`: well inside the default 5 s timeout
RETRY_AFTER_MS = 1000  # a full queue needs about this long to make room on a small machine
DISPLACED: tuple[Priority, ...] = ("background", "ambient")  # by a spoken newcomer, in this order
AGING: tuple[Priority, ...] = ("ambient", "background")

_Key: TypeAlias = tuple[Peer, str]
_Owner: TypeAlias = str | Peer
_Turn = TypeVar("_Turn", bound=_Owner)
_AGED: _Owner = (b"", b"", b"aged")  # the owner of a peer's aged; no peer's envelope has three parts
_MORE = 2  # so many more must wait of a peer for one of them to make room for another's: else they would push in turn


@dataclass(frozen=True, slots=True)
class _Waiting:
    request: Request
    offered_s: float
    order: int  # arrival, a counter: two offers may share a clock reading
    is_aged: bool = False  # and so it waits with the spoken

    @property
    def key(self) -> _Key:
        return (self.request.peer, self.request.id)

    @property
    def owner(self) -> _Owner:
        return _AGED if self.is_aged else self.request.owner or self.request.peer


class _PeerLine:
    """What waits of one peer in a line, by owner; the owner whose turn is next comes first."""

    def __init__(self) -> None:
        self.by_owner: OrderedDict[_Owner, OrderedDict[_Key, _Waiting]] = OrderedDict()
        self.size = 0

    def add(self, waiting: _Waiting) -> None:
        """An owner of whom nothing waited joins the end of the round."""
        self.by_owner.setdefault(waiting.owner, OrderedDict())[waiting.key] = waiting
        self.size += 1

    def pop(self, waiting: _Waiting) -> None:
        requests = self.by_owner[waiting.owner]
        del requests[waiting.key]
        self.size -= 1
        if not requests:
            del self.by_owner[waiting.owner]

    def end_turn(self) -> _Waiting:
        """The oldest request of the owner whose turn it was."""
        owner, requests = next(iter(self.by_owner.items()))
        self.by_owner.move_to_end(owner)
        return next(iter(requests.values()))

    @property
    def displaceable(self) -> int:
        """How many there are, the aged included; 0 where all are aged: those keep their place."""
        return 0 if len(self.by_owner.get(_AGED, ())) == self.size else self.size

    def newest(self) -> Iterator[tuple[int, _Waiting]]:
        """Of each owner the newest, behind how many the owner has; none that is aged."""
        for owner, requests in self.by_owner.items():
            if owner != _AGED:
                yield len(requests), requests[next(reversed(requests))]

    def before(self, owner: _Owner) -> int:
        """How many of this peer go before a newcomer of `owner`."""
        sizes = ((other, len(requests)) for other, requests in self.by_owner.items())
        return _before(sizes, owner, len(self.by_owner.get(owner, ())))


class _Line:
    """The requests of one priority, twice: by arrival, and by peer, the peer whose turn is next first.

    By arrival, for what concerns all: the window, ageing. OrderedDict, because the first item of a plain dict gets slow
    to find where many were taken from its front.
    """

    def __init__(self) -> None:
        self.by_arrival: OrderedDict[_Key, _Waiting] = OrderedDict()
        self.by_peer: OrderedDict[Peer, _PeerLine] = OrderedDict()

    def __len__(self) -> int:
        return len(self.by_arrival)

    def add(self, waiting: _Waiting) -> None:
        """A peer of whom nothing waited joins the end of the round."""
        self.by_arrival[waiting.key] = waiting
        self.by_peer.setdefault(waiting.request.peer, _PeerLine()).add(waiting)

    def pop(self, key: _Key) -> _Waiting | None:
        waiting = self.by_arrival.pop(key, None)
        if waiting is not None:
            line = self.by_peer[waiting.request.peer]
            line.pop(waiting)
            if not line.size:
                del self.by_peer[waiting.request.peer]
        return waiting

    def oldest(self) -> _Waiting | None:
        return next(iter(self.by_arrival.values()), None)

    def take_next(self) -> _Waiting:
        """The oldest request of the next owner of the next peer. Only called while one waits."""
        peer, line = next(iter(self.by_peer.items()))
        waiting = line.end_turn()
        self.by_peer.move_to_end(peer)
        self.pop(waiting.key)
        return waiting

    def size_of(self, peer: Peer) -> int:
        line = self.by_peer.get(peer)
        return 0 if line is None else line.size

    def largest(self) -> int:
        """How many wait of the peer who has most waiting, of those with one that is not aged."""
        return max((line.displaceable for line in self.by_peer.values()), default=0)

    def newest_of_largest(self) -> _Waiting | None:
        """The newest request of the owner who has most waiting, of the peer who has; none that is aged."""
        largest = self.largest()
        newest = (entry for line in self.by_peer.values() if line.displaceable == largest for entry in line.newest())
        return max(newest, key=lambda entry: (entry[0], entry[1].order), default=(0, None))[1]

    def own_before(self, peer: Peer, owner: _Owner) -> int:
        """How many of the peer's own go before a newcomer of `owner`."""
        line = self.by_peer.get(peer)
        return 0 if line is None else line.before(owner)

    def before(self, peer: Peer, owner: _Owner) -> int:
        """How many go before a newcomer of `owner`, who is the peer's."""
        sizes = ((other, line.size) for other, line in self.by_peer.items())
        return _before(sizes, peer, self.own_before(peer, owner))


def _before(sizes: Iterable[tuple[_Turn, int]], member: _Turn, own: int) -> int:
    """How many go before a newcomer of `member` where members take turns, `own` of its own before it.

    Of each other member one a round: those who come before `member` in the round have one turn more until then. Who is
    not in the round joins its end.
    """
    turns = own + 1
    count = own
    for other, size in sizes:
        if other == member:
            turns = own
        else:
            count += min(size, turns)
    return count


class RequestQueue:
    """Waiting requests, bounded by `queue_max`; let out when `window_s` is over, `size` wait, or the engine idles."""

    def __init__(self, *, size: int, window_s: float, queue_max: int) -> None:
        self._size = size
        self._window_s = window_s
        self._queue_max = queue_max
        # In the order of PRIORITIES.
        self._lines: dict[Priority, _Line] = {"spoken": _Line(), "ambient": _Line(), "background": _Line()}
        # How many wait, by what they came as, aged or not.
        self._depth: dict[Priority, int] = {
            "spoken": 0,
            "ambient": 0,
            "background": 0,
        }
        self._order = 0
        self._is_burst_over = False
        self._first_deadline_s = float("inf")  # never later than the true one; `expired` makes it exact again

    def configure(self, *, window_s: float, queue_max: int) -> None:
        """Other bounds from now on. Any thread; what waits beyond a smaller `queue_max` keeps its place."""
        self._window_s, self._queue_max = window_s, queue_max

    # -- in --------------------------------------------------------------------------------------

    def offer(self, request: Request, now_s: float) -> Request | None:
        """Lets `request` wait. Returns the request it displaced, which the caller answers `overloaded`.

        Raises Overloaded when the queue is full and nothing may be displaced.
        """
        self._order += 1
        waiting = _Waiting(request, now_s, self._order)
        if any(waiting.key in line.by_arrival for line in self._lines.values()):
            raise ValueError(f"id {request.id!r} waits already; the pipeline must refuse or ignore duplicate ids")
        self._promote_aged(now_s)
        displaced = self._make_room(request) if len(self) >= self._queue_max else None
        self._lines[request.priority].add(waiting)
        self._depth[request.priority] += 1
        self._first_deadline_s = min(self._first_deadline_s, request.waits_until_s)
        self._is_burst_over = False
        return displaced

    def _promote_aged(self, now_s: float) -> None:
        """What waited too long goes over to the spoken, in the order of arrival."""
        while True:
            heads = [head for priority in AGING if (head := self._lines[priority].oldest()) and _is_aged(head, now_s)]
            if not heads:
                return
            head = min(heads, key=lambda waiting: waiting.order)
            self._lines[head.request.priority].pop(head.key)
            self._lines["spoken"].add(replace(head, is_aged=True))

    def _make_room(self, newcomer: Request) -> Request:
        """Takes out one that matters less than `newcomer`."""
        line = self._line_to_displace_from(newcomer.priority, newcomer.peer)
        displaced = None if line is None else line.newest_of_largest()
        if displaced is None:
            raise self._full()
        self._pop(displaced.key)
        return displaced.request

    def _line_to_displace_from(self, priority: Priority, peer: Peer) -> _Line | None:
        """A player who waits displaces one of the least urgent; anybody displaces one of a peer that has more waiting.

        Aged ones keep their place.
        """
        if priority == "spoken":
            for other in DISPLACED:
                if len(self._lines[other]):
                    return self._lines[other]
        line = self._lines[priority]
        return line if line.largest() >= line.size_of(peer) + _MORE else None

    def require_room(self, priority: Priority, peer: Peer, now_s: float) -> None:
        """Raises Overloaded where `offer` would, for a request that is not made yet."""
        if len(self) >= self._queue_max:
            self._promote_aged(now_s)
            if self._line_to_displace_from(priority, peer) is None:
                raise self._full()

    def waiting_of(self, peer: Peer, priority: Priority) -> int:
        """How many of a peer wait that are as urgent, or more."""
        return sum(line.size_of(peer) for line in islice(self._lines.values(), PRIORITIES.index(priority) + 1))

    def _full(self) -> Overloaded:
        return Overloaded(
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
        self._promote_aged(now_s)
        return next((index for index, line in enumerate(self._lines.values()) if len(line)), None)

    def ahead(self, priority: Priority, now_s: float, *, owner: str = "", peer: Peer = ()) -> int:
        """How many would go before a newcomer if nobody else came: exact for `spoken`, near the truth for others.

        Without `owner` and `peer` it is someone of whom nothing waits. A lesser newcomer ages, so of two counts the
        smaller holds: by its class, or among the players of its peer, behind each lesser request that the peer has.
        """
        self._promote_aged(now_s)
        who = owner or peer
        spoken, line = self._lines["spoken"], self._lines[priority]
        if priority == "spoken":
            return line.before(peer, who)
        better = list(self._lines.values())[: PRIORITIES.index(priority)]
        by_class = sum(map(len, better)) + line.before(peer, who)
        lesser: Counter[Peer] = Counter()
        for aging in AGING:
            lesser.update({other: waits.size for other, waits in self._lines[aging].by_peer.items()})
        own = lesser.pop(peer, 0)
        lesser.update({other: waits.size for other, waits in spoken.by_peer.items()})
        by_age = own + sum(min(size, own + 1) for size in lesser.values())
        return min(by_class, by_age)

    # -- out -------------------------------------------------------------------------------------

    def take(self, limit: int, now_s: float) -> list[Request]:
        """At most `limit` requests in the order of going. Ask `due` first."""
        taken: list[Request] = []
        while len(taken) < limit and (waiting := self._next(now_s)) is not None:
            taken.append(waiting.request)
        return taken

    def _next(self, now_s: float) -> _Waiting | None:
        self._promote_aged(now_s)
        line = next((line for line in self._lines.values() if len(line)), None)
        if line is None:
            return None
        waiting = line.take_next()
        self._depth[waiting.request.priority] -= 1
        return waiting

    def take_coalesced(self, key: bytes) -> list[Request]:
        """Takes out all that would be given the same reply as a sequence with this cache key."""
        return self._remove([w for w in self._all() if w.request.key == key and w.request.cache != "off"])

    def has(self, request: Request) -> bool:
        """Whether this very request waits, not only one with its id."""
        found = (line.by_arrival.get((request.peer, request.id)) for line in self._lines.values())
        return any(waiting is not None and waiting.request is request for waiting in found)

    def cancel(self, peer: Peer, id: str) -> Request | None:
        """Takes out one request; None where it does not wait here."""
        waiting = self._pop((peer, id))
        return None if waiting is None else waiting.request

    def drop_peer(self, peer: Peer) -> list[Request]:
        """Takes out all requests of a peer that went away."""
        return self._remove([waiting for waiting in self._all() if waiting.request.peer == peer])

    def expired(self, now_s: float) -> list[Request]:
        """Takes out those whose time to wait is over. Cheap while there are none, so call it before each `take`."""
        if now_s < self._first_deadline_s:
            return []
        waiting = self._all()
        late = [w for w in waiting if w.request.waits_until_s <= now_s]
        left = (w.request.waits_until_s for w in waiting if w.request.waits_until_s > now_s)
        self._first_deadline_s = min(left, default=float("inf"))
        return self._remove(late)

    # -- how it stands ---------------------------------------------------------------------------

    def depth(self) -> dict[Priority, int]:
        """How many wait, by priority (for the metrics)."""
        return dict(self._depth)

    def __len__(self) -> int:
        return sum(map(len, self._lines.values()))

    def _all(self) -> list[_Waiting]:
        return [waiting for line in self._lines.values() for waiting in line.by_arrival.values()]

    def _window_ends_s(self) -> float:
        """When the window of the oldest waiting request closes. Only called while one waits.

        The spoken are not in the order of their arrival where aged ones went over to them; those have waited enough.
        """
        oldest = [waiting for line in self._lines.values() if (waiting := line.oldest()) is not None]
        return min(float("-inf") if waiting.is_aged else waiting.offered_s for waiting in oldest) + self._window_s

    def _pop(self, key: _Key) -> _Waiting | None:
        for line in self._lines.values():
            waiting = line.pop(key)
            if waiting is not None:
                self._depth[waiting.request.priority] -= 1
                return waiting
        return None

    def _remove(self, waiting: list[_Waiting]) -> list[Request]:
        for item in waiting:
            self._pop(item.key)
        return [item.request for item in waiting]


def _is_aged(waiting: _Waiting, now_s: float) -> bool:
    return now_s - waiting.offered_s >= AGED_S
