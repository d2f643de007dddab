"""The demo: daemon, HTTP adapter and a real game server as processes, a story told in it, printed as it happens.

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

import orjson
from rich.console import Console

from llm_agentd.client import Client
from llm_agentd.demo.game import Game, engine_version
from llm_agentd.demo.story import Storyteller
from llm_agentd.demo.summary import make_summary, print_table
from llm_agentd.errors import StartError
from llm_agentd.ops.game_binaries import find_binary
from llm_agentd.ops.harness import HttpConnection, daemon

STORY_MAX = 2  # times DEMO_SECONDS, as llm_village/init.lua has it: so long may the story take
GIVE_UP_S = 60.0  # a server that has logged nothing by then never will
LOOK_EVERY_S = 0.1
# No player is here to hear them.
HOW_TO_HEAR = "In a game they are heard, too, where a voice is installed: pip install 'llm-agentd[speech]'"
VILLAGE: dict[str, object] = {
    "llm_village.story": "true",
    "llm_village.npcs": 50,
    "llm_village.ask_interval_s": 1,
    "llm_agent.npc_talk": "always",
    "llm_agent.npc_talk_interval_s": 15,
    "llm_agent.greet": "false",
    # Nobody reads the bubbles: whoever speaks next need not wait for that.
    "llm_agent.read_char_ms": 15,
    "llm_agent.read_base_ms": 300,
}

console = Console(highlight=False, soft_wrap=True)


def main(model: Path | None = None) -> int:
    """`make demo` and `llm-agentd demo`; returns the exit code. `model`: as of `run`."""
    try:
        seconds = float(os.environ.get("DEMO_SECONDS", "60"))
    except ValueError:
        print("DEMO_SECONDS: want a number of seconds; 0 = until Ctrl-C", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return run(seconds, model)
    except StartError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def run(seconds: float, model: Path | None = None) -> int:
    """Tells the story and prints the figures. `seconds`: 0 = until Ctrl-C; `model`: another than the embedded one."""
    version = engine_version(find_binary())  # before anything starts: without a game server there is no demo
    # A minute is short: the same question is answered from the cache the second time already.
    sets: dict[str, object] = {"cache.variants.think": 1} | ({"model.path": model} if model else {})
    with (
        tempfile.TemporaryDirectory(prefix="llm-agentd-demo-") as folder,
        daemon(sets, http=True) as running,
    ):
        with Client(running.endpoint) as client:
            info = client.info()
        console.print(
            f"daemon ready: model {info['model']}, {info['parameters'] / 1e6:.1f} M parameters, on {running.endpoint}"
        )
        settings = {**running.mod_settings, "llm_village.seconds": seconds, **VILLAGE}
        game = Game(Path(folder), settings=settings)
        teller = Storyteller(console)
        console.print(f"starting a real game server: {game.binary}, version {version}")
        game.start()
        try:
            _follow(game, teller, seconds)
        finally:
            code = game.stop()
        if not teller.stats:
            raise StartError(f"the game server gave no sign of life (exit code {code}):\n{game.last_words()}")
        metrics = HttpConnection(running.http_port, running.http_token).get("/metrics").decode()
        summary = make_summary(teller.stats, metrics, version, info["model"])
    print_table(console, summary, teller.stats)
    console.print(HOW_TO_HEAR, markup=False)
    print(f"summary {orjson.dumps(summary).decode()}")
    return 0


def _follow(game: Game, teller: Storyteller, seconds: float) -> None:
    """Shows lines until the server ends or Ctrl-C."""
    give_up_s = time.monotonic() + (seconds * STORY_MAX or float("inf")) + GIVE_UP_S
    try:
        while game.running() and time.monotonic() < give_up_s:
            for line in game.new_lines():
                teller.show(line, time.monotonic())
            time.sleep(LOOK_EVERY_S)
    except KeyboardInterrupt:
        console.print("\nstopping …")
        game.stop()
    for line in game.new_lines():
        teller.show(line, time.monotonic())
