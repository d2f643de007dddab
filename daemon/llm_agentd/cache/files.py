"""The files of the cache folder: its lock, their lengths, and the words when something is wrong with them.

Any thread, no state. It must not know what the records mean.
"""

from __future__ import annotations

import os
from pathlib import Path

import lmdb

from llm_agentd.cache.record import BadRecord
from llm_agentd.errors import StartError
from llm_agentd.util.file_lock import FileLock


def lock_folder(path: Path) -> FileLock:
    """LMDB itself would let two daemons write, and neither would see the other's turns. Raises StartError, OSError."""
    try:
        return FileLock(path / "daemon.lock")
    except BlockingIOError:
        raise StartError(
            f"cache.path: {path} is in use: another llm-agentd runs? stop it, or give this one another folder"
        ) from None


def cure(path: Path, error: Exception) -> str:
    """What went wrong with the cache and what helps, to follow a comma."""
    if isinstance(error, lmdb.MapFullError):
        return f"{path} is full although little is kept: raise cache.max_bytes, or end what keeps on reading it"
    damaged = (lmdb.CorruptedError, lmdb.InvalidError, lmdb.PageNotFoundError, lmdb.VersionMismatchError, BadRecord)
    if isinstance(error, damaged):
        return f"the file in {path} is damaged: {error}; stop the daemon and delete the folder"
    return f"{path} cannot be used: {error}; free space there or choose a folder that the daemon may write"


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
