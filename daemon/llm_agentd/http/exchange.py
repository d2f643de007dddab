"""The mod's door: sessions whose events are kept until they are acknowledged (`POST /v1/exchange`).

Runs on the door's event loop. Many requests in, many events out, one HTTP round trip; a lost answer loses nothing, a
request sent twice runs once. It knows the link and the clock, nothing of HTTP: `parse` takes a decoded body, `call`
gives the answer's content.

Who waits how long: `wait_ms` for the first event newer than `after`; then, for what was just sent, a few ms more, so
that all cache hits of one call stand in its answer. Of two calls that wait, the newer ends the older and gets the
events; a call with `wait_ms` 0 leaves a waiting one alone, and events that it takes along do not wake that one.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson

from llm_agentd.errors import AgentdError, BadRequest, Overloaded, Unavailable
from llm_agentd.http.daemon_client import RETRY_AFTER_MS, Ask, Link, Record, timeout_s_of
from llm_agentd.http.sessions import EVENTS_MAX, Session
from llm_agentd.protocol.schema import ID_MAX_CHARS
from llm_agentd.protocol.wire import RECORDS_MAX

WAIT_MAX_MS = 30_000  # a longer wait is cut: proxies and engines drop connections that are silent for a minute
HIT_MS = 20  # how long a call with `wait_ms` 0 waits for cache hits: ten times their p99 on a busy machine, half a step
GATHER_MS = 10  # after the first event, for the others just sent: fifty hits take about 3; only misses pay it in full
SESSION_IDLE_S = 600.0  # CONTRACT section 4
SESSIONS_MAX = 64  # a session is a game server; far more of them than one model can serve
FIELDS = ("session", "after", "wait_ms", "requests", "cancel")
OPS = ("think", "infer")


@dataclass(frozen=True, slots=True)
class Call:
    """A checked body."""

    session: str
    after: int = 0
    wait_ms: int = 0
    requests: list[Any] = field(default_factory=list)
    cancel: list[Any] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Answer:
    """`unavailable` is set where there was no daemon for any of the requests, or for a call that brought none."""

    events: list[Record]
    rejected: list[Record]
    unavailable: Unavailable | None = None


def parse(body: Any) -> Call:
    """The call in a decoded body; BadRequest names the field. Lenient where Lua's JSON is odd: 5.0, null for {}."""
    if not isinstance(body, dict):
        raise BadRequest("body: want a JSON object with session, after, wait_ms, requests, cancel")
    unknown = sorted(set(body) - set(FIELDS))
    if unknown:
        raise BadRequest(f"{unknown[0]}: unknown field; known: {', '.join(FIELDS)}")
    session = body.get("session")
    if not isinstance(session, str) or not 0 < len(session) <= ID_MAX_CHARS:
        raise BadRequest(f"session: want a string of 1 to {ID_MAX_CHARS} characters, another at each start of the game")
    return Call(
        session=session,
        after=_whole(body, "after"),
        wait_ms=min(_whole(body, "wait_ms"), WAIT_MAX_MS),
        requests=_list(body, "requests"),
        cancel=_list(body, "cancel"),
    )


def _whole(body: Record, name: str) -> int:
    value = body.get(name)
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != math.floor(value) or value < 0:
        raise BadRequest(f"{name}: want a whole number, 0 or more")
    return int(value)


def _list(body: Record, name: str) -> list[Any]:
    value = body.get(name)
    if value is None or value == {}:
        return []
    if not isinstance(value, list):
        raise BadRequest(f"{name}: want a list")
    if len(value) > RECORDS_MAX:
        raise BadRequest(f"{name}: {len(value)} entries; the limit is {RECORDS_MAX}: split the call")
    return value


class Exchange:
    """All sessions. `timeout_ms` is how long a request may take that names no `deadline_ms`."""

    def __init__(self, link: Link, *, timeout_ms: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._link = link
        self._timeout_ms = timeout_ms
        self._clock = clock
        self._sessions: dict[str, Session] = {}  # least recently used first
        self._stopping = False

    @property
    def session_count(self) -> int:
        return len(self._sessions)

    async def call(self, call: Call) -> Answer:
        """Takes the requests, waits as the head of this file tells, and gives what is newer than `after`."""
        session = self._enter(call)
        session.acknowledge(call.after)
        rejected, fresh, unavailable = self._take(session, call)
        wait_ms = 0 if rejected or self._link.away else call.wait_ms
        try:
            replaced = await self._wait(session, call, fresh, wait_ms)
        finally:
            session.calls -= 1
            session.used_s = self._clock()
        events: list[Record] = []
        if not replaced:  # else they are the newer call's: the client of this one may be gone
            events = session.newer(call.after)
            session.told_seq = max(session.told_seq, session.last_seq)
        if not events and not rejected and self._link.away:  # a game that only asks whether we are back
            unavailable = Unavailable(self._link.why_not(), retry_after_ms=RETRY_AFTER_MS)
        return Answer(events, rejected, unavailable)

    def sweep(self) -> None:
        """Ends the sessions that were not used for `SESSION_IDLE_S`; called now and then."""
        idle_since_s = self._clock() - SESSION_IDLE_S
        for name, session in list(self._sessions.items()):
            if session.used_s <= idle_since_s and not session.calls:
                self._end(name)

    def stop(self) -> None:
        """Calls that wait are answered at once, and none waits any more."""
        self._stopping = True
        for session in self._sessions.values():
            session.pulse()

    def _enter(self, call: Call) -> Session:
        now_s = self._clock()
        session = self._sessions.pop(call.session, None)
        if session is None:
            if len(self._sessions) >= SESSIONS_MAX:
                self._end(next(iter(self._sessions)))
            session = Session(call.after, now_s)
        self._sessions[call.session] = session
        session.used_s = now_s
        session.calls += 1
        return session

    def _end(self, name: str) -> None:
        session = self._sessions.pop(name)
        session.ended = True
        self._link.drop(list(session.own_ids))
        session.pulse()

    async def _wait(self, session: Session, call: Call, fresh: list[str], wait_ms: int) -> bool:
        """First for any event newer than `after`, then for the rest of what was just sent. True if a newer waits."""
        me = object()
        if wait_ms:
            session.held = me
            session.pulse()  # an older call that waits sees that it is not the one any more

            def over() -> bool:
                return session.held is not me or session.ended or self._stopping

            if not session.newer(call.after):
                await session.until(
                    lambda: over() or (session.last_seq > max(call.after, session.told_seq) and not session.gathering),
                    wait_ms / 1000,
                )
        if fresh:
            session.gathering += 1
            try:
                if not wait_ms:
                    await session.until(lambda: session.last_seq > call.after or self._stopping, HIT_MS / 1000)
                if session.last_seq > call.after:
                    await session.until(
                        lambda: self._stopping or not any(own_id in session.wire_ids for own_id in fresh),
                        GATHER_MS / 1000,
                    )
            finally:
                session.gathering -= 1
                asyncio.get_running_loop().call_soon(session.pulse)  # after this call has told what it takes along
        return wait_ms > 0 and session.held is not me

    def _take(self, session: Session, call: Call) -> tuple[list[Record], list[str], Unavailable | None]:
        """Sends what is new and cancels what is asked for, in one frame: rejections, own ids just sent, no daemon?"""
        rejected: list[Record] = []
        asks: list[Ask] = []
        own_ids: list[str] = []
        for request in call.requests:
            own_id = request.get("id") if isinstance(request, dict) else None
            try:
                ask = self._ask(session, request, own_id)
            except AgentdError as error:
                rejected.append(_rejection(own_id, error))
                continue
            if ask is not None and isinstance(own_id, str):
                asks.append(ask)
                own_ids.append(own_id)
        cancelled = [own_id for own_id in call.cancel if isinstance(own_id, str) and own_id in session.wire_ids]
        outcomes = self._link.submit(asks, [wire_id for own_id in cancelled if (wire_id := session.close(own_id))])
        for own_id in dict.fromkeys(cancelled):
            session.add(own_id, {"event": "error", "code": "cancelled", "message": "cancelled by the client"})
        fresh: list[str] = []
        unavailable: Unavailable | None = None
        for own_id, outcome in zip(own_ids, outcomes, strict=True):
            if isinstance(outcome, AgentdError):
                session.contents.pop(own_id, None)
                rejected.append(_rejection(own_id, outcome))
                unavailable = outcome if isinstance(outcome, Unavailable) else unavailable
                continue
            fresh.append(own_id)
            session.wire_ids[own_id] = outcome
            session.own_ids[outcome] = own_id
        return rejected, fresh, None if fresh else unavailable

    def _ask(self, session: Session, request: Any, own_id: Any) -> Ask | None:
        """The question to send; None where it was sent before. Raises AgentdError. Options the daemon checks."""
        if not isinstance(request, dict):
            raise BadRequest("requests: want objects with op and id")
        if not isinstance(own_id, str) or not 0 < len(own_id) <= ID_MAX_CHARS:
            raise BadRequest(f"id: want a string of 1 to {ID_MAX_CHARS} characters")
        if request.get("op") not in OPS:
            raise BadRequest(f"op: want {' or '.join(OPS)}")
        content = _content(request)
        if own_id in session.contents:
            if session.contents[own_id] != content:
                raise BadRequest(f"id: {own_id!r} is in use by another request of this session; ids must be unique")
            return None
        if len(session.events) + len(session.wire_ids) >= EVENTS_MAX:
            raise Overloaded(
                f"{EVENTS_MAX} events wait in this session; acknowledge them with after", retry_after_ms=RETRY_AFTER_MS
            )
        session.contents[own_id] = content
        return Ask(request, session.on_answer, timeout_s_of(request, self._timeout_ms))


def _content(request: Record) -> int:
    try:
        return hash(orjson.dumps(request))
    except (TypeError, ValueError):
        raise BadRequest("nested too deep; send plainer facts") from None


def _rejection(own_id: Any, error: AgentdError) -> Record:
    readable = own_id if isinstance(own_id, str) else None
    rejection: Record = {"id": readable, "code": error.code, "message": error.message}
    if error.retry_after_ms is not None:
        rejection["retry_after_ms"] = error.retry_after_ms
    return rejection
