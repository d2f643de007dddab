"""The demo: daemon, HTTP adapter and a real game server as processes, the NPCs' lines printed as they come.

Runs in the main thread. Ends by itself after DEMO_SECONDS (60; 0 = until Ctrl-C) with a table for people and, last,
`summary {json}`. Everything lives in a temporary folder that is removed at the end.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.markup import escape

from llm_agentd.client import Client
from llm_agentd.demo.game import ASK, SAY, STATS, Game, engine_version, find_binary
from llm_agentd.demo.summary import make_summary, print_table
from llm_agentd.errors import StartError
from llm_agentd.ops.harness import HttpConnection, daemon

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
    ):
        with Client(endpoint) as client:
            info = client.info()
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
            stats = _follow(game, seconds)
        finally:
            code = game.stop()
        if not stats:
            raise StartError(f"the game server gave no sign of life (exit code {code}):\n{game.last_words()}")
        summary = make_summary(stats, HttpConnection(port).get("/metrics").decode(), version, info["model"])
    print_table(console, summary, stats)
    print(f"summary {orjson.dumps(summary).decode()}")
    return 0


def _follow(game: Game, seconds: float) -> dict[str, Any]:
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
