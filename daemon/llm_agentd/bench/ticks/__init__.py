"""`bench ticks`: what the mod and the daemon cost a real game server's steps, with the LLM off and on, in turn.

Each run starts a server (20 Hz, minetest_game) with so many NPCs that have bodies, and a daemon beside it; in the runs
called off the mod is switched off and the daemon idles. With `--voice` the LLM is on in all runs and voices are off and
on, and a player in a real client hears the NPCs speak in turn. Else players of bench/players live among the NPCs: they
talk, trade, take quests and fight. The game's side is demo/llm_village/ticks.lua.
"""

from __future__ import annotations

import math
import tempfile
import time
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import orjson

from llm_agentd.bench.players.crowd import crowd
from llm_agentd.bench.result import Options, Result
from llm_agentd.bench.ticks.report import ROWS, at, figures, goals, plot
from llm_agentd.bench.ticks.run import Run, read_run
from llm_agentd.config import Config
from llm_agentd.demo.game import STEP_S, Game
from llm_agentd.demo.listener import listener
from llm_agentd.errors import StartError
from llm_agentd.ops.harness import daemon, model_sets

WARMUP_S = 5.0  # the first prompts of all roles, and a server that has just started
GIVE_UP_S = 60.0  # for starting, the last answers and stopping
LOOK_EVERY_S = 0.25  # this process must not be what disturbs the steps
DEADLINE_MS = 8000  # the mod's own default, set here because the game's side checks it
# How often a visitor speaks to an NPC: twice a minute to each; a single NPC more often, to have something to measure.
NPC_ASKED_EVERY_S = 30.0
ASKED_EVERY_MAX_S = 5.0
TALKS_MAX = 100  # llm_agent.npc_talk_groups_max goes no further
RATE_MAX_PER_MIN, BURST_MAX = 10_000, 1000  # as far as the mod's settings of these names go
NPCS, VOICE_NPCS = (1, 10, 50, 100), (50,)
GROUP = 4  # of NPCs in earshot of each other, as of cast.lua: no more than one player to each


def measure(config: Config, options: Options) -> Result:
    counts = options.npcs or (VOICE_NPCS if options.voice else NPCS)
    runs = [run_once(config, npcs, on, options) for npcs in counts for on in (False, True)]
    pairs = list(zip(runs[::2], runs[1::2], strict=True))
    ratios = {f"step_gap_p99_at_{on.npcs}": at(0.99, on.gaps_ms) / at(0.99, off.gaps_ms) for off, on in pairs}
    if options.voice:
        ratios = {f"voice_{name}": ratio for name, ratio in ratios.items()}
    title = f"Server steps of {STEP_S * 1000:.0f} ms, {options.seconds:g} s for each count of NPCs and"
    return Result(
        title=f"{title} {'voices' if options.voice else 'LLM'}; ms",
        columns=("", *(run.name for run in runs)),
        rows=tuple((label, *(cell(run) for run in runs)) for label, cell in ROWS),
        ratios=ratios,
        figures={f"{run.npcs}_{'on' if run.on else 'off'}_{key}": value for run in runs for key, value in figures(run)},
        notes=tuple(goals(pairs, ratios)),
        plot=lambda path: plot(pairs, path),
    )


def run_once(config: Config, npcs: int, on: bool, options: Options) -> Run:
    """One server and one daemon from start to stop. Raises StartError where the game ends without figures."""
    with (
        daemon(model_sets(config), http=True) as running,
        tempfile.TemporaryDirectory(prefix="llm-agentd-ticks-") as folder,
    ):
        game = Game(Path(folder), settings=_game_settings(running.mod_settings, npcs, on, options))
        game.start()
        try:
            with _visitors(Path(folder), game.port, npcs, options):
                give_up_s = time.monotonic() + WARMUP_S + options.seconds + GIVE_UP_S
                while game.running() and time.monotonic() < give_up_s:
                    time.sleep(LOOK_EVERY_S)
        finally:
            code = game.stop()
        written = Path(folder) / "world" / "ticks.json"
        if not written.exists():
            raise StartError(
                f"bench ticks: the game server ended without figures (exit code {code}):\n{game.last_words()}"
            )
        run = read_run(npcs, on, orjson.loads(written.read_bytes()))
        if run.idle_loads:
            raise StartError(
                f"bench ticks: the players did nothing of: {', '.join(run.idle_loads)}; measure for longer (--seconds)"
            )
        if options.voice and on and not run.counts["sounds"]:
            raise StartError("bench ticks: no voice was heard; llm-agentd doctor says which engine is missing")
        return run


def players_at(npcs: int, options: Options) -> int:
    return 0 if options.voice else min(options.players, math.ceil(npcs / GROUP))


def _visitors(folder: Path, port: int, npcs: int, options: Options) -> AbstractContextManager[None]:
    if options.voice:
        return listener(folder, port)
    names = [f"Player{number}" for number in range(1, players_at(npcs, options) + 1)]
    return crowd(names, port) if names else nullcontext()


def _game_settings(daemon_settings: dict[str, object], npcs: int, on: bool, options: Options) -> dict[str, object]:
    return {
        **daemon_settings,
        f"llm_agent.{'voice' if options.voice else 'enabled'}": str(on).lower(),
        "llm_village.listener": str(options.voice).lower(),
        "static_spawnpoint": "7,2,7",  # on the first floor
        "enable_damage": "false",
        "llm_agent.deadline_ms": DEADLINE_MS,
        "llm_agent.npc_talk": "always",
        "llm_agent.npc_talk_interval_s": 15,
        "llm_agent.npc_talk_groups_max": min(TALKS_MAX, npcs),
        # The few visitors stand for many players, and what is refused is no load.
        **{f"llm_agent.{who}_rate_per_min": RATE_MAX_PER_MIN for who in ("player", "npc")},
        **{f"llm_agent.{who}_burst": BURST_MAX for who in ("player", "npc")},
        "llm_village.ticks": "true",
        "llm_village.npcs": npcs,
        "llm_village.players": players_at(npcs, options),
        "llm_village.seconds": options.seconds,
        "llm_village.warmup_s": WARMUP_S,
        "llm_village.ask_interval_s": min(ASKED_EVERY_MAX_S, NPC_ASKED_EVERY_S / npcs),
        "max_forceloaded_blocks": npcs,
    }
