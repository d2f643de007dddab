"""The SQLite file of the budget: one row a day and one a month, with the tokens reserved or used in it.

`BEGIN IMMEDIATE` makes a check and its count one step for other processes too, and synchronous=FULL has a transaction
on the disk when it returns. One thread. Raises sqlite3.Error and OSError.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import AbstractContextManager, closing, suppress
from pathlib import Path

from llm_agentd.engines.openai.budget import Counts, Limits, PeriodName, names_at, warnings
from llm_agentd.util.sqlite import transaction

FILE_NAME = "remote_budget.db"
BUSY_MAX_S = 5.0  # another daemon holds the file for one transaction, which a slow disk makes longer
KEPT_YEARS = 2  # of days and months that have ended; for people to look at

SCHEMA = """
CREATE TABLE IF NOT EXISTS period(
    name TEXT PRIMARY KEY,              -- 2026-11-27 or 2026-11
    tokens INTEGER NOT NULL DEFAULT 0,  -- reserved or used
    warned INTEGER NOT NULL DEFAULT 0   -- whether the warning was given
) WITHOUT ROWID
"""


class BudgetDatabase:
    """Opened; `close` ends it."""

    def __init__(self, path: Path, day: str) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)  # SQLite gives its other files the same rights
        status = os.fstat(handle)
        os.close(handle)
        self._path = path
        self._file = status.st_dev, status.st_ino
        self._connection = sqlite3.connect(path, timeout=BUSY_MAX_S, isolation_level=None)
        try:
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.execute(SCHEMA)
            self._connection.execute("DELETE FROM period WHERE name < ?", (str(int(day[:4]) - KEPT_YEARS),))
        except BaseException:
            self._connection.close()
            raise

    @property
    def is_current(self) -> bool:
        """False where the file was deleted or replaced: what is written into the old one would end with us."""
        try:
            status = os.stat(self._path)
        except OSError:
            return False
        return (status.st_dev, status.st_ino) == self._file

    def close(self) -> None:
        with suppress(sqlite3.Error):
            self._connection.close()

    def transaction(self) -> AbstractContextManager[None]:
        """On the disk at the end of the block; nothing of it where that raises."""
        return transaction(self._connection)

    def read(self, day: str, month: str) -> Counts:
        return _read(self._connection, day, month)

    def add(self, day: str, month: str, tokens: int) -> None:
        """`tokens` below 0 are taken off."""
        for name in (day, month):
            self._connection.execute(
                "INSERT INTO period(name, tokens) VALUES (?1, max(0, ?2))"
                " ON CONFLICT(name) DO UPDATE SET tokens = max(0, tokens + ?2)",
                (name, tokens),
            )

    def mark_warned(self, limits: Limits, counts: Counts) -> list[PeriodName]:
        """The periods whose warning is to be given now; nobody gives it again, in whatever process."""
        mark = "UPDATE period SET warned = 1 WHERE name = ? AND warned = 0"
        return [
            period
            for period in warnings(limits, counts)
            if self._connection.execute(mark, (counts.day if period == "day" else counts.month,)).rowcount
        ]


def read_counts(path: Path, now_s: float) -> Counts | None:
    """What the file holds, for who only looks; None where there is none."""
    if not path.exists():
        return None
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_MAX_S)
    with closing(connection):
        return _read(connection, *names_at(now_s))


def _read(connection: sqlite3.Connection, day: str, month: str) -> Counts:
    rows = dict(connection.execute("SELECT name, tokens FROM period WHERE name IN (?, ?)", (day, month)))
    return Counts(day, month, rows.get(day, 0), rows.get(month, 0))
