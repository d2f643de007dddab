"""What one WebSocket asked the daemon, and what waits to be sent to it: the wire's records, one JSON object a message.

Runs on the event loop; knows the daemon's client, no socket. Ids are the client's own, unique among its open requests;
on the wire they become the daemon client's. What a client does not read is bounded: over it, it is cut off. When it
goes, all that it asked is cancelled.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

import orjson

from llm_agentd.client.records import Record
from llm_agentd.errors import AgentdError, BadRequest, Cancelled, Overloaded
from llm_agentd.http.daemon_client import CONTROL_TIMEOUT_S, DaemonClient
from llm_agentd.http.open_requests import RETRY_AFTER_MS, Submission, timeout_s_of
from llm_agentd.http.sessions import REPORT
from llm_agentd.protocol import wire
from llm_agentd.protocol.encode import done_fields, error_fields
from llm_agentd.protocol.listen_record import LISTEN
from llm_agentd.protocol.record import Change
from llm_agentd.protocol.schema import GENERATIONS, RECORDS
from llm_agentd.protocol.wire import ID_MAX_CHARS

OPEN_MAX = 128  # of one client: sixteen batches; the next ones are refused and may come when there is room
WAITING_MAX = 1024  # messages that a client has not read: a minute of all words of a batch
WAITING_MAX_BYTES = 4 * 1024 * 1024  # of them; sixteen of the largest records
CONTROL_S = 30.0 - CONTROL_TIMEOUT_S  # beyond what an op waits for by itself: some read or write much of a slow disk


class SocketSession:
    """`take` what comes; `wait`, then `next`, for what goes; `close` at the end.

    `overrun` ends where the client reads more slowly than it asks, and is to be cut off.
    """

    def __init__(self, daemon: DaemonClient, *, timeout_ms: int) -> None:
        self._daemon = daemon
        self._timeout_ms = timeout_ms
        self._wire_ids: dict[str, str] = {}  # open: the client's id → the wire's
        self._ids: dict[str, str] = {}  # open: the wire's → the client's
        self._contents: dict[str, int] = {}  # open: the client's id → hash of its request
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._news = asyncio.Event()
        self._overrun = asyncio.Event()

    def take(self, message: bytes) -> None:
        """One message; whatever is wrong with it is answered."""
        request_id = None
        try:
            record = wire.loads(message)
            if not isinstance(record, dict):
                raise BadRequest('want one JSON object a message, such as {"op": "ping", "id": "1"}')
            given = record.get("id")
            if not isinstance(given, str) or not 0 < len(given) <= ID_MAX_CHARS:
                raise BadRequest(f"id: want a string of 1 to {ID_MAX_CHARS} characters")
            request_id = given
            if record.get("op") == "cancel":
                self._cancel(record)
            else:
                self._submit(record)
        except AgentdError as error:
            self._put({"id": request_id, **error_fields(error)})

    def _submit(self, record: Record) -> None:
        request_id, op = record["id"], record.get("op")
        if op == REPORT:
            raise BadRequest(f"op: {REPORT} is for games, which send it by POST /v1/exchange")
        if op == LISTEN:
            raise BadRequest(
                f"op: {LISTEN} is for games, which send it by POST /v1/exchange: players have it from there"
            )
        if "via" in record:
            raise BadRequest("via: unknown field")
        content = _content(record)
        if request_id in self._wire_ids:
            if self._contents[request_id] != content:
                raise BadRequest(f"id: {request_id!r} is open already with other content; ids must be unique")
            return
        if len(self._wire_ids) >= OPEN_MAX:
            raise Overloaded(f"{OPEN_MAX} requests of this connection are open", retry_after_ms=RETRY_AFTER_MS)
        is_generation = op in GENERATIONS
        timeout_s = timeout_s_of(record, self._timeout_ms) if is_generation else CONTROL_S + _wait_s(record)
        (outcome,) = self._daemon.submit(
            [Submission(_changed(record), self._on_answer, timeout_s, is_control=not is_generation)]
        )
        if isinstance(outcome, AgentdError):
            raise outcome
        self._wire_ids[request_id], self._ids[outcome] = outcome, request_id
        self._contents[request_id] = content

    def _cancel(self, record: Record) -> None:
        target = record.get("target")
        if not isinstance(target, str) or set(record) != {"op", "id", "target"}:
            raise BadRequest("target: want the id of an open request of this connection, and nothing else")
        wire_id = self._wire_ids.get(target)
        if wire_id is not None:
            self._forget(wire_id)
            self._daemon.drop([wire_id])
            self._put({"id": target, **error_fields(Cancelled("cancelled by the client"))})
        self._put({"id": record["id"], **done_fields({"found": wire_id is not None})})

    def _on_answer(self, wire_id: str, answer: Record) -> None:
        """The daemon client's sink."""
        request_id = self._ids.get(wire_id)
        if request_id is None:
            return
        if answer["event"] != "delta":
            self._forget(wire_id)
        self._put({**answer, "id": request_id})

    def _forget(self, wire_id: str) -> None:
        request_id = self._ids.pop(wire_id)
        del self._wire_ids[request_id]
        del self._contents[request_id]

    def _put(self, record: Record) -> None:
        message = orjson.dumps(record)
        self._waiting.append(message)
        self._waiting_bytes += len(message)
        if len(self._waiting) > WAITING_MAX or self._waiting_bytes > WAITING_MAX_BYTES:
            self._overrun.set()
        self._news.set()

    async def wait(self) -> None:
        """Until there is something to send."""
        await self._news.wait()
        self._news.clear()

    async def overrun(self) -> None:
        """Until more waits for the client than is kept. Whoever writes to it cannot notice: it waits there."""
        await self._overrun.wait()

    def next(self) -> bytes | None:
        """The oldest message that was not sent."""
        if not self._waiting:
            return None
        message = self._waiting.popleft()
        self._waiting_bytes -= len(message)
        return message

    def close(self) -> None:
        """Nobody is there any more: the daemon works for it no longer."""
        wire_ids = list(self._ids)
        self._ids.clear()
        self._daemon.drop(wire_ids)


def _content(record: Record) -> int:
    try:
        return hash(orjson.dumps(record))
    except (TypeError, ValueError):
        raise BadRequest("nested too deep; send plainer facts") from None


def _changed(record: Record) -> Record:
    """A copy, which gets the wire's id; with the way by which a change comes, for the audit log."""
    model = RECORDS.get(record["op"]) if isinstance(record.get("op"), str) else None
    is_change = model is not None and issubclass(model, Change)
    return {**record, "via": "http"} if is_change else dict(record)


def _wait_s(record: dict[str, Any]) -> float:
    """How long `events` waits for one, where that is a number; what is none the daemon refuses."""
    wait_ms = record.get("wait_ms")
    return min(wait_ms, 60_000) / 1000 if isinstance(wait_ms, (int, float)) else 0.0
