"""Whether a server is asked at all: a breaker with the states closed, open and half-open.

Closed: it is asked. Several failures in a row open it, and a refusal that only an admin can mend (a wrong key, an
unknown model) at once; while it is open nobody asks. When its time is over, one call may try (half-open): where that
works it is closed, else it opens for twice as long. A server that asks for a rest (429) gets it in the same way.

Pure: each method is told the time (`now_s`, monotonic). One thread calls all that changes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

State: TypeAlias = Literal["closed", "half_open", "open"]

FAILURES_MAX = 5  # in a row. Fewer, and one burst that a restart of the server cut would close it off
OPEN_FIRST_S = 5.0  # about what a server takes to restart
OPEN_MAX_S = 120.0  # a server that comes back is found within two minutes
REFUSED_FIRST_S = 30.0  # nobody but an admin mends this; a changed key is tried at once (`reset`)
REFUSED_MAX_S = 600.0
REST_MAX_S = 3600.0  # a Retry-After beyond an hour is a mistake of the server, or a quota that is looked at again


@dataclass(frozen=True, slots=True)
class Ticket:
    """Leave to make one call; it comes back with the call's outcome. `probe`: number of the half-open try; 0: none."""

    probe: int = 0


class Breaker:
    """`acquire` before each call, then exactly one of `succeeded`, `failed`, `refused`, `rest`, `abandoned` …

    … except that a call that succeeded (its first text came) may still fail later.
    """

    def __init__(self) -> None:
        self.reason = ""  # why it opened last, for people; "" while it is closed
        self._failures = 0
        self._open_s = OPEN_FIRST_S  # how long it opens next
        self._refused_s = REFUSED_FIRST_S
        self._until_s: float | None = None  # set: open until then
        self._probe = 0  # number of the last try
        self._is_probing = False

    def state(self) -> State:
        if self._is_probing:
            return "half_open"
        return "closed" if self._until_s is None else "open"

    def is_ready(self, now_s: float) -> bool:
        """Whether `acquire` would give a ticket. Any thread may ask; it may be told what was true a moment ago."""
        until_s = self._until_s
        return not self._is_probing and (until_s is None or now_s >= until_s)

    def wait_s(self, now_s: float) -> float:
        """Seconds until it may be tried again; 0: now, or when the try that runs has ended."""
        until_s = self._until_s
        return 0.0 if until_s is None else max(0.0, until_s - now_s)

    def acquire(self, now_s: float) -> Ticket | None:
        """None: the server is not to be asked now."""
        if not self.is_ready(now_s):
            return None
        if self._until_s is None:
            return Ticket()
        self._probe += 1
        self._is_probing = True
        return Ticket(self._probe)

    # -- how a call ended ----------------------------------------------------------------------------

    def succeeded(self, ticket: Ticket) -> None:
        """It answered. What began before the breaker opened says nothing of the server now, and closes nothing."""
        if self.state() == "closed" or self._is_of_probe(ticket):
            self.reset()

    def failed(self, ticket: Ticket, now_s: float, reason: str) -> None:
        """It did not answer, or not as it should."""
        if self._is_of_probe(ticket):
            self._open(now_s, self._grow_open_s(), reason)
        elif self.state() == "closed":
            self._failures += 1
            if self._failures >= FAILURES_MAX:
                self._open(now_s, self._grow_open_s(), reason)

    def refused(self, ticket: Ticket, now_s: float, reason: str) -> None:
        """It refuses us for a reason that waiting does not mend."""
        if self.state() == "closed" or self._is_of_probe(ticket):
            wait_s = self._refused_s
            self._refused_s = min(2 * wait_s, REFUSED_MAX_S)
            self._open(now_s, wait_s, reason)

    def rest(self, ticket: Ticket, now_s: float, wait_s: float, reason: str) -> None:
        """It asks to be left alone for `wait_s`. Of several such answers the longest counts."""
        if self._is_probing and not self._is_of_probe(ticket):
            return
        until_s = now_s + min(wait_s, REST_MAX_S)
        if self._until_s is None or self._is_probing or until_s > self._until_s:
            self._open(now_s, until_s - now_s, reason)

    def abandoned(self, ticket: Ticket) -> None:
        """The caller went away before the server answered: that says nothing. The next one may try."""
        if self._is_of_probe(ticket):
            self._is_probing = False

    def reset(self) -> None:
        """Closed, as at the start: it works, or what it was refused for has changed."""
        self.reason = ""
        self._failures = 0
        self._open_s, self._refused_s = OPEN_FIRST_S, REFUSED_FIRST_S
        self._until_s = None
        self._is_probing = False

    def _is_of_probe(self, ticket: Ticket) -> bool:
        return self._is_probing and ticket.probe == self._probe

    def _open(self, now_s: float, wait_s: float, reason: str) -> None:
        self.reason = reason
        self._failures = 0
        self._until_s = now_s + wait_s
        self._is_probing = False

    def _grow_open_s(self) -> float:
        wait_s = self._open_s
        self._open_s = min(2 * wait_s, OPEN_MAX_S)
        return wait_s
