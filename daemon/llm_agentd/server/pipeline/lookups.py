"""Requests that wait for the shared cache: held for FETCH_MAX_S at most, whatever becomes of the answer.

Router thread only. The bound is kept here, by the router's own clock and its poll, and not where the answer comes from:
a thread, a connection or a server that hangs can make no request wait longer. Knows no cache.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import takewhile
from math import ceil

from llm_agentd.cache.base import FETCH_MAX_S
from llm_agentd.types import Peer, Request

POLL_STEP_S = 0.001  # ZeroMQ's poll counts whole milliseconds and may end one late, so a wait is given up one before


class Lookups:
    """`held`: by peer and id, as the pipeline's other places where a request can be. `observe` is told each wait."""

    def __init__(self, clock: Callable[[], float], observe: Callable[[float], None]) -> None:
        self.held: dict[tuple[Peer, str], Request] = {}
        # Since when; all wait equally long, so the first is the next to be late. Who was cancelled stays until then.
        self._since: dict[tuple[Peer, str], float] = {}
        self._clock = clock
        self._observe = observe

    def hold(self, request: Request) -> None:
        key = (request.peer, request.id)
        self.held[key] = request
        self._since.pop(key, None)  # of one that was cancelled, so that the new one stands last
        self._since[key] = self._clock()

    def release(self, request: Request) -> bool:
        """False: it does not wait any more, as it was late, was cancelled or its peer is gone."""
        key = (request.peer, request.id)
        if self.held.get(key) is not request:
            return False
        del self.held[key]
        self._observe(self._clock() - self._since.pop(key))
        return True

    def overdue(self) -> list[Request]:
        """Releases and returns those whose time has come."""
        if not self._since:
            return []
        limit_s = self._clock() - FETCH_MAX_S + POLL_STEP_S
        late = [key for key, _ in takewhile(lambda one: one[1] <= limit_s, self._since.items())]
        released = []
        for key in late:
            request = self.held.get(key)
            if request is None:
                del self._since[key]
            elif self.release(request):
                released.append(request)
        return released

    def poll_ms(self) -> int | None:
        """How long to sleep until the next is late; None: nothing waits."""
        first_s = next(iter(self._since.values()), None)
        if first_s is None:
            return None
        return max(0, ceil((first_s + FETCH_MAX_S - POLL_STEP_S - self._clock()) * 1000))
