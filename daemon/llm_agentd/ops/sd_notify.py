"""Tells whoever supervises a process how it fares (sd_notify): READY=1, WATCHDOG=1, STOPPING=1, STATUS=….

systemd or our own supervisor, which takes the same messages by a `Listener`. `ready` and `stopping` are called by the
main thread, a `Watchdog` by the engine thread; each message has a datagram socket of its own. Without NOTIFY_SOCKET (a
container) nothing happens. Knows nothing of what it reports on.
"""

from __future__ import annotations

import os
import socket
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

FEEDS_PER_PERIOD = 3  # so that one late step of the engine restarts nothing
SUPERVISOR_VARIABLES = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")
MESSAGE_MAX_BYTES = 4096  # of the messages of one process; a status line is the longest


def ready(status: str) -> None:
    """The daemon can answer; `status` is what `systemctl status` shows."""
    notify("READY=1", f"STATUS={status}")


def stopping() -> None:
    notify("STOPPING=1", "STATUS=finishes running requests")


class Watchdog:
    """The supervisor's watchdog, fed by the loop that must not hang. Used by one thread."""

    def __init__(self, environ: Mapping[str, str] | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._environ = os.environ if environ is None else environ
        self.interval_s = watchdog_interval_s(self._environ)  # None: nobody watches
        self._clock = clock
        self._fed_s = float("-inf")

    def feed(self) -> None:
        """To be called at every step of the loop; sends only as often as systemd's period needs."""
        if self.interval_s is None:
            return
        now_s = self._clock()
        if now_s - self._fed_s >= self.interval_s:
            self._fed_s = now_s
            notify("WATCHDOG=1", environ=self._environ)


def notify(*lines: str, environ: Mapping[str, str] | None = None) -> bool:
    """Sends the lines as one message. True if systemd took it; a failure never harms the daemon."""
    address = (os.environ if environ is None else environ).get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return False
    if address.startswith("@"):  # Linux's abstract namespace
        address = "\0" + address[1:]
    message = "\n".join(line.replace("\n", " ") for line in lines).encode()
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)  # a full queue must not hold up the thread that feeds the watchdog
            sender.sendto(message, address)
    except OSError:
        return False
    return True


def watchdog_interval_s(environ: Mapping[str, str] | None = None) -> float | None:
    """How often to send WATCHDOG=1, in seconds; None where systemd watches nothing or watches another process."""
    environ = os.environ if environ is None else environ
    period_us = environ.get("WATCHDOG_USEC", "")
    if not period_us.isdecimal() or int(period_us) == 0:
        return None
    if environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    return int(period_us) / 1e6 / FEEDS_PER_PERIOD


class Listener:
    """The other end: a socket to which child processes report as they would to systemd.

    In a folder of its own that only this user can enter, so nobody else can speak for a child. Raises OSError where the
    system has no such sockets.
    """

    def __init__(self) -> None:
        if not hasattr(socket, "AF_UNIX"):
            raise OSError("this system has no Unix sockets")
        self._folder = tempfile.TemporaryDirectory(prefix="llm-agentd-")
        self._path = f"{self._folder.name}/notify"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self._path)

    def environ(self, watchdog_s: float) -> dict[str, str]:
        """What a child is to find in its environment: where to report, and how often at least."""
        return {"NOTIFY_SOCKET": self._path, "WATCHDOG_USEC": str(round(watchdog_s * 1e6))}

    def receive(self) -> list[str]:
        """The lines of the next message; waits for it. Raises OSError once it is closed."""
        return self._socket.recv(MESSAGE_MAX_BYTES).decode(errors="replace").split("\n")

    def close(self) -> None:
        with suppress(OSError):  # wakes who waits in `receive`; not every system can shut such a socket down
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._folder.cleanup()


def without_supervisor(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment for a child that is not to report to whoever supervises this process."""
    return {name: value for name, value in environ.items() if name not in SUPERVISOR_VARIABLES}
