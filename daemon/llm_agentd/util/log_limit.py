"""Keeps what a client can cause in the log from filling it: of lines that are alike, a few a minute.

A filter for log handlers; any thread. Lines for debugging pass, as nobody gets them unasked. Lines are alike that come
from the same place in the code. What was left out is
counted, and the count stands on the next line of the kind.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

ALIKE_MAX = 10  # of a kind in WINDOW_S: enough to see what happens, too few to fill a disk
WINDOW_S = 60.0


class LogLimit(logging.Filter):
    """Places in the code are few, so what is remembered is too."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._seen: dict[tuple[str, int], tuple[float, int]] = {}  # by place: since when, and how many

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.INFO:
            return True  # who asks for debug wants all of it
        place = (record.pathname, record.lineno)
        now_s = self._clock()
        began_s, count = self._seen.get(place, (now_s, 0))
        if now_s - began_s >= WINDOW_S:
            left_out = count - ALIKE_MAX
            if left_out > 0:
                record.msg = f"{record.getMessage()} (and {left_out} more lines like this in {now_s - began_s:.0f} s)"
                record.args = None
            began_s, count = now_s, 0
        self._seen[place] = (began_s, count + 1)
        return count < ALIKE_MAX
