"""`llm-agentd dump`: looks into the completion cache, also while the daemon runs.

Runs in a process separate from the daemon's: it reads LMDB in short transactions, so that the daemon can reuse its
pages soon, and writes only for `--purge-expired`. It knows the cache's files, not the daemon.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal, TextIO

import lmdb

from llm_agentd.cache.entry import to_us
from llm_agentd.cache.lmdb_store import SCHEMA, LmdbStore
from llm_agentd.cache.rows import Wanted, entry_line, matching_rows
from llm_agentd.errors import StartError
from llm_agentd.ops.dump.prefixes import prefix_line, prefix_summary, saved_prefixes
from llm_agentd.ops.dump.stats import Stats, print_stats, stats_line
from llm_agentd.ops.dump.table import print_entries
from llm_agentd.ops.shared_cache import shared_rows
from llm_agentd.prompt.placeholders import readable
from llm_agentd.redis.address import RedisAddress
from llm_agentd.util.json_line import json_line

Format = Literal["table", "jsonl"]


def dump(
    path: Path,
    *,
    format: Format = "table",
    grep: str | None = None,
    role: str | None = None,
    stats: bool = False,
    verify: bool = False,
    purge_expired: bool = False,
    out: TextIO,
    now: Callable[[], float] = time.time,
) -> int:
    """Prints what the cache in folder `path` holds; returns the exit code, 1 where `verify` finds something wrong.

    One of `purge_expired`, `verify`, `stats`, in this order, else the entries. `grep` looks for a piece of prompt or
    text whatever its case. Raises StartError naming the fix where there is no readable cache.
    """
    store = _open(path, readonly=not purge_expired)
    try:
        if purge_expired:
            records, freed_bytes = store.purge_expired(to_us(now()))
            print(f"purged {records} expired entries, {freed_bytes} bytes", file=out)
            return 0
        if verify:
            return _verify(store, path, out)
        _check_schema(store, path)
        if stats:
            _print_stats(Stats.of(store, path, now()), format, now(), out)
        else:
            _print_entries(store, path, format, grep, role, now(), out)
        return 0
    except lmdb.Error as error:
        raise StartError(
            f"cache.path: {path} cannot be read: {error}; stop the daemon and delete the folder if this stays"
        ) from None
    finally:
        store.close()


def dump_shared(
    address: RedisAddress,
    *,
    format: Format = "table",
    grep: str | None = None,
    role: str | None = None,
    out: TextIO,
    now: Callable[[], float] = time.time,
) -> int:
    """Prints the replies that daemons share. Raises StartError."""
    rows = shared_rows(address, Wanted(grep=grep, role=role), readable)
    if format == "jsonl":
        for row in rows:
            out.write(json_line(entry_line(row, readable)))
    else:
        print_entries(iter(rows), now(), out)
    return 0


def _open(path: Path, *, readonly: bool) -> LmdbStore:
    """Raises StartError."""
    if not (path / "data.mdb").is_file():
        raise StartError(
            f"cache.path: no cache in {path}; it is made when the daemon first runs with cache.enabled,"
            " or the daemon uses another cache.path"
        )
    try:
        return LmdbStore.attach(path, readonly=readonly)
    except lmdb.NotFoundError:
        raise StartError(f"cache.path: {path} holds no llm-agentd cache; check cache.path") from None
    except (lmdb.Error, OSError) as error:
        raise StartError(
            f"cache.path: cannot open {path}: {error}; run this as the daemon's user or as root,"
            " or, if the file is damaged, stop the daemon and delete the folder"
        ) from None


def _check_schema(store: LmdbStore, path: Path) -> None:
    if store.schema() != SCHEMA:
        raise StartError(
            f"cache.path: {path} is of version {store.schema()}, this command reads {SCHEMA};"
            " start the daemon of this version once, it empties the cache"
        )


def _verify(store: LmdbStore, path: Path, out: TextIO) -> int:
    saved, damaged = saved_prefixes(path)
    problems = [*store.check(), *(f"prefix {key.hex()} is damaged" for key in damaged)]
    for problem in problems:
        print(f"✗ {problem}", file=out)
    if problems:
        print(
            f"{len(problems)} wrong; to mend it stop the daemon and delete the folder, it holds copies only", file=out
        )
        return 1
    totals = store.totals()
    print(f"✓ {totals.entries} entries, {totals.bytes} bytes: records, indexes and byte count agree", file=out)
    if saved:
        print(f"✓ {prefix_summary(saved)}: checksums agree", file=out)
    return 0


def _print_stats(stats: Stats, format: Format, now_s: float, out: TextIO) -> None:
    if format == "jsonl":
        out.write(json_line(stats_line(stats)))
    else:
        print_stats(stats, now_s, out)


def _print_entries(
    store: LmdbStore, path: Path, format: Format, grep: str | None, role: str | None, now_s: float, out: TextIO
) -> None:
    rows = matching_rows(store, Wanted(grep=grep, role=role), readable)
    prefixes = [] if grep else saved_prefixes(path, role)[0]  # they hold no text to look in
    if format == "jsonl":
        for row in rows:
            out.write(json_line(entry_line(row, readable)))
        for saved in prefixes:
            out.write(json_line(prefix_line(saved)))
        return
    print_entries(rows, now_s, out)
    if prefixes:
        print(prefix_summary(prefixes), file=out)
