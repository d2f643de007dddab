"""The audit log of moderation: what was held back, from whom and why; one JSON object a line, kept for some days.

`write` only queues. A thread of its own appends and, at the start and once a day, deletes what is too old. A disk error
is logged once, and moderation goes on without the log. The functions below work on the file; the command line uses them
too, also while the daemon runs.

Two files bound the space: at FILE_MAX_BYTES the log becomes `NAME.1`, in the place of the one before. Only the owner
may read them, or hold their lock (config/private_lines.py).
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from llm_agentd.config import private_lines
from llm_agentd.config.private_files import own_as
from llm_agentd.util.group_writer import GroupWriter
from llm_agentd.util.steady_clock import steady_time_s
from llm_agentd.util.timestamps import parse_time, rfc3339

log = logging.getLogger(__name__)

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
    private_lines.append(path, entry, max_bytes=max_bytes)


def entries(path: Path, *, player: str | None = None, since: datetime | None = None) -> Iterator[dict[str, Any]]:
    """The oldest first, without damaged lines; none where there is no file. Raises OSError."""
    for entry in private_lines.read(path):
        if player is not None and entry.get("player") != player:
            continue
        if since is not None and _time_of(entry) < since:
            continue
        yield entry


def prune(path: Path, before: datetime) -> int:
    """Deletes lines that are older than `before`, and damaged ones; returns how many."""
    return _keep_only(path, lambda entry: _time_of(entry) >= before)


def forget_player(path: Path, player: str) -> int:
    """Deletes the lines of a player, and damaged ones; returns how many."""
    return _keep_only(path, lambda entry: entry.get("player") != player)


def _keep_only(path: Path, is_kept: Callable[[dict[str, Any]], bool]) -> int:
    """Replaces each file in one step: a crash leaves the old one."""
    files = [file for file in (private_lines.older(path), path) if file.exists()]
    if not files:
        return 0
    with private_lines.locked(path):
        return sum(_keep_only_in(file, is_kept) for file in files if file.exists())


def _keep_only_in(path: Path, is_kept: Callable[[dict[str, Any]], bool]) -> int:
    lines = path.read_bytes().splitlines(keepends=True)
    kept = [line for line in lines if (entry := private_lines.parse(line)) is not None and is_kept(entry)]
    if len(kept) < len(lines):
        new = path.with_name(path.name + ".new")
        new.unlink(missing_ok=True)  # left by a crash, or put there by somebody else
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | private_lines.O_BINARY, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(b"".join(kept))
            file.flush()
            os.fsync(file.fileno())
        own_as(new, path)
        new.replace(path)
    return len(lines) - len(kept)


def _cut(name: str, value: Any) -> Any:
    return value[: TEXT_MAX_CHARS if name == "text" else FIELD_MAX_CHARS] if isinstance(value, str) else value


def _time_of(entry: dict[str, Any]) -> datetime:
    try:
        return parse_time(str(entry.get("time")))
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
