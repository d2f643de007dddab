"""Seconds since 1970 that nobody sets: the system's clock as it was at the start, carried on by the monotonic one.

For stamps and lifetimes of what is kept. The system's clock jumps: NTP sets it, an admin does, a board without a
battery wakes up in 1970. A jump must neither expire all that is kept nor keep it for ever. A clock that is wrong
already when the process starts is believed until the next start; what was stamped ahead of it then counts as expired.
Any thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable

AHEAD_MAX_S = 60.0  # a stamp further in the future was written by a clock that was wrong


class SteadyClock:
    """Call it for the time."""

    def __init__(self, wall: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._start_s = wall() - monotonic()

    def __call__(self) -> float:
        return self._start_s + self._monotonic()


steady_time_s = SteadyClock()
