"""The options of a benchmark, its result, and the percentile that all of them use. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

LLAMA_SERVER_SLOTS = (4, 8)  # llama-server is measured with both, and compared at its best
BUSY_PER_SLOT = 2  # requests that are open in the part with a busy engine: twice the places


@dataclass(frozen=True, slots=True)
class Options:
    """Options of the benchmarks; each reads those that are its own.

    `sequences`: computed at once by `decode`, one measurement each, and the slots of `village`'s llama-server; () for
    those the benchmark has itself. `rounds` of `decode`, `engines`, `restart` and `warm`.
    `requests` by `clients` at the same time, or `rate` a second for `seconds`; `saturate_s`: length of the part with a
    busy engine. `upstream`: URL of a running OpenAI-compatible server. `llama_server_python`: a Python with xllamacpp,
    or `llama_server_binary`: a llama-server; either is started with the same model. `npcs`: numbers of NPCs, runs for
    each; () for those the benchmark has itself; `growth` has them too, and `seconds`. `ticks`: `voice`, not the LLM,
    off and on, or at most so many `players`.
    `fleet`: `only` these scenes, () for all; `daemons`: so many, 0 for what it takes; `step_ms`, `width`: of an engine;
    `dry_run`: foretell, and run nothing.
    `mind`: `only` these sets, () for all; `bulk`: so many recombined situations instead; `sheet`: the grading sheet to
    write or extend; `grades`: a graded sheet to report, without a run.
    `memory`: `minutes`, of talk while the processes are watched; 0 for look-ups and the idle processes.
    `hearing`: so many `lines`, 0 for all.
    `exchanges`: `only` these scenes, or all of these files; `transcript`: where to write what was said and done.
    """

    requests: int = 300
    clients: int = 50
    rate: float = 0.0
    seconds: float = 120.0
    saturate_s: float = 40.0
    rounds: int = 3
    sequences: tuple[int, ...] = ()
    upstream: str | None = None
    upstream_pid: int | None = None
    llama_server_python: Path | None = None
    llama_server_binary: Path | None = None
    npcs: tuple[int, ...] = ()
    voice: bool = False
    players: int = 8
    daemons: int = 0
    step_ms: float = 20.0
    width: int = 32
    dry_run: bool = False
    only: tuple[str, ...] = ()
    bulk: int = 0
    sheet: Path | None = None
    grades: Path | None = None
    transcript: Path | None = None
    lines: int = 0
    minutes: float = 0.0

    @property
    def slots(self) -> tuple[int, ...]:
        """llama-server's."""
        return self.sequences or LLAMA_SERVER_SLOTS

    @property
    def busy_requests(self) -> int:
        """Open at any time in the part with a busy engine, for whoever has most places."""
        return BUSY_PER_SLOT * max(self.slots)


@dataclass(frozen=True, slots=True)
class Result:
    """`ratios`: ours over the other's. `rows`: the table for people, text cells.

    Programs read the keys of `ratios` from `--json` reports: they must stay.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    ratios: dict[str, float]
    figures: dict[str, float]
    notes: tuple[str, ...] = field(default=())
    plot: Callable[[Path], None] | None = None  # draws more than bars of ratios


def percentile(values: list[float], share: float) -> float:
    """The value below which `share` of `values` lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
