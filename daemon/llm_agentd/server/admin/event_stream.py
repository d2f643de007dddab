"""What happened just now, for who watches: the last events, and those who wait for the next.

Router thread. An event of a request holds the request's entry and is made a row when somebody reads it; so an event
costs next to nothing where nobody watches. Waiting is no open request: it keeps nobody from anything.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import orjson

from llm_agentd.errors import Overloaded
from llm_agentd.protocol.admin_records import EventsRecord
from llm_agentd.server.admin.request_log import ANSWER_MAX_BYTES, Entry, row
from llm_agentd.types import Peer
from llm_agentd.util.steady_clock import steady_time_s
from llm_agentd.util.timestamps import rfc3339

EVENTS_MAX = 256  # some minutes of a village: who looks comes back within seconds
WAITERS_MAX = 64  # dashboards at once, far more than there are admins
RETRY_AFTER_MS = 5000

Kind: TypeAlias = Literal[
    "said", "error", "fallback", "acted", "switch", "audit", "online", "offline", "npc", "mind", "budget"
]
Fields: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Event:
    seq: int
    at_s: float
    kind: Kind
    content: Entry | Fields

    def fields(self) -> Fields:
        head: Fields = {"seq": self.seq, "time": rfc3339(self.at_s), "kind": self.kind}
        if not isinstance(self.content, Entry):
            return {**self.content, **head}
        one = row(self.content)
        return {**one, **head, "request": one["seq"]}


@dataclass(frozen=True, slots=True)
class _Waiter:
    after: int
    ends_s: float


class EventStream:
    """`emit` what happened; `take` answers who asks, or keeps them until `due` names them."""

    def __init__(self, clock: Callable[[], float], now_s: Callable[[], float] = steady_time_s) -> None:
        self._clock = clock
        self._now_s = now_s
        self._events: deque[_Event] = deque(maxlen=EVENTS_MAX)
        self._waiters: dict[tuple[Peer, str], _Waiter] = {}
        self._seq = 0

    def emit(self, kind: Kind, content: Entry | Fields) -> None:
        self._seq += 1
        self._events.append(_Event(self._seq, self._now_s(), kind, content))

    # -- for who watches -----------------------------------------------------------------------------

    @property
    def has_waiting(self) -> bool:
        return bool(self._waiters)

    def take(self, peer: Peer, record: EventsRecord) -> Fields | None:
        """The answer; None: it waits. Raises Overloaded. The same one sent again takes its own place."""
        after = self._seq if record.after < 0 else record.after
        if not record.wait_ms or self._has_newer(after):
            return self._since(after)
        key = (peer, record.id)
        if len(self._waiters) >= WAITERS_MAX and key not in self._waiters:
            raise Overloaded(f"{WAITERS_MAX} others watch already; close some", retry_after_ms=RETRY_AFTER_MS)
        self._waiters[key] = _Waiter(after, self._clock() + record.wait_ms / 1000)
        return None

    def due(self) -> Iterator[tuple[Peer, str, Fields]]:
        """Who waited for what has come, or long enough: their answers. To be called in each round."""
        if not self._waiters:
            return
        now_s = self._clock()
        for key, waiter in list(self._waiters.items()):
            if self._has_newer(waiter.after) or now_s >= waiter.ends_s:
                del self._waiters[key]
                yield *key, self._since(waiter.after)

    def end(self) -> Iterator[tuple[Peer, str, Fields]]:
        """The daemon stops: all who wait, with nothing."""
        for peer, request_id in self._waiters:
            yield peer, request_id, {"events": [], "seq": self._seq, "lost": 0}
        self._waiters.clear()

    def drop_peer(self, peer: Peer) -> None:
        for key in [key for key in self._waiters if key[0] == peer]:
            del self._waiters[key]

    def cancel(self, peer: Peer, request_id: str) -> bool:
        return self._waiters.pop((peer, request_id), None) is not None

    def _has_newer(self, after: int) -> bool:
        return self._seq != after  # one that is ahead comes from before the daemon was started again

    def _since(self, after: int) -> Fields:
        """The oldest first, as many as fit a record. `lost`: those in between that are not kept any more."""
        after = after if after <= self._seq else 0
        events: list[Fields] = []
        size, last = 0, after
        oldest = self._events[0].seq if self._events else self._seq + 1
        for event in self._events:
            if event.seq <= after:
                continue
            fields = event.fields()
            size += len(orjson.dumps(fields, default=str))
            if size > ANSWER_MAX_BYTES:
                break
            events.append(fields)
            last = event.seq
        return {"events": events, "seq": last, "lost": max(0, oldest - after - 1)}
