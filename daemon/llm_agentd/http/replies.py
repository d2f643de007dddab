"""Waiting for an answer while its client may go away.

Runs on the event loop. Knows no route and no shape of an answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.types import Receive

from llm_agentd.client.records import Record
from llm_agentd.errors import AgentdError, Cancelled, DeadlineExceeded
from llm_agentd.http.daemon_client import DaemonClient

# The daemon keeps the deadline itself, and its answer says more: that a field is wrong, however short the deadline is.
ANSWER_GRACE_S = 0.5
WATCH_AFTER_S = 0.05  # a client that hangs up is noticed only in answers slower than a cache hit

Result = TypeVar("Result")


async def run(daemon: DaemonClient, record: Record, receive: Receive, timeout_s: float) -> Record:
    """The last record; DeadlineExceeded soon after `timeout_s`, Cancelled when the client hangs up meanwhile.

    Whatever ends it, the daemon works on it no longer.
    """
    wire_id, reply = daemon.begin(record, timeout_s)
    watch = _Watch(daemon, reply, receive, timeout_s)
    try:
        return await reply
    except (AgentdError, asyncio.CancelledError):
        daemon.drop([wire_id])
        raise
    finally:
        watch.end()


class _Watch:
    """Ends the wait for a reply that is slow. Until then it costs one timer, and no task: most hits are far quicker."""

    def __init__(self, daemon: DaemonClient, reply: asyncio.Future[Record], receive: Receive, timeout_s: float) -> None:
        self._daemon = daemon
        self._reply = reply
        self._receive = receive
        self._timeout_s = timeout_s
        self._gone: asyncio.Future[None] | None = None
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(WATCH_AFTER_S, self._begin)

    def _begin(self) -> None:
        self._gone = asyncio.ensure_future(disconnect(self._receive))
        self._gone.add_done_callback(lambda _: self._fail(Cancelled("the client went away")))
        self._timer = self._loop.call_later(self._timeout_s + ANSWER_GRACE_S - WATCH_AFTER_S, self._give_up)

    def _give_up(self) -> None:
        reason = "" if self._daemon.is_ready else f": {self._daemon.reason_not_ready()}"
        self._fail(DeadlineExceeded(f"no answer within {self._timeout_s * 1000:.0f} ms{reason}"))

    def _fail(self, error: AgentdError) -> None:
        if not self._reply.done():
            self._reply.set_exception(error)

    def end(self) -> None:
        self._timer.cancel()
        if self._gone is not None:
            self._gone.cancel()


async def unless_gone(receive: Receive, work: Coroutine[Any, Any, Result]) -> Result:
    """What `work` gives. Raises Cancelled, and ends it, where the client hangs up meanwhile."""
    working, gone = asyncio.ensure_future(work), asyncio.ensure_future(disconnect(receive))
    try:
        await asyncio.wait((working, gone), return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise Cancelled("the client went away")
    finally:
        working.cancel()
        gone.cancel()


async def disconnect(receive: Receive) -> None:
    """Returns when the client is gone. Only once the body is read."""
    while (await receive())["type"] != "http.disconnect":
        pass
