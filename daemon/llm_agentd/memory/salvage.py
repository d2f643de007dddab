"""What becomes of a damaged memory.db: it is kept aside, and what can still be read of it goes into a new one.

Runs while the memory is opened, before any other thread has it. Nothing is ever deleted: the damaged file and its WAL
keep their bytes under a name of their own, for whoever has better tools. They hold what people said, also of players
who are forgotten later, so an admin deletes them when they are not wanted any more.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from llm_agentd.memory import schema
from llm_agentd.memory.reader import EXPORT_ROWS, lenient_text
from llm_agentd.memory.schema import COLUMNS, VERSION_MAX, NewerVersionError, OtherVersionError, Row
from llm_agentd.memory.store import Store
from llm_agentd.util.keep_aside import keep_aside
from llm_agentd.util.regular_file import open_regular

log = logging.getLogger(__name__)

SUFFIXES = ("", "-wal", "-shm")  # of the files that make up one database
MAGIC, HEADER_BYTES, VERSION_OFFSET = (
    b"SQLite format 3\0",
    100,
    60,
)  # https://www.sqlite.org/fileformat.html#user_version
# What SQLite and Python raise where a page holds anything at all: a length of 2 GB is a MemoryError.
DAMAGE = (sqlite3.Error, ValueError, TypeError, MemoryError, OverflowError)


def find_damage(path: Path) -> str:
    """What is wrong with the pages of the file; "" for a sound one, and for one that is missing. Reads all of it.

    Raises NewerVersionError; then not even the WAL was touched.
    """
    _check_version(path)
    try:
        # Read-only: closing would else copy the WAL into the file and delete it, with what is damaged in both.
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        try:
            found = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
        finally:
            connection.close()
    except DAMAGE as error:
        return str(error) if is_damage(error) else ""  # it cannot be opened: whoever opens it says why
    return "" if found == "ok" else found.splitlines()[-1]


def is_damage(error: Exception) -> bool:
    """Whether the pages of the file are wrong, and not its disk, its rights, or who holds it."""
    if isinstance(error, OtherVersionError) or not isinstance(error, DAMAGE):
        return False
    if not isinstance(error, sqlite3.OperationalError):
        return True
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    return code in (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_IOERR_SHORT_READ)  # the first: a table that is not there


def _check_version(path: Path) -> None:
    """The header says it too, and reading that opens no database."""
    try:
        with open_regular(path) as file:
            header = file.read(HEADER_BYTES)
    except OSError:
        return
    version = int.from_bytes(header[VERSION_OFFSET : VERSION_OFFSET + 4], "big")
    if header.startswith(MAGIC) and schema.VERSION < version <= VERSION_MAX:
        raise NewerVersionError(version)


def start_anew(path: Path, why: str) -> int:
    """Keeps the damaged file aside and fills a new one; returns how many memories could be read. Raises OSError."""
    aside = keep_aside(path, "damaged", SUFFIXES)
    rows = 0
    store = Store(path, create=True)
    try:
        rows = _copy(aside, store)
    finally:
        store.close()
    log.warning(
        "agents.memory_path: %s was damaged (%s) and is kept as %s; %d memories could be read and are taken over",
        path,
        why,
        aside,
        rows,
    )
    return rows


def _copy(aside: Path, store: Store) -> int:
    copied = 0
    for rows in _readable(aside):
        try:
            with store.transaction():
                for row in rows:
                    store.add(row)
        except sqlite3.DatabaseError as error:
            log.warning("agents.memory_path: %d memories were not taken over: %s", len(rows), error)
            continue
        copied += len(rows)
    return copied


def _readable(aside: Path) -> Iterator[list[Row]]:
    """Rows from the first one on, up to where that fails, and then from the last one back, up to where that does."""
    ids: set[int] = set()
    for order, sign in (("ASC", ">"), ("DESC", "<")):
        last: int | None = None
        try:
            connection = sqlite3.connect(aside)
            connection.text_factory = lenient_text
        except DAMAGE:
            return
        try:
            while True:
                where = "" if last is None else f"WHERE id {sign} {last}"
                query = f"SELECT {COLUMNS} FROM memories NOT INDEXED {where} ORDER BY id {order} LIMIT {EXPORT_ROWS}"
                rows: list[Row] = []
                is_broken = False
                read = 0
                try:
                    for found in connection.execute(query):
                        read, last = read + 1, int(found[0])
                        rows += _row(found)
                except DAMAGE:
                    is_broken = True
                fresh = [row for row in rows if row.id not in ids]
                ids.update(row.id for row in fresh)
                if fresh:
                    yield sorted(fresh, key=lambda row: row.id)
                if is_broken or read < EXPORT_ROWS:
                    break
        finally:
            connection.close()
        if not is_broken:
            return


def _row(found: tuple[object, ...]) -> list[Row]:
    try:
        return [Row(*found)]  # type: ignore[arg-type]
    except (ValueError, TypeError):
        return []
