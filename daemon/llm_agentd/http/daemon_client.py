"""The door's one DEALER to the daemon: many askers, one socket, one frame for all that one HTTP call asks.

Runs on the door's event loop, and only there. Knows when the daemon goes and comes back, and re-sends what was open;
ids on the wire are its own, so that no two sessions collide. It knows nothing of HTTP or sessions: an answer goes to
the `sink` that came with the question.

    no connection ──handshake──▶ probing ──pong──▶ ready       not ready for `retry_s`: away, all open are `unavailable`
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import zmq
from zmq.utils.monitor import parse_monitor_message

from llm_agentd.errors import AgentdError, BadRequest, DeadlineExceeded, Overloaded, StartError, Unavailable
from llm_agentd.protocol import wire
from llm_agentd.protocol.schema import DEADLINE_MAX_MS

log = logging.getLogger(__name__)

OPEN_MAX = 2048  # twice the daemon's default queue: it says itself when it is full, this only bounds memory here
OPEN_MAX_BYTES = 64 * 1024 * 1024  # what is kept for a re-send; 2048 requests of usual size are about 2 MB
RECONNECT_MS = 100  # how often a lost daemon is looked for; a refused connection costs nothing
PROBE_S = 0.1  # between pings while the daemon says that it is starting
TICK_S = 1.0  # a ping where nothing was heard for so long, and a look for questions that expired
STALLED_S = 3.0  # no word for so long after a ping: the router thread hangs (its worst gap seen is milliseconds)
EXPIRY_GRACE_S = 5.0  # the daemon keeps deadlines itself; an answer later than this will never come
RETRY_AFTER_MS = 1000  # how soon a client may ask again: the daemon is looked for more often than that
HEARTBEAT_MS, HEARTBEAT_TIMEOUT_MS = 2000, 6000  # a host that vanishes closes no connection
PING_ID = "ping"  # all other ids are numbers

Record: TypeAlias = dict[str, Any]
Sink: TypeAlias = Callable[[str, Record], None]


@dataclass(frozen=True, slots=True)
class Ask:
    """One question. `record` becomes the link's (its id is set here); `sink(wire_id, answer)` is called on the loop.

    `timeout_s` is when the daemon itself gives up; `EXPIRY_GRACE_S` later the link answers in its place.
    """

    record: Record
    sink: Sink
    timeout_s: float


@dataclass(slots=True)
class _Open:
    """A question without its last answer. `connection` is the one it was last sent on, 0 for none."""

    encoded: bytes
    sink: Sink
    timeout_s: float
    connection: int = 0
    expires_s: float = 0.0  # set when sent
    showed: bool = False  # a delta reached the sink, so a second run may show none
    muted: bool = False
    bounced: bool = False  # answered `unavailable` once, and put back


def timeout_s_of(record: Record, default_ms: int) -> float:
    """When the daemon gives up on this question: its `deadline_ms`, where that is one, else the default."""
    deadline_ms = record.get("deadline_ms")
    if isinstance(deadline_ms, (int, float)) and 0 < deadline_ms <= DEADLINE_MAX_MS:
        return deadline_ms / 1000
    return default_ms / 1000


class Link:
    """`start`, then `submit`, `drop`, `ask`, then `stop`; all on one event loop."""

    def __init__(self, endpoint: str, *, retry_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.endpoint = endpoint
        self._retry_s = retry_s
        self._clock = clock
        self._open: dict[str, _Open] = {}
        self._open_bytes = 0
        self._outbox: deque[bytes] = deque()  # parts the socket would not take yet
        self._last_id = 0
        self._running = False
        self._connected = False
        self._connection = 0  # counts handshakes
        self._ready = False
        self._away = False
        self._heard = False  # any word since the last tick
        self._ping_sent_s: float | None = None
        self._timers: dict[str, asyncio.TimerHandle] = {}

    # -- lifecycle -------------------------------------------------------------------------------

    def start(self) -> None:
        """Connects, or goes on trying; nothing where it runs. Raises StartError where the endpoint is no address."""
        if self._running:
            return
        self._loop = asyncio.get_running_loop()
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._socket = self._context.socket(zmq.DEALER)
        options: dict[zmq.SocketOption, int | bytes] = {
            # The same name after a reconnect, so that the daemon knows re-sent ids again.
            zmq.ROUTING_ID: f"door-{os.getpid()}-{os.urandom(6).hex()}".encode(),
            zmq.IMMEDIATE: 1,  # nothing queues in a connection that is not there: re-sending is done here
            zmq.LINGER: 0,
            zmq.IPV6: 1,
            zmq.MAXMSGSIZE: wire.PART_MAX_BYTES,
            zmq.RECONNECT_IVL: RECONNECT_MS,
            zmq.HEARTBEAT_IVL: HEARTBEAT_MS,
            zmq.HEARTBEAT_TIMEOUT: HEARTBEAT_TIMEOUT_MS,
        }
        for option, value in options.items():
            self._socket.setsockopt(option, value)
        self._monitor = self._socket.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_DISCONNECTED)
        try:
            self._socket.connect(self.endpoint)
        except zmq.ZMQError as error:
            self._close()
            raise StartError(
                f"zmq.endpoint: cannot connect to {self.endpoint!r}: {error.strerror}; "
                "want tcp://127.0.0.1:PORT or ipc:///path/to/socket"
            ) from None
        self._loop.add_reader(self._monitor.fileno(), self._on_monitor)
        self._loop.add_reader(self._socket.fileno(), self._on_socket)
        self._set_unready()
        self._later("tick", TICK_S, self._tick)
        self._running = True
        # What came before the readers were there has been signalled already, and is not again.
        self._on_monitor()
        self._on_socket()

    def stop(self) -> None:
        """Answers what is open with `unavailable`, then closes."""
        if not self._running:
            return
        self._running = False
        for timer in self._timers.values():
            timer.cancel()
        self._loop.remove_reader(self._socket.fileno())
        self._loop.remove_reader(self._monitor.fileno())
        self._away, self._ready = True, False
        self._fail(self._open, Unavailable("the HTTP adapter is stopping", retry_after_ms=RETRY_AFTER_MS))
        self._close()

    def _close(self) -> None:
        self._socket.disable_monitor()
        self._monitor.close(0)
        self._socket.close(0)
        self._context.term()

    def _later(self, name: str, delay_s: float, call: Callable[[], None]) -> None:
        """One timer of each name; a new one takes the place of the old."""
        self._stop_timer(name)
        self._timers[name] = self._loop.call_later(delay_s, call)

    def _stop_timer(self, name: str) -> None:
        if name in self._timers:
            self._timers.pop(name).cancel()

    # -- for the askers --------------------------------------------------------------------------

    @property
    def open_count(self) -> int:
        return len(self._open)

    @property
    def ready(self) -> bool:
        """The daemon has said that it can answer, and nothing has spoken against it since."""
        return self._ready

    @property
    def away(self) -> bool:
        """No daemon for `retry_s`: nothing is taken until one is back."""
        return self._away

    def why_not(self) -> str:
        """For people: why nothing is answered, and the cure."""
        if self._connected:
            return f"the daemon at {self.endpoint} is there but cannot answer yet; see its log if that lasts"
        return f"no daemon at {self.endpoint}; is `llm-agentd serve` running, with the same zmq.endpoint?"

    def submit(self, asks: Sequence[Ask], drop: Iterable[str] = ()) -> list[str | AgentdError]:
        """Sends all of them, and cancels `drop`, in one frame. For each ask its wire id, or why it was not taken."""
        outcomes: list[str | AgentdError] = []
        frames = self._forget(drop)
        now_s = self._clock()
        for ask in asks:
            try:
                wire_id, entry = self._admit(ask)
            except AgentdError as error:
                outcomes.append(error)
                continue
            outcomes.append(wire_id)
            if self._ready:
                frames.append(self._mark_sent(entry, now_s))
        self._post(frames)
        return outcomes

    def drop(self, wire_ids: Iterable[str]) -> None:
        """Nobody waits for these any more: no sink hears of them again, and the daemon may stop them."""
        self._post(self._forget(wire_ids))

    def ask(self, record: Record, timeout_s: float) -> tuple[str, asyncio.Future[Record]]:
        """One question whose last answer is a future; whoever stops waiting for it drops the id. Raises AgentdError."""
        last: asyncio.Future[Record] = self._loop.create_future()

        def sink(_: str, answer: Record) -> None:
            if answer["event"] != "delta" and not last.done():
                last.set_result(answer)

        (outcome,) = self.submit([Ask(record, sink, timeout_s)])
        if isinstance(outcome, AgentdError):
            raise outcome
        return outcome, last

    def _admit(self, ask: Ask) -> tuple[str, _Open]:
        if self._away:
            raise Unavailable(self.why_not(), retry_after_ms=RETRY_AFTER_MS)
        if len(self._open) >= OPEN_MAX or self._open_bytes >= OPEN_MAX_BYTES:
            raise Overloaded(
                f"{len(self._open)} requests wait in the HTTP adapter already; ask less often",
                retry_after_ms=RETRY_AFTER_MS,
            )
        wire_id = self._next_id()
        ask.record["id"] = wire_id
        try:
            encoded = wire.encode(ask.record)
        except (TypeError, RecursionError):
            raise BadRequest(f"nested deeper than {wire.DEPTH_MAX} levels; send plainer facts") from None
        entry = self._open[wire_id] = _Open(encoded, ask.sink, ask.timeout_s)
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
        return self._connected and entry.connection == self._connection

    def _mark_sent(self, entry: _Open, now_s: float) -> bytes:
        entry.connection = self._connection
        entry.expires_s = now_s + entry.timeout_s + EXPIRY_GRACE_S
        entry.muted = entry.showed
        return entry.encoded

    def _fail(self, wire_ids: Iterable[str], error: AgentdError) -> None:
        """Answers these with `error`, and tells the daemon to leave them."""
        failed = {wire_id: self._open[wire_id] for wire_id in wire_ids}
        self._post(self._forget(failed))
        answer: Record = {"event": "error", "code": error.code, "message": error.message}
        if error.retry_after_ms is not None:
            answer["retry_after_ms"] = error.retry_after_ms
        for wire_id, entry in failed.items():
            self._call(entry, wire_id, {"id": wire_id, **answer})

    # -- the socket ------------------------------------------------------------------------------

    def _post(self, encoded: Iterable[bytes]) -> None:
        self._outbox.extend(wire.pack(encoded))
        if self._outbox:
            self._flush()

    def _flush(self) -> None:
        while self._outbox:
            try:
                self._socket.send(self._outbox[0], zmq.DONTWAIT)
            except zmq.Again:
                break  # the descriptor signals when there is room
            self._outbox.popleft()
        # ZeroMQ's descriptor is edge-triggered: what a send noticed on the side is not signalled again.
        if int(self._socket.getsockopt(zmq.EVENTS)) & zmq.POLLIN:
            self._loop.call_soon(self._on_socket)

    def _on_socket(self) -> None:
        if self._socket.closed:
            return
        self._drain()
        if self._outbox:
            self._flush()

    def _drain(self) -> None:
        while True:
            try:
                part = self._socket.recv(zmq.DONTWAIT)
            except zmq.Again:
                return
            self._heard, self._ping_sent_s = True, None  # any word is as good as a pong
            for record in wire.decode(part):
                if isinstance(record, wire.DecodeError):
                    log.error("the daemon sent what cannot be read: %s", record.error.message)
                else:
                    self._deliver(record)

    def _deliver(self, record: Record) -> None:
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
            if not entry.muted:
                entry.showed = True
                self._call(entry, wire_id, record)
        elif record.get("code") == "unavailable" and not entry.bounced:
            entry.bounced, entry.connection = True, 0
            self._probe()  # stopping, or starting: held back until the daemon says that it can answer
        else:
            self._close_entry(wire_id)
            self._call(entry, wire_id, record)

    def _call(self, entry: _Open, wire_id: str, record: Record) -> None:
        try:
            entry.sink(wire_id, record)
        except Exception:  # a bug of one reader must not stop the others' answers
            log.exception("an answer broke its reader")

    # -- is the daemon there? --------------------------------------------------------------------

    def _on_monitor(self) -> None:
        while not self._monitor.closed:
            try:
                message = self._monitor.recv_multipart(zmq.DONTWAIT)
            except zmq.Again:
                return
            if parse_monitor_message(message)["event"] == zmq.EVENT_HANDSHAKE_SUCCEEDED:
                self._connected = True
                self._connection += 1
                self._ping_sent_s = None
                self._probe()
            else:
                self._drain()  # what arrived before the end still counts
                self._connected = False
                self._outbox.clear()
                self._set_unready()

    def _probe(self) -> None:
        """Asks whether the daemon can answer; until it says so, questions are held back."""
        if self._ready or self._ping_sent_s is None:  # else it is being asked already
            self._set_unready()
            self._ping()

    def _ping(self) -> None:
        if self._connected:
            self._ping_sent_s = self._clock()
            self._post([wire.encode({"op": "ping", "id": PING_ID})])

    def _on_pong(self, *, can_answer: bool) -> None:
        if can_answer and not self._ready:
            self._set_ready()
        elif not can_answer:
            self._set_unready()
            self._later("probe", PROBE_S, self._ping)

    def _set_ready(self) -> None:
        if self._away:
            log.info("the daemon at %s answers again", self.endpoint)
        self._ready, self._away = True, False
        self._stop_timer("retry")
        now_s = self._clock()
        self._post([self._mark_sent(entry, now_s) for entry in self._open.values() if not self._is_sent(entry)])

    def _set_unready(self) -> None:
        self._ready = False
        if not self._away and "retry" not in self._timers:
            self._later("retry", self._retry_s, self._give_up)

    def _give_up(self) -> None:
        """`retry_s` without the daemon: everyone who waits is told, and new ones are told at once."""
        del self._timers["retry"]
        self._away = True
        log.warning("%s", self.why_not())
        self._fail(self._open, Unavailable(self.why_not(), retry_after_ms=RETRY_AFTER_MS))

    def _tick(self) -> None:
        self._later("tick", TICK_S, self._tick)
        if not self._ready:
            return
        now_s = self._clock()
        if self._ping_sent_s is not None and now_s - self._ping_sent_s > STALLED_S:
            self._set_unready()  # connected, yet silent; its pong makes it ready again
            return
        if not self._heard and self._ping_sent_s is None:
            self._ping()
        self._heard = False
        late = [wire_id for wire_id, entry in self._open.items() if entry.expires_s < now_s]
        if late:
            self._fail(late, DeadlineExceeded("the daemon gave no answer in time"))
