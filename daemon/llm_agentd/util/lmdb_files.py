"""The files of an LMDB environment, where LMDB itself would let the process be killed. Any thread, no state.

LMDB reads and writes through memory maps. A page behind the end of a file, or a page of it that the full disk has no
room for, is not an error then but the signal SIGBUS, which ends the process.
"""

from __future__ import annotations

import os
from pathlib import Path

import lmdb


def reserve(path: Path, size_bytes: int) -> None:
    """Gives a file its blocks now: LMDB writes the lock file through a map, where a full disk kills the process."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.posix_fallocate(handle, 0, size_bytes)
    finally:
        os.close(handle)


def missing_bytes(env: lmdb.Environment, path: Path) -> int:
    """How much a data file lacks to its last page. Reading behind the end would kill the process."""
    return (env.info()["last_pgno"] + 1) * env.stat()["psize"] - path.stat().st_size


def fill_up(env: lmdb.Environment, path: Path) -> None:
    """Lengthens the file to its last page, without using disk.

    LMDB leaves pages at the end unwritten that a transaction took and freed again. Filled up after each commit, a file
    that is short all the same was killed right then or was cut off, so whoever opens it knows to check it.
    """
    short_bytes = missing_bytes(env, path)
    if short_bytes > 0:
        os.truncate(path, path.stat().st_size + short_bytes)
