"""What the HTTP process asked the daemon and has no last answer to: until when, what may be sent now, who is suspect.

Pure: no socket, no clock, no timer; times are handed in. `DaemonClient` calls it on the event loop.

A daemon that dies takes what it worked on with it, and all of that is sent to the next one. If one of these requests is
what killed it, the next one dies too. So whatever was in flight is a suspect, and suspects are tried apart from all
others: one by one, or by the batch where there are many, so that a village need not wait for each of its NPCs. Whoever
was suspected before, and is alone with the daemon when that dies again, is guilty and is answered `engine_failed`; the
others are answered by the next daemon. So a request kills two daemons, and at most four where it came among many.

    waiting ──send──▶ in flight ──daemon died──▶ suspect ──its turn──▶ on trial ──time is up, or an answer──▶ cleared
                                                                          └──daemon died, alone──▶ guilty

Being in flight at many deaths proves nothing: a slow request is, beside others that kill. So nobody is guilty by their
number. Instead those that were never cleared are tried first, while nothing else is in flight; and who was cleared gets
twice the time in its next trial, so that whoever kills only after some seconds is alone then, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeAlias, TypeGuard

from llm_agentd.client.records import Record, encode
from llm_agentd.errors import Overloaded, TooLarge
from llm_agentd.protocol import wire
from llm_agentd.protocol.schema import DEADLINE_MAX_MS

OPEN_MAX = 2048  # twice the daemon's default queue: it says itself when it is full, this only bounds memory here
OPEN_MAX_BYTES = 64 * 1024 * 1024  # what is kept to be sent again; 2048 requests of usual size are about 2 MB
EXPIRY_GRACE_S = 5.0  # the daemon keeps deadlines itself; an answer later than this will never come
RETRY_AFTER_MS = 1000  # how soon an HTTP client may try again: the daemon is looked for more often than that
TRIAL_S = 1.0  # who kills a daemon does it on being read, checked or first computed; a village should not wait longer
SUSPECTS_MAX = 8  # tried together where there are more: the daemon's default batch, so trying them costs no time
LATE_S = 0.05  # who waited longer for the daemon is sent with the rest of its deadline

Sink: TypeAlias = Callable[[str, Record], None]


@dataclass(frozen=True, slots=True)
class Submission:
    """One request. `record` becomes the client's (its id is set here); `sink(wire_id, answer)` runs on the event loop.

    `timeout_s` is when the daemon itself gives up; `EXPIRY_GRACE_S` later this client answers in its place.
    `is_control`: the daemon's router answers it by itself, so it need not wait for those on trial.
    """

    record: Record
    sink: Sink
    timeout_s: float
    is_control: bool = False


@dataclass(slots=True)
class OpenRequest:
    """A request without its last answer: waiting, in flight, or lost with a connection until a daemon is back."""

    id: str
    encoded: bytes
    sink: Sink
    came_s: float
    deadline_s: float  # set once, when it came: no daemon that dies makes it longer
    is_control: bool
    is_in_flight: bool = False
    is_lost: bool = False
    was_sent: bool = False
    suspected: int = 0  # daemons that died while this was in flight, and may have been the reason
    cleared: int = 0  # trials that it came through
    refused_on: int = 0  # the last connection on which it was answered `unavailable`
    has_delivered_delta: bool = False  # a second run must then deliver none
    skips_deltas: bool = False

    @property
    def expires_s(self) -> float:
        return self.deadline_s + (EXPIRY_GRACE_S if self.is_in_flight else 0.0)


def timeout_s_of(record: Record, default_ms: int) -> float:
    """When the daemon gives up on this request: its `deadline_ms`, where that is one, else the default."""
    deadline_ms = record.get("deadline_ms")
    return (deadline_ms if _is_deadline(deadline_ms) else default_ms) / 1000


def _is_deadline(value: object) -> TypeGuard[int | float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value <= DEADLINE_MAX_MS


class OpenRequests:
    """By wire id, in the order in which they came. `take_due` says what goes out now, and counts it as sent."""

    def __init__(self) -> None:
        self._requests: dict[str, OpenRequest] = {}
        self._waiting: dict[str, OpenRequest] = {}  # of these, what may be sent once a daemon is ready
        self._bytes = 0
        self._last_id = 0
        self._on_trial: set[str] = set()
        self._trial_ends_s = 0.0

    def __len__(self) -> int:
        return len(self._requests)

    def __iter__(self) -> Iterator[str]:
        return iter(self._requests)

    def get(self, wire_id: str) -> OpenRequest | None:
        return self._requests.get(wire_id)

    def is_in_flight(self, wire_id: str) -> bool:
        """Whether a daemon has it, as far as one can tell."""
        return self._requests[wire_id].is_in_flight

    def next_id(self) -> str:
        self._last_id += 1
        return str(self._last_id)

    # -- from first to last ----------------------------------------------------------------------

    def add(self, submission: Submission, now_s: float) -> OpenRequest:
        """Raises Overloaded, and TooLarge or BadRequest for what does not fit the wire."""
        if len(self._requests) >= OPEN_MAX or self._bytes >= OPEN_MAX_BYTES:
            raise Overloaded(
                f"{len(self._requests)} requests wait in the HTTP adapter already; ask less often",
                retry_after_ms=RETRY_AFTER_MS,
            )
        wire_id = self.next_id()
        submission.record["id"] = wire_id
        encoded = encode(submission.record)
        deadline_s = now_s + submission.timeout_s
        request = OpenRequest(wire_id, encoded, submission.sink, now_s, deadline_s, submission.is_control)
        self._requests[wire_id] = self._waiting[wire_id] = request
        self._bytes += len(encoded)
        return request

    def close(self, wire_id: str) -> OpenRequest | None:
        """None where it is not open."""
        request = self._requests.pop(wire_id, None)
        if request is not None:
            self._bytes -= len(request.encoded)
            self._waiting.pop(wire_id, None)
            self._on_trial.discard(wire_id)
        return request

    def expired(self, now_s: float) -> list[str]:
        return [request.id for request in self._requests.values() if request.expires_s <= now_s]

    # -- what goes out ---------------------------------------------------------------------------

    @property
    def has_waiting(self) -> bool:
        return bool(self._waiting)

    @property
    def trial_ends_s(self) -> float | None:
        """When `take_due` wants to be called again, if nothing is answered before."""
        return self._trial_ends_s if self._on_trial else None

    def take_due(self, now_s: float) -> list[bytes]:
        """The records to send now; whoever is past its deadline is left for `expired`."""
        if self._on_trial and now_s >= self._trial_ends_s:
            for wire_id in self._on_trial:  # still in flight, and not the reason as far as one can tell
                self._requests[wire_id].cleared += 1
            self._on_trial.clear()
        waiting = [request for request in self._waiting.values() if request.deadline_s > now_s]
        suspects = [request for request in waiting if request.suspected]
        if self._on_trial or suspects:
            due = [request for request in waiting if _is_beside(request)]
            if not self._on_trial:
                chosen = _next_on_trial(suspects)
                self._on_trial = {request.id for request in chosen}
                self._trial_ends_s = now_s + TRIAL_S * 2 ** chosen[0].cleared
                due += chosen
        else:
            due = waiting
        for request in due:
            del self._waiting[request.id]
        return [_sent(request, now_s) for request in due]

    # -- what happens to the daemon --------------------------------------------------------------

    def refuse(self, request: OpenRequest, connection: int) -> bool:
        """It was answered `unavailable`. True where it waits for the next chance: one refusal a connection is forgiven.

        A daemon that stops refuses what it has not answered; one that goes on refusing has a reason that will last.
        """
        if request.refused_on == connection:
            return False
        request.refused_on, request.is_in_flight = connection, False
        self._waiting[request.id] = request
        self._on_trial.discard(request.id)
        return True

    def on_disconnect(self) -> None:
        """Nobody works on what was in flight, as far as one can tell."""
        for request in self._requests.values():
            request.is_lost = request.is_lost or request.is_in_flight
            request.is_in_flight = False

    def on_daemon_back(self, *, is_another: bool) -> list[str]:
        """There is a daemon again, and what was lost waits to be sent to it. Returns the guilty, which must not be.

        Where it is the daemon that had them (the connection alone broke), nobody is to blame.
        """
        lost = {request.id: request for request in self._requests.values() if request.is_lost}
        accused = [request for request in lost.values() if not (self._on_trial and _is_beside(request))]
        guilty = [accused[0].id] if is_another and len(accused) == 1 and accused[0].suspected else []
        self._waiting = {**lost, **self._waiting}  # those that came first are sent first
        for request in lost.values():
            request.is_lost = False
        if is_another:
            for request in accused:
                request.suspected += 1
        self._on_trial = set()
        return guilty


def _is_beside(request: OpenRequest) -> bool:
    """It goes out beside those on trial, and they are accused where the daemon dies."""
    return request.is_control and not request.suspected


def _next_on_trial(suspects: list[OpenRequest]) -> list[OpenRequest]:
    """The most suspicious one alone; of many that are suspected for the first time, as many as the daemon takes."""
    first = min(suspects, key=lambda request: (request.cleared, -request.suspected))
    alike = [request for request in suspects if request.suspected == 1 and not request.cleared]
    if first.suspected == 1 and len(alike) > SUSPECTS_MAX:
        return alike[:SUSPECTS_MAX]
    return [first]


def _sent(request: OpenRequest, now_s: float) -> bytes:
    """The bytes to send: those that came, or, where time has passed since, with what is left of the deadline."""
    is_late = request.was_sent or now_s - request.came_s > LATE_S
    request.was_sent = request.is_in_flight = True
    request.skips_deltas = request.has_delivered_delta
    if request.is_control or not is_late:
        return request.encoded
    record = wire.loads(request.encoded[wire.LENGTH_BYTES :])
    if not _is_deadline(record.get("deadline_ms", 1)):
        return request.encoded  # the daemon's to refuse
    record["deadline_ms"] = max(1, round((request.deadline_s - now_s) * 1000))
    with suppress(TooLarge):
        return encode(record)
    return request.encoded  # a few bytes under the limit: this client keeps the deadline then
