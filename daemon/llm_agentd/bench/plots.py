"""PNG plots of results. matplotlib is optional (the extra `bench`) and is loaded only where a plot is wanted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from llm_agentd.bench.result import Result
from llm_agentd.errors import StartError


def pyplot() -> Any:
    """matplotlib's, or a StartError that names the extra."""
    try:
        import matplotlib
    except ImportError:
        raise StartError("bench: --plot needs matplotlib: pip install matplotlib") from None
    matplotlib.use("Agg")
    from matplotlib import pyplot as plots

    return plots


def plot_ratios(name: str, result: Result, path: Path) -> None:
    """A bar for each ratio, with a line at 1: what a benchmark without a plot of its own gets."""
    figure, axes = pyplot().subplots(figsize=(7, 0.6 * len(result.ratios) + 1.2))
    axes.barh(list(result.ratios), list(result.ratios.values()), color="#4c72b0")
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set_xlabel("ours over the other's")
    axes.set_title(f"bench {name}")
    axes.invert_yaxis()
    figure.tight_layout()
    figure.savefig(path, dpi=120)
