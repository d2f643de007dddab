"""The audit log of moderation: what was held back, from whom and why, as JSON lines that go after some days.

`write` only queues; a thread of its own writes and, at the start and daily, throws away what is too old. A disk that
cannot be written is said once, and nothing stops for it. What has to do with one player can be taken out.
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
STOP_MAX_S = 5.0  # a hanging disk must not hang the end of the daemon


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
        self._is_broken = False

    def start(self) -> None:
        self._writer.start()

    def write(self, entry: dict[str, Any]) -> None:
        """`entry`: direction, player, npc, category, match, text, taken; the time is put before it."""
        self._writer.put({"time": rfc3339(self._now())} | entry)

    def stop(self) -> None:
        """Writes what is queued, and ends."""
        self._writer.close(STOP_MAX_S)

    def _append(self, lines: list[dict[str, Any]]) -> None:
        for entry in lines:
            self._guarded(lambda entry=entry: append(self._path, entry))  # type: ignore[misc]

    def _prune(self) -> None:
        if time.monotonic() - self._pruned_s >= PRUNE_EVERY_S:
            self._pruned_s = time.monotonic()
            self._guarded(lambda: prune(self._path, self._now() - timedelta(days=self._days)))

    def _guarded(self, work: Callable[[], object]) -> None:
        try:
            work()
        except OSError as error:
            if not self._is_broken:
                log.warning("agents.audit_path: no audit log is kept: %s: %s", self._path, error.strerror)
            self._is_broken = True


def append(path: Path, entry: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with _locked(path):
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)  # it holds what people said
        try:
            os.write(handle, orjson.dumps(entry) + b"\n")
        finally:
            os.close(handle)


def entries(path: Path, *, player: str | None = None, since: datetime | None = None) -> Iterator[dict[str, Any]]:
    """The oldest first; a damaged line is passed over. Raises OSError but for a file that is not there."""
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
    """Throws away what is older, and what cannot be read; returns how many lines went."""
    return _keep_only(path, lambda entry: _time_of(entry) >= before)


def forget_player(path: Path, player: str) -> int:
    """Takes out all that has to do with `player`; returns how many lines went. Also while the daemon runs."""
    return _keep_only(path, lambda entry: entry.get("player") != player)


def _keep_only(path: Path, wanted: Callable[[dict[str, Any]], bool]) -> int:
    if not path.exists():
        return 0
    with _locked(path):
        lines = path.read_bytes().splitlines(keepends=True)
        kept = [line for line in lines if (entry := _read(line)) is not None and wanted(entry)]
        if len(kept) < len(lines):
            beside = path.with_name(path.name + ".new")
            beside.touch(mode=0o600)
            beside.write_bytes(b"".join(kept))
            beside.replace(path)
    return len(lines) - len(kept)


def _locked(path: Path) -> FileLock:
    """The daemon appends while a command rewrites: one at a time, by a file beside the log."""
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
