"""The figures at the end of the demo: the JSON of its last line, and the same as a table for people."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

from rich.console import Console
from rich.table import Table


def make_summary(stats: dict[str, Any], metrics: str, version: str, model: str) -> dict[str, Any]:
    """The fields of the summary line, which programs read: their names must stay.

    `stats`: the village's last; `metrics`: text in Prometheus' format.
    """
    return {
        "replies": int(stats["called_back"] - stats["fallbacks"] - stats["cut_off"]),  # engines before 5.16 write 5.0
        "fallbacks": int(stats["fallbacks"]),
        "cache_hits": int(stats["cache_hits"]),
        "first_text_ms_p50": round(histogram_median(metrics, "llm_agentd_time_to_first_token_seconds") * 1000, 1),
        "reply_ms_p95": round(stats["reply_ms_p95"], 1),
        "step_gap_ms_p99": round(stats["step_gap_ms_p99"], 1),
        "npcs": int(stats["npcs"]),
        "engine_version": version,
        "model": model,
    }


def histogram_median(metrics: str, name: str) -> float:
    """The median of a histogram over all its labels, linear inside its bucket; 0 where nothing was observed."""
    counts: defaultdict[float, float] = defaultdict(float)
    for edge, count in re.findall(rf'^{name}_bucket{{le="([^"]+)".*}} (\S+)$', metrics, re.MULTILINE):
        counts[float(edge)] += float(count)
    buckets = sorted(counts.items())
    half = buckets[-1][1] / 2 if buckets else 0.0
    low, below = 0.0, 0.0
    for edge, count in buckets:
        if count >= half > 0:
            return low if edge == float("inf") else low + (edge - low) * (half - below) / (count - below)
        low, below = edge, count
    return 0.0


def print_table(console: Console, summary: dict[str, Any], stats: dict[str, Any]) -> None:
    table = Table(title="\nThe village", show_header=False, title_justify="left")
    for label, value in (
        ("NPCs", f"{summary['npcs']} of {stats['roles']:.0f} roles"),
        ("replies from the model", f"{summary['replies'] - summary['cache_hits']}"),
        ("replies from the cache", f"{summary['cache_hits']}"),
        ("fallback lines", f"{summary['fallbacks']}"),
        ("first text in the daemon, median", f"{summary['first_text_ms_p50']} ms"),
        ("whole reply in the game, p95", f"{summary['reply_ms_p95']} ms"),
        ("server step gap, p99", f"{summary['step_gap_ms_p99']} ms (the step is 50 ms)"),
        ("game server", summary["engine_version"]),
        ("model", summary["model"]),
    ):
        table.add_row(label, value)
    console.print(table)
