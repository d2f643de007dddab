"""The budget's counts in Redis, which daemons on any number of machines share.

Each step is one script, so a check and its count are one step for all daemons. What Redis cannot count is not spent:
while it is away no server is asked. Behind it this daemon counts its own tokens in a file as well (`own`): a Redis that
forgot its counts could not let one daemon pass the limit by itself, and what was counted here is here over restarts.

A step whose answer was lost may have been taken, and is sent again: each has an id, and a script takes one id once. A
settlement waits here until Redis has it; where this process ends before, the call stays counted as reserved.

Its own thread runs one event loop, so that a settlement goes on where whoever asked for it was cancelled.
"""

from __future__ import annotations

import asyncio
import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from llm_agentd.engines.openai.budget import (
    ADJECTIVE,
    PERIODS,
    Budget,
    Counts,
    Limits,
    OverBudget,
    Refusals,
    Reservation,
    describe,
    grant,
    names_at,
    warnings,
)
from llm_agentd.engines.openai.budget.file import FileBudget
from llm_agentd.engines.openai.budget.scripts import LOOK, RESERVE, SETTLE, STEP_KEPT_MS, keys_of, warned_of
from llm_agentd.redis.address import RedisAddress
from llm_agentd.redis.connect import describe_failure, open_redis, require_redis

log = logging.getLogger(__name__)

ANSWER_MAX_S = 2.0  # for each answer; a request that waits longer goes to the local model
RETRY_S = 5.0  # a Redis that is away is tried again after so long
STALE_S = 5.0  # what other daemons used meanwhile is shown after so long
SETTLES_MAX = 10_000  # that wait for Redis; beyond, the oldest stay counted as reserved

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Settle:
    """`tokens`: by how much the counts change."""

    day: str
    month: str
    tokens: int
    step: str = field(default_factory=lambda: uuid4().hex)


@dataclass(slots=True)
class _Worker:
    """A thread with its loop and client, from the first use to `close`."""

    loop: asyncio.AbstractEventLoop
    thread: threading.Thread
    client: Any


class RedisBudget:
    """A `Budget`. `own`: this daemon's own count, with the same limits."""

    def __init__(
        self, address: RedisAddress, limits: Limits, own: Budget, *, now_s: Callable[[], float] = time.time
    ) -> None:
        """Raises StartError where the library is missing. Whether Redis can be used shows with the first call."""
        require_redis()
        self._address = address
        self._limits = limits
        self._own = own
        self._now_s = now_s
        self._lock = threading.Lock()  # over starting and ending the worker
        self._worker: _Worker | None = None
        self._client: Any = None  # of the worker's loop
        self._settles: deque[_Settle] = deque()
        self._running = 0  # tokens reserved by calls of this process that are not settled
        self._counts = Counts(*names_at(now_s()))  # as last seen
        self._seen_s: float | None = None  # when; monotonic
        self._refusals = Refusals()
        self._warned: set[str] = set()  # periods whose warning was given
        self._problem = ""
        self._failed_s = 0.0  # when it was met last; monotonic

    # -- the caller's event loop ---------------------------------------------------------------------

    async def reserve(self, want_tokens: int, least_tokens: int) -> Reservation:
        asking = self._run(self._reserve(want_tokens, least_tokens))
        try:
            shared = await asyncio.shield(asyncio.wrap_future(asking))
        except asyncio.CancelledError:
            asking.add_done_callback(self._give_back)  # nobody waits for it any more
            raise
        try:
            own = await self._own.reserve(shared.tokens, least_tokens)
        except BaseException:
            self._run(self._settle(_change(shared, 0)))
            raise
        if (own.day, own.month) != (shared.day, shared.month):  # it is midnight
            self._run(self._settle(_change(shared, 0)))
            await self._own.settle(own, 0)
            return await self.reserve(want_tokens, least_tokens)
        if own.tokens < shared.tokens:  # this daemon's own file knows of more than Redis does
            self._run(self._settle(_change(shared, own.tokens)))
        self._running += own.tokens
        return own

    async def settle(self, reservation: Reservation, used_tokens: int) -> None:
        self._running -= reservation.tokens
        settling = self._run(self._settle(_change(reservation, used_tokens)))
        await self._own.settle(reservation, used_tokens)
        await asyncio.shield(asyncio.wrap_future(settling))

    def _give_back(self, asked: Future[Reservation]) -> None:
        if asked.exception() is None:
            self._run(self._settle(_change(asked.result(), 0)))

    async def close(self) -> None:
        with self._lock:
            worker, self._worker = self._worker, None
        if worker is not None:
            ending = asyncio.run_coroutine_threadsafe(self._end(worker), worker.loop)
            with suppress(Exception):
                await asyncio.wrap_future(ending)
            await asyncio.to_thread(worker.thread.join)
        await self._own.close()

    # -- any thread ----------------------------------------------------------------------------------

    def left(self) -> dict[str, Any]:
        self._look_again()
        return describe(self._limits, self._counts, self._now_s())

    def over(self) -> str:
        if self._problem and time.monotonic() - self._failed_s < RETRY_S:
            return self._problem
        self._look_again()
        return self._refusals.why_over(self._limits, self._counts, self._now_s())

    def _look_again(self) -> None:
        """Reads what other daemons counted, where the last look is old. Never waits for it."""
        now_s = time.monotonic()
        if self._seen_s is None or now_s - self._seen_s > STALE_S:
            self._seen_s = now_s
            self._run(self._look())

    def _run(self, work: Coroutine[Any, Any, T]) -> Any:
        """A future of another thread's. What is put first begins first."""
        with self._lock:
            if self._worker is None:
                self._worker = self._start()
            return asyncio.run_coroutine_threadsafe(work, self._worker.loop)

    def _start(self) -> _Worker:
        loop = asyncio.new_event_loop()

        def run() -> None:
            loop.run_forever()
            loop.close()

        thread = threading.Thread(target=run, name="budget", daemon=True)
        thread.start()
        self._client = open_redis(self._address, ANSWER_MAX_S)
        return _Worker(loop, thread, self._client)

    # -- its own thread ------------------------------------------------------------------------------

    async def _reserve(self, want_tokens: int, least_tokens: int) -> Reservation:
        now_s = self._now_s()
        day, month = names_at(now_s)
        limits = [self._limits.of(period) for period in PERIODS]
        step = uuid4().hex
        await self._settle_all()
        answer = await self._ask(RESERVE, day, month, step, want_tokens, least_tokens, *limits, STEP_KEPT_MS)
        granted, *used = map(int, answer)
        self._counts = Counts(day, month, *used)
        if not granted:
            self._refuse(least_tokens, now_s)
        self._seen_s = time.monotonic()
        await self._warn()
        return Reservation(granted, day, month)

    def _refuse(self, least_tokens: int, now_s: float) -> None:
        is_first = self._refusals.note(self._counts, least_tokens)
        try:
            grant(self._limits, self._counts, least_tokens, least_tokens, now_s, self._running)
        except OverBudget as error:
            if is_first:
                log.warning("remote models: %s", error.message)
            raise

    async def _settle(self, settle: _Settle) -> None:
        if len(self._settles) >= SETTLES_MAX:
            self._settles.popleft()
        self._settles.append(settle)
        with suppress(OverBudget):  # it waits
            await self._settle_all()

    async def _settle_all(self) -> None:
        """In order, each until Redis has it. Raises OverBudget where that is away."""
        while self._settles:
            one = self._settles[0]
            if one.tokens:
                await self._ask(SETTLE, one.day, one.month, one.step, one.tokens, STEP_KEPT_MS)
            if self._settles and self._settles[0] is one:
                self._settles.popleft()
                if (one.day, one.month) == (self._counts.day, self._counts.month):
                    self._counts = self._counts.plus(one.tokens)

    async def _look(self) -> None:
        day, month = names_at(self._now_s())
        with suppress(OverBudget):
            await self._settle_all()
            self._counts = Counts(day, month, *map(int, await self._ask(LOOK, day, month, "")))

    async def _warn(self) -> None:
        """Once a period over all daemons and restarts."""
        counts = self._counts
        for period in warnings(self._limits, counts):
            name = counts.day if period == "day" else counts.month
            if name in self._warned:
                continue
            self._warned.add(name)
            with suppress(Exception):
                if not await self._client.hsetnx(*warned_of(name), 1):
                    continue
            used, limit = counts.of(period), self._limits.of(period)
            log.warning("remote models: %d tokens of the %s budget of %d are used", used, ADJECTIVE[period], limit)

    async def _ask(self, script: str, day: str, month: str, step: str, *arguments: object) -> Any:
        keys = keys_of(day, month, step)
        try:
            async with asyncio.timeout(ANSWER_MAX_S):
                answer = await self._client.eval(script, len(keys), *keys, *arguments)
        except Exception as error:
            self._fail(error)
            raise OverBudget(self._problem, retry_after_s=RETRY_S) from None
        if self._problem:
            log.info("remote models: %s counts the budget again", self._address.shown)
        self._problem = ""
        return answer

    def _fail(self, error: Exception) -> None:
        problem = (
            f"the budget is counted in Redis at {self._address.shown}, which cannot be used"
            f" ({describe_failure(error, self._address)}), and no server is asked without it"
        )
        if not self._problem:
            log.error("remote models: %s", problem)
        self._problem, self._failed_s = problem, time.monotonic()

    async def _end(self, worker: _Worker) -> None:
        with suppress(OverBudget):
            await self._settle_all()
        with suppress(Exception):
            await worker.client.aclose()
        worker.loop.call_soon(worker.loop.stop)


def open_budget(path: Path, limits: Limits, address: RedisAddress | None) -> Budget:
    """Counted in the file, and with limits and a Redis there too, for all daemons together. Raises StartError."""
    if address is None or not limits.is_set:
        return FileBudget(path, limits)
    # The warning is of what all have used; this daemon's own part is nobody's concern.
    return RedisBudget(address, limits, FileBudget(path, replace(limits, warn_share=math.inf)))


def _change(reservation: Reservation, used_tokens: int) -> _Settle:
    return _Settle(reservation.day, reservation.month, used_tokens - reservation.tokens)
