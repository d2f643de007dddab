"""The HTTP process's one DEALER to the daemon: what many HTTP calls ask for, over one socket, re-sent when it breaks.

Runs on the event loop, and only there. It shares the connection with `llm_agentd.client`, but not its way of failing:
the daemon may die and come back, and no HTTP client notices more than a delay. `open_requests.py` keeps each request
until its last answer came, and says what goes out and who is to blame where the daemon died; this file has the socket
and the timers. The daemon knows what is sent again by the socket's fixed routing id. Ids on the wire are its own, so
that no two sessions collide. It knows nothing of HTTP or sessions: an answer goes to the `sink` of the request.

    no connection ──handshake──▶ probing ──pong──▶ ready    not ready for `retry_s`: unreachable, all open requests fail
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from llm_agentd.client.curve import CurveFiles
from llm_agentd.client.records import Record, done_or_raise
from llm_agentd.errors import AgentdError, DeadlineExceeded, EngineFailed, SwitchedOff, Unavailable
from llm_agentd.http.open_requests import RETRY_AFTER_MS, OpenRequest, OpenRequests, Submission
from llm_agentd.http.stream_connection import StreamConnection
from llm_agentd.protocol import wire
from llm_agentd.protocol.encode import error_fields
from llm_agentd.util.endpoint import endpoint_to_connect

if TYPE_CHECKING:
    from llm_agentd.client.connection import Connection

log = logging.getLogger(__name__)

PROBE_S = 0.1  # between pings while the daemon says that it is starting
TICK_S = 1.0  # a ping where nothing was received for so long, and a look for requests that expired
STALLED_S = 3.0  # no record for so long after a ping: the router thread hangs (its worst gap seen is milliseconds)
CONTROL_TIMEOUT_S = 2.0  # of an op that the router answers itself: no engine step is in it, it takes milliseconds
KILLED = (
    "the daemon died of this request each time it had it, and it is not sent again; ask something else, "
    "and see the daemon's log for what broke"
)
NO_ANSWER = "the daemon gave no answer in time"  # and where it never had the request, why behind it
HELD_BACK = "it waited behind requests of which one may have killed the daemon before"
ROUTING_ID_BYTES = 16  # nobody can guess it, and take over what comes for the adapter by connecting under its name
PING_ID = "ping"  # all other ids are numbers


class DaemonClient:
    """`stream`: the daemon's plain socket, where it has one that can be reached; else it is ZeroMQ at `endpoint`.

    `start`, then `submit`, `drop`, `begin`, `request`, then `stop`; all on one event loop."""

    def __init__(
        self,
        endpoint: str,
        *,
        retry_s: float,
        stream: Path | None = None,
        curve: CurveFiles | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.endpoint = endpoint_to_connect(endpoint, os.environ)
        self._retry_s = retry_s
        self._clock = clock
        self._open = OpenRequests()
        self._daemon_instance: object = None  # of the last daemon that was ready
        self._is_running = False
        self._connections = 0  # handshakes so far: the number of the present connection
        self._has_new_connection = False  # no daemon was ready on it yet
        self._is_ready = False
        self._is_unreachable = False
        self._received_since_tick = False
        self._ping_sent_s: float | None = None
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._connection = self._stream(stream) if stream is not None else self._dealer(curve)

    def _stream(self, path: Path) -> StreamConnection:
        return StreamConnection(
            path, on_records=self._on_records, on_connect=self._on_connect, on_disconnect=self._on_disconnect
        )

    def _dealer(self, curve: CurveFiles | None) -> Connection:
        from llm_agentd.client.connection import Connection  # ZeroMQ, a megabyte that the plain socket needs not

        return Connection(
            self.endpoint,
            on_records=self._on_records,
            on_connect=self._on_connect,
            on_disconnect=self._on_disconnect,
            curve=curve,
            # The same name after a reconnect, so that the daemon knows re-sent ids again.
            routing_id=f"http-{os.urandom(ROUTING_ID_BYTES).hex()}".encode(),
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
    def instance(self) -> object:
        """Which daemon was ready last: another object where another one took its place."""
        return self._daemon_instance

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
                outcomes.append(self._admit(submission, now_s))
            except AgentdError as error:
                outcomes.append(error)
        self._send_due(frames)
        return outcomes

    def drop(self, wire_ids: Iterable[str]) -> None:
        """Nobody waits for these any more: no sink is called for them again, and the daemon may stop them."""
        self._send_due(self._forget(wire_ids))

    def begin(
        self, record: Record, timeout_s: float, *, is_control: bool = False
    ) -> tuple[str, asyncio.Future[Record]]:
        """One request whose last answer is a future; whoever stops waiting for it drops the id. Raises AgentdError."""
        last: asyncio.Future[Record] = self._loop.create_future()

        def sink(_: str, answer: Record) -> None:
            if answer["event"] != "delta" and not last.done():
                last.set_result(answer)

        (outcome,) = self.submit([Submission(record, sink, timeout_s, is_control)])
        if isinstance(outcome, AgentdError):
            raise outcome
        return outcome, last

    async def request(self, record: Record, timeout_s: float = CONTROL_TIMEOUT_S) -> Record:
        """The `done` record of an op that the daemon's router answers itself, or sees to.

        Raises the error it was answered with, and Unavailable where no answer comes.
        """
        wire_id, reply = self.begin(record, timeout_s + TICK_S, is_control=True)  # given up below, not here
        try:
            return done_or_raise(await asyncio.wait_for(reply, timeout_s))
        except TimeoutError:
            raise Unavailable(self.reason_not_ready(), retry_after_ms=RETRY_AFTER_MS) from None
        finally:
            self.drop([wire_id])

    # -- open requests ---------------------------------------------------------------------------

    def _admit(self, submission: Submission, now_s: float) -> str:
        if self._is_unreachable:
            raise Unavailable(self.reason_not_ready(), retry_after_ms=RETRY_AFTER_MS)
        return self._open.add(submission, now_s).id

    def _send_due(self, frames: Sequence[bytes] = ()) -> None:
        """Sends `frames`, and what may go to the daemon now."""
        due: list[bytes] = []
        if self._is_ready:
            due = self._open.take_due(self._clock())
            if self._open.trial_ends_s is not None:
                self._later("trial", max(0.0, self._open.trial_ends_s - self._clock()), self._send_due)
        self._connection.send([*frames, *due])

    def _forget(self, wire_ids: Iterable[str]) -> list[bytes]:
        """Closes these and gives the `cancel` records for those that the daemon has."""
        frames = []
        for wire_id in wire_ids:
            request = self._open.close(wire_id)
            if request is not None and request.is_in_flight:
                frames.append(wire.encode({"op": "cancel", "id": self._open.next_id(), "target": wire_id}))
        return frames

    def _fail(self, wire_ids: Iterable[str], error: AgentdError) -> None:
        """Answers these with `error`, and tells the daemon to leave them."""
        failed = [request for wire_id in wire_ids if (request := self._open.get(wire_id)) is not None]
        self._connection.send(self._forget([request.id for request in failed]))
        for request in failed:
            self._pass_on(request, {"id": request.id, **error_fields(error)})

    def _pass_on(self, request: OpenRequest, record: Record) -> None:
        try:
            request.sink(request.id, record)
        except Exception:  # a bug of one sink must not stop the others' answers
            log.exception("an answer broke its reader")

    # -- what the daemon sends -------------------------------------------------------------------

    def _on_records(self, records: list[Record]) -> None:
        self._received_since_tick, self._ping_sent_s = True, None  # any part is as good as a pong
        for record in records:
            self._on_record(record)
        if self._open.has_waiting:  # where suspects are on trial, an answer makes way for the next
            self._send_due()

    def _on_record(self, record: Record) -> None:
        wire_id, event = record.get("id"), record.get("event")
        if wire_id == PING_ID:
            self._on_pong(record)
            return
        request = self._open.get(wire_id) if isinstance(wire_id, str) else None
        if request is None:
            if wire_id is None:
                log.error("the daemon refused a record: %s", record.get("message"))
            return  # dropped meanwhile, or the answer to a cancel
        if event == "delta":
            if not request.skips_deltas:
                request.has_delivered_delta = True
                self._pass_on(request, record)
        elif (
            record.get("code") == Unavailable.code
            and record.get("reason") != SwitchedOff.REASON  # the daemon is well, and says no to all
            and self._open.refuse(request, self._connections)
        ):
            self._probe()  # stopping, or starting: held back until the daemon says that it can answer
        else:
            self._open.close(request.id)
            self._pass_on(request, record)

    # -- is the daemon there? --------------------------------------------------------------------

    def _on_connect(self) -> None:
        self._connections += 1
        self._has_new_connection = True
        self._ping_sent_s = None
        self._probe()

    def _on_disconnect(self) -> None:
        self._open.on_disconnect()
        self._set_unready()

    def _probe(self) -> None:
        """Pings the daemon; until it answers that it is ready, requests are held back."""
        if self._is_ready or self._ping_sent_s is None:  # else a ping is on its way already
            self._set_unready()
            self._ping()

    def _ping(self) -> None:
        if self._connection.is_connected:
            self._ping_sent_s = self._clock()
            self._connection.send([wire.encode({"op": "ping", "id": PING_ID})])

    def _on_pong(self, pong: Record) -> None:
        if pong.get("event") != "done":
            self._set_unready()
            self._later("probe", PROBE_S, self._ping)
        elif not self._is_ready:
            self._set_ready(pong.get("instance"))

    def _set_ready(self, instance: object) -> None:
        if self._is_unreachable:
            log.info("the daemon at %s answers again", self.endpoint)
        self._is_ready, self._is_unreachable = True, False
        self._stop_timer("retry")
        if self._has_new_connection:
            self._has_new_connection = False
            guilty = self._open.on_daemon_back(is_another=instance != self._daemon_instance)
            self._daemon_instance = instance
            if guilty:
                log.error("%d request(s) given up: the daemon died of each", len(guilty))
                self._fail(guilty, EngineFailed(KILLED))
        self._send_due()

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
        now_s = self._clock()
        late = self._open.expired(now_s)
        if late:
            held_back = [one for one in late if not self._open.is_in_flight(one)]
            away = "" if self._is_ready else f": {self.reason_not_ready()}"
            self._fail(held_back, DeadlineExceeded(f"{NO_ANSWER}{away or f': {HELD_BACK}'}"))
            self._fail([one for one in late if one not in held_back], DeadlineExceeded(f"{NO_ANSWER}{away}"))
            self._send_due()
        if not self._is_ready:
            return
        if self._ping_sent_s is not None and now_s - self._ping_sent_s > STALLED_S:
            self._set_unready()  # connected, yet silent; its pong makes it ready again
            return
        if not self._received_since_tick and self._ping_sent_s is None:
            self._ping()
        self._received_since_tick = False
