"""`llm-agentd backup FILE`: memory, roles, configuration and logs as they are now, also while the daemon runs.

The memory is copied by SQLite's online backup: a reader, which keeps the daemon from nothing. All else is files that
are replaced as a whole, or logs, of which whole lines are taken.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import TextIO

from llm_agentd.errors import StartError
from llm_agentd.memory.migrate import copy_database
from llm_agentd.memory.store import explain
from llm_agentd.ops.backup import archive
from llm_agentd.ops.backup.parts import CONFIGURATION, MEMORY, Part
from llm_agentd.ops.backup.places import Places, explained
from llm_agentd.roles.history import FOLDER as HISTORY
from llm_agentd.util.regular_file import read_regular

LOG_MAX_BYTES = 64 * 2**20  # several times what any log here grows to
BUSY_S = 30.0  # that a writer may hold the memory: it writes for some milliseconds at a time


def backup(target: Path, places: Places, out: TextIO) -> int:
    """`target`: a file that is not there yet, or a folder, in which one with the time in its name is made.

    Returns 0. Raises StartError with the cure.
    """
    if target.is_dir():
        target = target / time.strftime("llm-agentd-%Y%m%dT%H%M%SZ.tar.gz", time.gmtime())
    if target.exists():
        raise StartError(f"{target} is there already; name another file, or a folder to have one made in it")
    if not target.parent.is_dir():
        raise StartError(f"{target.parent}: no such folder; make it, or name a file in another")
    with explained("backup", target), tempfile.TemporaryDirectory(prefix=".llm-agentd-", dir=target.parent) as name:
        files = _collect(places, Path(name))
        if not files:
            raise StartError(
                f"nothing to back up: neither {places.memory} nor {places.roles} nor {places.configuration} is there;"
                " run this as the daemon's user, or name its configuration with --config"
            )
        archive.write(target, files)
    _report(target, places, files, out)
    return 0


def _collect(places: Places, folder: Path) -> Mapping[str, Path]:
    """Copies into `folder`: (name in the archive → file)."""
    files: dict[str, Path] = {}
    if places.memory.exists():
        files[MEMORY] = _copy_memory(places.memory, folder / MEMORY)
    if places.configuration.exists():
        files[CONFIGURATION] = _copy(places.configuration, folder / CONFIGURATION)
    for name, path in places.role_files():
        files[name] = _copy(path, folder / name)
    for name, path in places.log_files():
        files[name] = _copy_lines(path, folder / name)
    return files


def _copy_memory(path: Path, target: Path) -> Path:
    try:
        # Whoever closes a database last copies its WAL into it: a reader does not, and that is the daemon's to do. But
        # where there is no WAL, a reader makes one and leaves it behind.
        mode = "ro" if Path(f"{path}-wal").exists() else "rw"
        with closing(
            sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=BUSY_S)
        ) as connection:
            copy_database(connection, target)
        with closing(sqlite3.connect(target)) as copy:
            problem = str(copy.execute("PRAGMA quick_check(1)").fetchone()[0])
        if problem != "ok":
            raise sqlite3.DatabaseError(problem.splitlines()[-1])
    except sqlite3.Error as error:
        raise StartError(f"agents.memory_path: {explain(path, error)}; nothing was written") from None
    return target


def _copy(path: Path, target: Path) -> Path:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.copyfile(path, target)
    return target


def _copy_lines(path: Path, target: Path) -> Path:
    """Up to the last whole line: the daemon may be in the midst of one."""
    data = read_regular(path, LOG_MAX_BYTES)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    target.write_bytes(data[: data.rfind(b"\n") + 1])
    return target


def _report(target: Path, places: Places, files: Mapping[str, Path], out: TextIO) -> None:
    print(f"{target}: {target.stat().st_size} bytes", file=out)
    for part in Part:
        names = [name for name in files if Part.of(name) is part]
        print(f"  {part.value:13} {_told(part, names, places)}", file=out)
    print("not in it: the token, keys, models and the cache; `.env` and the environment", file=out)


def _told(part: Part, names: list[str], places: Places) -> str:
    place = {Part.memory: places.memory, Part.roles: places.roles, Part.configuration: places.configuration}.get(part)
    if part is Part.memory or part is Part.configuration:
        return str(place) if names else f"none: no {place}"
    listed = ", ".join(name.partition("/")[2] for name in names if HISTORY not in name)
    return listed or (f"none in {place}" if place else "none yet")
