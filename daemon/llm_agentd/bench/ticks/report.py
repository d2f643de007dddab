"""`bench ticks` for people and programs: the table, the figures, the goals and the plot of runs that are over. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import fmean

from llm_agentd.bench.plots import pyplot
from llm_agentd.bench.result import percentile
from llm_agentd.bench.ticks.run import LONG_STEP_MS, PLAYERS_DID, SLOWEST_SHARE, Run

# Kinds of calls, as timer.lua names them → what they are called here.
KINDS = {
    "globalstep": "globalstep",
    "entities": "entities",
    "chat": "chat",
    "windows": "windows",
    "commands": "commands",
    "players": "other of players",
    "later": "put off",
    "api": "other mods",
}
GAP_GOAL, GAP_GOAL_NPCS = 1.10, 50  # p99 of the gaps, on over off
MOD_GOAL_MS, MOD_GOAL_NPCS = 1.0, 100  # p99 of the mod's own time in a step


def at(share: float, values: Sequence[float]) -> float:
    return percentile(list(values), share) if values else math.nan


def _of(values: Callable[[Run], list[float]], share: float, digits: int) -> Callable[[Run], str]:
    def cell(run: Run) -> str:
        return f"{at(share, values(run)):.{digits}f}" if values(run) else "-"

    return cell


def _count(key: str) -> Callable[[Run], str]:
    return lambda run: str(run.counts.get(key, "-"))


def _slowest(kind: str) -> Callable[[Run], str]:
    return lambda run: f"{run.slowest_ms[kind]:.3f}"


ROWS: tuple[tuple[str, Callable[[Run], str]], ...] = (
    ("steps", lambda run: str(len(run.gaps_ms))),
    *((f"step gap {name}", _of(lambda run: run.gaps_ms, share, 1)) for name, share in (("p50", 0.5), ("p95", 0.95))),
    *((f"step gap {name}", _of(lambda run: run.gaps_ms, share, 1)) for name, share in (("p99", 0.99), ("max", 1))),
    (f"steps over {LONG_STEP_MS:.0f}", lambda run: str(run.long_steps)),
    *(
        (f"mod's own {name}", _of(lambda run: run.mod_ms, share, 3))
        for name, share in (("p50", 0.5), ("p99", 0.99), ("max", 1))
    ),
    *((f"slowest {SLOWEST_SHARE:.0%}: {name}", _slowest(kind)) for kind, name in KINDS.items()),
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
    ("sounds", _count("sounds")),
    *((f"players' {what}", _count(f"players_{what}")) for what in PLAYERS_DID),
)


def figures(run: Run) -> Iterator[tuple[str, float]]:
    for name, values in (("step_gap", run.gaps_ms), ("own", run.mod_ms)):
        for share in (0.5, 0.95, 0.99):
            yield f"{name}_p{share * 100:.0f}_ms", at(share, values)
        yield f"{name}_max_ms", max(values)
    for kind, values in run.kinds_ms.items():
        yield f"own_{kind}_mean_ms", fmean(values)
    for kind, mean_ms in run.slowest_ms.items():
        yield f"own_{kind}_slowest_mean_ms", mean_ms
    if run.reply_ms:
        for name, values in (("first_text", run.first_ms), ("reply", run.reply_ms)):
            yield f"{name}_p50_ms", at(0.5, values)
            yield f"{name}_p95_ms", at(0.95, values)
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
    mod_p99_ms = next((at(0.99, on.mod_ms) for _, on in pairs if on.npcs == MOD_GOAL_NPCS), None)
    yield verdict(
        f"mod's own time in a step under {MOD_GOAL_MS:g} ms with {MOD_GOAL_NPCS} NPCs (p99)",
        None if mod_p99_ms is None else mod_p99_ms < MOD_GOAL_MS,
        f"no {MOD_GOAL_NPCS} in --npcs" if mod_p99_ms is None else f"{mod_p99_ms:.3f} ms",
    )
    for run in runs:
        if run.on and run.errors:
            yield f"fallbacks, {run.npcs} NPCs: " + ", ".join(f"{n} {code}" for code, n in sorted(run.errors.items()))


def plot(pairs: Sequence[tuple[Run, Run]], path: Path) -> None:
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
