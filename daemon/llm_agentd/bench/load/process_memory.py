"""How much memory processes hold: what is resident, and what is theirs alone.

The pages of databases (LMDB's data.mdb) are left out: they are the system's cache of files, which it takes back when
somebody wants the room, and which is there as much after the process has ended.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

DATABASE = "data.mdb"
SAMPLE_EVERY_S = 1.0  # a look takes some milliseconds of what is measured


def family(pid: int) -> list[psutil.Process]:
    """The process, then its children and theirs."""
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


def resident_bytes(process: psutil.Process) -> int:
    return sum(one.rss for one in _maps(process)) or int(process.memory_info().rss)


def private_bytes(process: psutil.Process, *, without: Path | None = None) -> int:
    """What would be free if it ended; `without` the pages of a file that it maps."""
    maps = [one for one in _maps(process) if one.path != str(without)]
    return sum(one.private_clean + one.private_dirty for one in maps) or int(process.memory_full_info().uss)


def _maps(process: psutil.Process) -> Iterator[Any]:
    """None where the system does not tell."""
    if psutil.LINUX:
        yield from (one for one in process.memory_maps() if Path(one.path).name != DATABASE)


class PeakMemory:
    """A `with` block; `bytes` is the peak of the resident memory of a process and its children, sampled by a thread."""

    def __init__(self, pid: int) -> None:
        self.bytes = 0
        self._pid = pid
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
                self.bytes = max(self.bytes, sum(map(resident_bytes, family(self._pid))))
            if self._ended.wait(SAMPLE_EVERY_S):
                return
