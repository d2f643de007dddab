"""The audit log of moderation: what was held back, from whom and why; one JSON object a line, kept for some days.

`write` only queues. A thread of its own appends and, at the start and once a day, deletes what is too old. A disk error
is logged once, and moderation goes on without the log. The functions below work on the file; the command line uses them
too, also while the daemon runs.

Two files bound the space: at FILE_MAX_BYTES the log becomes `NAME.1`, in the place of the one before. A line is written
whole or not at all: where the disk is full the file is cut back, and a line that a crash has torn is closed before the
next one. Only the owner may read them, or hold their lock.
"""

from __future__ import annotations

import errno
import logging
import os
import stat
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from llm_agentd.config.private_files import own_as
from llm_agentd.util.file_lock import FileLock
from llm_agentd.util.group_writer import GroupWriter
from llm_agentd.util.regular_file import open_regular
from llm_agentd.util.steady_clock import steady_time_s
from llm_agentd.util.timestamps import parse_time, rfc3339

log = logging.getLogger(__name__)

O_BINARY = getattr(os, "O_BINARY", 0)  # of Windows, which would else write other line ends
PRUNE_EVERY_S = 24 * 3600
FILE_MAX_BYTES = 8 * 2**20  # some 30,000 lines, of which there are two files: more than anybody reads in 30 days
QUEUE_MAX = 4096  # lines that wait for a disk: one that hangs must cost memory only up to here
TEXT_MAX_CHARS = 2000  # of `text`, as long as anything said at once
FIELD_MAX_CHARS = 200  # of any other field: names, a category, the word that was found
STOP_MAX_S = 5.0  # the end of the daemon must not wait for a disk that hangs


class AuditLog:
    """`start`, then `write` from any thread, then `stop`."""

    def __init__(
        self,
        path: Path,
        days: float,
        *,
        now: Callable[[], datetime] = lambda: datetime.fromtimestamp(steady_time_s(), UTC),
    ) -> None:
        self._path = path
        self._days = days
        self._now = now
        self._writer: GroupWriter[dict[str, Any]] = GroupWriter(
            "audit", self._append, tick=self._prune, tick_every_s=PRUNE_EVERY_S, queue_max=QUEUE_MAX
        )
        self._pruned_s = float("-inf")
        self._is_error_logged = False

    def start(self) -> None:
        self._writer.start()

    def write(self, entry: dict[str, Any]) -> None:
        """Adds the time. `entry`: direction, player, npc, category, match, text, taken (what was done about it)."""
        if not self._writer.is_full:
            self._writer.put(
                {"time": rfc3339(self._now())} | {name: _cut(name, value) for name, value in entry.items()}
            )

    def stop(self) -> None:
        """Writes what is queued, and ends the thread."""
        self._writer.close(STOP_MAX_S)

    def _append(self, entries: list[dict[str, Any]]) -> None:
        for entry in entries:
            self._log_first_error(lambda entry=entry: append(self._path, entry))  # type: ignore[misc]

    def _prune(self) -> None:
        if time.monotonic() - self._pruned_s >= PRUNE_EVERY_S:
            self._pruned_s = time.monotonic()
            self._log_first_error(lambda: prune(self._path, self._now() - timedelta(days=self._days)))

    def _log_first_error(self, work: Callable[[], object]) -> None:
        try:
            work()
        except OSError as error:
            if not self._is_error_logged:
                log.warning("agents.audit_path: no audit log is kept: %s: %s", self._path, error.strerror)
            self._is_error_logged = True


def append(path: Path, entry: dict[str, Any], *, max_bytes: int = FILE_MAX_BYTES) -> None:
    """Makes the file, and its folder where that is missing, for its owner only: it holds what people said.

    Raises OSError; then the file is as it was.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    line = orjson.dumps(entry) + b"\n"
    with _locked(path):
        if path.exists() and path.stat().st_size + len(line) > max_bytes:
            path.replace(_older(path))
        handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | O_BINARY, 0o600)
        try:
            _restrict(path)
            _write_whole(handle, line)
        finally:
            os.close(handle)


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


def entries(path: Path, *, player: str | None = None, since: datetime | None = None) -> Iterator[dict[str, Any]]:
    """The oldest first, without damaged lines; none where there is no file. Raises OSError."""
    for file in (_older(path), path):
        try:
            with open_regular(file) as lines:
                for line in lines:
                    entry = _read(line)
                    if entry is None or (player is not None and entry.get("player") != player):
                        continue
                    if since is not None and _time_of(entry) < since:
                        continue
                    yield entry
        except FileNotFoundError:
            continue


def prune(path: Path, before: datetime) -> int:
    """Deletes lines that are older than `before`, and damaged ones; returns how many."""
    return _keep_only(path, lambda entry: _time_of(entry) >= before)


def forget_player(path: Path, player: str) -> int:
    """Deletes the lines of a player, and damaged ones; returns how many."""
    return _keep_only(path, lambda entry: entry.get("player") != player)


def _keep_only(path: Path, is_kept: Callable[[dict[str, Any]], bool]) -> int:
    """Replaces each file in one step: a crash leaves the old one."""
    if not path.exists() and not _older(path).exists():
        return 0
    with _locked(path):
        return sum(_keep_only_in(file, is_kept) for file in (_older(path), path) if file.exists())


def _keep_only_in(path: Path, is_kept: Callable[[dict[str, Any]], bool]) -> int:
    lines = path.read_bytes().splitlines(keepends=True)
    kept = [line for line in lines if (entry := _read(line)) is not None and is_kept(entry)]
    if len(kept) < len(lines):
        new = path.with_name(path.name + ".new")
        new.unlink(missing_ok=True)  # left by a crash, or put there by somebody else
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | O_BINARY, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(b"".join(kept))
            file.flush()
            os.fsync(file.fileno())
        own_as(new, path)
        new.replace(path)
    return len(lines) - len(kept)


def _older(path: Path) -> Path:
    return path.with_name(path.name + ".1")


def _locked(path: Path) -> FileLock:
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


def _cut(name: str, value: Any) -> Any:
    return value[: TEXT_MAX_CHARS if name == "text" else FIELD_MAX_CHARS] if isinstance(value, str) else value


def _read(line: bytes) -> dict[str, Any] | None:
    try:
        entry = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return entry if isinstance(entry, dict) else None


def _time_of(entry: dict[str, Any]) -> datetime:
    try:
        return parse_time(str(entry.get("time")))
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
