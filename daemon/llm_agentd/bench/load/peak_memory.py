"""The most memory that a process and its children hold while a benchmark runs, sampled by a thread."""

from __future__ import annotations

import threading
from contextlib import suppress

import psutil

SAMPLE_EVERY_S = 0.25


class PeakMemory:
    """A `with` block; `bytes` is the peak of the resident memory of all of them together."""

    def __init__(self, pid: int) -> None:
        self.bytes = 0
        self._process = psutil.Process(pid)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._sample, name="peak-memory", daemon=True)

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _sample(self) -> None:
        while True:
            with suppress(psutil.Error):  # a child may end while we look
                family = [self._process, *self._process.children(recursive=True)]
                self.bytes = max(self.bytes, sum(member.memory_info().rss for member in family))
            if self._ended.wait(SAMPLE_EVERY_S):
                return
