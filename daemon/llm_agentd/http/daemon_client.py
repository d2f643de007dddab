"""The HTTP process's one DEALER to the daemon: what many HTTP calls ask for, over one socket, re-sent when it breaks.

Runs on the event loop, and only there. It shares the connection with `llm_agentd.client`, but not its way of failing:
the daemon may die and come back, and no HTTP client notices more than a delay. So each request is kept, encoded, until
its last answer came; whatever was open is sent again under the same id, which the daemon knows again by the socket's
fixed routing id. Ids on the wire are its own, so that no two sessions collide. It knows nothing of HTTP or sessions: an
answer goes to the `sink` that came with the request.

    no connection ──handshake──▶ probing ──pong──▶ ready    not ready for `retry_s`: unreachable, all open requests fail
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from llm_agentd.client.connection import Connection
from llm_agentd.client.records import Record, done_or_raise, encode
from llm_agentd.errors import AgentdError, DeadlineExceeded, Overloaded, Unavailable
from llm_agentd.protocol import wire
from llm_agentd.protocol.encode import error_fields
from llm_agentd.protocol.schema import DEADLINE_MAX_MS

log = logging.getLogger(__name__)

OPEN_MAX = 2048  # twice the daemon's default queue: it says itself when it is full, this only bounds memory here
OPEN_MAX_BYTES = 64 * 1024 * 1024  # what is kept to be sent again; 2048 requests of usual size are about 2 MB
PROBE_S = 0.1  # between pings while the daemon says that it is starting
TICK_S = 1.0  # a ping where nothing was received for so long, and a look for requests that expired
STALLED_S = 3.0  # no record for so long after a ping: the router thread hangs (its worst gap seen is milliseconds)
EXPIRY_GRACE_S = 5.0  # the daemon keeps deadlines itself; an answer later than this will never come
RETRY_AFTER_MS = 1000  # how soon an HTTP client may try again: the daemon is looked for more often than that
CONTROL_TIMEOUT_S = 2.0  # of an op that the router answers itself: no engine step is in it, it takes milliseconds
PING_ID = "ping"  # all other ids are numbers

Sink: TypeAlias = Callable[[str, Record], None]


@dataclass(frozen=True, slots=True)
class Submission:
    """One request. `record` becomes the client's (its id is set here); `sink(wire_id, answer)` runs on the event loop.

    `timeout_s` is when the daemon itself gives up; `EXPIRY_GRACE_S` later this client answers in its place.
    """

    record: Record
    sink: Sink
    timeout_s: float


@dataclass(slots=True)
class _Open:
    """A request without its last answer. `connection` is the one it was last sent on, 0 for none."""

    encoded: bytes
    sink: Sink
    timeout_s: float
    connection: int = 0
    expires_s: float = 0.0  # set when sent
    has_delivered_delta: bool = False  # a second run must then deliver none
    skips_deltas: bool = False
    was_requeued: bool = False  # answered `unavailable` once, and put back


def timeout_s_of(record: Record, default_ms: int) -> float:
    """When the daemon gives up on this request: its `deadline_ms`, where that is one, else the default."""
    deadline_ms = record.get("deadline_ms")
    if isinstance(deadline_ms, (int, float)) and 0 < deadline_ms <= DEADLINE_MAX_MS:
        return deadline_ms / 1000
    return default_ms / 1000


class DaemonClient:
    """`start`, then `submit`, `drop`, `begin`, `request`, then `stop`; all on one event loop."""

    def __init__(self, endpoint: str, *, retry_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.endpoint = endpoint
        self._retry_s = retry_s
        self._clock = clock
        self._open: dict[str, _Open] = {}
        self._open_bytes = 0
        self._last_id = 0
        self._is_running = False
        self._connections = 0  # handshakes so far: the number of the present connection
        self._is_ready = False
        self._is_unreachable = False
        self._received_since_tick = False
        self._ping_sent_s: float | None = None
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._connection = Connection(
            endpoint,
            on_records=self._on_records,
            on_connect=self._on_connect,
            on_disconnect=self._set_unready,
            # The same name after a reconnect, so that the daemon knows re-sent ids again.
            routing_id=f"http-{os.getpid()}-{os.urandom(6).hex()}".encode(),
        )

    # -- lifecycle -------------------------------------------------------------------------------

    def start(self) -> None:
        """Connects, or goes on trying; nothing where it runs. Raises StartError where the endpoint is no address."""
        if self._is_running:
            return
        self._loop = asyncio.get_running_loop()
        self._connection.open()
        self._set_unready()
        self._later("tick", TICK_S, self._tick)
        self._is_running = True

    def stop(self) -> None:
        """Answers what is open with `unavailable`, then closes."""
        if not self._is_running:
            return
        self._is_running = False
        for timer in self._timers.values():
            timer.cancel()
        self._is_unreachable, self._is_ready = True, False
        self._fail(self._open, Unavailable("the HTTP adapter is stopping", retry_after_ms=RETRY_AFTER_MS))
        self._connection.close()

    def _later(self, name: str, delay_s: float, call: Callable[[], None]) -> None:
        """One timer of each name; a new one takes the place of the old."""
        self._stop_timer(name)
        self._timers[name] = self._loop.call_later(delay_s, call)

    def _stop_timer(self, name: str) -> None:
        if name in self._timers:
            self._timers.pop(name).cancel()

    # -- for the routes --------------------------------------------------------------------------

    @property
    def open_count(self) -> int:
        return len(self._open)

    @property
    def is_ready(self) -> bool:
        """The daemon has said that it can answer, and nothing has spoken against it since."""
        return self._is_ready

    @property
    def is_unreachable(self) -> bool:
        """No daemon for `retry_s`: nothing is taken until one is back."""
        return self._is_unreachable

    def reason_not_ready(self) -> str:
        """For people: why nothing is answered, and the fix."""
        if self._connection.is_connected:
            return f"the daemon at {self.endpoint} is there but cannot answer yet; see its log if that lasts"
        return f"no daemon at {self.endpoint}; is `llm-agentd serve` running, with the same zmq.endpoint?"

    def submit(self, submissions: Sequence[Submission], drop: Iterable[str] = ()) -> list[str | AgentdError]:
        """Sends all of them, and cancels `drop`, in one frame. For each its wire id, or why it was not taken."""
        outcomes: list[str | AgentdError] = []
        frames = self._forget(drop)
        now_s = self._clock()
        for submission in submissions:
            try:
                wire_id, entry = self._admit(submission)
            except AgentdError as error:
                outcomes.append(error)
                continue
            outcomes.append(wire_id)
            if self._is_ready:
                frames.append(self._mark_sent(entry, now_s))
        self._connection.send(frames)
        return outcomes

    def drop(self, wire_ids: Iterable[str]) -> None:
        """Nobody waits for these any more: no sink is called for them again, and the daemon may stop them."""
        self._connection.send(self._forget(wire_ids))

    def begin(self, record: Record, timeout_s: float) -> tuple[str, asyncio.Future[Record]]:
        """One request whose last answer is a future; whoever stops waiting for it drops the id. Raises AgentdError."""
        last: asyncio.Future[Record] = self._loop.create_future()

        def sink(_: str, answer: Record) -> None:
            if answer["event"] != "delta" and not last.done():
                last.set_result(answer)

        (outcome,) = self.submit([Submission(record, sink, timeout_s)])
        if isinstance(outcome, AgentdError):
            raise outcome
        return outcome, last

    async def request(self, record: Record) -> Record:
        """The `done` record of an op that the daemon's router answers itself.

        Raises the error it was answered with, and Unavailable where no answer comes.
        """
        wire_id, reply = self.begin(record, CONTROL_TIMEOUT_S)
        try:
            return done_or_raise(await asyncio.wait_for(reply, CONTROL_TIMEOUT_S))
        except TimeoutError:
            raise Unavailable(self.reason_not_ready(), retry_after_ms=RETRY_AFTER_MS) from None
        finally:
            self.drop([wire_id])

    # -- the table of open requests --------------------------------------------------------------

    def _admit(self, submission: Submission) -> tuple[str, _Open]:
        if self._is_unreachable:
            raise Unavailable(self.reason_not_ready(), retry_after_ms=RETRY_AFTER_MS)
        if len(self._open) >= OPEN_MAX or self._open_bytes >= OPEN_MAX_BYTES:
            raise Overloaded(
                f"{len(self._open)} requests wait in the HTTP adapter already; ask less often",
                retry_after_ms=RETRY_AFTER_MS,
            )
        wire_id = self._next_id()
        submission.record["id"] = wire_id
        encoded = encode(submission.record)
        entry = self._open[wire_id] = _Open(encoded, submission.sink, submission.timeout_s)
        self._open_bytes += len(encoded)
        return wire_id, entry

    def _next_id(self) -> str:
        self._last_id += 1
        return str(self._last_id)

    def _forget(self, wire_ids: Iterable[str]) -> list[bytes]:
        """Closes these and gives the `cancel` records for those that the daemon has."""
        frames = []
        for wire_id in wire_ids:
            entry = self._close_entry(wire_id)
            if entry is not None and self._is_sent(entry):
                frames.append(wire.encode({"op": "cancel", "id": self._next_id(), "target": wire_id}))
        return frames

    def _close_entry(self, wire_id: str) -> _Open | None:
        entry = self._open.pop(wire_id, None)
        if entry is not None:
            self._open_bytes -= len(entry.encoded)
        return entry

    def _is_sent(self, entry: _Open) -> bool:
        return self._connection.is_connected and entry.connection == self._connections

    def _mark_sent(self, entry: _Open, now_s: float) -> bytes:
        entry.connection = self._connections
        entry.expires_s = now_s + entry.timeout_s + EXPIRY_GRACE_S
        entry.skips_deltas = entry.has_delivered_delta
        return entry.encoded

    def _fail(self, wire_ids: Iterable[str], error: AgentdError) -> None:
        """Answers these with `error`, and tells the daemon to leave them."""
        failed = {wire_id: self._open[wire_id] for wire_id in wire_ids}
        self._connection.send(self._forget(failed))
        for wire_id, entry in failed.items():
            self._pass_on(entry, wire_id, {"id": wire_id, **error_fields(error)})

    def _pass_on(self, entry: _Open, wire_id: str, record: Record) -> None:
        try:
            entry.sink(wire_id, record)
        except Exception:  # a bug of one sink must not stop the others' answers
            log.exception("an answer broke its reader")

    # -- what the daemon sends -------------------------------------------------------------------

    def _on_records(self, records: list[Record]) -> None:
        self._received_since_tick, self._ping_sent_s = True, None  # any part is as good as a pong
        for record in records:
            self._on_record(record)

    def _on_record(self, record: Record) -> None:
        wire_id, event = record.get("id"), record.get("event")
        if wire_id == PING_ID:
            self._on_pong(can_answer=event == "done")
            return
        entry = self._open.get(wire_id) if isinstance(wire_id, str) else None
        if entry is None or not isinstance(wire_id, str):
            if wire_id is None:
                log.error("the daemon refused a record: %s", record.get("message"))
            return  # dropped meanwhile, or the answer to a cancel
        if event == "delta":
            if not entry.skips_deltas:
                entry.has_delivered_delta = True
                self._pass_on(entry, wire_id, record)
        elif record.get("code") == Unavailable.code and not entry.was_requeued:
            entry.was_requeued, entry.connection = True, 0
            self._probe()  # stopping, or starting: held back until the daemon says that it can answer
        else:
            self._close_entry(wire_id)
            self._pass_on(entry, wire_id, record)

    # -- is the daemon there? --------------------------------------------------------------------

    def _on_connect(self) -> None:
        self._connections += 1
        self._ping_sent_s = None
        self._probe()

    def _probe(self) -> None:
        """Pings the daemon; until it answers that it is ready, requests are held back."""
        if self._is_ready or self._ping_sent_s is None:  # else a ping is on its way already
            self._set_unready()
            self._ping()

    def _ping(self) -> None:
        if self._connection.is_connected:
            self._ping_sent_s = self._clock()
            self._connection.send([wire.encode({"op": "ping", "id": PING_ID})])

    def _on_pong(self, *, can_answer: bool) -> None:
        if can_answer and not self._is_ready:
            self._set_ready()
        elif not can_answer:
            self._set_unready()
            self._later("probe", PROBE_S, self._ping)

    def _set_ready(self) -> None:
        if self._is_unreachable:
            log.info("the daemon at %s answers again", self.endpoint)
        self._is_ready, self._is_unreachable = True, False
        self._stop_timer("retry")
        now_s = self._clock()
        unsent = [entry for entry in self._open.values() if not self._is_sent(entry)]
        self._connection.send([self._mark_sent(entry, now_s) for entry in unsent])

    def _set_unready(self) -> None:
        self._is_ready = False
        if not self._is_unreachable and "retry" not in self._timers:
            self._later("retry", self._retry_s, self._give_up)

    def _give_up(self) -> None:
        """`retry_s` without the daemon: all open requests fail, and new ones fail at once."""
        del self._timers["retry"]
        self._is_unreachable = True
        log.warning("%s", self.reason_not_ready())
        self._fail(self._open, Unavailable(self.reason_not_ready(), retry_after_ms=RETRY_AFTER_MS))

    def _tick(self) -> None:
        self._later("tick", TICK_S, self._tick)
        if not self._is_ready:
            return
        now_s = self._clock()
        if self._ping_sent_s is not None and now_s - self._ping_sent_s > STALLED_S:
            self._set_unready()  # connected, yet silent; its pong makes it ready again
            return
        if not self._received_since_tick and self._ping_sent_s is None:
            self._ping()
        self._received_since_tick = False
        late = [wire_id for wire_id, entry in self._open.items() if entry.expires_s < now_s]
        if late:
            self._fail(late, DeadlineExceeded("the daemon gave no answer in time"))
