"""The entries as a table for people, and how text and spans of time are shown. Pure but for printing."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import TextIO

from rich.table import Table

from llm_agentd.cache.rows import Row
from llm_agentd.ops.terminal import cell, console_for
from llm_agentd.prompt.placeholders import readable

TABLE_ROWS_MAX = 200  # what a person scrolls through; `--format jsonl` has no limit
TABLE_CELL_CHARS = 200  # of prompt and text; of a prompt the end is shown, where the player's words stand


def print_entries(rows: Iterator[Row], now_s: float, out: TextIO) -> None:
    total = 0

    def counted() -> Iterator[Row]:
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
            cell(entry.role or "-"),
            cell(readable(entry.prompt)[-TABLE_CELL_CHARS:]),
            cell(readable(entry.text)[:TABLE_CELL_CHARS]),
            span(now_s - entry.created_s),
            f"in {span(left_s)}" if left_s > 0 else "expired",
            str(entry.hits),
        )
    console = console_for(out)
    if shown:
        console.print(table)
    hidden = f", the {len(shown)} last used are shown; --format jsonl has all" if total > len(shown) else ""
    console.print(f"{total} entries{hidden}")


def span(seconds: float) -> str:
    """`42 s`, `7 min`, `3 h`, `2 d`."""
    for unit, unit_s in (("d", 86400), ("h", 3600), ("min", 60)):
        if abs(seconds) >= 2 * unit_s:
            return f"{seconds / unit_s:.0f} {unit}"
    return f"{seconds:.0f} s"
