"""The budget's counts in a file (`database.py`), which daemons of one state folder share.

A reservation is on the disk before the call goes out, so kill -9 or a power cut leaves it counted; a settlement
corrects it. Nothing is kept of calls that are under way: whoever crashes simply never corrects.

SQLite is used on one thread of this object's own. It takes all that waits into one transaction, so that a hundred calls
at once cost one sync of the disk.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from llm_agentd.engines.openai.budget import (
    ADJECTIVE,
    Counts,
    Limits,
    OverBudget,
    PeriodName,
    Refusals,
    Reservation,
    describe,
    grant,
    names_at,
)
from llm_agentd.engines.openai.budget.database import BudgetDatabase

log = logging.getLogger(__name__)

STALE_S = 5.0  # what another daemon used meanwhile is shown after so long
DISK_RETRY_S = 5.0  # a full or broken disk is tried again after so long


@dataclass(slots=True)
class _Ask:
    """`settles` set: a settlement, of `tokens` more (below 0: fewer) than it has. Else a reservation."""

    tokens: int
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Reservation | None]
    least_tokens: int = 0
    settles: Reservation | None = None
    outcome: Reservation | OverBudget | None = None


Asks = SimpleQueue[tuple[_Ask, ...] | None]  # nothing: only look; None: the end


class FileBudget:
    """A `Budget`. Its warnings stand in the log once a period, over all daemons of the file and their restarts."""

    def __init__(self, path: Path, limits: Limits, *, now_s: Callable[[], float] = time.time) -> None:
        """Opens nothing yet: whether the disk can be used shows with the first call."""
        self._path = path
        self._limits = limits
        self._now_s = now_s
        self._lock = threading.Lock()  # over starting and ending the thread
        self._thread: threading.Thread | None = None
        self._asks = Asks()  # of the thread; the next one has a queue of its own
        self._running = 0  # tokens reserved by calls of this process that are not settled
        self._counts = Counts(*names_at(now_s()))  # as last seen
        self._seen_s: float | None = None  # when; monotonic
        self._refusals = Refusals()
        self._problem = ""  # of the disk
        self._failed_s = 0.0  # when it was met last; monotonic

    # -- the event loop ------------------------------------------------------------------------------

    async def reserve(self, want_tokens: int, least_tokens: int) -> Reservation:
        loop = asyncio.get_running_loop()
        reservation = await self._put(_Ask(want_tokens, loop, loop.create_future(), least_tokens=least_tokens))
        assert reservation is not None
        return reservation

    async def settle(self, reservation: Reservation, used_tokens: int) -> None:
        loop = asyncio.get_running_loop()
        await self._put(_Ask(used_tokens - reservation.tokens, loop, loop.create_future(), settles=reservation))

    def _put(self, ask: _Ask) -> asyncio.Future[Reservation | None]:
        """Queued when this returns, so that it takes effect whether or not somebody waits for the future."""
        self._wake_thread(ask)
        return ask.future

    async def close(self) -> None:
        with self._lock:
            thread, self._thread = self._thread, None
            self._asks.put(None)
        if thread is not None:
            await asyncio.to_thread(thread.join)

    def _wake_thread(self, *asks: _Ask) -> None:
        with self._lock:
            if self._thread is None:
                self._asks = Asks()
                self._thread = threading.Thread(target=self._run, args=(self._asks,), name="budget", daemon=True)
                self._thread.start()
            self._asks.put(asks)

    # -- any thread ----------------------------------------------------------------------------------

    def left(self) -> dict[str, Any]:
        self._look_again()
        return describe(self._limits, self._counts, self._now_s())

    def over(self) -> str:
        if self._problem and time.monotonic() - self._failed_s < DISK_RETRY_S:
            return self._problem
        self._look_again()
        return self._refusals.why_over(self._limits, self._counts, self._now_s())

    def _look_again(self) -> None:
        """Has the thread read what other daemons counted, where the last look is old. Never waits for it."""
        seen_s = self._seen_s
        if seen_s is None:
            self._seen_s = time.monotonic()
            self._wake_thread()
        elif self._thread is not None and time.monotonic() - seen_s > STALE_S:
            self._seen_s = time.monotonic()  # so that not everybody who looks asks
            self._wake_thread()

    # -- its own thread ------------------------------------------------------------------------------

    def _run(self, queue: Asks) -> None:
        database: BudgetDatabase | None = None
        is_last = False
        while not is_last:
            asks, is_last = _take(queue)
            try:
                if database is None or not database.is_current:
                    database = self._reopen(database)
                self._work(database, asks)
                self._problem = ""
            except (sqlite3.Error, OSError) as error:
                self._fail(asks, error)
                if database is not None:
                    database.close()
                database = None
            self._answer(asks)
        if database is not None:
            database.close()

    def _reopen(self, database: BudgetDatabase | None) -> BudgetDatabase:
        if database is not None:
            database.close()
        day, _ = names_at(self._now_s())
        return BudgetDatabase(self._path, day)

    def _work(self, database: BudgetDatabase, asks: list[_Ask]) -> None:
        """One transaction; answers are given after it, as until then nothing holds."""
        now_s = self._now_s()
        day, month = names_at(now_s)
        warned: list[PeriodName] = []
        running = self._running
        if asks:
            with database.transaction():
                for ask in asks:
                    running += (
                        self._settle(database, ask) if ask.settles else self._reserve(database, ask, now_s, running)
                    )
                warned = database.mark_warned(self._limits, database.read(day, month))
        self._running, self._seen_s = running, time.monotonic()
        self._counts = database.read(day, month)
        for period in warned:
            self._warn(period)

    def _reserve(self, database: BudgetDatabase, ask: _Ask, now_s: float, running: int) -> int:
        """Returns by how much the tokens of running calls grow, as `_settle` does."""
        counts = database.read(*names_at(now_s))
        try:
            tokens = grant(self._limits, counts, ask.tokens, ask.least_tokens, now_s, running)
        except OverBudget as error:
            ask.outcome = error
            if self._refusals.note(counts, ask.least_tokens):
                log.warning("remote models: %s", error.message)
            return 0
        ask.outcome = Reservation(tokens, counts.day, counts.month)
        database.add(counts.day, counts.month, tokens)
        return tokens

    def _settle(self, database: BudgetDatabase, ask: _Ask) -> int:
        """In the periods in which it was reserved, also where they have ended since."""
        assert ask.settles is not None
        database.add(ask.settles.day, ask.settles.month, ask.tokens)
        return -ask.settles.tokens

    def _warn(self, period: PeriodName) -> None:
        used, limit = self._counts.of(period), self._limits.of(period)
        log.warning("remote models: %d tokens of the %s budget of %d are used", used, ADJECTIVE[period], limit)

    def _fail(self, asks: list[_Ask], error: Exception) -> None:
        """Never passed: what cannot be counted is not spent. Where there is no limit, nothing is to be kept."""
        problem = (
            f"the budget's file {self._path} cannot be used ({error}), and no server is asked without it: make room or"
            " mend its rights, or delete it to count anew from 0"
        )
        if problem != self._problem and self._limits.is_set:
            log.error("remote models: %s", problem)
        self._problem = problem if self._limits.is_set else ""
        self._failed_s = time.monotonic()
        day, month = names_at(self._now_s())
        for ask in asks:
            if ask.settles is not None:  # it stays counted as reserved
                continue
            is_free = not self._limits.is_set
            ask.outcome = (
                Reservation(ask.tokens, day, month) if is_free else OverBudget(problem, retry_after_s=DISK_RETRY_S)
            )

    def _answer(self, asks: list[_Ask]) -> None:
        for ask in asks:
            with suppress(RuntimeError):  # its loop has ended: nobody waits any more
                ask.loop.call_soon_threadsafe(_resolve, ask)


def _take(queue: Asks) -> tuple[list[_Ask], bool]:
    """All that waits, at least one item; and whether that was the last."""
    found = queue.get()
    asks: list[_Ask] = []
    while found is not None:
        asks += found
        try:
            found = queue.get_nowait()
        except Empty:
            return asks, False
    return asks, True


def _resolve(ask: _Ask) -> None:
    if ask.future.done():  # the caller was cancelled
        return
    if isinstance(ask.outcome, OverBudget):
        ask.future.set_exception(ask.outcome)
    else:
        ask.future.set_result(ask.outcome)
