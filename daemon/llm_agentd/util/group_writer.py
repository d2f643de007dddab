"""One thread that writes to disk what other threads queue, many items in one group.

`put`, `flush` and `close` may be called from any thread; they never touch the disk. `write` and `tick` run on the
writer's own thread only, so whoever owns the file needs no lock for writing. It must not know what the items are.

Why groups: an fsync costs milliseconds however little it covers, and a reply must never wait for one. The writer lets
what comes close together collect for `linger_s`, then hands it to `write` at once; the owner commits it in one
transaction.

What is promised: `put` promises nothing yet. A process that is killed loses what was put in the last `linger_s` and
while the group before was being written. What `write` has committed stays. After `flush` or `close` returned True, all
that was put before the call has gone through `write`. Items are written in the order in which they were put.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

log = logging.getLogger(__name__)

Item = TypeVar("Item")


class GroupWriter(Generic[Item]):
    """`start`, then `put` and `flush` from any thread, then `close`."""

    def __init__(
        self,
        name: str,
        write: Callable[[list[Item]], None],
        *,
        tick: Callable[[], None] | None = None,
        tick_every_s: float | None = None,
        linger_s: float = 0.0,
        group_max: int = 1,
        queue_max: int | None = None,
    ) -> None:
        """`name`: of the thread. `write` gets 1 … `group_max` items; it handles the errors of its disk itself.

        `tick` runs once at the start, after each round of writing, and at the latest every `tick_every_s` (None: only
        after writing): for sweeping and other upkeep. `queue_max`: from so many items on, `is_full`.
        """
        self._write = write
        self._tick = tick
        self._tick_every_s = tick_every_s
        self._linger_s = linger_s
        self._group_max = group_max
        self._queue_max = queue_max
        # append and popleft of a deque are atomic, so that `put` takes no lock: it is on the way of every reply.
        self._queue: deque[Item | threading.Event] = deque()
        self._wake = threading.Event()  # something is queued
        self._hurry = threading.Event()  # somebody waits for it: do not linger
        self._is_closing = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    # -- any thread --------------------------------------------------------------------------------

    @property
    def queued(self) -> int:
        """Items that are not handed to `write` yet."""
        return len(self._queue)

    @property
    def is_full(self) -> bool:
        """Whoever puts asks first and drops: a disk that hangs must cost memory only up to here."""
        return self._queue_max is not None and len(self._queue) >= self._queue_max

    def put(self, item: Item, *, urgent: bool = False) -> None:
        """Queues an item. `urgent`: somebody waits for it, so it is written without lingering."""
        self._queue.append(item)
        if urgent:
            self._hurry.set()
        if not self._wake.is_set():  # the writer clears it before it drains, so a set flag means another round
            self._wake.set()

    def flush(self, timeout_s: float) -> bool:
        """Waits until all that was put before is through `write`; False where that takes longer than `timeout_s`."""
        ticket = threading.Event()
        self._queue.append(ticket)
        self._hurry.set()
        self._wake.set()
        return ticket.wait(timeout_s)

    def close(self, timeout_s: float) -> bool:
        """Writes what is queued and ends the thread. False where it is still writing: then its file is in use.

        A writer that was never started writes nothing and returns True.
        """
        self._is_closing = True
        self._hurry.set()
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    # -- the writer's thread -----------------------------------------------------------------------

    def _run(self) -> None:
        self._guarded(self._tick)
        while True:
            if self._wake.wait(self._tick_every_s):
                self._hurry.wait(self._linger_s)
            self._hurry.clear()
            self._wake.clear()
            is_closing = self._is_closing  # read before the queue: what was put before `close` is in the last round
            tickets = self._write_round()
            if not is_closing:
                self._guarded(self._tick)
            for ticket in tickets:
                ticket.set()
            if is_closing:
                return

    def _write_round(self) -> list[threading.Event]:
        """Writes what is queued now; returns the tickets of those who wait for the end of this round.

        What is put meanwhile is the next round's: under steady load the queue is never empty, and a flush must end.
        """
        tickets: list[threading.Event] = []
        group: list[Item] = []
        for _ in range(len(self._queue)):
            item = self._queue.popleft()
            if isinstance(item, threading.Event):
                tickets.append(item)
                continue
            group.append(item)
            if len(group) == self._group_max:
                self._write_group(group)
                group = []
        self._write_group(group)
        return tickets

    def _write_group(self, group: list[Item]) -> None:
        if group:
            self._guarded(lambda: self._write(group))

    def _guarded(self, work: Callable[[], None] | None) -> None:
        """A bug in one group must not end the thread: those who flush would wait, and nothing would be kept."""
        try:
            if work is not None:
                work()
        except Exception:
            log.exception("%s: a bug; what it was writing is lost", self._thread.name)
