"""Runs one benchmark and reports it: a table for people, JSON and a plot where they are wanted.

A benchmark is a module of this package with `measure(config, options) -> Result`. Each measures both sides, ours and
the one it is compared with, in the same run. Main thread; knows nothing of what is measured.
"""

from __future__ import annotations

import importlib
import platform
from pathlib import Path
from typing import Any

import orjson
import psutil
from rich.console import Console
from rich.table import Table

from llm_agentd.bench.plots import plot_ratios, pyplot
from llm_agentd.bench.result import Options, Result
from llm_agentd.config import Config
from llm_agentd.errors import StartError
from llm_agentd.util.cpu_info import cpu_model
from llm_agentd.util.cpus import available_cpus

NAMES = (
    "hit",
    "decode",
    "grammar",
    "engines",
    "village",
    "growth",
    "restart",
    "warm",
    "ticks",
    "fleet",
    "memory",
    "hearing",
    "mind",
    "exchanges",
    "speech",
)

FILE_COLUMNS = 120  # of a table that goes into a file; rich takes 80


def run(
    name: str,
    config: Config,
    options: Options | None = None,
    *,
    json_file: Path | None = None,
    stats_file: Path | None = None,
    plot_dir: Path | None = None,
) -> int:
    """Measures, prints, writes. Returns the exit code; raises StartError for an unknown name or a missing extra."""
    if name not in NAMES:
        raise StartError(f"bench: unknown benchmark {name!r}; known: {', '.join(NAMES)}")
    if plot_dir is not None:
        pyplot()  # before minutes of measuring, not after
    result: Result = importlib.import_module(f"llm_agentd.bench.{name}").measure(config, options or Options())
    console = Console()
    _print(result, console if console.is_terminal else Console(width=FILE_COLUMNS))
    if stats_file is not None:
        with stats_file.open("w", encoding="utf-8") as file:
            _print(result, Console(file=file, width=FILE_COLUMNS, color_system=None))
    if json_file is not None:
        json_file.write_bytes(orjson.dumps(_as_json(name, result), option=orjson.OPT_INDENT_2))
    if plot_dir is not None:
        plot_dir.mkdir(parents=True, exist_ok=True)
        draw = result.plot or (lambda path: plot_ratios(name, result, path))
        draw(plot_dir / f"{name}.png")
    return 0


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    return {
        "cpu": cpu_model() or platform.processor(),
        "cpus": len(available_cpus()),
        "memory_bytes": psutil.virtual_memory().total,
        "load_1min": psutil.getloadavg()[0],
        "python": platform.python_version(),
    }


def _as_json(name: str, result: Result) -> dict[str, Any]:
    return {"bench": name, "ratios": result.ratios, "figures": result.figures, "machine": machine()}


def _print(result: Result, console: Console) -> None:
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
