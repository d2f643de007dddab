"""The memory that is kept in an SQLite file, as the router thread uses it.

The router thread reads over a connection of its own; `writer.py` has the thread that writes. What is queued there is
visible to reads at once.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from llm_agentd.errors import StartError
from llm_agentd.memory import migrate, salvage
from llm_agentd.memory.base import Edit, OnEdited, OnForgotten, OnWritten, Outcome, SummarizeBy, SummaryJob
from llm_agentd.memory.keywords import storable_line
from llm_agentd.memory.ranking import Vectorize
from llm_agentd.memory.reader import StoreReader
from llm_agentd.memory.retrieval import NOTHING, Recall, Retrieved, recall, retrieve
from llm_agentd.memory.schema import Row
from llm_agentd.memory.sentences import fact_line, said_sentences
from llm_agentd.memory.store import explain
from llm_agentd.memory.writer import MemoryWriter
from llm_agentd.types import MemoryTurn
from llm_agentd.util.file_lock import FileLock
from llm_agentd.util.regular_file import check_regular
from llm_agentd.util.steady_clock import steady_time_s

log = logging.getLogger(__name__)

TEXT_MAX_CHARS = 1000  # kept of each side of an exchange: more than anybody says at once
FORGOTTEN_S = 600.0  # as long as a request can be open: its reply must not bring back what was forgotten meanwhile
VECTORS_KEPT = 2048  # of lines that were said or asked, in half precision: at most 2 MB, of 384 numbers each
IDLE_S = 3.0  # without a request for so long, summaries may be made


class SqliteMemory:
    """Close it only after the router thread has ended."""

    def __init__(
        self,
        path: Path,
        *,
        turns: int,
        max_bytes: int,
        summarize_by: SummarizeBy = "auto",
        purge_cache: Callable[[str | None], int] = lambda _: 0,
        vectorize: Vectorize | None = None,
        idle_s: float = IDLE_S,
        now: Callable[[], float] = steady_time_s,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Raises StartError where another daemon has the file, sqlite3.Error and OSError where it cannot be used."""
        self._path = path
        self._turns = turns
        self._max_bytes = max_bytes
        self._summarize_by = summarize_by
        self._vectorize = _kept(vectorize) if vectorize else None
        self._idle_s = idle_s
        self._now = now
        self._clock = clock
        self._last_request_s = clock()
        self._forgotten: deque[tuple[str | None, str | None, float]] = deque()  # npc, player, when
        self._read_problem = ""  # of a page that is damaged: the first that was met since the start
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.exists():
            check_regular(path)  # SQLite would wait at a pipe for ever
        self._file_lock = _lock(path)
        try:
            if damage := salvage.find_damage(path):
                raise sqlite3.DatabaseError(damage)
            migrate.migrate(path)
            self._writer = MemoryWriter(
                path, turns=turns, max_bytes=max_bytes, purge_cache=purge_cache, is_idle=self._is_idle, now=now
            )
            self._reader = StoreReader(path)
        except BaseException:
            self._file_lock.release()
            raise

    def start(self, on_job: Callable[[SummaryJob], None]) -> None:
        self._writer.start(None if self._summarize_by == "rules" else on_job)

    @property
    def summarize_by(self) -> SummarizeBy:
        return self._summarize_by

    def retrieve(self, turn: MemoryTurn, *, wants_turns: bool = True) -> Retrieved:
        self._last_request_s = self._clock()
        pending = self._writer.pending  # before the file is read: what leaves `pending` is committed by then
        try:
            return retrieve(self._reader, pending.values(), turn, self._turns if wants_turns else 0, self._vectorize)
        except salvage.DAMAGE as error:
            self._note_read_error(error)
            return NOTHING

    def add_exchange(
        self, turn: MemoryTurn, reply: str, requested_s: float, on_written: OnWritten | None = None
    ) -> None:
        dropped = self._writer.dropped
        if (turn.player_text or reply) and not self._is_forgotten(turn, requested_s):
            self._add_exchange(turn, reply)
        if on_written:
            self._writer.when_written(on_written, dropped)

    def _add_exchange(self, turn: MemoryTurn, reply: str) -> None:
        row = Row(
            id=self._writer.next_id(),
            kind="exchange",
            npc=turn.npc,
            npc_name=turn.npc_name,
            player=turn.player,
            place=turn.place,
            said=storable_line(turn.player_text)[:TEXT_MAX_CHARS],
            text=storable_line(reply)[:TEXT_MAX_CHARS],
            language=turn.language,
            at_s=self._now(),
        )
        self._writer.add(row, replaces=turn.is_retry)
        if self._vectorize:  # now that the reply is out, not when the player waits for the next one
            for sentence in said_sentences(row.said):
                self._vectorize(sentence)

    def add_outcomes(self, outcomes: Sequence[Outcome], on_written: OnWritten | None = None) -> int:
        kept, dropped = 0, self._writer.dropped
        for outcome in outcomes:
            row = Row(
                id=self._writer.next_id(),
                kind="outcome",
                npc=outcome.npc,
                npc_name=storable_line(outcome.npc_name),
                player=outcome.player,
                place=storable_line(outcome.place),
                said="",
                text=fact_line(outcome.text),
                language="",
                at_s=self._now(),
            )
            kept += bool(row.text) and self._writer.add(row)
        if on_written:
            self._writer.when_written(on_written, dropped)
        return kept

    def forget(self, npc: str | None, player: str | None, on_forgotten: OnForgotten) -> None:
        now_s = self._clock()
        while self._forgotten and self._forgotten[0][2] < now_s - FORGOTTEN_S:
            self._forgotten.popleft()
        self._forgotten.append((npc, player, now_s))
        self._writer.forget(npc, player, on_forgotten)

    def edit(self, edit: Edit, on_edited: OnEdited) -> None:
        self._writer.edit(edit, on_edited)

    def list_newest(
        self, npc: str | None, player: str | None, limit: int, before: int | None = None
    ) -> list[dict[str, Any]]:
        pending = [
            row
            for row in self._writer.pending.values()
            if npc in (None, row.npc) and player in (None, row.player) and (before is None or row.id < before)
        ]
        try:
            kept = self._reader.list_newest(npc, player, limit, before)
        except salvage.DAMAGE as error:
            self._note_read_error(error)
            kept = []
        rows = {row.id: row for row in (*pending, *kept)}
        return [rows[row_id].view() for row_id in sorted(rows, reverse=True)[:limit]]

    def search(
        self, npc: str | None, player: str | None, text: str, limit: int, before: int | None
    ) -> list[dict[str, Any]]:
        return self._browse(lambda reader: [row.view() for row in reader.search(npc, player, text, limit, before)])

    def pairs(self, limit: int) -> list[dict[str, Any]]:
        return self._browse(lambda reader: reader.pairs(limit))

    def _browse(self, read: Callable[[StoreReader], list[dict[str, Any]]]) -> list[dict[str, Any]]:
        """Over a connection of its own, as another thread than the router's reads."""
        self.flush()
        try:
            reader = StoreReader(self._path)
            try:
                return read(reader)
            finally:
                reader.close()
        except salvage.DAMAGE as error:
            self._note_read_error(error)
            return []

    def recall(self, npc: str, player: str, text: str, place: str | None, limit: int) -> Recall:
        try:
            newest = self._reader.list_newest(npc, None, 1)
            name, last_place = (newest[0].npc_name, newest[0].place) if newest else ("", "")
            turn = MemoryTurn(npc, name, player, last_place if place is None else place, text)
            return recall(self._reader, [*self._writer.pending.values()], turn, self._turns, limit, self._vectorize)
        except salvage.DAMAGE as error:
            self._note_read_error(error)
            return Recall()

    def set_limits(self, *, turns: int, max_bytes: int) -> bool:
        if not turns:  # the memory is off: another class, which leaves the file alone
            return False
        self._turns, self._max_bytes = turns, max_bytes
        self._writer.set_limits(turns=turns, max_bytes=max_bytes)
        return True

    def finish_job(self, job: SummaryJob, reply: str | None) -> None:
        self._writer.finish_job(job, reply)

    def return_job(self, job: SummaryJob) -> None:
        self._writer.return_job()

    def stats(self) -> dict[str, Any]:
        counts: dict[str, Any] = {
            "backend": "sqlite",
            "queued": self._writer.queued,
            "dropped": self._writer.dropped,
        }
        if self._read_problem:
            counts["problem"] = self._read_problem
        try:
            return counts | {"bytes": self._reader.used_bytes(), "max_bytes": self._max_bytes}
        except salvage.DAMAGE as error:
            return counts | {"problem": explain(self._path, error)}

    def flush(self) -> None:
        self._writer.flush()

    def close(self) -> None:
        """Writes what is queued, ends the writer, closes both connections and unlocks the file."""
        if self._writer.close():
            self._reader.close()
        self._file_lock.release()

    def _note_read_error(self, error: Exception) -> None:
        if not self._read_problem:
            self._read_problem = explain(self._path, error)
            log.warning("agents.memory_path: NPCs do not remember all at the moment, %s", self._read_problem)

    def _is_idle(self) -> bool:
        """Called on the writer thread."""
        return self._clock() - self._last_request_s >= self._idle_s

    def _is_forgotten(self, turn: MemoryTurn, requested_s: float) -> bool:
        return any(
            npc in (None, turn.npc) and player in (None, turn.player) and requested_s <= forgotten_s
            for npc, player, forgotten_s in self._forgotten
        )


def _lock(path: Path) -> FileLock:
    """Two daemons on one file would give out the same ids."""
    try:
        return FileLock(Path(f"{path}.lock"))
    except BlockingIOError:
        raise StartError(
            f"agents.memory_path: {path} is in use: another llm-agentd runs? stop it, or give this one another file"
        ) from None


def _kept(vectorize: Vectorize) -> Vectorize:
    return lru_cache(maxsize=VECTORS_KEPT)(lambda text: vectorize(text).astype("float16"))
