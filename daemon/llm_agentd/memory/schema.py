"""The tables of memory.db, one row of it, and the words that the full-text index holds of a row.

Pure but for `create_tables`. The format is version 1 (`PRAGMA user_version`); a change to the tables, to `index_words`
or to `scoped_words` needs a new version, a step in `migrate.py` and a rebuilt index, see `scoped_words`.
"""

from __future__ import annotations

import hashlib
import sqlite3
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from llm_agentd.memory.keywords import index_words

VERSION = 1
KINDS = ("exchange", "outcome", "fact")
VERSION_MAX = 1000  # of any version to come: what is higher is damage
PAGE_BYTES = 4096

Kind: TypeAlias = Literal["exchange", "outcome", "fact"]


class OtherVersionError(sqlite3.DatabaseError):
    """The file is sound, and of another version of the program."""

    def __init__(self, found: int) -> None:
        super().__init__(f"it is of version {found}, this program reads {VERSION}")


class NewerVersionError(OtherVersionError):
    """Of a newer one: left as it is."""


class OlderVersionError(OtherVersionError):
    """Of an older one: the daemon brings it up to date at its start (`migrate.py`)."""


# `words` is contentless and without positions (detail = none): it maps a word to row ids and can give no text back.
# Its tokenizer only splits at spaces: words come lower-cased and stemmed from `scoped_words`.
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


@dataclass(frozen=True, slots=True)
class Row:
    """One memory. Field names are the table's columns, and the wire's and the export's field names.

    kind `exchange`: `said` is the player's side ("": the NPC spoke first), `text` the NPC's. `outcome`: `text` is a
    sentence that the game reported. `fact`: `text` is a sentence that summarizes older exchanges. `player` "": it
    concerns no player. `at_s`: seconds since 1970.
    """

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

    def __post_init__(self) -> None:
        """Raises ValueError where a damaged page gave a value of another type, which SQLite does not refuse."""
        texts = (self.npc, self.npc_name, self.player, self.place, self.said, self.text, self.language)
        if type(self.at_s) is not float or not all(type(text) is str for text in texts) or self.kind not in KINDS:
            raise ValueError(f"row {self.id} is damaged")

    def view(self) -> dict[str, Any]:
        """As the wire and the export show it."""
        names = ("kind", "npc", "npc_name", "player", "place", "said", "text", "language")
        return {"id": self.id, "at_s": round(self.at_s, 3)} | {name: getattr(self, name) for name in names}


COLUMNS = "id, kind, npc, npc_name, player, place, said, text, language, at_s"  # in the order of Row's fields


def prepare(connection: sqlite3.Connection, *, create: bool) -> None:
    """Registers the function that the triggers call; creates the tables where the file is new and `create` is set.

    Raises OtherVersionError, and sqlite3.DatabaseError for a version that never was.
    """
    register_functions(connection)
    found = version_of(connection)
    if found == 0 and create:
        connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(f"BEGIN IMMEDIATE; {_TABLES} PRAGMA user_version = {VERSION}; COMMIT;")
    elif VERSION < found <= VERSION_MAX:
        raise NewerVersionError(found)
    elif 0 < found < VERSION:
        raise OlderVersionError(found)
    elif found != VERSION:
        raise sqlite3.DatabaseError(f"it is of version {found}, this program reads {VERSION}")


def register_functions(connection: sqlite3.Connection) -> None:
    """What the triggers call."""
    connection.create_function("scoped", 6, scoped_words, deterministic=True)


def version_of(connection: sqlite3.Connection) -> int:
    """0: a new file. Raises sqlite3.Error."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def pair_scope(npc: str, player: str) -> str:
    """Prefix of the index words that only this NPC may find when it talks with this player."""
    return _digits("pair", npc, player)


def place_scope(place: str) -> str:
    """Prefix of the index words that every NPC of a settlement may find."""
    return _digits("place", place)


def _digits(*parts: str) -> str:
    digest = hashlib.blake2b("\0".join(parts).encode("utf-8", "replace"), digest_size=8).digest()
    return str(int.from_bytes(digest, "big"))


def scoped_words(kind: Kind, npc: str, player: str, place: str, said: str, text: str) -> str:
    """The words that the index holds of a row, each behind the digits of who may find it.

    With the scope inside the word, a search reads exactly the rows it returns, however large the memory is, and can
    never reach into another pair's talk. Exchanges get no place's scope: a settlement shares events, not talk.

    The trigger `gone` calls this again to take a row out of the index: FTS5 without content removes the words it is
    given and nothing else. So this function, the stemmer and the stop words are a part of the file's format. If they
    gave other words than when the row was added, words of a forgotten player would stay in the file.
    """
    scopes = [pair_scope(npc, player)]
    if kind != "exchange" and place:
        scopes.append(place_scope(place))
    words = index_words(f"{said} {text}")
    return " ".join(scope + word for scope in scopes for word in words)
