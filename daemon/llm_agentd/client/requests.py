"""Requests in flight on one connection: sent, matched with their answers by id, and cancelled.

Runs on one event loop. Knows ids, timeouts and whether the daemon is there; not what an op means.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from typing import Any, Self

from llm_agentd.client.connection import Connection
from llm_agentd.client.curve import CurveFiles
from llm_agentd.client.records import Record, encode
from llm_agentd.errors import BadRequest, DeadlineExceeded, Unavailable
from llm_agentd.protocol.encode import error_fields

log = logging.getLogger(__name__)

DEADLINE_GRACE_S = 5.0  # the daemon keeps `deadline_ms` itself; its answer gets so much longer to arrive
RETRY_AFTER_MS = 1000  # advice where the daemon cannot give any: it is looked for more often than that


class Requests:
    """The connection, and who waits for which answer. The times are those of `AsyncClient`."""

    def __init__(
        self, endpoint: str, *, timeout_s: float, connect_timeout_s: float, curve: CurveFiles | None = None
    ) -> None:
        self.endpoint = endpoint
        self._curve = curve
        self._timeout_s = timeout_s
        self._connect_timeout_s = connect_timeout_s
        self._connection: Connection | None = None  # opened by the first request, on the loop that it runs on
        self._is_closed = False
        self._connected = asyncio.Event()
        self._in_flight: dict[str, asyncio.Queue[Record]] = {}  # by id; each takes the records of its answer
        self._numbers = itertools.count(1)

    def new(self, op: str, fields: Record, timeout_s: float | None = None) -> Request:
        """A request that is sent when its context is entered."""
        # First, where the daemon finds it even in a record that it refuses as a whole.
        record = {
            "id": fields.get("id") or self._next_id(),
            "op": op,
            **{key: fields[key] for key in fields if key != "id"},
        }
        return Request(self, record, self._wait_s(fields.get("deadline_ms")) if timeout_s is None else timeout_s)

    def close(self) -> None:
        """Fails what is in flight with Unavailable, and whatever comes after."""
        self._is_closed = True
        if self._connection is not None:
            self._fail_all("the client was closed")
            self._connection.close()
            self._connection = None
            self._connected.set()  # wakes who waits for a connection: there will be none

    async def send(self, record: Record, answers: asyncio.Queue[Record]) -> None:
        """Sends a request whose answers go to the queue, once there is a connection. Raises AgentdError."""
        encoded = encode(record)
        connection = await self._connect()
        if record["id"] in self._in_flight:  # only now, as others may have been sent while this one waited
            raise BadRequest(f"id: {record['id']!r} is in flight already; ids must be unique")
        self._in_flight[record["id"]] = answers
        connection.send([encoded])

    def end(self, request_id: str, *, cancel: bool) -> None:
        """Nobody waits for this answer any more; `cancel`: the daemon may stop it."""
        if self._in_flight.pop(request_id, None) is not None and cancel and self._connection is not None:
            record = {"op": "cancel", "id": self._next_id(), "target": request_id}
            self._connection.send([encode(record)])

    async def _connect(self) -> Connection:
        if self._is_closed:
            raise Unavailable("the client was closed")
        if self._connection is None:
            connection = Connection(
                self.endpoint,
                on_records=self._deliver,
                on_connect=self._connected.set,
                on_disconnect=self._lose_connection,
                curve=self._curve,
            )
            connection.open()
            self._connection = connection
        self._connection.notice_changes()
        try:
            async with asyncio.timeout(self._connect_timeout_s):
                await self._connected.wait()
        except TimeoutError:
            cure = "start one with: llm-agentd serve"
            if self._curve is not None:
                cure += ", or it has no such key in its zmq.curve_clients_dir, or another key than this knows"
            raise Unavailable(f"no daemon at {self.endpoint} — {cure}", retry_after_ms=RETRY_AFTER_MS) from None
        if self._connection is None:  # closed meanwhile
            raise Unavailable("the client was closed")
        return self._connection

    def _wait_s(self, deadline_ms: Any) -> float:
        """How long to wait for a record where the call does not say."""
        if not isinstance(deadline_ms, (int, float)):
            return self._timeout_s
        return max(self._timeout_s, deadline_ms / 1000 + DEADLINE_GRACE_S)

    def _next_id(self) -> str:
        return f"auto-{next(self._numbers)}"

    # -- from the connection ---------------------------------------------------------------------

    def _deliver(self, records: list[Record]) -> None:
        for record in records:
            answers = self._in_flight.get(str(record.get("id")))
            if answers is not None:
                answers.put_nowait(record)
            elif record.get("id") is None:
                log.error("the daemon refused a record: %s", record.get("message"))
            # else the answer to a `cancel` of ours, or to what nobody waits for any more

    def _lose_connection(self) -> None:
        self._connected.clear()
        self._fail_all(f"the connection to the daemon at {self.endpoint} broke; it is not known what became of this")

    def _fail_all(self, message: str) -> None:
        failure = error_fields(Unavailable(message, retry_after_ms=RETRY_AFTER_MS))
        for answers in self._in_flight.values():
            answers.put_nowait(failure)


class Request:
    """One request: sent on entering its context, cancelled on leaving where its last record has not come."""

    def __init__(self, requests: Requests, record: Record, timeout_s: float) -> None:
        self.id: str = record["id"]
        self.is_over = False
        self._requests = requests
        self._record = record
        self._timeout_s = timeout_s
        self._answers: asyncio.Queue[Record] = asyncio.Queue()
        self._is_sent = False

    async def __aenter__(self) -> Self:
        await self._requests.send(self._record, self._answers)
        self._is_sent = True
        return self

    async def __aexit__(self, *_: object) -> None:
        self._requests.end(self.id, cancel=not self.is_over)

    async def next(self) -> Record:
        """The next record of the answer. Raises DeadlineExceeded where none comes in time."""
        if not self._is_sent:
            raise RuntimeError("nothing was sent yet: enter the stream's context first (`with client.stream(…) as s`)")
        try:
            async with asyncio.timeout(self._timeout_s):
                record = await self._answers.get()
        except TimeoutError:
            raise DeadlineExceeded(
                f"the daemon at {self._requests.endpoint} took the request but gave no answer within "
                f"{self._timeout_s:g} s; look at its log"
            ) from None
        self.is_over = record.get("event") != "delta"
        return record
