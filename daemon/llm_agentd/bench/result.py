"""What a benchmark is told and what it gives back; the percentile they all use. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path


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


def percentile(values: list[float], share: float) -> float:
    """The value below which `share` of `values` lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
