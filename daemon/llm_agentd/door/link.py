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
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from llm_agentd.door.dealer import Dealer
from llm_agentd.errors import AgentdError, BadRequest, DeadlineExceeded, Overloaded, Unavailable
from llm_agentd.serving import wire
from llm_agentd.serving.validate import DEADLINE_MAX_MS

log = logging.getLogger(__name__)

OPEN_MAX = 2048  # twice the daemon's default queue: it says itself when it is full, this only bounds memory here
OPEN_MAX_BYTES = 64 * 1024 * 1024  # what is kept for a re-send; 2048 requests of usual size are about 2 MB
PROBE_S = 0.1  # between pings while the daemon says that it is starting
TICK_S = 1.0  # a ping where nothing was heard for so long, and a look for questions that expired
STALLED_S = 3.0  # no word for so long after a ping: the router thread hangs (its worst gap seen is milliseconds)
DEAF_S = 10.0  # and for so long: the host is gone, which closes no connection by itself
UNSENT_MAX_BYTES = 16 * 1024 * 1024  # a daemon that does not read is noticed in seconds; until then this bounds memory
EXPIRY_GRACE_S = 5.0  # the daemon keeps deadlines itself; an answer later than this will never come
RETRY_AFTER_MS = 1000  # how soon a client may ask again: the daemon is looked for more often than that
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
    """`start`, then `submit`, `drop`, `ask`, then `stop`; on one event loop. StartError for what is no endpoint."""

    def __init__(self, endpoint: str, *, retry_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.endpoint = endpoint
        self._retry_s = retry_s
        self._clock = clock
        self._open: dict[str, _Open] = {}
        self._open_bytes = 0
        self._last_id = 0
        self._running = False
        self._connected = False
        self._connection = 0  # counts handshakes
        self._ready = False
        self._away = False
        self._heard = False  # any word since the last tick
        self._ping_sent_s: float | None = None
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._dealer = Dealer(
            endpoint,
            # The same name after a reconnect, so that the daemon knows re-sent ids again.
            routing_id=f"door-{os.getpid()}-{os.urandom(6).hex()}".encode(),
            part_max_bytes=wire.PART_MAX_BYTES,
            on_up=self._on_up,
            on_down=self._on_down,
            on_part=self._on_part,
        )

    # -- lifecycle -------------------------------------------------------------------------------

    def start(self) -> None:
        """Connects, or goes on trying; nothing where it runs."""
        if self._running:
            return
        self._running = True
        self._loop = asyncio.get_running_loop()
        self._dealer.start()
        self._set_unready()
        self._later("tick", TICK_S, self._tick)

    def stop(self) -> None:
        """Answers what is open with `unavailable`, then closes."""
        if not self._running:
            return
        self._running = False
        for timer in self._timers.values():
            timer.cancel()
        self._away, self._ready = True, False
        self._fail(self._open, Unavailable("the HTTP adapter is stopping", retry_after_ms=RETRY_AFTER_MS))
        self._dealer.stop()

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
        if (
            len(self._open) >= OPEN_MAX
            or self._open_bytes >= OPEN_MAX_BYTES
            or self._dealer.unsent_bytes >= UNSENT_MAX_BYTES
        ):
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

    # -- the connection --------------------------------------------------------------------------

    def _post(self, encoded: Iterable[bytes]) -> None:
        for part in wire.pack(encoded):
            self._dealer.send(part)

    def _on_part(self, part: bytes) -> None:
        self._heard, self._ping_sent_s = True, None  # any word is as good as a pong
        for record in wire.decode(part):
            if isinstance(record, wire.Bad):
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

    def _on_up(self) -> None:
        self._connected = True
        self._connection += 1
        self._ping_sent_s = None
        self._probe()

    def _on_down(self) -> None:
        self._connected = False
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
        now_s = self._clock()
        silent_s = 0.0 if self._ping_sent_s is None else now_s - self._ping_sent_s
        if silent_s > DEAF_S:
            self._dealer.hang_up()
        elif silent_s > STALLED_S:
            self._set_unready()  # connected, yet silent; its pong makes it ready again
        if not self._ready:
            return
        if not self._heard and self._ping_sent_s is None:
            self._ping()
        self._heard = False
        late = [wire_id for wire_id, entry in self._open.items() if entry.expires_s < now_s]
        if late:
            self._fail(late, DeadlineExceeded("the daemon gave no answer in time"))
