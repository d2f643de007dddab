"""Work that may wait for a disk or read much: on a thread of its own, one after the other, its outcome on the router's.

`run` is called on the router thread. Knows no ops.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeAlias

from llm_agentd.errors import AgentdError, Overloaded

log = logging.getLogger(__name__)

WAITING_MAX = 32  # pieces of work: more than a few admins click together; a disk that hangs must not gather them
RETRY_AFTER_MS = 2000

Fields: TypeAlias = dict[str, Any]  # of the `done` record
OnDone: TypeAlias = Callable[[Fields | AgentdError], None]


class SlowWork:
    """`post` runs a function on the router thread."""

    def __init__(self, post: Callable[[Callable[[], None]], None]) -> None:
        self._post = post
        self._queue: SimpleQueue[tuple[Callable[[], Fields], OnDone] | None] = SimpleQueue()  # None: the end
        self._thread: threading.Thread | None = None

    def run(self, work: Callable[[], Fields], on_done: OnDone) -> None:
        """`on_done` gets what `work` returns or raises. Raises Overloaded."""
        if self._queue.qsize() >= WAITING_MAX:
            raise Overloaded("too much waits to be done for admins; try again", retry_after_ms=RETRY_AFTER_MS)
        if self._thread is None:  # most daemons never need it
            # A daemon thread: a disk that hangs must not keep the program from ending.
            self._thread = threading.Thread(target=self._run, name="steering", daemon=True)
            self._thread.start()
        self._queue.put((work, on_done))

    def stop(self) -> None:
        """The thread ends behind what it has; nobody waits for it."""
        self._queue.put(None)

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            work, on_done = item
            self._tell(on_done, _outcome(work))

    def _tell(self, on_done: OnDone, outcome: Fields | AgentdError) -> None:
        self._post(lambda: on_done(outcome))


def _outcome(work: Callable[[], Fields]) -> Fields | AgentdError:
    try:
        return work()
    except AgentdError as error:
        return error
    except Exception as error:
        log.error("a bug in the work for admins", exc_info=error)
        return AgentdError("a bug in the daemon; its log has the details")
