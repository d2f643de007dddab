"""JSON lines in a file that only its owner may read: appended whole, bounded by a few older files, read line by line.

Any thread and process. A line is written whole or not at all: where the disk is full the file is cut back, and a line
that a crash has torn is closed before the next one. Knows nothing of what the lines say.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from llm_agentd.config.private_files import own_as
from llm_agentd.util.file_lock import FileLock
from llm_agentd.util.regular_file import open_regular

O_BINARY = getattr(os, "O_BINARY", 0)  # of Windows, which would else write other line ends


def append(path: Path, entry: dict[str, Any], *, max_bytes: int, older_max: int = 1) -> None:
    """Makes the file, and its folder where that is missing, for its owner only. From `max_bytes` on it becomes
    `NAME.1`, that one `NAME.2`, up to `older_max`.

    Raises OSError; then the file is as it was.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    line = orjson.dumps(entry) + b"\n"
    with locked(path):
        if path.exists() and path.stat().st_size + len(line) > max_bytes:
            _rotate(path, older_max)
        handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | O_BINARY, 0o600)
        try:
            _restrict(path)
            _write_whole(handle, line)
        finally:
            os.close(handle)


def _rotate(path: Path, older_max: int) -> None:
    for number in range(older_max, 0, -1):
        newer = older(path, number - 1)
        if newer.exists():
            newer.replace(older(path, number))


def _write_whole(handle: int, line: bytes) -> None:
    """At the end of the file, behind a line's end. Raises OSError where not all of it fits."""
    size = os.fstat(handle).st_size
    if size:
        os.lseek(handle, size - 1, os.SEEK_SET)
        line = line if os.read(handle, 1) == b"\n" else b"\n" + line  # the last line was torn
    try:
        written = os.write(handle, line)
        if written < len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except OSError:
        os.ftruncate(handle, size)
        raise


def read(path: Path, *, older_max: int = 1) -> Iterator[dict[str, Any]]:
    """The oldest first, without damaged lines; none where there is no file. Raises OSError."""
    for number in range(older_max, -1, -1):
        try:
            with open_regular(older(path, number)) as lines:
                for line in lines:
                    entry = parse(line)
                    if entry is not None:
                        yield entry
        except FileNotFoundError:
            continue


def older(path: Path, number: int = 1) -> Path:
    return path.with_name(f"{path.name}.{number}") if number else path


def parse(line: bytes) -> dict[str, Any] | None:
    """None for a damaged line."""
    try:
        entry = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return entry if isinstance(entry, dict) else None


def locked(path: Path) -> FileLock:
    """The daemon may append while a command rewrites the file. The lock is a file beside it: a rewrite replaces the
    log itself, so a lock on that would lock a file that nobody sees any more.

    Raises PermissionError where somebody else made the lock, as they could hold it for ever.
    """
    file = path.with_name(path.name + ".lock")
    is_new = not file.exists()
    if is_new:
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
        own_as(file, path.parent)
    _restrict(file)
    return FileLock(file, wait=True)


def _restrict(path: Path) -> None:
    """Only its owner may open it from now on. Raises PermissionError where that is somebody else."""
    state = path.lstat()
    if not stat.S_ISREG(state.st_mode):
        raise PermissionError(errno.EPERM, "is no file")
    if hasattr(os, "geteuid") and os.geteuid() not in (0, state.st_uid):
        raise PermissionError(errno.EPERM, "belongs to another user")
    if state.st_mode & 0o077:
        path.chmod(0o600)
