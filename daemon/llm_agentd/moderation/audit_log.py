"""The audit log of moderation: what was held back, from whom and why; one JSON object a line, kept for some days.

`write` only queues. A thread of its own appends and, at the start and once a day, deletes what is too old. A disk error
is logged once, and moderation goes on without the log. The functions below work on the file; the command line uses them
too, also while the daemon runs.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from llm_agentd.util.file_lock import FileLock
from llm_agentd.util.group_writer import GroupWriter
from llm_agentd.util.timestamps import parse_time, rfc3339

log = logging.getLogger(__name__)

PRUNE_EVERY_S = 24 * 3600
STOP_MAX_S = 5.0  # the end of the daemon must not wait for a disk that hangs


class AuditLog:
    """`start`, then `write` from any thread, then `stop`."""

    def __init__(self, path: Path, days: float, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._path = path
        self._days = days
        self._now = now
        self._writer: GroupWriter[dict[str, Any]] = GroupWriter(
            "audit", self._append, tick=self._prune, tick_every_s=PRUNE_EVERY_S
        )
        self._pruned_s = float("-inf")
        self._is_error_logged = False

    def start(self) -> None:
        self._writer.start()

    def write(self, entry: dict[str, Any]) -> None:
        """Adds the time. `entry`: direction, player, npc, category, match, text, taken (what was done about it)."""
        self._writer.put({"time": rfc3339(self._now())} | entry)

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


def append(path: Path, entry: dict[str, Any]) -> None:
    """Makes the file readable for its owner only: it holds what people said. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with _locked(path):
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(handle, orjson.dumps(entry) + b"\n")
        finally:
            os.close(handle)


def entries(path: Path, *, player: str | None = None, since: datetime | None = None) -> Iterator[dict[str, Any]]:
    """The oldest first, without damaged lines; none where there is no file. Raises OSError."""
    try:
        with path.open("rb") as lines:
            for line in lines:
                entry = _read(line)
                if entry is None or (player is not None and entry.get("player") != player):
                    continue
                if since is not None and _time_of(entry) < since:
                    continue
                yield entry
    except FileNotFoundError:
        return


def prune(path: Path, before: datetime) -> int:
    """Deletes lines that are older than `before`, and damaged ones; returns how many."""
    return _keep_only(path, lambda entry: _time_of(entry) >= before)


def forget_player(path: Path, player: str) -> int:
    """Deletes the lines of a player, and damaged ones; returns how many."""
    return _keep_only(path, lambda entry: entry.get("player") != player)


def _keep_only(path: Path, is_kept: Callable[[dict[str, Any]], bool]) -> int:
    """Replaces the file in one step: a crash leaves the old one."""
    if not path.exists():
        return 0
    with _locked(path):
        lines = path.read_bytes().splitlines(keepends=True)
        kept = [line for line in lines if (entry := _read(line)) is not None and is_kept(entry)]
        if len(kept) < len(lines):
            new = path.with_name(path.name + ".new")
            new.touch(mode=0o600)
            new.write_bytes(b"".join(kept))
            new.replace(path)
    return len(lines) - len(kept)


def _locked(path: Path) -> FileLock:
    """The daemon may append while a command rewrites the file. The lock is a file beside it: a rewrite replaces the
    log itself, so a lock on that would lock a file that nobody sees any more.
    """
    return FileLock(path.with_name(path.name + ".lock"), wait=True)


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
