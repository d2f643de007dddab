"""One client's session: its open requests, and its events until they are acknowledged.

Runs on the door's event loop. Knows neither HTTP nor sockets: the link calls `on_answer`, exchange.py does the rest.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from llm_agentd.http.daemon_client import Record

EVENTS_MAX = 2048  # kept for a client that does not acknowledge: half an hour of a busy village


class Session:
    """Events and open requests of one client. Its own ids outside, the link's wire ids inside."""

    def __init__(self, after: int, now_s: float) -> None:
        self.events: deque[Record] = deque()
        self.last_seq = after  # a door that was restarted counts on from where the client is
        self.told_seq = after  # the newest event that stood in any answer
        self.used_s = now_s
        self.calls = 0  # being answered just now
        self.gathering = 0  # of these, the ones that take hits along
        self.ended = False
        self.held: object | None = None  # the one call that waits
        self.wire_ids: dict[str, str] = {}  # open: own id → wire id
        self.own_ids: dict[str, str] = {}  # open: wire id → own id
        self.contents: dict[str, int] = {}  # own id → hash of its request, while open or with events kept
        self._kept: dict[str, int] = {}  # own id → how many of its events are kept
        self._waiters: list[asyncio.Future[None]] = []

    def acknowledge(self, after: int) -> None:
        while self.events and self.events[0]["seq"] <= after:
            own_id = self.events.popleft()["id"]
            self._kept[own_id] -= 1
            if not self._kept[own_id]:
                del self._kept[own_id]
                if own_id not in self.wire_ids:
                    self.contents.pop(own_id, None)
        self.last_seq = max(self.last_seq, after)

    def on_answer(self, wire_id: str, record: Record) -> None:
        """The link's sink."""
        own_id = self.own_ids.get(wire_id)
        if own_id is None:
            return
        if record["event"] == "delta":
            if len(self.events) >= EVENTS_MAX:
                return  # the `done` has the whole text; `done`s are bounded where requests are taken
        else:
            self.close(own_id)
        self.add(own_id, record)

    def add(self, own_id: str, record: Record) -> None:
        self.last_seq += 1
        record["id"], record["seq"] = own_id, self.last_seq
        self.events.append(record)
        self._kept[own_id] = self._kept.get(own_id, 0) + 1
        self.pulse()

    def close(self, own_id: str) -> str | None:
        """No longer open; its wire id, None where it was not."""
        wire_id = self.wire_ids.pop(own_id, None)
        if wire_id is not None:
            del self.own_ids[wire_id]
        return wire_id

    def newer(self, after: int) -> list[Record]:
        return [event for event in self.events if event["seq"] > after]

    def pulse(self) -> None:
        """Wakes all who wait, so that each looks at its own condition again."""
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def until(self, condition: Callable[[], bool], timeout_s: float) -> None:
        """Returns when `condition` holds or the time is up; looked at anew after each pulse."""
        loop = asyncio.get_running_loop()
        end_s = loop.time() + timeout_s
        while not condition() and loop.time() < end_s:
            waiter: asyncio.Future[None] = loop.create_future()
            self._waiters.append(waiter)
            timer = loop.call_at(end_s, _wake, waiter)
            try:
                await waiter
            finally:
                timer.cancel()


def _wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
