"""An exclusive lock on a file, between processes and between opens of one process. Any thread.

It is flock(2), and on Windows a locked byte far behind the end of the file, which keeps nobody from reading it. The
kernel gives either up when the process ends, however it ends, so a lock file that stays behind locks nothing. It must
lie on a file system of this machine.

Not the `filelock` package: it waits by polling, and it deletes the lock file on release, which lets a waiter lock a
file that has no name any more unless both sides check for it.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from types import TracebackType

try:
    import fcntl
except ImportError:  # Windows
    import msvcrt

    LOCKED_BYTE = 2**30  # what lies there cannot be read by others, so it lies where nothing is
    POLL_S = 0.05  # Windows' own waiting gives up after ten seconds

    def _lock(handle: int, *, wait: bool) -> None:
        """Raises BlockingIOError."""
        while True:
            os.lseek(handle, LOCKED_BYTE, os.SEEK_SET)
            try:
                msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
                return
            except OSError as error:
                if not wait:
                    raise BlockingIOError(error.errno, error.strerror) from error
            time.sleep(POLL_S)

else:

    def _lock(handle: int, *, wait: bool) -> None:
        """Raises BlockingIOError."""
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))


class FileLock:
    """Held from the constructor until `release`, the end of the `with` block, or the end of the process."""

    def __init__(self, path: Path, *, wait: bool = False) -> None:
        """Makes the file (mode 0600) and locks it.

        Raises BlockingIOError where another holds it (with `wait`: blocks until it does not), OSError where the file
        cannot be opened.
        """
        self._handle: int | None = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(self._handle, wait=wait)
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
