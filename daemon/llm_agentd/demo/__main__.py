"""The demo: daemon, HTTP adapter and a real game server as processes, the NPCs' lines printed as they come.

Ends by itself after DEMO_SECONDS (60; 0 = until Ctrl-C) with a table for people and, last, `summary {json}`
(CONTRACT section 1). Everything lives in a folder of its own that is removed at the end.
"""

from __future__ import annotations

import os
import re
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from llm_agentd.demo.game import ASK, SAY, STATS, Game, engine_version, find_binary
from llm_agentd.errors import StartError
from llm_agentd.ops.harness import HttpConnection, Peer, daemon

GIVE_UP_S = 60.0  # a server that has logged nothing by then never will
LOOK_EVERY_S = 0.1


console = Console(highlight=False, soft_wrap=True)


def main() -> int:
    try:
        seconds = float(os.environ.get("DEMO_SECONDS", "60"))
    except ValueError:
        print("DEMO_SECONDS: want a number of seconds; 0 = until Ctrl-C", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return run(seconds)
    except StartError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def run(seconds: float) -> int:
    version = engine_version(find_binary())  # before anything starts: without a game server there is no demo
    with (
        tempfile.TemporaryDirectory(prefix="llm-agentd-demo-") as folder,
        # A minute is short: the same question is answered from the cache the second time already.
        daemon({"cache.variants.think": 1}, http=True) as (endpoint, port, _),
        Peer(endpoint) as peer,
    ):
        info = peer.ask(op="info")["info"]
        console.print(
            f"daemon ready: model {info['model']}, {info['parameters'] / 1e6:.1f} M parameters, on {endpoint}"
        )
        settings = {
            "llm_agent.url": f"http://127.0.0.1:{port}",
            "llm_agent.npc_talk": "always",
            "llm_agent.npc_talk_interval_s": 15,
            "llm_village.seconds": seconds,
            "llm_village.ask_interval_s": 1,
        }
        game = Game(Path(folder), settings=settings)
        console.print(f"starting a real game server: {game.binary}, version {version}\n")
        game.start()
        try:
            stats = _watch(game, seconds)
        finally:
            code = game.stop()
        if not stats:
            raise StartError(f"the game server gave no sign of life (exit code {code}):\n{game.last_words()}")
        summary = _summary(stats, HttpConnection(port).get("/metrics").decode(), version, info["model"])
    _print_table(summary, stats)
    print(f"summary {orjson.dumps(summary).decode()}")
    return 0


def _watch(game: Game, seconds: float) -> dict[str, Any]:
    """Prints lines until the server ends or Ctrl-C; returns the village's last stats."""
    stats: dict[str, Any] = {}
    give_up_s = time.monotonic() + (seconds or float("inf")) + GIVE_UP_S
    try:
        while game.running() and time.monotonic() < give_up_s:
            for line in game.new_lines():
                stats = _show(line) or stats
            time.sleep(LOOK_EVERY_S)
    except KeyboardInterrupt:
        console.print("\nstopping …")
        game.stop()
    for line in game.new_lines():
        stats = _show(line) or stats
    return stats


def _show(line: str) -> dict[str, Any] | None:
    """Prints what a person wants to see of a log line; returns the stats it carries, if any."""
    if found := SAY.search(line):
        _, name, role, fallback, cache, ms, text = found.groups()
        how = (
            "fallback line" if fallback == "true" else {"hit": "from the cache", "none": "own line"}.get(cache, "model")
        )
        console.print(f"  [bold cyan]{escape(name)}[/] [dim]the {role}:[/] {escape(text)} [dim]({how}, {ms} ms)[/]")
    elif found := ASK.search(line):
        visitor, name, text = found.groups()
        console.print(f"[bold]{escape(visitor)}[/] [dim]to {escape(name)}:[/] {escape(text)}")
    elif found := STATS.search(line):
        stats: dict[str, Any] = orjson.loads(found.group(1))
        return stats
    elif "ERROR[" in line and "ERROR[CurlFetch]" not in line:
        console.print(f"[red]{escape(line)}[/]")
    return None


def _summary(stats: dict[str, Any], metrics: str, version: str, model: str) -> dict[str, Any]:
    return {
        "replies": int(stats["called_back"] - stats["fallbacks"] - stats["cut_off"]),  # engines before 5.16 write 5.0
        "fallbacks": int(stats["fallbacks"]),
        "cache_hits": int(stats["cache_hits"]),
        "first_text_ms_p50": round(histogram_median(metrics, "llm_agentd_first_text_seconds") * 1000, 1),
        "reply_ms_p95": round(stats["reply_ms_p95"], 1),
        "step_gap_ms_p99": round(stats["step_gap_ms_p99"], 1),
        "npcs": int(stats["npcs"]),
        "engine_version": version,
        "model": model,
    }


def histogram_median(metrics: str, name: str) -> float:
    """The median of a Prometheus histogram, linear inside its bucket; 0 where nothing was observed."""
    rows = re.findall(rf'^{name}_bucket{{le="([^"]+)"}} (\S+)$', metrics, re.MULTILINE)
    buckets = [(float(edge), float(count)) for edge, count in rows]
    half = buckets[-1][1] / 2 if buckets else 0.0
    low, below = 0.0, 0.0
    for edge, count in buckets:
        if count >= half > 0:
            return low if edge == float("inf") else low + (edge - low) * (half - below) / (count - below)
        low, below = edge, count
    return 0.0


def _print_table(summary: dict[str, Any], stats: dict[str, Any]) -> None:
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


if __name__ == "__main__":
    sys.exit(main())
