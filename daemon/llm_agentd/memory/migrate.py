"""Brings a memory.db of an older version to the one that this program writes, and keeps a copy of it as it was.

Runs while the memory is opened: the daemon's lock is held, and no other thread has the file. All steps are one
transaction, so that a kill, a full disk or an error leaves the file as it was. The copy is what an older program needs
after a roll-back (`llm-agentd restore` takes it). It holds what people said, also of players who are forgotten later,
so an admin deletes it when nobody will go back any more.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeAlias

from llm_agentd.memory import schema
from llm_agentd.util.keep_aside import name_aside
from llm_agentd.util.sqlite import transaction

log = logging.getLogger(__name__)

Step: TypeAlias = Callable[[sqlite3.Connection], None]

# From each older version to the next one; a change to the format adds a step. No version but 1 has been released yet.
# A step may use the function `scoped`, and must not commit.
STEPS: dict[int, Step] = {}
COPY_MARK = "version-"


def migrate(path: Path) -> None:
    """Nothing where the file is missing, new, or of a version that no step begins with (opening it says why).

    Raises sqlite3.Error and OSError; then the file is as it was.
    """
    if not path.exists():
        return
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        found = schema.version_of(connection)
        if not 0 < found < schema.VERSION or found not in STEPS:
            return
        copy = keep_copy(connection, path, found)
        schema.register_functions(connection)
        connection.execute("PRAGMA secure_delete = ON")
        try:
            with transaction(connection):
                for version in range(found, schema.VERSION):
                    STEPS[version](connection)
                connection.execute(f"PRAGMA user_version = {schema.VERSION}")
        except BaseException:
            copy.unlink(missing_ok=True)
            raise
    log.warning(
        "agents.memory_path: %s was of version %d and is now of version %d; %s is a copy of it as it was, for an older"
        " llm-agentd; delete it when you will not go back",
        path,
        found,
        schema.VERSION,
        copy,
    )


def keep_copy(connection: sqlite3.Connection, path: Path, version: int) -> Path:
    """A copy beside the file that needs no WAL, whole before it has its name. Raises sqlite3.Error, OSError."""
    copy = name_aside(path, f"{COPY_MARK}{version}")
    unfinished = Path(f"{path}.{COPY_MARK}unfinished")
    try:
        copy_database(connection, unfinished)
        unfinished.replace(copy)
    finally:
        unfinished.unlink(missing_ok=True)
    return copy


def copy_database(connection: sqlite3.Connection, target: Path) -> None:
    """One moment of the database as one file (mode 0600) on the disk, also while others write into it.

    In one step of SQLite's online backup: between two steps the daemon could write, and the copy would begin anew.
    Raises sqlite3.Error, OSError.
    """
    target.unlink(missing_ok=True)
    os.close(os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    with closing(sqlite3.connect(target, isolation_level=None)) as copy:
        connection.backup(copy, pages=-1)  # the copy keeps a WAL as well, which closing it empties and deletes
    with open(target, "rb") as file:
        os.fsync(file.fileno())


def kept_copy(path: Path) -> Path | None:
    """The newest copy that this program can read, for the word to an admin who went back to it."""
    versions = range(1, schema.VERSION + 1)
    copies = [copy for version in versions for copy in path.parent.glob(f"{path.name}.{COPY_MARK}{version}-*")]
    return max(copies, key=lambda copy: copy.stat().st_mtime, default=None)
