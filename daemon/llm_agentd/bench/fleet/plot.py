"""The picture of `bench fleet`: load and first text over the evening, one row a scene, with what happened marked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from llm_agentd.bench.fleet.evening import Evening
from llm_agentd.bench.fleet.scenes import Played
from llm_agentd.bench.plots import pyplot
from llm_agentd.bench.result import percentile

BINS = 60
COLORS = {"spoken": "#c44e52", "ambient": "#4c72b0", "background": "#8c8c8c"}


def draw(evening: Evening, scenes: Sequence[tuple[str, float, Played]], path: Path) -> None:
    """`scenes`: title, seconds of the run, and what was played."""
    figure, grid = pyplot().subplots(len(scenes), 2, figsize=(12, 3 * len(scenes) + 0.5), squeeze=False)
    for (load, latency), (title, seconds, played) in zip(grid, scenes, strict=True):
        _draw_load(load, played, seconds, evening)
        _draw_latency(latency, played, seconds, evening)
        for axes in (load, latency):
            _mark(axes, evening, played, seconds)
            axes.set_xlim(evening.from_, evening.to)
            axes.set_xlabel("hour of the evening")
            axes.grid(alpha=0.3)
        load.set(title=f"{title}: asked", ylabel="requests/s", ylim=(0, None))
        latency.set(title=f"{title}: first text, p95", ylabel="seconds", ylim=(0, None))
        latency.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=110)


def _draw_load(axes: Any, played: Played, seconds: float, evening: Evening) -> None:
    hours = [_hour(evening, ending.question.at_s, seconds) for ending in played.account.endings]
    weight = BINS / seconds
    axes.hist(hours, bins=BINS, range=(evening.from_, evening.to), weights=[weight] * len(hours), color="#55a868")


def _draw_latency(axes: Any, played: Played, seconds: float, evening: Evening) -> None:
    for priority, color in COLORS.items():
        found: dict[int, list[float]] = {}
        for ending in played.account.endings:
            if ending.is_done and ending.question.priority == priority:
                found.setdefault(int(ending.question.at_s / seconds * BINS), []).append(ending.first_text_s)
        hours = [_hour(evening, (number + 0.5) / BINS * seconds, seconds) for number in sorted(found)]
        values = [percentile(found[number], 0.95) for number in sorted(found)]
        axes.plot(hours, values, label=priority, color=color, marker=".")


def _mark(axes: Any, evening: Evening, played: Played, seconds: float) -> None:
    for event in evening.events:
        axes.axvspan(event.at, event.at + event.hours, color="#dd8452", alpha=0.15)
        axes.annotate(event.name, (event.at, 0.98), xycoords=("data", "axes fraction"), fontsize=7, va="top")
    for at_s, name in played.marks:
        hour = _hour(evening, at_s, seconds)
        axes.axvline(hour, color="black", linestyle="--", linewidth=0.9)
        axes.annotate(name, (hour, 0.86), xycoords=("data", "axes fraction"), fontsize=7, va="top")


def _hour(evening: Evening, at_s: float, seconds: float) -> float:
    return evening.from_ + evening.hours * at_s / seconds
