"""The entries of the completion cache: those that match, and one as a line of JSON. Reads an open store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from llm_agentd.cache.entry import CacheEntry, DamagedEntry, decode
from llm_agentd.cache.key import KEY_BYTES
from llm_agentd.cache.lmdb_store import LmdbStore
from llm_agentd.prompt.placeholders import readable
from llm_agentd.util.timestamps import rfc3339


@dataclass(frozen=True, slots=True)
class Row:
    """An entry, its key in the cache (`slot`) and the bytes it takes."""

    slot: bytes
    entry: CacheEntry
    bytes: int

    @property
    def used_s(self) -> float:
        return self.entry.last_hit_s or self.entry.created_s


def all_rows(store: LmdbStore) -> Iterator[Row]:
    """All entries that decode; `--verify` reports the others."""
    for slot, raw in store.entries():
        try:
            yield Row(slot, decode(raw), len(slot) + len(raw))
        except DamagedEntry:
            continue


def matching_rows(store: LmdbStore, grep: str | None, role: str | None) -> Iterator[Row]:
    """Entries of `role` (None: any) with `grep` in prompt or text, whatever its case."""
    wanted = grep.casefold() if grep else ""
    for row in all_rows(store):
        entry = row.entry
        if role is not None and entry.role != role:
            continue
        if wanted in readable(entry.prompt).casefold() or wanted in readable(entry.text).casefold():
            yield row


def entry_line(row: Row) -> dict[str, Any]:
    """The fields of one line of `dump --format jsonl`."""
    entry = row.entry
    return {
        "key": f"{row.slot[:KEY_BYTES].hex()}:{row.slot[KEY_BYTES]}",
        "kind": "completion",
        "model": entry.model,
        "role": entry.role,
        "prompt": readable(entry.prompt),
        "text": readable(entry.text),
        "created": rfc3339(entry.created_s),
        "expires": rfc3339(entry.expires_s),
        "last_hit": None if entry.last_hit_s is None else rfc3339(entry.last_hit_s),
        "hits": entry.hits,
        "bytes": row.bytes,
    }
