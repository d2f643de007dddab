"""The entries of the completion cache for people: those that match, and one as a line of JSON.

Reads an open store, of the daemon itself or beside it. `show` makes of kept text what a person can read.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from llm_agentd.cache.entry import CacheEntry, DamagedEntry, decode
from llm_agentd.cache.key import KEY_BYTES
from llm_agentd.cache.lmdb_store import LmdbStore
from llm_agentd.util.timestamps import rfc3339

BREATH_ROWS = 32  # decoded in a row, some 0.5 ms; then whoever else wants the interpreter has it


@dataclass(frozen=True, slots=True)
class Row:
    """An entry, its key in the cache (`slot`) and the bytes it takes. `is_shared`: it lies where daemons share them."""

    slot: bytes
    entry: CacheEntry
    bytes: int
    is_shared: bool = False

    @property
    def used_s(self) -> float:
        return self.entry.last_hit_s or self.entry.created_s

    @property
    def key(self) -> str:
        """`HEX:VARIANT`."""
        return f"{self.slot[:KEY_BYTES].hex()}:{self.slot[KEY_BYTES]}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows: all that fit everything that is set. `grep`: a piece of prompt or text, whatever its case."""

    key: str | None = None
    grep: str | None = None
    role: str | None = None
    expired_by_s: float | None = None

    def fits(self, row: Row, show: Callable[[str], str]) -> bool:
        entry = row.entry
        if self.key is not None and row.key != self.key:
            return False
        if self.role is not None and entry.role != self.role:
            return False
        if self.expired_by_s is not None and entry.expires_s > self.expired_by_s:
            return False
        wanted = (self.grep or "").casefold()
        return not wanted or wanted in show(entry.prompt).casefold() or wanted in show(entry.text).casefold()


def all_rows(store: LmdbStore) -> Iterator[Row]:
    """All entries that decode; `dump --verify` reports the others."""
    for number, (slot, raw) in enumerate(store.entries(), 1):
        if number % BREATH_ROWS == 0:
            time.sleep(0)
        try:
            yield Row(slot, decode(raw), len(slot) + len(raw))
        except DamagedEntry:
            continue


def matching_rows(store: LmdbStore, wanted: Wanted, show: Callable[[str], str]) -> Iterator[Row]:
    return (row for row in all_rows(store) if wanted.fits(row, show))


def entry_line(row: Row, show: Callable[[str], str]) -> dict[str, Any]:
    """The fields of one line of `dump --format jsonl`; `shared` only of a reply that lies in the shared cache alone."""
    entry = row.entry
    shared = {"shared": True} if row.is_shared else {}
    return shared | {
        "key": row.key,
        "kind": "completion",
        "model": entry.model,
        "role": entry.role,
        "prompt": show(entry.prompt),
        "text": show(entry.text),
        "created": rfc3339(entry.created_s),
        "expires": rfc3339(entry.expires_s),
        "last_hit": None if entry.last_hit_s is None else rfc3339(entry.last_hit_s),
        "hits": entry.hits,
        "bytes": row.bytes,
    }
