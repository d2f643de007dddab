"""How every other thread reaches the router thread: one queue, and one file descriptor that wakes its poll.

`post` may be called from any thread; `drain` is the router thread's. What is posted comes out in the order of posting,
so whoever posts A and then B can rely on A being handled first: the engine's last events go out before the stop that
follows them. Knows no sockets of ZeroMQ, and nothing of the work that it carries.
"""

from __future__ import annotations

import contextlib
import socket
from collections import deque
from collections.abc import Callable, Iterator
from typing import TypeAlias

Work: TypeAlias = Callable[[], None]  # to be done on the router thread
READ_BYTES = 4096  # far more than the one byte of a round, or the few that threads write at the same moment


class Inbox:
    """A socket pair instead of an eventfd or inproc sockets: it works on every system and belongs to no thread."""

    def __init__(self) -> None:
        self._work: deque[Work] = deque()  # append and popleft are atomic, so no lock
        self._is_signalled = False
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)

    @property
    def wakeup_fd(self) -> int:
        """Readable while something waits."""
        return self._reader.fileno()

    def post(self, work: Work) -> None:
        """From any thread; never blocks. After `close` nothing is read any more, and this does nothing."""
        self._work.append(work)
        # One byte a round is enough. Two threads may both see False here and write two: that is harmless. The opposite
        # cannot happen: see `drain`.
        if not self._is_signalled:
            self._is_signalled = True
            with contextlib.suppress(OSError):  # full: a wake-up is on its way already; closed: nobody is to be woken
                self._writer.send(b"\0")

    def drain(self) -> Iterator[Work]:
        """All that waits now; what is posted meanwhile wakes the poll again, so that no flood keeps others waiting.

        The flag is cleared before the queue is measured. So whoever appends later sees the flag down and writes a new
        byte, and what was appended earlier is found by the loop: nothing can lie in the queue without a wake-up.
        """
        with contextlib.suppress(BlockingIOError):
            self._reader.recv(READ_BYTES)
        self._is_signalled = False
        for _ in range(len(self._work)):
            yield self._work.popleft()

    def close(self) -> None:
        self._reader.close()
        self._writer.close()
