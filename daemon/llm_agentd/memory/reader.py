"""Reads memory.db: one connection, one short SELECT for each question.

No thread of its own; the router thread, the writer thread and the command line each open a connection and use it from
one thread at a time. No read transaction stays open: one would keep the WAL from being emptied (`store.py`).
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from llm_agentd.memory import schema
from llm_agentd.memory.schema import COLUMNS, Kind, Row

BUSY_MS = 5000  # another process (the command line, or the daemon) is writing
MATCHES_MAX = 100  # rows of one word that are read, the newest: a word that is in more says little
PLACE_ROWS = 1000  # how many rows of a settlement can be found, the newest
PLACE_CACHE_USES = 200  # lookups until a cached `place_min_id` is read again: a few more rows do no harm
PLACE_CACHE_MAX = 1000  # places
EXPORT_ROWS = 500  # read at once: a slow export must hold no old pages


class StoreReader:
    """Raises sqlite3.Error and OSError; `store.explain` turns them into advice for an admin."""

    def __init__(self, path: Path, *, create: bool = False) -> None:
        # The thread that uses it may differ from the one that opens it; two never use it at once.
        self._path = path
        self._connection = sqlite3.connect(path, timeout=BUSY_MS / 1000, isolation_level=None, check_same_thread=False)
        self._place_min_ids: dict[str, tuple[int, int]] = {}  # by place: id, uses left
        # A damaged page may hold any bytes; one bad letter must not hide what else a query finds.
        self._connection.text_factory = lenient_text
        try:
            # Deleted text is overwritten with zeros, and there is no copy of it in a temporary file.
            self._connection.execute("PRAGMA secure_delete = ON")
            self._connection.execute("PRAGMA temp_store = MEMORY")
            schema.prepare(self._connection, create=create)
            # A killed process loses nothing; a power cut loses the last moments and leaves the file whole.
            self._connection.execute("PRAGMA synchronous = NORMAL")
        except BaseException:
            self._connection.close()
            raise

    def close(self) -> None:
        self._connection.close()

    def newest_id(self) -> int:
        return int(self._connection.execute("SELECT coalesce(max(id), 0) FROM memories").fetchone()[0])

    def count(self) -> int:
        return int(self._connection.execute("SELECT count(*) FROM memories").fetchone()[0])

    def newest(self, npc: str, player: str, kinds: Sequence[Kind], limit: int) -> list[Row]:
        """Of one NPC with one player, the newest first."""
        rows: list[Row] = []
        for kind in kinds:  # each from its own end of the index `by_pair`: "kind IN (…)" would sort all its rows
            rows += self._rows(
                "WHERE npc = ? AND player = ? AND kind = ? ORDER BY id DESC LIMIT ?", (npc, player, kind, limit)
            )
        return sorted(rows, key=lambda row: -row.id)[:limit]

    def has_rows(self, npc: str, player: str) -> bool:
        """Whether there is anything of one NPC with one player; of those who meet for the first time there is not."""
        found = self._connection.execute("SELECT 1 FROM memories WHERE npc = ? AND player = ? LIMIT 1", (npc, player))
        return found.fetchone() is not None

    def has_rows_of_place(self, place: str) -> bool:
        found = self._connection.execute(
            "SELECT 1 FROM memories WHERE place = ? AND place <> '' AND kind <> 'exchange' LIMIT 1", (place,)
        )
        return found.fetchone() is not None

    def newest_of_place(self, place: str, limit: int) -> list[Row]:
        return self._rows(
            "WHERE place = ? AND place <> '' AND kind <> 'exchange' ORDER BY id DESC LIMIT ?", (place, limit)
        )

    def place_min_id(self, place: str) -> int:
        """The lowest id among the newest PLACE_ROWS rows of a settlement. Cached: it need not be exact."""
        min_id, uses = self._place_min_ids.get(place, (0, 0))
        if uses:
            self._place_min_ids[place] = (min_id, uses - 1)
            return min_id
        found = self._connection.execute(
            "SELECT id FROM memories WHERE place = ? AND place <> '' AND kind <> 'exchange'"
            " ORDER BY id DESC LIMIT 1 OFFSET ?",
            (place, PLACE_ROWS - 1),
        ).fetchone()
        if len(self._place_min_ids) >= PLACE_CACHE_MAX:
            self._place_min_ids.clear()
        min_id = int(found[0]) if found else 0
        self._place_min_ids[place] = (min_id, PLACE_CACHE_USES)
        return min_id

    def matches(self, scope: str, word: str, min_id: int = 0) -> list[int]:
        """Ids of a scope's rows that hold a word (of `index_words`), the newest first, at most MATCHES_MAX."""
        return [
            found[0]
            for found in self._connection.execute(
                "SELECT rowid FROM words WHERE words MATCH ? AND rowid >= ? ORDER BY rowid DESC LIMIT ?",
                (f'"{scope}{word}"', min_id, MATCHES_MAX),
            )
        ]

    def rows_by_id(self, ids: Sequence[int]) -> list[Row]:
        return self._rows(f"WHERE id IN ({', '.join('?' * len(ids))})", tuple(ids)) if ids else []

    def list_newest(self, npc: str | None, player: str | None, limit: int, before: int | None = None) -> list[Row]:
        """What matches (None: any) and is older than the row `before`, the newest first."""
        where, names = where_clause(npc, player)
        values: tuple[str | int, ...] = names
        if before is not None:
            where, values = f"{where or 'WHERE true'} AND id < ?", (*names, before)
        return self._rows(f"{where} ORDER BY id DESC LIMIT ?", (*values, limit))

    def search(self, npc: str | None, player: str | None, text: str, limit: int, before: int | None) -> list[Row]:
        """As `list_newest`, of what has `text` in it, whatever its case. Reads every row: not for the router thread."""
        wanted = text.casefold()
        found: list[Row] = []
        while len(found) < limit and (rows := self.list_newest(npc, player, EXPORT_ROWS, before)):
            found += [row for row in rows if wanted in f"{row.said}\n{row.text}".casefold()]
            before = rows[-1].id
            time.sleep(0)  # others want the interpreter too
        return found[:limit]

    def pairs(self, limit: int) -> list[dict[str, Any]]:
        """Who remembers whom, the latest first. Reads the whole index: not for the router thread."""
        rows = self._connection.execute(
            "SELECT npc, player, count(*), max(id) FROM memories GROUP BY npc, player ORDER BY max(id) DESC LIMIT ?",
            (limit,),
        ).fetchall()
        newest = {row.id: row for row in self.rows_by_id([row[3] for row in rows])}
        return [
            {"npc": npc, "npc_name": newest[row_id].npc_name, "player": player, "count": count,
             "at_s": round(newest[row_id].at_s, 3)}
            for npc, player, count, row_id in rows
            if row_id in newest
        ]  # fmt: skip

    def iterate(self, npc: str | None, player: str | None) -> Iterator[Row]:
        """All that matches, the oldest first. Rows that are added or deleted meanwhile may be missing."""
        where, values = where_clause(npc, player)
        last_id = 0
        while rows := self._rows(
            f"{where or 'WHERE true'} AND id > ? ORDER BY id LIMIT ?", (*values, last_id, EXPORT_ROWS)
        ):
            yield from rows
            last_id = rows[-1].id

    def pair_to_summarize(self, exchanges_min: int) -> tuple[str, str] | None:
        """NPC and player of the pair with the most unsummarized exchanges, if it has at least `exchanges_min`."""
        found = self._connection.execute(
            "SELECT npc, player FROM memories WHERE kind = 'exchange' AND condensed = 0"
            " GROUP BY npc, player HAVING count(*) >= ? ORDER BY count(*) DESC LIMIT 1",
            (exchanges_min,),
        ).fetchone()
        return (found[0], found[1]) if found else None

    def oldest_unsummarized(self, npc: str, player: str, limit: int) -> list[Row]:
        return self._rows(
            "WHERE npc = ? AND player = ? AND kind = 'exchange' AND condensed = 0 ORDER BY id LIMIT ?",
            (npc, player, limit),
        )

    def used_bytes(self) -> int:
        """Bytes of pages in use. The file may be larger: free pages stay in it and are used again."""
        pages, free, size = (
            int(self._connection.execute(f"PRAGMA {name}").fetchone()[0])
            for name in ("page_count", "freelist_count", "page_size")
        )
        return (pages - free) * size

    def integrity_problems(self) -> list[str]:
        """What SQLite finds wrong with the file; [] for a sound one."""
        found = [str(line[0]) for line in self._connection.execute("PRAGMA integrity_check(5)")]
        return [problem for problem in found if problem != "ok"]

    def _rows(self, clause: str, values: Sequence[Any]) -> list[Row]:
        rows: list[Row] = []
        for found in self._connection.execute(f"SELECT {COLUMNS} FROM memories {clause}", values):
            try:
                rows.append(Row(*found))
            except ValueError:
                continue  # damaged
        return rows


def lenient_text(data: bytes) -> str:
    """For a connection's `text_factory`."""
    return data.decode("utf-8", "replace")


def where_clause(npc: str | None, player: str | None) -> tuple[str, tuple[str, ...]]:
    """WHERE with its values; "" where both are None."""
    given = {"npc": npc, "player": player}
    parts = [f"{name} = ?" for name, value in given.items() if value is not None]
    values = tuple(value for value in given.values() if value is not None)
    return ("WHERE " + " AND ".join(parts) if parts else ""), values
