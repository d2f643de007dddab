"""The thread that talks to Redis: one event loop, on which look-ups of a moment go out as one round trip.

Any thread may call `look_up`, `put` and `run`; the first two never wait. All else runs on the link's own thread.

The breaker. `is_up` is False until Redis has answered, and again as soon as a connection fails or LATE_MAX answers in a
row come after FETCH_MAX_S. Then nothing is asked, so no request waits, until a probe of the link's own is answered in
time: no request is ever the one that tries. Before it is up again, what was to be deleted meanwhile is deleted.
Knows no requests and no first level of the cache.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import CancelledError
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from llm_agentd.cache.base import FETCH_MAX_S
from llm_agentd.cache.entry import CacheEntry
from llm_agentd.cache.redis.store import RedisStore
from llm_agentd.redis.address import RedisAddress
from llm_agentd.redis.connect import describe_failure, open_redis, require_redis

log = logging.getLogger(__name__)

ANSWER_MAX_S = 1.0  # for connecting and for one answer; nobody waits for it, but a server that hangs is to be noticed
LOOK_UPS_MAX = 1024  # not yet sent; beyond, a request is a miss at once
PUTS_MAX = 1024  # not yet sent: some MiB; beyond, a reply is kept here alone
BATCH_MAX = 256  # look-ups in one round trip: their answers are some MiB at most
BATCHES_MAX = 8  # round trips at a time, below the connections of a client (connect.py)
LATE_MAX = 3  # answers in a row that are late: one may be the machine's, three are not
PROBES = 3  # of which the quickest counts: Python or the machine may be late once
# Away or not: nobody may be asking just now, and admins want to know. And so it stays down for a moment when answers
# came late, in place of coming up at once and being late again.
PROBE_EVERY_S = 1.0
CLOSE_MAX_S = 2.0  # for the last puts; a server that hangs must not hold up the end of the daemon
AWAY = "no answer yet"

T = TypeVar("T")


class RedisAway(Exception):
    """Redis cannot be asked; the text says why."""


@dataclass(frozen=True, slots=True)
class LookUp:
    """`on_found` gets the values of the variants, or None where there was no answer. On the link's thread."""

    key: bytes
    variants: int
    on_found: Callable[[Sequence[bytes | None] | None], None]


@dataclass(frozen=True, slots=True)
class Put:
    key: bytes
    entry: CacheEntry
    variants: int
    now_s: float


@dataclass(slots=True)
class Counts:
    """Since the start. `timeouts`: look-ups that were not answered in time; `dropped`: replies that were not put."""

    queries: int = 0
    hits: int = 0
    timeouts: int = 0
    errors: int = 0
    puts: int = 0
    dropped: int = 0


class RedisLink:
    """`start`, then from any thread `look_up`, `put`, `run`, and `close`.

    `on_probed`: awaited after each good probe, and before Redis is up: for what must be done before it is asked.
    """

    def __init__(self, address: RedisAddress, on_probed: Callable[[RedisStore], Awaitable[None]]) -> None:
        """Raises StartError where the library is missing."""
        require_redis()
        self.address = address
        self.counts = Counts()
        self.is_up = False
        self.problem = AWAY  # "" while it is up
        self._on_probed = on_probed
        self._look_ups: deque[LookUp] = deque()  # append and popleft are atomic, so no lock
        self._puts: deque[Put] = deque()
        self._is_woken = False
        self._batches = 0  # under way
        self._late = 0  # in a row
        self._tasks: set[asyncio.Task[Any]] = set()
        self._loop = asyncio.new_event_loop()
        self._end = asyncio.Event()
        self._writing = asyncio.Lock()  # puts and purges one after the other: none of the first survives the second
        self._store: RedisStore
        self._was_told = False  # the log has it that it is away
        self._refusal = ""  # why it takes no replies, as the log has it
        self._thread = threading.Thread(target=self._run, name="shared-cache", daemon=True)

    def start(self) -> None:
        self._thread.start()

    # -- any thread --------------------------------------------------------------------------------

    def look_up(self, look_up: LookUp) -> bool:
        """False: it is not asked. Else `on_found` comes, late perhaps."""
        if not self.is_up or len(self._look_ups) >= LOOK_UPS_MAX:
            return False
        self._look_ups.append(look_up)
        self._wake()
        return True

    def put(self, put: Put) -> None:
        if not self.is_up or len(self._puts) >= PUTS_MAX:
            self.counts.dropped += 1
            return
        self._puts.append(put)
        self._wake()

    def run(self, work: Callable[[RedisStore], Coroutine[Any, Any, T]], timeout_s: float) -> T:
        """Waits for it. For threads that may: never the router's or the engine's. Raises RedisAway."""
        if not self.is_up:
            raise RedisAway(self.problem or AWAY)
        future = asyncio.run_coroutine_threadsafe(self._work(work), self._loop)
        try:
            return future.result(timeout_s)
        except (FutureTimeoutError, CancelledError):
            future.cancel()
            raise RedisAway(f"no answer within {timeout_s:.0f} s") from None

    def flush(self, timeout_s: float) -> None:
        """Returns when all that was put before is there or given up."""

        async def nothing(_: RedisStore) -> None:
            pass

        with suppress(RedisAway):
            self.run(nothing, timeout_s)

    def close(self) -> None:
        """Puts what is queued, within CLOSE_MAX_S. Last call."""
        self.flush(CLOSE_MAX_S)
        with suppress(RuntimeError):  # it has ended by itself
            self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(CLOSE_MAX_S)

    def _wake(self) -> None:
        # As in the router's inbox: the flag is cleared before the queues are emptied, so nothing lies there unseen.
        if not self._is_woken:
            self._is_woken = True
            with suppress(RuntimeError):  # closed
                self._loop.call_soon_threadsafe(self._drain)

    # -- the link's thread: up and down ------------------------------------------------------------

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._main())
        except Exception:
            log.exception("a bug in the link to Redis; replies are kept here alone until the daemon starts anew")
            self.problem = "a bug ended the link; the daemon's log has the details"
        finally:
            self.is_up = False
            self._loop.close()

    async def _main(self) -> None:
        self._store = RedisStore(open_redis(self.address, ANSWER_MAX_S))
        while not self._end.is_set():
            await self._check()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._end.wait(), PROBE_EVERY_S)
        self.is_up = False
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with suppress(Exception):
            await self._store.close()

    async def _check(self) -> None:
        """A probe. Where a connection broke the library connects anew, to whichever server is the master by now."""
        was_up = self.is_up
        try:
            best_s = await self._probe()
            if not was_up and best_s > FETCH_MAX_S:
                too_slow = f"it answers in {best_s * 1000:.0f} ms, and a request waits {FETCH_MAX_S * 1000:.0f} ms"
                self._go_down(too_slow)
                return
            async with self._writing:
                await self._on_probed(self._store)
            if was_up:  # and even if it went down meanwhile: then the next probe decides
                return
            self._late = 0
            self.is_up, self.problem = True, ""
            if self._was_told:
                log.info("cache.redis_url: %s answers again", self.address.shown)
            self._was_told = False
        except Exception as error:
            self._go_down(describe_failure(error, self.address))

    async def _probe(self) -> float:
        """The quickest of a few, in seconds. The first connects."""
        times_s = []
        for _ in range(1 if self.is_up else 1 + PROBES):
            began_s = time.monotonic()
            async with asyncio.timeout(3 * ANSWER_MAX_S):
                await self._store.probe()
            times_s.append(time.monotonic() - began_s)
        return min(times_s)

    def _go_down(self, problem: str) -> None:
        self.is_up, self.problem = False, problem
        self.counts.dropped += len(self._puts)
        self._puts.clear()
        if not self._was_told:
            self._was_told = True
            log.warning(
                "cache.redis_url: %s cannot be used: %s; replies are kept here alone until it can",
                self.address.shown,
                problem,
            )

    def _failed(self, error: Exception) -> None:
        self.counts.errors += 1
        self._go_down(describe_failure(error, self.address))

    # -- the link's thread: look-ups and puts ------------------------------------------------------

    def _drain(self) -> None:
        self._is_woken = False
        while self._look_ups and self._batches < BATCHES_MAX:
            count = min(len(self._look_ups), BATCH_MAX)
            self._batches += 1
            self._start(self._look_up_batch([self._look_ups.popleft() for _ in range(count)]))
        if self._puts and not self._writing.locked():
            self._start(self._put_all())

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)  # the loop itself holds tasks but weakly
        task.add_done_callback(self._tasks.discard)

    async def _look_up_batch(self, batch: list[LookUp]) -> None:
        self.counts.queries += len(batch)
        asking = self._loop.create_task(self._ask(batch))
        try:
            done, _ = await asyncio.wait({asking}, timeout=FETCH_MAX_S)
            self._late = 0 if done else self._late + 1
            if not done:
                self.counts.timeouts += len(batch)
                if self._late >= LATE_MAX and self.is_up:
                    self._go_down(f"{LATE_MAX} answers in a row took longer than {FETCH_MAX_S * 1000:.0f} ms")
            await asking
        finally:
            asking.cancel()
            self._batches -= 1
            self._drain()

    async def _ask(self, batch: list[LookUp]) -> None:
        found: Sequence[Sequence[bytes | None] | Exception | None]
        try:
            async with asyncio.timeout(ANSWER_MAX_S):
                found = await self._store.look_up([(one.key, one.variants) for one in batch])
        except Exception as error:
            self._failed(error)
            found = [None] * len(batch)
        failure = next((one for one in found if isinstance(one, Exception) and not _is_foreign(one)), None)
        if failure is not None:
            self._failed(failure)
        for look_up, values in zip(batch, found, strict=True):
            look_up.on_found(None if isinstance(values, Exception) else values)

    async def _put_all(self) -> None:
        async with self._writing:
            while self._puts:
                await self._put(self._puts.popleft())

    async def _put(self, put: Put) -> None:
        from redis.exceptions import ResponseError

        try:
            async with asyncio.timeout(ANSWER_MAX_S):
                await self._store.put(put.key, put.entry, put.variants, put.now_s)
            self.counts.puts += 1
        except ValueError:
            self.counts.dropped += 1
        except ResponseError as error:  # it answers and takes no writes: full, a replica, no right to
            self.counts.errors += 1
            self._tell_once(describe_failure(error, self.address))
        except Exception as error:
            self.counts.dropped += 1
            self._failed(error)

    def _tell_once(self, problem: str) -> None:
        if problem != self._refusal:
            self._refusal = problem
            log.warning("cache.redis_url: %s does not take replies: %s", self.address.shown, problem)

    async def _work(self, work: Callable[[RedisStore], Coroutine[Any, Any, T]]) -> T:
        async with self._writing:
            while self._puts:
                await self._put(self._puts.popleft())
            try:
                return await work(self._store)
            except Exception as error:
                self._failed(error)
                raise RedisAway(describe_failure(error, self.address)) from None
            finally:
                self._loop.call_soon(self._drain)  # what came meanwhile


def _is_foreign(error: Exception) -> bool:
    """Something else than a reply lies under our key: a miss, and no fault of Redis'."""
    return str(error).startswith("WRONGTYPE")
