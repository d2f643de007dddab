"""Benchmarks: `llm-agentd bench NAME`. Each measures ours and the other side in one run and reports ratios.

A bench is a module here with `measure(config, options) -> Result`; this file prints the table, writes JSON and plots.
"""

from __future__ import annotations

import importlib
import os
import platform
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import psutil
from rich.console import Console
from rich.table import Table

from llm_agentd.config import Config
from llm_agentd.errors import StartError

NAMES = ("hit", "decode", "grammar", "village", "restart", "ticks", "memory")

FILE_COLUMNS = 120  # of a table that goes into a file; rich takes 80


@dataclass(frozen=True, slots=True)
class Options:
    """What `village`, `restart` and `ticks` may be told; the others have nothing to choose.

    `requests` at `clients` at once, or `rate` a second for `seconds`; `saturate_s`: of the part with a busy engine.
    `upstream`: URL of a running OpenAI-compatible server. `peer`: a Python with xllamacpp, or `peer_binary` a
    llama-server: started here, with the same model, at 4 and at 8 slots. `npcs`: how many, one pair of runs each.
    """

    requests: int = 300
    clients: int = 50
    rate: float = 0.0
    seconds: float = 120.0
    saturate_s: float = 40.0
    rounds: int = 3
    upstream: str | None = None
    upstream_pid: int | None = None
    peer: Path | None = None
    peer_binary: Path | None = None
    npcs: tuple[int, ...] = (1, 10, 50, 100)


@dataclass(frozen=True, slots=True)
class Result:
    """`ratios`: ours over the other's, keys of CONTRACT section 8. `rows`: the table for people, text cells."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    ratios: dict[str, float]
    figures: dict[str, float]
    notes: tuple[str, ...] = field(default=())
    plot: Callable[[Path], None] | None = None  # draws more than bars of ratios


def run(
    name: str,
    config: Config,
    options: Options | None = None,
    *,
    json_file: Path | None = None,
    plot_dir: Path | None = None,
) -> int:
    """Measures, prints, writes. Returns the exit code; raises StartError for an unknown name or a missing extra."""
    if name not in NAMES:
        raise StartError(f"bench: unknown benchmark {name!r}; known: {', '.join(NAMES)}")
    if plot_dir is not None:
        pyplot()  # before minutes of measuring, not after
    result: Result = importlib.import_module(f"llm_agentd.bench.{name}").measure(config, options or Options())
    _print(result)
    if json_file is not None:
        json_file.write_bytes(orjson.dumps(_as_json(name, result), option=orjson.OPT_INDENT_2))
    if plot_dir is not None:
        plot_dir.mkdir(parents=True, exist_ok=True)
        draw = result.plot or (lambda path: _plot(name, result, path))
        draw(plot_dir / f"{name}.png")
    return 0


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.processor(),
    )
    return {
        "cpu": model,
        "cpus": len(os.sched_getaffinity(0)),
        "memory_bytes": psutil.virtual_memory().total,
        "load_1min": os.getloadavg()[0],
        "python": platform.python_version(),
    }


def percentile(values: list[float], share: float) -> float:
    """The value below which `share` of `values` lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _as_json(name: str, result: Result) -> dict[str, Any]:
    return {"bench": name, "ratios": result.ratios, "figures": result.figures, "machine": machine()}


def _print(result: Result) -> None:
    console = Console()
    if not console.is_terminal:
        console = Console(width=FILE_COLUMNS)
    table = Table(title=result.title)
    for number, column in enumerate(result.columns):
        table.add_column(column, justify="right" if number else "left")
    for row in result.rows:
        table.add_row(*row)
    console.print(table)
    for note in result.notes:
        console.print(note, highlight=False)
    facts = machine()
    console.print(f"{facts['cpu']}, {facts['cpus']} CPUs, load {facts['load_1min']:.1f}", highlight=False)


def pyplot() -> Any:
    """matplotlib's, or a StartError that names the extra."""
    try:
        import matplotlib
    except ImportError:
        raise StartError("bench: --plot needs matplotlib: pip install 'llm-agentd[bench]'") from None
    matplotlib.use("Agg")
    from matplotlib import pyplot as plots

    return plots


def _plot(name: str, result: Result, path: Path) -> None:
    figure, axes = pyplot().subplots(figsize=(7, 0.6 * len(result.ratios) + 1.2))
    axes.barh(list(result.ratios), list(result.ratios.values()), color="#4c72b0")
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set_xlabel("ours over the other's")
    axes.set_title(f"bench {name}")
    axes.invert_yaxis()
    figure.tight_layout()
    figure.savefig(path, dpi=120)
