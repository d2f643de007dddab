"""Games' sessions: their open requests, and their events until they are acknowledged (`POST /v1/exchange`).

Runs on the event loop. Many requests in, many events out, one HTTP round trip; a lost answer loses nothing, a request
sent twice runs once. It knows the daemon's client and the clock, nothing of HTTP: `Sessions.call` takes a checked call
and gives the answer's content.

Who waits how long: `wait_ms` for the first event newer than `after`; then, for what was just sent, a few ms more, so
that all cache hits of one call stand in its answer. Of two calls that wait, the newer ends the older and gets the
events; a call with `wait_ms` 0 leaves a waiting one alone, and events that it takes along do not wake that one.

Ids: a request's `id` is the game's own, unique in its session; its wire id is the daemon client's, unique for all.

Several of these processes may stand behind a balancer, and none knows another's sessions. Each has a name of its own,
`instance`, which stands in every answer: a game that sees another one asks again for what is open. A call may name
the one that the game knows; where that is another, it is not held, so that the game learns of it at once.

A `listen` is no question to the daemon: `Microphones` answers it, under an id that is no wire id, and it is open until
the game cancels it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import orjson

from llm_agentd.client.records import Record
from llm_agentd.errors import AgentdError, BadRequest, Cancelled, Overloaded, Unavailable
from llm_agentd.http.daemon_client import DaemonClient
from llm_agentd.http.open_requests import RETRY_AFTER_MS, Submission, timeout_s_of
from llm_agentd.http.voice.microphones import Microphones, shown
from llm_agentd.protocol.encode import error_fields
from llm_agentd.protocol.listen_record import LISTEN, ListenRecord
from llm_agentd.protocol.schema import validate
from llm_agentd.protocol.wire import ID_MAX_CHARS

log = logging.getLogger(__name__)

HIT_MS = 20  # how long a call with `wait_ms` 0 waits for cache hits: ten times their p99 on a busy machine, half a step
GATHER_MS = 10  # after the first event, for the others just sent: fifty hits take about 3; only misses pay it in full
SESSION_IDLE_S = 600.0  # docs/protocol.md promises it
SESSIONS_MAX = 64  # a session is a game server; far more of them than one model can serve
FULL_RETRY_AFTER_MS = 10_000  # a full house empties when a game acknowledges, or after minutes
EVENTS_MAX = 2048  # kept for a client that does not acknowledge: half an hour of a busy village
EVENTS_MAX_BYTES = 4 * 1024 * 1024  # of them in a session; two kilobytes each is three times what a village's are
EVENT_BYTES = 512  # of an event beside its text, about
OPS = ("think", "infer", "warm")
PARTIAL = frozenset({"delta", "opened", "heard"})  # events behind which others of the same request may come
REPORT = "report"  # has no event: it would end the call that waits for a reply
REPORT_TIMEOUT_S = 5.0  # of a daemon that comes back later, the next report is soon enough
INSTANCE_BYTES = 8  # no two of the processes behind one balancer have the same
GAME_AWAY_S = 15.0  # a game with a microphone asks for its events all the time, the mod at least every 5 s
VOICE_PATH = "/voice"  # of the page, under the address by which players reach this server
ANSWERED_MAX = 512  # ids of a session that its reports may name: a busy village's of half a minute


@dataclass(frozen=True, slots=True)
class Call:
    """A checked body of one HTTP call. `requests` and `cancel` hold whatever the game put there."""

    session: str
    after: int = 0
    wait_ms: int = 0
    requests: list[Any] = field(default_factory=list)
    cancel: list[Any] = field(default_factory=list)
    instance: str = ""  # of the process that answered the game last; "": none, or it does not say


@dataclass(frozen=True, slots=True)
class Answer:
    """`unavailable` is set where there was no daemon for any of the requests, or for a call that brought none."""

    events: list[Record]
    rejected: list[Record]
    unavailable: Unavailable | None = None


class Sessions:
    """All sessions. `timeout_ms` is how long a request may take that names no `deadline_ms`."""

    def __init__(
        self,
        daemon: DaemonClient,
        microphones: Microphones,
        *,
        timeout_ms: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._daemon = daemon
        self._microphones = microphones
        self.instance = os.urandom(INSTANCE_BYTES).hex()
        self.timeout_ms = timeout_ms
        self._clock = clock
        self._sessions: dict[str, _Session] = {}  # least recently used first
        self._is_stopping = False

    @property
    def count(self) -> int:
        return len(self._sessions)

    @property
    def waiting_count(self) -> int:
        """How many calls wait for an event just now."""
        return sum(session.has_waiting_call for session in self._sessions.values())

    async def call(self, call: Call) -> Answer:
        """Takes the requests, waits as the head of this file says, and gives what is newer than `after`.

        Raises Overloaded for a new session where there is no room for one.
        """
        session = self._enter(call)
        session.acknowledge(call.after)
        rejected, sent, unavailable = self._take(session, call)
        was_elsewhere = call.instance not in ("", self.instance)
        wait_ms = 0 if rejected or was_elsewhere or self._daemon.is_unreachable else call.wait_ms
        try:
            was_replaced = await self._wait(session, call, sent, wait_ms)
        finally:
            session.active_calls -= 1
            session.used_s = self._clock()
        events: list[Record] = []
        if not was_replaced:  # else they are the newer call's: the client of this one may be gone
            events = session.newer(call.after)
            session.delivered_seq = max(session.delivered_seq, session.last_seq)
        if (
            not events and not rejected and self._daemon.is_unreachable
        ):  # an empty call, to see whether the daemon is back
            unavailable = Unavailable(self._daemon.reason_not_ready(), retry_after_ms=RETRY_AFTER_MS)
        return Answer(events, rejected, unavailable)

    def sweep(self) -> None:
        """Ends the sessions that were not used for `SESSION_IDLE_S`; called now and then."""
        idle_since_s = self._clock() - SESSION_IDLE_S
        for name, session in list(self._sessions.items()):
            if session.used_s <= idle_since_s and not session.active_calls:
                self._end(name)

    def stop(self) -> None:
        """Calls that wait are answered at once, and none waits any more."""
        self._is_stopping = True
        for session in self._sessions.values():
            session.wake_waiters()

    def _enter(self, call: Call) -> _Session:
        now_s = self._clock()
        session = self._sessions.pop(call.session, None)
        if session is None:
            self._make_room()
            session = _Session(call.after, now_s)
        self._sessions[call.session] = session
        session.used_s = now_s
        session.active_calls += 1
        return session

    def _make_room(self) -> None:
        """For one session more. Raises Overloaded where each holds something: who comes new takes nothing from others.

        An empty one may go, whoever it is of: it loses nothing, and comes back by its next call.
        """
        if len(self._sessions) < SESSIONS_MAX:
            return
        empty = next((name for name, session in self._sessions.items() if session.is_empty), None)
        if empty is None:
            raise Overloaded(
                f"session: {SESSIONS_MAX} are kept, and all hold open requests or events that were not acknowledged; "
                f"use one session for all of a game. One that is unused for {SESSION_IDLE_S / 60:.0f} minutes ends",
                retry_after_ms=FULL_RETRY_AFTER_MS,
            )
        self._end(empty)

    def _end(self, name: str) -> None:
        session = self._sessions.pop(name)
        session.has_ended = True
        self._daemon.drop(self._without_microphones(session.request_ids))
        session.wake_waiters()

    async def _wait(self, session: _Session, call: Call, sent: list[str], wait_ms: int) -> bool:
        """First for any event newer than `after`, then for the rest of what was just sent. True if a newer waits."""
        this_call = object()
        if wait_ms:
            session.waiting_call = this_call
            session.wake_waiters()  # an older call that waits sees that it is not the one any more

            def is_over() -> bool:
                return session.waiting_call is not this_call or session.has_ended or self._is_stopping

            def has_news() -> bool:
                return session.last_seq > max(call.after, session.delivered_seq) and not session.gathering_calls

            if not session.newer(call.after):
                await session.wait_until(lambda: is_over() or has_news(), wait_ms / 1000)
        if sent:
            session.gathering_calls += 1
            try:
                if not wait_ms:
                    await session.wait_until(lambda: session.last_seq > call.after or self._is_stopping, HIT_MS / 1000)
                if session.last_seq > call.after:
                    await session.wait_until(
                        lambda: self._is_stopping or not any(request_id in session.wire_ids for request_id in sent),
                        GATHER_MS / 1000,
                    )
            finally:
                session.gathering_calls -= 1
                # Later, when this call has taken its events along: else it would wake a waiting call for them.
                asyncio.get_running_loop().call_soon(session.wake_waiters)
        return wait_ms > 0 and session.waiting_call is not this_call

    def _take(self, session: _Session, call: Call) -> tuple[list[Record], list[str], Unavailable | None]:
        """Sends new requests and cancels others, in one frame.

        Returns the rejections, the ids just sent, and, where nothing was sent as there is no daemon, that error.
        """
        rejected: list[Record] = []
        submissions: list[Submission] = []
        ids: list[str] = []
        reports: list[Submission] = []
        for request in call.requests:
            if isinstance(request, dict) and request.get("op") == REPORT:
                record = session.with_wire_ids(request)
                reports.append(Submission(record, _log_refusal, REPORT_TIMEOUT_S, is_control=True))
                continue
            request_id = request.get("id") if isinstance(request, dict) else None
            try:
                if isinstance(request, dict) and request.get("op") == LISTEN:
                    self._listen(session, request)
                    continue
                submission = self._submission(session, request, request_id)
            except AgentdError as error:
                rejected.append(_rejection(request_id, error))
                continue
            if submission is not None and isinstance(request_id, str):
                submissions.append(submission)
                ids.append(request_id)
        cancelled = [name for name in call.cancel if isinstance(name, str) and name in session.wire_ids]
        dropped = [wire_id for name in cancelled if (wire_id := session.close(name)) is not None]
        outcomes = self._daemon.submit([*submissions, *reports], self._without_microphones(dropped))[: len(submissions)]
        for request_id in dict.fromkeys(cancelled):
            session.add(request_id, error_fields(Cancelled("cancelled by the client")))
        sent: list[str] = []
        unavailable: Unavailable | None = None
        for request_id, outcome in zip(ids, outcomes, strict=True):
            if isinstance(outcome, AgentdError):
                session.contents.pop(request_id, None)
                rejected.append(_rejection(request_id, outcome))
                unavailable = outcome if isinstance(outcome, Unavailable) else unavailable
                continue
            sent.append(request_id)
            session.wire_ids[request_id] = outcome
            session.request_ids[outcome] = request_id
        return rejected, sent, None if sent else unavailable

    def _submission(self, session: _Session, request: Any, request_id: Any) -> Submission | None:
        """The request to send; None where it was sent before. Raises AgentdError. Options the daemon checks."""
        if not isinstance(request, dict):
            raise BadRequest("requests: want objects with op and id")
        _check_id(request_id)
        if request.get("op") not in OPS:
            raise BadRequest(f"op: want {', '.join(OPS)}, {LISTEN} or {REPORT}")
        content = _content(request)
        if request_id in session.contents:
            if session.contents[request_id] != content:
                raise BadRequest(f"id: {request_id!r} is in use by another request of this session; ids must be unique")
            return None
        session.check_room()
        session.contents[request_id] = content
        return Submission(request, session.on_answer, timeout_s_of(request, self.timeout_ms))

    def _listen(self, session: _Session, request: Record) -> None:
        """Opens a microphone, or changes one that is open. Raises AgentdError. One that is over is not opened again by
        a request that was on its way."""
        request_id = request.get("id")
        _check_id(request_id)
        record = validate(ListenRecord, request)
        key = session.wire_ids.get(record.id)
        if key is not None:
            self._microphones.update(key, record)
        elif record.id not in session.contents:
            session.check_room()
            opened = self._microphones.open(record, session.on_answer, lambda: self._is_game_there(session))
            session.contents[record.id] = hash(LISTEN)
            session.wire_ids[record.id], session.request_ids[opened.key] = opened.key, record.id
            session.add(record.id, {"event": "ready", "code": shown(opened.code or ""), "path": VOICE_PATH})

    def _is_game_there(self, session: _Session) -> bool:
        """Does it ask for its events, and take them?"""
        asks = session.active_calls > 0 or self._clock() - session.used_s < GAME_AWAY_S
        return asks and not session.is_full

    def _without_microphones(self, wire_ids: Iterable[str]) -> list[str]:
        """Closes those of these that are microphones; the others are the daemon's."""
        return [wire_id for wire_id in wire_ids if not self._microphones.close(wire_id)]


def _log_refusal(_: str, answer: Record) -> None:
    """The sink of reports, of which nobody waits for the answer."""
    if answer["event"] == "error":
        log.info("a game's report was refused: %s", answer.get("message"))


def _check_id(request_id: Any) -> None:
    if not isinstance(request_id, str) or not 0 < len(request_id) <= ID_MAX_CHARS:
        raise BadRequest(f"id: want a string of 1 to {ID_MAX_CHARS} characters")


def _content(request: Record) -> int:
    try:
        return hash(orjson.dumps(request))
    except (TypeError, ValueError):
        raise BadRequest("nested too deep; send plainer facts") from None


def _rejection(request_id: Any, error: AgentdError) -> Record:
    return {"id": request_id if isinstance(request_id, str) else None, **error.fields()}


class _Session:
    """Events and open requests of one game."""

    def __init__(self, after: int, now_s: float) -> None:
        self.events: deque[Record] = deque()
        self.last_seq = after  # an HTTP process that was restarted counts on from where the client is
        self.delivered_seq = after  # the newest event that stood in any answer
        self.used_s = now_s
        self.active_calls = 0
        self.gathering_calls = 0  # of these, the ones that take hits along
        self.has_ended = False
        self.waiting_call: object | None = None  # the one call that may wait for `wait_ms`: the newest
        self.wire_ids: dict[str, str] = {}  # open: id → wire id
        self.request_ids: dict[str, str] = {}  # open: wire id → id
        self._answered: OrderedDict[str, str] = OrderedDict()  # the newest: id → wire id
        self.contents: dict[str, int] = {}  # id → hash of its request, while open or with events kept
        self._events_bytes = 0
        self._events_of: dict[str, int] = {}  # id → how many of its events are kept
        self._waiters: list[asyncio.Future[None]] = []

    @property
    def is_full(self) -> bool:
        """No request may be added, for there would be no room for its answer."""
        return len(self.events) + len(self.wire_ids) >= EVENTS_MAX or self._events_bytes >= EVENTS_MAX_BYTES

    def check_room(self) -> None:
        """Raises Overloaded where there is none for another request."""
        if self.is_full:
            raise Overloaded(
                f"{len(self.events)} events wait in this session, as many as are kept; acknowledge them with after",
                retry_after_ms=RETRY_AFTER_MS,
            )

    @property
    def is_empty(self) -> bool:
        """Nothing is open, nothing unacknowledged, and nobody waits."""
        return not (self.events or self.wire_ids or self.active_calls)

    @property
    def has_waiting_call(self) -> bool:
        return self.waiting_call is not None and bool(self._waiters)

    def acknowledge(self, after: int) -> None:
        while self.events and self.events[0]["seq"] <= after:
            event = self.events.popleft()
            self._events_bytes -= _bytes_of(event)
            request_id = event["id"]
            self._events_of[request_id] -= 1
            if not self._events_of[request_id]:
                del self._events_of[request_id]
                if request_id not in self.wire_ids:
                    self.contents.pop(request_id, None)
        self.last_seq = max(self.last_seq, after)

    def on_answer(self, wire_id: str, record: Record) -> None:
        """The sink of the daemon's client and of microphones."""
        request_id = self.request_ids.get(wire_id)
        if request_id is None:
            return
        if record["event"] in PARTIAL:
            if len(self.events) >= EVENTS_MAX or self._events_bytes >= EVENTS_MAX_BYTES:
                return  # the `done` has the whole text; `done`s are bounded where requests are taken
        else:
            self.close(request_id)
        self.add(request_id, record)

    def add(self, request_id: str, record: Record) -> None:
        self.last_seq += 1
        record["id"], record["seq"] = request_id, self.last_seq
        self.events.append(record)
        self._events_bytes += _bytes_of(record)
        self._events_of[request_id] = self._events_of.get(request_id, 0) + 1
        self.wake_waiters()

    def close(self, request_id: str) -> str | None:
        """No longer open; its wire id, None where it was not."""
        wire_id = self.wire_ids.pop(request_id, None)
        if wire_id is not None:
            del self.request_ids[wire_id]
            self._answered[request_id] = wire_id
            if len(self._answered) > ANSWERED_MAX:
                self._answered.popitem(last=False)
        return wire_id

    def with_wire_ids(self, report: Record) -> Record:
        """A report names requests by the game's ids; the daemon knows them by their wire ids. Others are left out: they
        were never there, or long ago. What is no list of objects the daemon refuses.
        """
        named = {}
        for field_name in ("acted", "fell_back"):
            entries = report.get(field_name)
            if isinstance(entries, list) and all(isinstance(entry, dict) for entry in entries):
                known = [(entry, self._answered.get(str(entry.get("request")))) for entry in entries]
                named[field_name] = [{**entry, "request": wire_id} for entry, wire_id in known if wire_id is not None]
        return {**report, **named}

    def newer(self, after: int) -> list[Record]:
        return [event for event in self.events if event["seq"] > after]

    def wake_waiters(self) -> None:
        """Wakes all calls that wait, so that each looks at its own condition again."""
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            _wake(waiter)

    async def wait_until(self, condition: Callable[[], bool], timeout_s: float) -> None:
        """Returns when `condition` holds or the time is up; looked at anew after each `wake_waiters`."""
        loop = asyncio.get_running_loop()
        end_s = loop.time() + timeout_s
        while not condition() and loop.time() < end_s:
            waiter: asyncio.Future[None] = loop.create_future()
            self._waiters.append(waiter)
            timer = loop.call_at(end_s, _wake, waiter)
            try:
                await waiter
            finally:
                timer.cancel()


def _bytes_of(event: Record) -> int:
    return EVENT_BYTES + len(event.get("text") or "")


def _wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
