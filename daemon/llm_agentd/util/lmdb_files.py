"""The files of an LMDB environment, where LMDB itself would let the process be killed. Any thread, no state.

LMDB reads and writes through memory maps. A page behind the end of a file, or a page of it that the full disk has no
room for, is not an error then but the signal SIGBUS, which ends the process. And it trusts its pages: one whose bits a
disk has turned over can end the process too, at an assertion of LMDB's own. So a process of its own (`lmdb_probe.py`)
reads them first, wherever the last one that wrote did not close them.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import lmdb

from llm_agentd.util import lmdb_probe

log = logging.getLogger(__name__)

LOCK_BYTES_A_READER = 64  # of lock.mdb, as LMDB maps it
LOCK_HEADER_BYTES = 4096  # rounded up
DATA, CLOSED = "data.mdb", "closed"  # the second is there from a close to the next open
DAMAGED = "data.mdb.damaged"  # kept for whoever wants to look into it; the next one takes its place
PROBE_MAX_S = 60.0  # a slow disk reads a gigabyte in that time


def open_environment(
    folder: Path, *, map_size: int, max_dbs: int, max_readers: int, max_spare_txns: int = 1
) -> lmdb.Environment:
    """For the process that writes, which keeps others from writing. Raises lmdb.Error, OSError.

    The caller compares `missing_bytes` with 0 before it reads.
    """
    if not (folder / CLOSED).exists() and (folder / DATA).exists() and not _is_readable(folder):
        (folder / DATA).replace(folder / DAMAGED)
        log.warning("%s is damaged: it is kept as %s, and a new one is begun", folder / DATA, folder / DAMAGED)
    (folder / CLOSED).unlink(missing_ok=True)
    reserve(folder / "lock.mdb", max_readers * LOCK_BYTES_A_READER + LOCK_HEADER_BYTES)
    env = lmdb.open(
        str(folder),
        map_size=map_size,
        max_dbs=max_dbs,
        max_readers=max_readers,
        max_spare_txns=max_spare_txns,
        mode=0o600,
    )
    try:
        env.reader_check()  # frees the slots of processes that were killed while they read
    except BaseException:
        env.close()
        raise
    return env


def close_environment(env: lmdb.Environment) -> None:
    """The next open needs not read all pages first."""
    folder = Path(env.path())
    env.close()
    with suppress(OSError):  # a full or read-only disk
        (folder / CLOSED).touch(mode=0o600)


def apply_schema(
    env: lmdb.Environment, version: int, *, meta: lmdb._Database, databases: Iterable[lmdb._Database]
) -> int:
    """Empties what another version has written, which can be computed again, and notes ours in `meta`.

    The version of what was emptied; 0: nothing was.
    """
    with env.begin() as txn:
        found = int(txn.get(b"schema", b"0", db=meta))
    if found == version:
        return 0
    with env.begin(write=True) as txn:
        for database in (*databases, meta):
            txn.drop(database, delete=False)
        txn.put(b"schema", b"%d" % version, db=meta)
    return found


def _is_readable(folder: Path) -> bool:
    command = [sys.executable, "-m", lmdb_probe.__name__, str(folder)]
    try:
        return subprocess.run(command, capture_output=True, timeout=PROBE_MAX_S, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return True  # nothing was found wrong


def reserve(path: Path, size_bytes: int) -> None:
    """Gives a file its blocks now: LMDB writes the lock file through a map, where a full disk kills the process."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _allocate(handle, size_bytes)
    finally:
        os.close(handle)


def _allocate(handle: int, size_bytes: int) -> None:
    """Blocks for the first `size_bytes` of a file, whose content stays. Raises OSError where the disk is full."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(handle, 0, size_bytes)
        return
    # macOS and Windows. Only what lies behind the end is written: before it others may have written meanwhile.
    missing = size_bytes - os.lseek(handle, 0, os.SEEK_END)
    while missing > 0:
        missing -= os.write(handle, bytes(missing))


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
