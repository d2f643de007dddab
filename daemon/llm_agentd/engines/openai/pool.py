"""Several servers as one: which is asked, and whether another try is made.

A call takes a server (the least loaded; the one that this session had last, whose cache holds its prompt's beginning),
and streams (`attempt.py`). What fails before the first text is tried again: another server first, then after a pause
with full jitter, within the call's time. After the first text nothing is: a player has read it.

All on the event loop but `max_parallel`, `targets`, `over_budget`, `ready` and `stats`, which any thread may ask: they
read plain attributes that the event loop replaces. Knows no requests and no NPCs.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import OrderedDict, deque
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from llm_agentd.engines.openai.attempt import Attempt, Transport
from llm_agentd.engines.openai.budget import Budget
from llm_agentd.engines.openai.target import Call, Chunk, Target, UpstreamError
from llm_agentd.engines.openai.upstream import Upstream
from llm_agentd.metrics.upstreams import UpstreamMetrics
from llm_agentd.util.key_source import KeyProblem

TRIES_MAX = 5  # of one call. More only add to the load of a server that is in trouble
PAUSE_FIRST_S = 0.2  # upper end of the first pause; it doubles with each round over all servers
PAUSE_MAX_S = 5.0
STICKY_SLACK = 0.25  # a session stays unless its server has this much more of its places taken than another
SESSIONS_MAX = 20_000  # NPCs that are remembered; an entry is some 200 bytes
FIRST_TEXT_SHARE = 0.5  # of the time left that a server may be silent while another has not been asked


class Pool:
    """`clock`: monotonic seconds. `sleep` and `rng`: of the pauses."""

    def __init__(
        self,
        upstreams: Sequence[Upstream],
        transport: Transport,
        budget: Budget,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Any] = asyncio.sleep,
        rng: random.Random | None = None,
    ) -> None:
        self._upstreams = tuple(upstreams)
        self._transport = transport
        self._budget = budget
        self._clock = clock
        self._sleep = sleep
        self._rng = rng or random.Random()
        self._sessions: OrderedDict[str, Upstream] = OrderedDict()
        self._picks = 0
        self._waiting: deque[asyncio.Future[None]] = deque()  # calls for which no server has a place now
        self._warned: dict[str, str] = {}  # by period, the end of the one of which a warning was given
        self.on_warning: Callable[[dict[str, Any]], None] = lambda _: None  # on the event loop
        self.metrics = UpstreamMetrics(
            [one.name for one in self._upstreams],
            breakers=lambda: {one.name: one.breaker.state() for one in self._upstreams},
            running=lambda: {one.name: one.running for one in self._upstreams},
            budget=budget.left,
        )

    # -- any thread ----------------------------------------------------------------------------------

    @property
    def max_parallel(self) -> int:
        """Calls that run at once; more wait."""
        return sum(one.max_parallel for one in self._upstreams)

    @property
    def targets(self) -> tuple[Target, ...]:
        """Those whose key can be read."""
        found: list[Target] = []
        for one in self._upstreams:
            try:
                found.append(one.target())
            except KeyProblem:
                continue
        return tuple(found)

    @property
    def models(self) -> tuple[tuple[str, Mapping[str, Any]], ...]:
        """Of each server the model's name, and the admin's own fields."""
        return tuple((one.model, one.options) for one in self._upstreams)

    @property
    def over_budget(self) -> bool:
        return bool(self._budget.over())

    def ready(self) -> str:
        """Why no server can be asked now; "" where one can."""
        now_s = self._clock()
        if any(one.is_ready(now_s) for one in self._upstreams):
            return self._budget.over()
        return self._down(now_s)

    def stats(self) -> dict[str, Any]:
        """`ready`, `budget` and `upstreams`: each with its breaker, why it is open and for how long, and its counts."""
        now_s = self._clock()
        return {
            "ready": self.ready(),
            "budget": self._budget.left(),
            "upstreams": [self._row(one, now_s) for one in self._upstreams],
        }

    def _row(self, one: Upstream, now_s: float) -> dict[str, Any]:
        tally = self.metrics.of[one.name]
        return {
            "name": one.name,
            "model": one.model,
            "breaker": one.breaker.state(),
            "reason": one.breaker.reason,
            "again_s": round(one.breaker.wait_s(now_s), 1),
            "running": one.running,
            "max_parallel": one.max_parallel,
            "requests": tally.requests,
            "errors": sum(tally.errors.values()),
            "tokens": tally.tokens["prompt"] + tally.tokens["completion"] + tally.unreported_tokens,
        }

    def _down(self, now_s: float) -> str:
        told = [
            f"{one.name}: {one.breaker.reason} (tried again in {one.breaker.wait_s(now_s):.0f} s)"
            for one in self._upstreams
        ]
        return f"all upstreams are down: {'; '.join(told)}"

    # -- the event loop ------------------------------------------------------------------------------

    async def close(self) -> None:
        """The pool may be used again after it, on another event loop."""
        await self._transport.close()
        await self._budget.close()
        self._waiting.clear()

    async def stream(self, call: Call) -> AsyncGenerator[Chunk]:
        """The chunks of one reply. Raises OverBudget or UpstreamError: of the last try, or of the one before where the
        last was cut short by the end of the call's time, which says nothing of the server.
        """
        ends_s = self._clock() + call.timeout_s
        tries_end_s = self._clock() + min(call.timeout_s, call.patience_s)
        failed: list[Upstream] = []  # in this round, in which each is asked once
        tries = 0
        earlier: UpstreamError | None = None
        while True:
            one = await self._take(call, failed, tries_end_s)
            if tries:
                self.metrics.of[one.upstream.name].retries += 1
            tries += 1
            try:
                async with aclosing(self._attempt(one, failed, ends_s, tries_end_s)) as chunks:
                    async for chunk in chunks:
                        yield chunk
                return
            except UpstreamError as error:
                if earlier and error.kind == "timeout" and self._clock() >= tries_end_s:
                    raise earlier from error
                if one.has_text or tries >= TRIES_MAX or not self._may_retry(error, one.upstream):
                    raise
                earlier = error
                failed.append(one.upstream)
                await self._pause(error, failed, tries, tries_end_s)

    async def _attempt(
        self, one: Attempt, failed: Sequence[Upstream], ends_s: float, tries_end_s: float
    ) -> AsyncGenerator[Chunk]:
        now_s = self._clock()
        given_s = max(0.0, ends_s - now_s)
        has_other = self._has_other((*failed, one.upstream))
        first_s = FIRST_TEXT_SHARE * max(0.0, tries_end_s - now_s) if has_other else None
        try:
            chunks = one.stream(self._transport, self._budget, given_s=given_s, first_s=first_s)
            async with aclosing(chunks):
                is_first = True
                async for chunk in chunks:
                    if is_first:  # it may have closed the breaker
                        self._wake()
                    is_first = False
                    yield chunk
        finally:
            self._wake()
            self._warn()

    def _warn(self) -> None:
        """Once for each day and month of which so much is used."""
        for period, told in self._budget.left().items():
            if told["warning"] and self._warned.get(period) != told["ends"]:
                self._warned[period] = told["ends"]
                self.on_warning({"period": period, **told})

    # -- which server --------------------------------------------------------------------------------

    async def _take(self, call: Call, failed: Sequence[Upstream], ends_s: float) -> Attempt:
        """A place at a server; waits for one that is free. Raises UpstreamError where no server may be asked."""
        while True:
            now_s = self._clock()
            chosen = self._choose(call.session_id, failed, now_s)
            ticket = chosen.acquire(now_s) if chosen else None
            if chosen and ticket:
                self._remember(call.session_id, chosen)
                return Attempt(chosen, ticket, call, self.metrics.of[chosen.name], self._clock)
            if not any(one.is_ready(now_s) or one.breaker.state() == "half_open" for one in self._upstreams):
                raise UpstreamError("connect", self._down(now_s))
            await self._wait_for_place(ends_s - now_s)

    def _choose(self, session_id: str, failed: Sequence[Upstream], now_s: float) -> Upstream | None:
        """Not one that failed in this round, while another may be asked."""
        free = [one for one in self._upstreams if not one.is_full and one.is_ready(now_s)]
        fresh = [one for one in free if one not in failed] or free
        if not fresh:
            return None
        best = min(fresh, key=lambda one: (one.load, one.picked))
        last = self._sessions.get(session_id)
        return last if last in fresh and last.load <= best.load + STICKY_SLACK else best

    def _remember(self, session_id: str, upstream: Upstream) -> None:
        self._picks += 1
        upstream.picked = self._picks
        if session_id:
            self._sessions[session_id] = upstream
            self._sessions.move_to_end(session_id)
            if len(self._sessions) > SESSIONS_MAX:
                self._sessions.popitem(last=False)

    def _has_other(self, asked: Sequence[Upstream]) -> bool:
        now_s = self._clock()
        return any(one not in asked and not one.is_full and one.is_ready(now_s) for one in self._upstreams)

    async def _wait_for_place(self, wait_s: float) -> None:
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            async with asyncio.timeout(max(0.0, wait_s)):
                await place
        except TimeoutError:
            raise UpstreamError("timeout", "all upstreams have as many requests as they may be sent") from None
        finally:
            if place in self._waiting:
                self._waiting.remove(place)

    def _wake(self) -> None:
        """All who wait look again: a place is free, or a server that was being tried has shown what it is."""
        for place in self._waiting:
            if not place.done():
                place.set_result(None)

    # -- another try ---------------------------------------------------------------------------------

    def _may_retry(self, error: UpstreamError, upstream: Upstream) -> bool:
        """A server that refuses us, with a wrong key or a certificate, is no reason not to ask another."""
        is_shut = upstream.breaker.state() == "open"
        return error.is_retryable or (is_shut and any(one.is_ready(self._clock()) for one in self._upstreams))

    async def _pause(self, error: UpstreamError, failed: list[Upstream], tries: int, ends_s: float) -> None:
        """None while another server has not been asked. Raises `error` where the pause would take all that is left."""
        if self._has_other(failed):
            return
        now_s = self._clock()
        pause_s = self._rng.uniform(0.0, min(PAUSE_MAX_S, PAUSE_FIRST_S * 2 ** (tries // len(self._upstreams))))
        pause_s = max(pause_s, min(one.breaker.wait_s(now_s) for one in self._upstreams))
        if now_s + pause_s >= ends_s:
            raise error
        failed.clear()
        await self._sleep(pause_s)
