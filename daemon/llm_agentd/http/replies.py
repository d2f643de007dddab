"""Waiting for an answer while its client may go away.

Runs on the event loop. Knows no route and no shape of an answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.types import Receive

from llm_agentd.client.records import Record
from llm_agentd.errors import Cancelled, DeadlineExceeded
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
    try:
        return await _reply_or_disconnect(daemon, reply, receive, timeout_s)
    finally:
        if not reply.done():
            daemon.drop([wire_id])


async def _reply_or_disconnect(
    daemon: DaemonClient, reply: asyncio.Future[Record], receive: Receive, timeout_s: float
) -> Record:
    await asyncio.wait((reply,), timeout=WATCH_AFTER_S)
    if not reply.done():
        gone = asyncio.ensure_future(disconnect(receive))
        left_s = timeout_s + ANSWER_GRACE_S - WATCH_AFTER_S
        try:
            await asyncio.wait((reply, gone), timeout=left_s, return_when=asyncio.FIRST_COMPLETED)
            if gone.done() and not reply.done():
                raise Cancelled("the client went away")
        finally:
            gone.cancel()
    if reply.done():
        return reply.result()
    reason = "" if daemon.is_ready else f": {daemon.reason_not_ready()}"
    raise DeadlineExceeded(f"no answer within {timeout_s * 1000:.0f} ms{reason}")


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
