"""What NPCs remember, on disk: one SQLite file in WAL mode, with a full-text index over it.

No threads of its own: one connection, used by one thread at a time; the daemon's reader and writer and the command
line each open their own. Every read is one short statement, so no reader ever holds back a checkpoint. What is
deleted is overwritten in the file (`secure_delete`), merged out of the index, and gone from the WAL after `scrub`.

`memories`: kind `exchange` (said, text: the two sides), `outcome` (text: a sentence the game told) or `fact` (text:
what older exchanges were condensed to). The index's words begin with the number of who may know them: the pair of NPC
and player, or the place. So a search reads only what it finds, however much there is; no place shares an exchange.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from llm_agentd.memory.keywords import index_words

SCHEMA = 1
BUSY_MS = 5000  # another process (the command line, or the daemon) writes meanwhile
CACHE_KIB = 16 * 1024  # pages in memory: about what a village's words of an evening take
PAGE_BYTES = 4096
HITS_MAX = 100  # lines of one word that are looked at, the newest: a word that stands in more says little
PLACE_NEWEST = 1000  # a settlement gossips of its newest things
FLOOR_USES = 200  # look-ups with one floor: a few more lines than PLACE_NEWEST do no harm
FLOORS_MAX = 1000  # places
EVICT_SHARE = 0.9  # of the bound is kept when it is passed
EVICT_ROWS = 500  # in one transaction, so that nothing waits long for it
FACTS_MAX = 40  # that one NPC keeps of one player
EXPORT_ROWS = 500  # read at once: an export that dawdles must hold no old pages

Kind: TypeAlias = Literal["exchange", "outcome", "fact"]

_TABLES = """
CREATE TABLE IF NOT EXISTS memories (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, npc TEXT NOT NULL, npc_name TEXT NOT NULL, player TEXT NOT NULL,
    place TEXT NOT NULL, said TEXT NOT NULL, text TEXT NOT NULL, language TEXT NOT NULL, at_s REAL NOT NULL,
    condensed INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS by_pair ON memories (npc, player, kind, id);
CREATE INDEX IF NOT EXISTS by_player ON memories (player, id);
CREATE INDEX IF NOT EXISTS by_place ON memories (place, id) WHERE kind <> 'exchange' AND place <> '';
CREATE INDEX IF NOT EXISTS raw ON memories (npc, player) WHERE kind = 'exchange' AND condensed = 0;
CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5 (
    told, content = '', detail = none, columnsize = 0, tokenize = "ascii"
);
CREATE TRIGGER IF NOT EXISTS added AFTER INSERT ON memories BEGIN
    INSERT INTO words (rowid, told)
    VALUES (new.id, scoped(new.kind, new.npc, new.player, new.place, new.said, new.text));
END;
CREATE TRIGGER IF NOT EXISTS gone AFTER DELETE ON memories BEGIN
    INSERT INTO words (words, rowid, told)
    VALUES ('delete', old.id, scoped(old.kind, old.npc, old.player, old.place, old.said, old.text));
END;
"""
_COLUMNS = "id, kind, npc, npc_name, player, place, said, text, language, at_s"


@dataclass(frozen=True, slots=True)
class Row:
    """One memory. `player` "": nobody in particular. `said` "" of an exchange: the NPC spoke first."""

    id: int
    kind: Kind
    npc: str
    npc_name: str
    player: str
    place: str
    said: str
    text: str
    language: str
    at_s: float

    def view(self) -> dict[str, Any]:
        """As the wire and the export show it."""
        names = ("kind", "npc", "npc_name", "player", "place", "said", "text", "language")
        return {"id": self.id, "at_s": round(self.at_s, 3)} | {name: getattr(self, name) for name in names}


def pair_scope(npc: str, player: str) -> str:
    return _number("pair", npc, player)


def place_scope(place: str) -> str:
    return _number("place", place)


def _number(*parts: str) -> str:
    """Before a word, which it makes one of this scope alone."""
    digest = hashlib.blake2b("\0".join(parts).encode("utf-8", "replace"), digest_size=8).digest()
    return str(int.from_bytes(digest, "big"))


def _scoped(kind: Kind, npc: str, player: str, place: str, said: str, text: str) -> str:
    """What the index holds of a row; SQLite asks for it when a row comes, and again to take it out."""
    scopes = [pair_scope(npc, player)]
    if kind != "exchange" and place:
        scopes.append(place_scope(place))
    words = index_words(f"{said} {text}")
    return " ".join(scope + word for scope in scopes for word in words)


class Store:
    """One connection to the file. Raises sqlite3.Error and OSError; what they mean to an admin says `memory.py`."""

    def __init__(self, path: Path, *, create: bool) -> None:
        if create:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        # The thread that uses it may be another than the one that opens it, never two at once.
        self._db = sqlite3.connect(path, timeout=BUSY_MS / 1000, isolation_level=None, check_same_thread=False)
        self._floors: dict[str, tuple[int, int]] = {}  # by place, with how often it may be used
        try:
            self._set_up(create=create)
        except BaseException:
            self._db.close()
            raise

    def _set_up(self, *, create: bool) -> None:
        self._db.create_function("scoped", 6, _scoped, deterministic=True)
        run = self._db.execute
        run("PRAGMA secure_delete = ON")
        run("PRAGMA temp_store = MEMORY")  # no copy of what people said in a temporary file
        run(f"PRAGMA cache_size = -{CACHE_KIB}")
        found = run("PRAGMA user_version").fetchone()[0]
        if found == 0 and create:
            run(f"PRAGMA page_size = {PAGE_BYTES}")
            run("PRAGMA journal_mode = WAL")
            self._db.executescript(f"BEGIN IMMEDIATE; {_TABLES} PRAGMA user_version = {SCHEMA}; COMMIT;")
        elif found != SCHEMA:
            raise sqlite3.DatabaseError(f"it is of version {found}, this program reads {SCHEMA}")
        run("PRAGMA synchronous = NORMAL")  # a kill loses nothing; a power cut the last moments, the file stays whole

    def close(self) -> None:
        self._db.close()

    # -- reading ---------------------------------------------------------------------------------

    def newest_id(self) -> int:
        return int(self._db.execute("SELECT coalesce(max(id), 0) FROM memories").fetchone()[0])

    def count(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM memories").fetchone()[0])

    def newest(self, npc: str, player: str, kinds: Sequence[Kind], limit: int) -> list[Row]:
        """Of one NPC with one player, the newest first."""
        rows: list[Row] = []
        for kind in kinds:  # each from its own end of the index
            rows += self._rows(
                "WHERE npc = ? AND player = ? AND kind = ? ORDER BY id DESC LIMIT ?", (npc, player, kind, limit)
            )
        return sorted(rows, key=lambda row: -row.id)[:limit]

    def newest_of_place(self, place: str, limit: int) -> list[Row]:
        return self._rows(
            "WHERE place = ? AND place <> '' AND kind <> 'exchange' ORDER BY id DESC LIMIT ?", (place, limit)
        )

    def place_floor(self, place: str) -> int:
        """The id from which on a settlement's things are told; looked up now and then, as it need not be exact."""
        floor, uses = self._floors.get(place, (0, 0))
        if uses:
            self._floors[place] = (floor, uses - 1)
            return floor
        found = self._db.execute(
            "SELECT id FROM memories WHERE place = ? AND place <> '' AND kind <> 'exchange'"
            " ORDER BY id DESC LIMIT 1 OFFSET ?",
            (place, PLACE_NEWEST - 1),
        ).fetchone()
        if len(self._floors) >= FLOORS_MAX:
            self._floors.clear()
        self._floors[place] = (int(found[0]) if found else 0, FLOOR_USES)
        return self._floors[place][0]

    def hits(self, scope: str, word: str, floor: int = 0) -> list[int]:
        """Ids of lines of a scope that have a word (of `index_words`), the newest first, at most HITS_MAX."""
        return [
            found[0]
            for found in self._db.execute(
                "SELECT rowid FROM words WHERE words MATCH ? AND rowid >= ? ORDER BY rowid DESC LIMIT ?",
                (f'"{scope}{word}"', floor, HITS_MAX),
            )
        ]

    def by_id(self, ids: Sequence[int]) -> list[Row]:
        return self._rows(f"WHERE id IN ({', '.join('?' * len(ids))})", tuple(ids)) if ids else []

    def listed(self, npc: str | None, player: str | None, limit: int) -> list[Row]:
        """The newest first."""
        where, values = _where(npc, player)
        return self._rows(f"{where} ORDER BY id DESC LIMIT ?", (*values, limit))

    def each(self, npc: str | None, player: str | None) -> Iterator[Row]:
        """All, the oldest first; those that come or go meanwhile may be missing."""
        where, values = _where(npc, player)
        last = 0
        while rows := self._rows(
            f"{where or 'WHERE true'} AND id > ? ORDER BY id LIMIT ?", (*values, last, EXPORT_ROWS)
        ):
            yield from rows
            last = rows[-1].id

    def to_condense(self, least: int) -> tuple[str, str] | None:
        """NPC and player of the pair with most exchanges that were not condensed, where there are `least`."""
        found = self._db.execute(
            "SELECT npc, player FROM memories WHERE kind = 'exchange' AND condensed = 0"
            " GROUP BY npc, player HAVING count(*) >= ? ORDER BY count(*) DESC LIMIT 1",
            (least,),
        ).fetchone()
        return (found[0], found[1]) if found else None

    def raw(self, npc: str, player: str, limit: int) -> list[Row]:
        """The oldest exchanges that were not condensed."""
        return self._rows(
            "WHERE npc = ? AND player = ? AND kind = 'exchange' AND condensed = 0 ORDER BY id LIMIT ?",
            (npc, player, limit),
        )

    def used_bytes(self) -> int:
        """Of pages that hold something."""
        pages, free, size = (
            int(self._db.execute(f"PRAGMA {name}").fetchone()[0])
            for name in ("page_count", "freelist_count", "page_size")
        )
        return (pages - free) * size

    def _rows(self, clause: str, values: Sequence[Any]) -> list[Row]:
        return [Row(*found) for found in self._db.execute(f"SELECT {_COLUMNS} FROM memories {clause}", values)]

    # -- writing ---------------------------------------------------------------------------------

    def begin(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        self._db.execute("COMMIT")

    def roll_back(self) -> None:
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")

    def add(self, row: Row) -> None:
        self._db.execute(
            f"INSERT OR IGNORE INTO memories ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
        self._db.executemany("DELETE FROM memories WHERE id = ?", ((one,) for one in ids))

    def greetings(self, npc: str, player: str) -> list[int]:
        return [
            found[0]
            for found in self._db.execute(
                "SELECT id FROM memories WHERE npc = ? AND player = ? AND kind = 'exchange' AND said = ''",
                (npc, player),
            )
        ]

    def condense(self, ids: Sequence[int], facts: Sequence[Row]) -> None:
        """The facts come in, the exchanges stay and count as condensed; facts beyond FACTS_MAX go, the oldest first."""
        self._db.executemany("UPDATE memories SET condensed = 1 WHERE id = ?", ((one,) for one in ids))
        for fact in facts:
            self.add(fact)
        for npc, player in {(fact.npc, fact.player) for fact in facts}:
            kept = self.newest(npc, player, ("fact",), 2 * FACTS_MAX)
            self.delete([row.id for row in kept[FACTS_MAX:]])

    def forget(self, npc: str | None, player: str | None) -> dict[str, int]:
        """Deletes what matches; how many of each kind. Of a player also what the game told of them by name."""
        where, values = _where(npc, player)
        gone = self._ids(where, values)
        if player:
            told = self._ids(
                "WHERE kind <> 'exchange' AND instr(text, ?) > 0" + (" AND npc = ?" if npc is not None else ""),
                (player, npc) if npc is not None else (player,),
            )
            known = {one for one, _, _ in gone}
            gone += [found for found in told if found[0] not in known and _names(found[2], player)]
        self.delete([one for one, _, _ in gone])
        counts = {"exchanges": 0, "outcomes": 0, "facts": 0}
        for _, kind, _ in gone:
            counts[kind + "s"] += 1
        return counts

    def _ids(self, where: str, values: Sequence[Any]) -> list[tuple[int, str, str]]:
        return self._db.execute(f"SELECT id, kind, text FROM memories {where}", values).fetchall()

    def merge_index(self) -> None:
        """Makes the index one piece: deleted words stand in its older pieces until then."""
        self._db.execute("INSERT INTO words (words) VALUES ('optimize')")

    def scrub(self) -> bool:
        """Empties the WAL, where deleted text still stands; False where a reader kept it from that."""
        busy, _, _ = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy

    def evict(self, max_bytes: int) -> int:
        """Where more is used: the oldest go, condensed exchanges first, then others, then all. Returns how many."""
        gone = 0
        limit_bytes = max_bytes
        while self.used_bytes() > limit_bytes:
            limit_bytes = int(max_bytes * EVICT_SHARE)
            ids = self._oldest("kind = 'exchange' AND condensed = 1") or self._oldest("kind = 'exchange'")
            ids = ids or self._oldest("true")
            if not ids:
                break
            self.begin()
            self.delete(ids)
            self.commit()
            gone += len(ids)
        if gone:
            self.begin()
            self.merge_index()
            self.commit()
        return gone

    def _oldest(self, condition: str) -> list[int]:
        found = self._db.execute(f"SELECT id FROM memories WHERE {condition} ORDER BY id LIMIT ?", (EVICT_ROWS,))
        return [one[0] for one in found]

    def problems(self) -> list[str]:
        """What SQLite finds wrong with the file; [] where all is well."""
        found = [str(line[0]) for line in self._db.execute("PRAGMA integrity_check(5)")]
        return [problem for problem in found if problem != "ok"]


def _where(npc: str | None, player: str | None) -> tuple[str, tuple[str, ...]]:
    given = {"npc": npc, "player": player}
    parts = [f"{name} = ?" for name, value in given.items() if value is not None]
    values = tuple(value for value in given.values() if value is not None)
    return ("WHERE " + " AND ".join(parts) if parts else ""), values


def _names(text: str, name: str) -> bool:
    """Whether `name` stands in `text` as a word of its own."""
    at = text.find(name)
    while at >= 0:
        before, after = text[at - 1 : at], text[at + len(name) : at + len(name) + 1]
        if not before.isalnum() and not after.isalnum():
            return True
        at = text.find(name, at + 1)
    return False
