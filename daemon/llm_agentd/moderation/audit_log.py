"""The audit log of moderation: what was held back, from whom and why, as JSON lines that go after some days.

`write` only queues; a thread of its own writes and, at the start and daily, throws away what is too old. A disk that
cannot be written is said once, and nothing stops for it. What has to do with one player can be taken out.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import orjson

log = logging.getLogger(__name__)

PRUNE_EVERY_S = 24 * 3600


class AuditLog:
    """`start`, then `write` from any thread, then `stop`."""

    def __init__(self, path: Path, days: float, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._path = path
        self._days = days
        self._now = now
        self._queue: SimpleQueue[dict[str, Any] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="audit", daemon=True)
        self._is_broken = False

    def start(self) -> None:
        self._thread.start()

    def write(self, entry: dict[str, Any]) -> None:
        """`entry`: direction, player, npc, category, match, text, taken; the time is put before it."""
        self._queue.put({"time": rfc3339(self._now())} | entry)

    def stop(self) -> None:
        """Writes what is queued, and ends."""
        self._queue.put(None)
        if self._thread.ident is not None:  # else it was never started
            self._thread.join(5)

    def _run(self) -> None:
        pruned_s = float("-inf")
        while True:
            if time.monotonic() - pruned_s >= PRUNE_EVERY_S:
                self._guarded(lambda: prune(self._path, self._now() - timedelta(days=self._days)))
                pruned_s = time.monotonic()
            try:
                entry = self._queue.get(timeout=PRUNE_EVERY_S)
            except Empty:
                continue
            if entry is None:
                return
            self._guarded(lambda entry=entry: append(self._path, entry))  # type: ignore[misc]

    def _guarded(self, work: Callable[[], object]) -> None:
        try:
            work()
        except OSError as error:
            if not self._is_broken:
                log.warning("agents.audit_path: no audit log is kept: %s: %s", self._path, error.strerror)
            self._is_broken = True


def rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


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


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """The daemon appends while a command rewrites: one at a time, by a file beside the log."""
    with path.with_name(path.name + ".lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _read(line: bytes) -> dict[str, Any] | None:
    try:
        entry = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return entry if isinstance(entry, dict) else None


def _time_of(entry: dict[str, Any]) -> datetime:
    try:
        moment = datetime.fromisoformat(str(entry.get("time")))
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
