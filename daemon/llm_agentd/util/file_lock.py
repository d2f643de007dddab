"""An exclusive lock on a file, between processes and between opens of one process. Any thread.

It is flock(2): the kernel gives it up when the process ends, however it ends, so a lock file that stays behind locks
nothing. It must lie on a file system of this machine.

Not the `filelock` package: it waits by polling, and it deletes the lock file on release, which lets a waiter lock a
file that has no name any more unless both sides check for it.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType


class FileLock:
    """Held from the constructor until `release`, the end of the `with` block, or the end of the process."""

    def __init__(self, path: Path, *, wait: bool = False) -> None:
        """Makes the file (mode 0600) and locks it.

        Raises BlockingIOError where another holds it (with `wait`: blocks until it does not), OSError where the file
        cannot be opened.
        """
        self._handle: int | None = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """May be called twice. The file stays: deleting it would let two processes lock two files of one name."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def __enter__(self) -> FileLock:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
