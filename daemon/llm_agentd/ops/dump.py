"""`llm-agentd dump`: looks into the completion cache, also while the daemon runs.

Runs in a process separate from the daemon's: it reads LMDB in short transactions, so that the daemon can reuse its
pages soon, and writes only for `--purge-expired`. It knows the cache's files, not the daemon.
"""

from __future__ import annotations

import heapq
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TextIO

import lmdb
import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from llm_agentd.cache.entry import CacheEntry, DamagedEntry, decode, to_us
from llm_agentd.cache.key import KEY_BYTES
from llm_agentd.cache.lmdb_store import SCHEMA, LmdbStore, Totals
from llm_agentd.errors import StartError
from llm_agentd.ops.dump_prefixes import prefix_line, prefix_summary, saved_prefixes
from llm_agentd.util.timestamps import rfc3339

Format = Literal["table", "jsonl"]

TABLE_ROWS_MAX = 200  # what a person scrolls through; `--format jsonl` has no limit
TABLE_CELL_CHARS = 200  # of prompt and text; of a prompt the end is shown, where the player's words stand
NARROWEST_COLUMNS = 100  # of a table in a pipe or a log, which have no columns of their own


@dataclass(frozen=True, slots=True)
class _Row:
    slot: bytes
    entry: CacheEntry
    bytes: int

    @property
    def used_s(self) -> float:
        return self.entry.last_hit_s or self.entry.created_s


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
    text whatever its case. Raises StartError naming the cure where there is no readable cache.
    """
    store = _open(path, readonly=not purge_expired)
    try:
        if purge_expired:
            records, freed_bytes = store.purge_expired(to_us(now()))
            print(f"purged {records} expired entries, {freed_bytes} bytes", file=out)
            return 0
        if verify:
            return _verify(store, path, out)
        if store.schema() != SCHEMA:
            raise StartError(
                f"cache.path: {path} is of version {store.schema()}, this command reads {SCHEMA};"
                " start the daemon of this version once, it empties the cache"
            )
        if stats:
            _print_stats(store, path, format, now(), out)
            return 0
        rows = _matching(store, grep, role)
        prefixes = [] if grep else saved_prefixes(path, role)[0]  # they hold no text to look in
        if format == "jsonl":
            _print_jsonl(rows, out)
            for saved in prefixes:
                out.write(orjson.dumps(prefix_line(saved)).decode() + "\n")
        else:
            _print_table(rows, now(), out)
            if prefixes:
                print(prefix_summary(prefixes), file=out)
        return 0
    except lmdb.Error as error:
        raise StartError(
            f"cache.path: {path} cannot be read: {error}; stop the daemon and delete the folder if this stays"
        ) from None
    finally:
        store.close()


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


def _rows(store: LmdbStore) -> Iterator[_Row]:
    """All entries that decode; `--verify` reports the others."""
    for slot, raw in store.entries():
        try:
            yield _Row(slot, decode(raw), len(slot) + len(raw))
        except DamagedEntry:
            continue


def _matching(store: LmdbStore, grep: str | None, role: str | None) -> Iterator[_Row]:
    wanted = grep.casefold() if grep else ""
    for row in _rows(store):
        entry = row.entry
        if role is not None and entry.role != role:
            continue
        if wanted in entry.prompt.casefold() or wanted in entry.text.casefold():
            yield row


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


def _print_jsonl(rows: Iterator[_Row], out: TextIO) -> None:
    for row in rows:
        out.write(orjson.dumps(_line(row)).decode() + "\n")


def _line(row: _Row) -> dict[str, Any]:
    """One line of the dump, as CONTRACT section 6 has it."""
    entry = row.entry
    return {
        "key": f"{row.slot[:KEY_BYTES].hex()}:{row.slot[KEY_BYTES]}",
        "kind": "completion",
        "model": entry.model,
        "role": entry.role,
        "prompt": entry.prompt,
        "text": entry.text,
        "created": rfc3339(entry.created_s),
        "expires": rfc3339(entry.expires_s),
        "last_hit": None if entry.last_hit_s is None else rfc3339(entry.last_hit_s),
        "hits": entry.hits,
        "bytes": row.bytes,
    }


def _print_table(rows: Iterator[_Row], now_s: float, out: TextIO) -> None:
    total = 0

    def counted() -> Iterator[_Row]:
        nonlocal total
        for row in rows:
            total += 1
            yield row

    shown = heapq.nlargest(TABLE_ROWS_MAX, counted(), key=lambda row: row.used_s)
    table = Table(show_lines=True)
    for title in ("role", "prompt", "text", "age", "expires", "hits"):
        table.add_column(title, justify="right" if title in ("age", "expires", "hits") else "left")
    for row in shown:
        entry = row.entry
        left_s = entry.expires_s - now_s
        table.add_row(
            _cell(entry.role or "-"),
            _cell(entry.prompt[-TABLE_CELL_CHARS:]),
            _cell(entry.text[:TABLE_CELL_CHARS]),
            _span(now_s - entry.created_s),
            f"in {_span(left_s)}" if left_s > 0 else "expired",
            str(entry.hits),
        )
    console = _console(out)
    if shown:
        console.print(table)
    hidden = f", the {len(shown)} last used are shown; --format jsonl has all" if total > len(shown) else ""
    console.print(Text(f"{total} entries{hidden}"))


def _print_stats(store: LmdbStore, path: Path, format: Format, now_s: float, out: TextIO) -> None:
    prefixes = saved_prefixes(path)[0]
    totals, roles, oldest_s, expired = store.totals(), Counter[str](), None, 0
    for row in _rows(store):
        roles[row.entry.role or "-"] += 1
        expired += row.entry.expires_s <= now_s
        oldest_s = min(oldest_s or row.entry.created_s, row.entry.created_s)
    if format == "jsonl":
        facts = _stats_line(totals, roles, oldest_s, expired)
        facts |= {"prefixes": len(prefixes), "prefix_bytes": sum(saved.bytes for saved in prefixes)}
        out.write(orjson.dumps(facts).decode() + "\n")
        return
    rate = _hit_rate(totals)
    table = Table(title="completion cache", show_header=False)
    table.add_row("entries", f"{totals.entries} ({expired} expired)")
    table.add_row("bytes", f"{totals.bytes:,}")
    table.add_row("hit rate", "-" if rate is None else f"{rate:.1%} ({totals.hits} hits, {totals.stored} replies made)")
    table.add_row("oldest", "-" if oldest_s is None else f"{rfc3339(oldest_s)} ({_span(now_s - oldest_s)} ago)")
    share = totals.map_used_bytes / totals.map_size_bytes
    table.add_row("map use", f"{totals.map_used_bytes:,} of {totals.map_size_bytes:,} bytes ({share:.1%})")
    table.add_row("by role", _cell(", ".join(f"{name} {count}" for name, count in roles.most_common()) or "-"))
    table.add_row("saved prefixes", _cell(prefix_summary(prefixes)))
    _console(out).print(table)


def _stats_line(totals: Totals, roles: Counter[str], oldest_s: float | None, expired: int) -> dict[str, Any]:
    return {
        "entries": totals.entries,
        "expired": expired,
        "bytes": totals.bytes,
        "hits": totals.hits,
        "stored": totals.stored,
        "hit_rate": _hit_rate(totals),
        "oldest": None if oldest_s is None else rfc3339(oldest_s),
        "map_used_bytes": totals.map_used_bytes,
        "map_size_bytes": totals.map_size_bytes,
        "roles": dict(roles),
    }


def _hit_rate(totals: Totals) -> float | None:
    lookups = totals.hits + totals.stored
    return totals.hits / lookups if lookups else None


def _console(out: TextIO) -> Console:
    console = Console(file=out, highlight=False)
    if not out.isatty():
        console.width = max(NARROWEST_COLUMNS, console.width)
    return console


def _cell(text: str) -> Text:
    """Text of players and models as data: no markup, and no control character reaches the terminal."""
    return Text("".join(char if char.isprintable() or char == "\n" else " " for char in text))


def _span(seconds: float) -> str:
    """`42 s`, `7 min`, `3 h`, `2 d`."""
    for unit, unit_s in (("d", 86400), ("h", 3600), ("min", 60)):
        if abs(seconds) >= 2 * unit_s:
            return f"{seconds / unit_s:.0f} {unit}"
    return f"{seconds:.0f} s"
