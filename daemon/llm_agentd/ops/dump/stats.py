"""`--stats`: totals of the cache and the saved prefixes, as a table or one line of JSON. Reads an open store."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from rich.table import Table

from llm_agentd.cache.lmdb_store import LmdbStore, Totals
from llm_agentd.cache.rows import all_rows
from llm_agentd.ops.dump.prefixes import prefix_summary, saved_prefixes
from llm_agentd.ops.dump.table import span
from llm_agentd.ops.terminal import cell, console_for
from llm_agentd.prefix_cache.store import SavedPrefix
from llm_agentd.util.timestamps import rfc3339


@dataclass(slots=True)
class Stats:
    """`totals` is what the store itself counts; the rest is counted from its entries."""

    totals: Totals
    prefixes: list[SavedPrefix]
    roles: Counter[str] = field(default_factory=Counter)
    expired: int = 0
    oldest_s: float | None = None

    @classmethod
    def of(cls, store: LmdbStore, path: Path, now_s: float) -> Stats:
        stats = cls(store.totals(), saved_prefixes(path)[0])
        for row in all_rows(store):
            stats.roles[row.entry.role or "-"] += 1
            stats.expired += row.entry.expires_s <= now_s
            stats.oldest_s = min(stats.oldest_s or row.entry.created_s, row.entry.created_s)
        return stats

    @property
    def hit_rate(self) -> float | None:
        """Hits per look-up; None before the first."""
        lookups = self.totals.hits + self.totals.stored
        return self.totals.hits / lookups if lookups else None


def stats_line(stats: Stats) -> dict[str, Any]:
    totals = stats.totals
    return {
        "entries": totals.entries,
        "expired": stats.expired,
        "bytes": totals.bytes,
        "hits": totals.hits,
        "stored": totals.stored,
        "hit_rate": stats.hit_rate,
        "oldest": None if stats.oldest_s is None else rfc3339(stats.oldest_s),
        "map_used_bytes": totals.map_used_bytes,
        "map_size_bytes": totals.map_size_bytes,
        "roles": dict(stats.roles),
        "prefixes": len(stats.prefixes),
        "prefix_bytes": sum(saved.bytes for saved in stats.prefixes),
    }


def print_stats(stats: Stats, now_s: float, out: TextIO) -> None:
    totals, rate, oldest_s = stats.totals, stats.hit_rate, stats.oldest_s
    table = Table(title="completion cache", show_header=False)
    table.add_row("entries", f"{totals.entries} ({stats.expired} expired)")
    table.add_row("bytes", f"{totals.bytes:,}")
    table.add_row("hit rate", "-" if rate is None else f"{rate:.1%} ({totals.hits} hits, {totals.stored} replies made)")
    table.add_row("oldest", "-" if oldest_s is None else f"{rfc3339(oldest_s)} ({span(now_s - oldest_s)} ago)")
    share = totals.map_used_bytes / totals.map_size_bytes
    table.add_row("map use", f"{totals.map_used_bytes:,} of {totals.map_size_bytes:,} bytes ({share:.1%})")
    table.add_row("by role", cell(", ".join(f"{name} {count}" for name, count in stats.roles.most_common()) or "-"))
    table.add_row("saved prefixes", cell(prefix_summary(stats.prefixes)))
    console_for(out).print(table)
