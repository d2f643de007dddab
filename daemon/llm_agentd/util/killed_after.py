"""A limit of time for what is said to a child process through its pipes. Any thread, no state."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def killed_after(child: subprocess.Popen[bytes], limit_s: float) -> Iterator[threading.Event]:
    """Kills the child where the block takes longer, so that its pipes end; then the event is set."""
    is_late = threading.Event()

    def end_late() -> None:  # a thread, as not every system can wait for a pipe with a timeout
        is_late.set()
        child.kill()

    timer = threading.Timer(limit_s, end_late)
    timer.daemon = True
    timer.start()
    try:
        yield is_late
    finally:
        timer.cancel()
