"""Live event streams to browsers: each asks the daemon for the next events and writes them as server-sent events.

Runs on the event loop. A daemon that goes away ends no stream: it goes on when one is back, so that a dashboard left
open shows the next one. Knows no routes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson

from llm_agentd.client.records import Record, done_or_raise
from llm_agentd.errors import AgentdError, Overloaded
from llm_agentd.http.daemon_client import DaemonClient

STREAMS_MAX = 16  # dashboards at once; each holds a connection
WAIT_MS = 15_000  # between two comments: proxies close what is silent for a minute
GIVE_UP_S = 5.0  # beyond that, for the daemon's answer
RETRY_S = 1.0  # between looks for a daemon that is away
FULL_RETRY_AFTER_MS = 10_000
COMMENT = b": still here\n\n"


class EventFeeds:
    """`open` one for each who watches; `stop` ends all, for a quick shutdown."""

    def __init__(self, daemon: DaemonClient) -> None:
        self._daemon = daemon
        self._count = 0
        self._stopped = asyncio.Event()

    def open(self, after: int) -> AsyncIterator[bytes]:
        """The bytes of a stream; raises Overloaded here, before anything of it is sent."""
        if self._count >= STREAMS_MAX:
            raise Overloaded(f"{STREAMS_MAX} watch already; close a dashboard", retry_after_ms=FULL_RETRY_AFTER_MS)
        return self._run(after)

    def stop(self) -> None:
        self._stopped.set()

    async def _run(self, after: int) -> AsyncIterator[bytes]:
        stopped = asyncio.create_task(self._stopped.wait())
        self._count += 1  # here and not in `open`: one whose client is gone already never runs
        try:
            yield COMMENT  # the headers leave, and the browser knows that it is connected
            wait_ms = 0 if after < 0 else WAIT_MS  # first of all: where is now?
            while not self._stopped.is_set():
                answer = await self._next(after, wait_ms, stopped)
                if answer is None:
                    yield COMMENT
                    continue
                for piece in _written(answer):
                    yield piece
                after, wait_ms = answer["seq"], WAIT_MS
        finally:
            stopped.cancel()
            self._count -= 1

    async def _next(self, after: int, wait_ms: int, stopped: asyncio.Task[Any]) -> Record | None:
        """None: there is no daemon just now, or this server stops."""
        try:
            record = {"op": "events", "after": after, "wait_ms": wait_ms}
            wire_id, future = self._daemon.begin(record, wait_ms / 1000 + GIVE_UP_S, is_control=True)
            try:
                await asyncio.wait({future, stopped}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                self._daemon.drop([wire_id])
            return done_or_raise(future.result()) if future.done() else None
        except AgentdError:
            await asyncio.wait({stopped}, timeout=RETRY_S)
            return None


def _written(answer: Record) -> list[bytes]:
    pieces = []
    if answer.get("lost"):
        pieces.append(b"event: lost\ndata: " + orjson.dumps({"lost": answer["lost"]}) + b"\n\n")
    for event in answer["events"]:
        head = f"event: {event['kind']}\nid: {event['seq']}\ndata: ".encode()
        pieces.append(head + orjson.dumps(event) + b"\n\n")
    return pieces or [COMMENT]
