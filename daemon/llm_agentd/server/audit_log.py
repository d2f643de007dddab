"""The audit log of changes: who changed what, as JSON lines in the state folder. Moderation's is another (moderation/).

`note` only queues, from any thread; a thread of its own writes, so that no reply waits for a disk. A disk error is
logged once, and the newest entries stay to be looked at. What was noted at last is kept in memory, so that whoever
looks never touches the disk on the router thread.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, TypeAlias

import orjson

from llm_agentd.config import private_lines
from llm_agentd.protocol.record import Change
from llm_agentd.util.group_writer import GroupWriter
from llm_agentd.util.steady_clock import steady_time_s
from llm_agentd.util.timestamps import rfc3339

log = logging.getLogger(__name__)

FILE_NAME = "audit.jsonl"  # in the state folder
FILE_MAX_BYTES = 5 * 2**20  # some 20,000 changes
OLDER_MAX = 3  # audit.jsonl.1 to .3: years of an admin's changes
SHOWN_MAX = 200  # kept in memory to be looked at
VALUE_MAX_CHARS = 400  # of what was before and after: enough to tell what changed, and no second copy of a role
QUEUE_MAX = 4096  # lines that wait for a disk: one that hangs must cost memory only up to here
STOP_MAX_S = 5.0  # the end of the daemon must not wait for a disk that hangs

Who: TypeAlias = Literal["http", "game", "cli", "wire"]  # wire: a client of the ROUTER that does not say


class AuditLog:
    """`start`, then `note` from any thread, then `stop`. `path` None: it is kept in memory alone."""

    def __init__(self, path: Path | None, *, now_s: Callable[[], float] = steady_time_s) -> None:
        self._path = path
        self._now_s = now_s
        self._newest: deque[dict[str, Any]] = deque(maxlen=SHOWN_MAX)
        self._writer: GroupWriter[dict[str, Any]] = GroupWriter("changes", self._append, queue_max=QUEUE_MAX)
        self._is_error_logged = False
        self.on_note: Callable[[dict[str, Any]], None] = lambda entry: None  # the event stream's, on the noting thread

    def start(self) -> None:
        """Reads what was noted before; main thread."""
        if self._path is not None:
            path = self._path
            self._log_first_error(lambda: self._newest.extend(private_lines.read(path, older_max=OLDER_MAX)))
            self._writer.start()

    def stop(self) -> None:
        """Writes what is queued, and ends the thread."""
        self._writer.close(STOP_MAX_S)

    def note(
        self,
        what: str,
        target: str,
        before: Any = None,
        after: Any = None,
        *,
        who: Who = "wire",
        by: str | None = None,
    ) -> None:
        """One change. `what`: the op; `target`: a role's, a player's, a key's name; `by`: who, where that was told.

        `before` and `after` are cut to VALUE_MAX_CHARS. The caller leaves out what is secret.
        """
        entry: dict[str, Any] = {"time": rfc3339(self._now_s()), "who": who}
        fields = {"by": by, "what": what, "target": target, "before": before, "after": after}
        for name, value in fields.items():
            if value is not None:
                entry[name] = _short(value)
        self._newest.append(entry)
        if self._path is not None and not self._writer.is_full:
            self._writer.put(entry)
        self.on_note(entry)

    def note_change(self, change: Change, what: str, target: str, before: Any = None, after: Any = None) -> None:
        """As `note`, of what a record asked for, which says who."""
        self.note(what, target, before, after, who=change.via or "wire", by=change.by)

    def entries(self, limit: int) -> list[dict[str, Any]]:
        """The newest first."""
        return list(self._newest)[: -limit - 1 : -1]

    def _append(self, entries: list[dict[str, Any]]) -> None:
        path = self._path
        assert path is not None
        for entry in entries:
            self._log_first_error(
                lambda entry=entry: private_lines.append(  # type: ignore[misc]
                    path, entry, max_bytes=FILE_MAX_BYTES, older_max=OLDER_MAX
                )
            )

    def _log_first_error(self, work: Callable[[], object]) -> None:
        try:
            work()
        except OSError as error:
            if not self._is_error_logged:
                log.warning("no audit log of changes is kept: %s: %s", self._path, error.strerror)
            self._is_error_logged = True


def _short(value: Any) -> Any:
    """As it is where it is small; else as text that is cut."""
    if isinstance(value, (bool, int, float)):
        return value
    text = value if isinstance(value, str) else orjson.dumps(value, default=str).decode()
    if len(text) <= VALUE_MAX_CHARS:
        return value
    return text[: VALUE_MAX_CHARS - 1] + "…"
