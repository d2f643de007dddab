"""Files that are read only where they are files. Any thread.

A named pipe in the place of a file would make open() wait for somebody who writes to it, for ever; a device may have no
end. So what is read is opened without waiting, must be a regular file, and is read up to a bound.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

_O_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


def check_regular(path: Path) -> None:
    """Raises OSError where something else than a file has the name: a folder, a pipe, a device."""
    _check(path.stat(), path)


def open_regular(path: Path) -> BinaryIO:
    """For reading. Raises OSError, also where it is no regular file."""
    handle = os.open(path, _O_FLAGS)
    try:
        _check(os.fstat(handle), path)
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def read_regular(path: Path, max_bytes: int) -> bytes:
    """The whole file. Raises OSError, also where it is no regular file or a larger one."""
    with open_regular(path) as file:
        data = file.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise OSError(errno.EFBIG, f"it has more than {max_bytes} bytes", str(path))
    return data


def _check(status: os.stat_result, path: Path) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is no regular file", str(path))
