"""Writes memory.db: adds rows, keeps the size bound, and deletes for good.

No thread of its own: the daemon's writer thread and the command line each have a `Store`, and SQLite's lock decides
who writes. See `reader.py` for reads and `schema.py` for the tables.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from llm_agentd.memory.base import Edit
from llm_agentd.memory.keywords import storable_line
from llm_agentd.memory.migrate import kept_copy
from llm_agentd.memory.reader import StoreReader, where_clause
from llm_agentd.memory.schema import COLUMNS, NewerVersionError, OlderVersionError, Row
from llm_agentd.memory.sentences import fact_line
from llm_agentd.util.sqlite import transaction

EVICT_SHARE = 0.9  # of the size bound is left after an eviction, so that the next row does not evict again
EVICT_ROWS = 500  # deleted in one transaction, so that nothing waits long for it
FACTS_MAX = 40  # that one NPC keeps of one player


class GoneError(OSError):
    """The file was deleted or moved while it is open; without it the kernel takes all that is written, until we end."""


class Store(StoreReader):
    """Raises sqlite3.Error and OSError; `explain` turns them into advice for an admin."""

    def __init__(self, path: Path, *, create: bool) -> None:
        if create:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # SQLite would make it 0644
        super().__init__(path, create=create)
        status = os.stat(path)
        self._file = (status.st_dev, status.st_ino)

    def check_name(self) -> None:
        """Raises GoneError where another file, or none, has the name by now: what is written would end with us."""
        try:
            status = os.stat(self._path)
            if (status.st_dev, status.st_ino) == self._file:
                return
        except FileNotFoundError:
            pass
        raise GoneError(str(self._path))

    @contextmanager
    def transaction(self, *, is_durable: bool = False) -> Iterator[None]:
        """Commits at the end of the block; rolls back where it raises. `is_durable`: also a power cut takes nothing."""
        self._connection.execute(f"PRAGMA synchronous = {'FULL' if is_durable else 'NORMAL'}")
        with transaction(self._connection):
            yield

    # -- within a transaction --------------------------------------------------------------------

    def add(self, row: Row) -> None:
        """The trigger `added` indexes it."""
        self._connection.execute(
            f"INSERT OR IGNORE INTO memories ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                row.id,
                row.kind,
                row.npc,
                row.npc_name,
                row.player,
                row.place,
                row.said,
                row.text,
                row.language,
                row.at_s,
            ),
        )

    def delete(self, ids: Sequence[int]) -> None:
        """The trigger `gone` takes them out of the index."""
        self._connection.executemany("DELETE FROM memories WHERE id = ?", ((row_id,) for row_id in ids))

    def greeting_ids(self, npc: str, player: str) -> list[int]:
        return [
            found[0]
            for found in self._connection.execute(
                "SELECT id FROM memories WHERE npc = ? AND player = ? AND kind = 'exchange' AND said = ''",
                (npc, player),
            )
        ]

    def add_facts(self, exchange_ids: Sequence[int], facts: Sequence[Row]) -> None:
        """Adds the facts that summarize these exchanges. The exchanges stay, marked as summarized, until the size
        bound evicts them; of facts beyond FACTS_MAX the oldest are deleted.
        """
        self._connection.executemany(
            "UPDATE memories SET condensed = 1 WHERE id = ?", ((row_id,) for row_id in exchange_ids)
        )
        for fact in facts:
            self.add(fact)
        for npc, player in {(fact.npc, fact.player) for fact in facts}:
            rows = self.newest(npc, player, ("fact",), 2 * FACTS_MAX)
            self.delete([row.id for row in rows[FACTS_MAX:]])

    # -- whole transactions ----------------------------------------------------------------------

    def forget(self, npc: str | None, player: str | None) -> tuple[dict[str, int], bool]:
        """Deletes for good what matches (both None: all). Returns how many rows of each kind were deleted, and whether
        the WAL is empty; it is not where another process reads the file at this moment.

        Of a player, outcomes and facts of others that name the player are deleted too. After it no byte of the deleted
        text is left, and each step is needed for that:

        1. `secure_delete` (set by the reader) overwrites deleted cells and freed pages of tables and index.
        2. FTS5 does not delete words, it adds a tombstone to a new segment; the old segment keeps the words until
           segments are merged. `_merge_index` merges all of them into one.
        3. Old pages still stand in the WAL; `empty_wal` copies the new ones into the file and truncates it.
        """
        with self.transaction():
            rows = self._forgotten_rows(npc, player)
            self.delete([row_id for row_id, _, _ in rows])
            self._merge_index()
        counts = {"exchanges": 0, "outcomes": 0, "facts": 0}
        for _, kind, _ in rows:
            counts[kind + "s"] += 1
        return counts, self.empty_wal()

    def edit(self, edit: Edit) -> Row | None:
        """Changes or deletes one row; returns it as it was. Of what is gone no byte is left, as after `forget`."""
        found = self.rows_by_id([edit.row_id])
        if not found:
            return None
        row = found[0]
        clean = storable_line if row.kind == "exchange" else fact_line  # as when it was added
        with self.transaction():
            is_condensed = self._is_condensed(row.id)
            self.delete([row.id])
            if edit.text is not None:
                said = row.said if edit.said is None else storable_line(edit.said)
                self.add(replace(row, text=clean(edit.text), said=said))
                self._connection.execute("UPDATE memories SET condensed = ? WHERE id = ?", (is_condensed, row.id))
            self._merge_index()
        self.empty_wal()
        return row

    def _is_condensed(self, row_id: int) -> int:
        found = self._connection.execute("SELECT condensed FROM memories WHERE id = ?", (row_id,)).fetchone()
        return int(found[0])

    def evict(self, max_bytes: int) -> int:
        """Deletes the oldest rows while more than `max_bytes` are used; returns how many.

        Summarized exchanges go first, as facts hold what matters of them, then other exchanges, then everything.
        """
        deleted = 0
        limit_bytes = max_bytes
        while self.used_bytes() > limit_bytes:
            limit_bytes = int(max_bytes * EVICT_SHARE)
            ids = self._oldest_ids("kind = 'exchange' AND condensed = 1") or self._oldest_ids("kind = 'exchange'")
            ids = ids or self._oldest_ids("true")
            if not ids:
                break
            with self.transaction():
                self.delete(ids)
            deleted += len(ids)
        if deleted:
            with self.transaction():
                self._merge_index()
        return deleted

    def _forgotten_rows(self, npc: str | None, player: str | None) -> list[tuple[int, str, str]]:
        """(id, kind, text) of what `forget` deletes."""
        rows = self._ids(*where_clause(npc, player))
        if not player:
            return rows
        clause = "WHERE kind <> 'exchange' AND instr(text, ?) > 0"
        named = self._ids(clause, (player,)) if npc is None else self._ids(clause + " AND npc = ?", (player, npc))
        known = {row_id for row_id, _, _ in rows}
        return rows + [row for row in named if row[0] not in known and _has_word(row[2], player)]

    def _ids(self, where: str, values: Sequence[str]) -> list[tuple[int, str, str]]:
        return self._connection.execute(f"SELECT id, kind, text FROM memories {where}", values).fetchall()

    def _oldest_ids(self, condition: str) -> list[int]:
        found = self._connection.execute(
            f"SELECT id FROM memories WHERE {condition} ORDER BY id LIMIT ?", (EVICT_ROWS,)
        )
        return [row[0] for row in found]

    def _merge_index(self) -> None:
        self._connection.execute("INSERT INTO words (words) VALUES ('optimize')")

    def sync(self) -> None:
        """Also a power cut takes nothing that was committed: SQLite syncs the WAL before it copies it into the file."""
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()

    def empty_wal(self) -> bool:
        """Copies the WAL into the file and truncates it. False where a reader in another process prevents that."""
        busy, _, _ = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy


def explain(path: Path, error: Exception) -> str:
    """What is wrong with the file and what to do about it, to follow a comma."""
    if isinstance(error, NewerVersionError):
        copy = kept_copy(path)
        back = f"; or go back to the copy that was kept of it: llm-agentd restore {copy}" if copy else ""
        return (
            f"{path} was written by a newer llm-agentd ({error}) and is left as it is; run that version again, or name"
            f" another file{back}"
        )
    if isinstance(error, OlderVersionError):
        return f"{path} was written by an older llm-agentd ({error}); start the daemon once, which brings it up to date"
    if isinstance(error, GoneError):
        return f"{path} was deleted or moved while the daemon runs; restart the daemon, which makes a new one"
    if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
        return (
            f"{path} is damaged or no memory: {error}; restart the daemon, which keeps the file aside and takes over"
            " what can be read"
        )
    if "locked" in str(error) or "busy" in str(error):
        return f"{path} is busy: {error}; another program holds it, end that and try again"
    return f"{path} cannot be used: {error}; free space there or choose a file that the daemon may write"


def _has_word(text: str, name: str) -> bool:
    """Whether `name` stands in `text` as a word of its own: Ana is not in `bananas`."""
    at = text.find(name)
    while at >= 0:
        before, after = text[at - 1 : at], text[at + len(name) : at + len(name) + 1]
        if not before.isalnum() and not after.isalnum():
            return True
        at = text.find(name, at + 1)
    return False
