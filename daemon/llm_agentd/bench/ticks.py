"""`bench ticks`: what the mod and the daemon cost a real game server's steps, with the LLM off and on, in turn.

Each run starts a server (20 Hz, minetest_game) with so many NPCs that have bodies, and a daemon beside it; in the runs
called off the mod is switched off and the daemon idles. With `--voice` the LLM is on in all runs and voices are off and
on, and a player in a real client hears the NPCs speak in turn. The game's side is demo/llm_village/ticks.lua.
"""

from __future__ import annotations

import contextlib
import math
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from llm_agentd.bench.plots import pyplot
from llm_agentd.bench.result import Options, Result, percentile
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
LONG_STEP_MS = 100.0
NPCS, VOICE_NPCS = (1, 10, 50, 100), (50,)
GAP_GOAL, GAP_GOAL_NPCS = 1.10, 50  # p99 of the gaps, on over off
MOD_GOAL_MS, MOD_GOAL_NPCS = 1.0, 100  # p99 of the mod's own time in a step


@dataclass(frozen=True, slots=True)
class Run:
    """What the game wrote of one run.

    `gaps_ms`: from step to step; `mod_ms`: the mod's time in each step; `first_ms` and `reply_ms`: from a question to
    the first and the last of the model's words.
    """

    npcs: int
    on: bool
    gaps_ms: list[float]
    mod_ms: list[float]
    first_ms: list[float]
    reply_ms: list[float]
    counts: dict[str, int]
    errors: dict[str, int]

    @property
    def name(self) -> str:
        return f"{self.npcs} {'on' if self.on else 'off'}"

    @property
    def long_steps(self) -> int:
        return sum(gap > LONG_STEP_MS for gap in self.gaps_ms)

    @property
    def deadline_violations(self) -> int:
        """Thinks whose callback came too late, twice or never."""
        return self.counts["late"] + self.counts["doubled"] + self.counts["asked"] - self.counts["answered"]


def measure(config: Config, options: Options) -> Result:
    counts = options.npcs or (VOICE_NPCS if options.voice else NPCS)
    runs = [run_once(config, npcs, on, options) for npcs in counts for on in (False, True)]
    pairs = list(zip(runs[::2], runs[1::2], strict=True))
    ratios = {f"step_gap_p99_at_{on.npcs}": _at(0.99, on.gaps_ms) / _at(0.99, off.gaps_ms) for off, on in pairs}
    if options.voice:
        ratios = {f"voice_{name}": ratio for name, ratio in ratios.items()}
    title = f"Server steps of {STEP_S * 1000:.0f} ms, {options.seconds:g} s for each count of NPCs and"
    return Result(
        title=f"{title} {'voices' if options.voice else 'LLM'}; ms",
        columns=("", *(run.name for run in runs)),
        rows=tuple((label, *(cell(run) for run in runs)) for label, cell in ROWS),
        ratios=ratios,
        figures={
            f"{run.npcs}_{'on' if run.on else 'off'}_{key}": value for run in runs for key, value in _figures(run)
        },
        notes=tuple(goals(pairs, ratios)),
        plot=lambda path: _plot(pairs, path),
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
            with listener(Path(folder), game.port) if options.voice else contextlib.nullcontext():
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
        if options.voice and on and not run.counts["sounds"]:
            raise StartError("bench ticks: no voice was heard; llm-agentd doctor says which engine is missing")
        return run


def read_run(npcs: int, on: bool, data: dict[str, Any]) -> Run:
    """Engines write empty tables as null, and before 5.16 whole numbers as 5.0."""
    counts, errors = (
        {key: int(value) for key, value in (data.get(part) or {}).items()} for part in ("counts", "errors")
    )
    if counts["bodies"] != npcs:
        raise StartError(f"bench ticks: of {npcs} NPCs only {counts['bodies']} had bodies at the end")
    gaps_ms, mod_ms, first_ms, reply_ms = (data.get(f"{key}_ms") or [] for key in ("gaps", "own", "first", "reply"))
    return Run(npcs, on, gaps_ms, mod_ms, first_ms, reply_ms, counts, errors)


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
        "llm_village.seconds": options.seconds,
        "llm_village.warmup_s": WARMUP_S,
        "llm_village.ask_interval_s": min(ASKED_EVERY_MAX_S, NPC_ASKED_EVERY_S / npcs),
        "max_forceloaded_blocks": npcs,
    }


def _at(share: float, values: Sequence[float]) -> float:
    return percentile(list(values), share) if values else math.nan


def _of(values: Callable[[Run], list[float]], share: float, digits: int) -> Callable[[Run], str]:
    def cell(run: Run) -> str:
        return f"{_at(share, values(run)):.{digits}f}" if values(run) else "-"

    return cell


def _count(key: str) -> Callable[[Run], str]:
    return lambda run: str(run.counts[key])


ROWS: tuple[tuple[str, Callable[[Run], str]], ...] = (
    ("steps", lambda run: str(len(run.gaps_ms))),
    *((f"step gap {name}", _of(lambda run: run.gaps_ms, share, 1)) for name, share in (("p50", 0.5), ("p95", 0.95))),
    *((f"step gap {name}", _of(lambda run: run.gaps_ms, share, 1)) for name, share in (("p99", 0.99), ("max", 1))),
    (f"steps over {LONG_STEP_MS:.0f}", lambda run: str(run.long_steps)),
    *(
        (f"mod's own {name}", _of(lambda run: run.mod_ms, share, 3))
        for name, share in (("p50", 0.5), ("p99", 0.99), ("max", 1))
    ),
    *((f"first text {name}", _of(lambda run: run.first_ms, share, 0)) for name, share in (("p50", 0.5), ("p95", 0.95))),
    *(
        (f"whole reply {name}", _of(lambda run: run.reply_ms, share, 0))
        for name, share in (("p50", 0.5), ("p95", 0.95))
    ),
    ("thinks asked", _count("asked")),
    ("answered", _count("answered")),
    ("past deadline", _count("late")),
    ("replies", lambda run: str(len(run.reply_ms))),
    ("from cache", _count("cache_hits")),
    ("fallbacks", _count("fallbacks")),
    ("lines said", _count("said")),
    ("sounds", lambda run: str(run.counts.get("sounds", "-"))),
)


def _figures(run: Run) -> Iterator[tuple[str, float]]:
    for name, values in (("step_gap", run.gaps_ms), ("own", run.mod_ms)):
        for share in (0.5, 0.95, 0.99):
            yield f"{name}_p{share * 100:.0f}_ms", _at(share, values)
        yield f"{name}_max_ms", max(values)
    if run.reply_ms:
        for name, values in (("first_text", run.first_ms), ("reply", run.reply_ms)):
            yield f"{name}_p50_ms", _at(0.5, values)
            yield f"{name}_p95_ms", _at(0.95, values)
    yield "steps", len(run.gaps_ms)
    yield "steps_over_100_ms", run.long_steps
    yield "replies", len(run.reply_ms)
    yield from run.counts.items()


def goals(pairs: Sequence[tuple[Run, Run]], ratios: dict[str, float]) -> Iterator[str]:
    """The aims, met or missed, each with its figure; what was not measured says so."""

    def verdict(aim: str, met: bool | None, found: str) -> str:
        return f"{'not measured' if met is None else 'met' if met else 'missed'}: {aim}: {found}"

    ratio = next((ratio for name, ratio in ratios.items() if name.endswith(f"_p99_at_{GAP_GOAL_NPCS}")), None)
    yield verdict(
        f"p99 step gap with {GAP_GOAL_NPCS} NPCs within {GAP_GOAL - 1:.0%} of off",
        None if ratio is None else ratio <= GAP_GOAL,
        f"no {GAP_GOAL_NPCS} in --npcs" if ratio is None else f"{ratio:.3f} of it",
    )
    more = {on.npcs: (off.long_steps, on.long_steps) for off, on in pairs if on.long_steps > off.long_steps}
    yield verdict(
        f"no step over {LONG_STEP_MS:.0f} ms that was not there without",
        not more,
        "; ".join(f"{npcs} NPCs: {off} off, {on} on" for npcs, (off, on) in more.items()) or "none",
    )
    runs = [run for pair in pairs for run in pair]
    violations, thinks = sum(run.deadline_violations for run in runs), sum(run.counts["asked"] for run in runs)
    yield verdict(
        "every think answered once, by its deadline and one step",
        not violations,
        f"{thinks - violations} of {thinks} were",
    )
    mod_p99_ms = next((_at(0.99, on.mod_ms) for _, on in pairs if on.npcs == MOD_GOAL_NPCS), None)
    yield verdict(
        f"mod's own time in a step under {MOD_GOAL_MS:g} ms with {MOD_GOAL_NPCS} NPCs (p99)",
        None if mod_p99_ms is None else mod_p99_ms < MOD_GOAL_MS,
        f"no {MOD_GOAL_NPCS} in --npcs" if mod_p99_ms is None else f"{mod_p99_ms:.3f} ms",
    )
    for run in runs:
        if run.on and run.errors:
            yield f"fallbacks, {run.npcs} NPCs: " + ", ".join(f"{n} {code}" for code, n in sorted(run.errors.items()))


def _plot(pairs: Sequence[tuple[Run, Run]], path: Path) -> None:
    """Which share of steps took longer than so many milliseconds: off dashed, on drawn through."""
    figure, (gap_axes, mod_axes) = pyplot().subplots(1, 2, figsize=(12, 4.5))
    for number, pair in enumerate(pairs):
        for run in pair:
            for axes, values in ((gap_axes, run.gaps_ms), (mod_axes, run.mod_ms)):
                shares = [1 - place / len(values) for place in range(len(values))]
                axes.plot(sorted(values), shares, f"C{number}{'-' if run.on else '--'}", label=run.name, linewidth=1.2)
    gap_axes.set(title="from step to step", xlabel="milliseconds")
    gap_axes.axvline(LONG_STEP_MS, color="black", linewidth=0.6)
    mod_axes.set(title="the mod's own time in a step", xlabel="milliseconds", xscale="log")
    mod_axes.axvline(MOD_GOAL_MS, color="black", linewidth=0.6)
    for axes in (gap_axes, mod_axes):
        axes.set(yscale="log", ylabel="share of steps that took longer")
        axes.grid(alpha=0.3)
    gap_axes.legend(title="NPCs, off or on", fontsize="small")
    figure.tight_layout()
    figure.savefig(path, dpi=120)
