"""Tells systemd how the daemon fares (sd_notify): READY=1, WATCHDOG=1, STOPPING=1, STATUS=….

`ready` and `stopping` are called by the main thread, a `Watchdog` by the engine thread; each message has a datagram
socket of its own. Without NOTIFY_SOCKET (a terminal, a container) nothing happens. Knows nothing of what it reports on.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Mapping

FEEDS_PER_PERIOD = 3  # so that one late step of the engine restarts nothing


def ready(status: str) -> None:
    """The daemon can answer; `status` is what `systemctl status` shows."""
    notify("READY=1", f"STATUS={status}")


def stopping() -> None:
    notify("STOPPING=1", "STATUS=finishes running requests")


class Watchdog:
    """systemd's watchdog, fed by the loop that must not hang. Used by one thread."""

    def __init__(self, environ: Mapping[str, str] | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._environ = os.environ if environ is None else environ
        self._interval_s = watchdog_interval_s(self._environ)
        self._clock = clock
        self._fed_s = float("-inf")

    def feed(self) -> None:
        """To be called at every step of the loop; sends only as often as systemd's period needs."""
        if self._interval_s is None:
            return
        now_s = self._clock()
        if now_s - self._fed_s >= self._interval_s:
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
