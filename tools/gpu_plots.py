"""The plots of tools/gpu_bench.py: decode, village and warm, both models in each. Pure but for the files it writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

DPI = 120
OURS = "llm-agentd"


def draw(results: Sequence[Mapping[str, Any]], out: Path) -> None:
    """A PNG for each benchmark of which there are figures. Without matplotlib there is a line instead."""
    try:
        import matplotlib
    except ImportError:
        print("no plots: matplotlib is not installed")
        return
    matplotlib.use("Agg")
    for name, plot in (("decode", _decode), ("village", _village), ("warm", _warm)):
        reports = {label(one): one["report"] for one in results if one["bench"] == name and "report" in one}
        if reports:
            plot(reports, out / f"gpu-{name}.png")


def label(result: Mapping[str, Any]) -> str:
    """The model, and in the village how many sequences both servers compute at once."""
    return f"{result['shape']} at {result['sequences']}" if result["bench"] == "village" else str(result["shape"])


def _decode(reports: Mapping[str, Any], path: Path) -> None:
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4))
    for shape, report in reports.items():
        for side, name, line in (("daemon", OURS, "-o"), ("bare", "bare loop", "--x")):
            points = curve(report["figures"], f"{side}_tokens_per_s_at_")
            axes.plot(list(points), list(points.values()), line, label=f"{name}, {shape}")
    axes.set(title="decode", xlabel="sequences at once", ylabel="tokens/s", xlim=(0, None), ylim=(0, None))
    axes.legend()
    axes.grid(alpha=0.3)
    _save(figure, path)


def curve(figures: Mapping[str, float], prefix: str) -> dict[int, float]:
    """Tokens/s by the number of sequences, in order."""
    found = {int(key.removeprefix(prefix)): value for key, value in figures.items() if key.startswith(prefix)}
    return dict(sorted(found.items()))


def _village(reports: Mapping[str, Any], path: Path) -> None:
    what = {"requests_per_s": "requests/s", "spoken_busy_first_text_p95_s": "spoken while busy, first text p95, s"}
    _bars(
        {
            f"{shape}: {label}": sides(report["figures"], key)
            for shape, report in reports.items()
            for key, label in what.items()
        },
        len(reports),
        path,
    )


def sides(figures: Mapping[str, float], key: str) -> dict[str, float]:
    """What each server reached, by its name."""
    return {name.removesuffix(f" {key}"): value for name, value in figures.items() if name.endswith(f" {key}")}


def _warm(reports: Mapping[str, Any], path: Path) -> None:
    panels = {
        f"{shape}: first text of the {line}, ms": {arm: report["figures"][f"{arm}_{key}"] for arm in ("warmed", "cold")}
        for shape, report in reports.items()
        for key, line in (("first_line_ms", "first line"), ("later_lines_ms", "later lines"))
    }
    _bars(panels, len(reports), path)


def _bars(panels: Mapping[str, Mapping[str, float]], rows: int, path: Path) -> None:
    from matplotlib import pyplot

    columns = len(panels) // rows
    figure: Any = pyplot.figure(figsize=(5.5 * columns, 1.9 * rows))
    for number, (title, values) in enumerate(panels.items(), 1):
        one = figure.add_subplot(rows, columns, number)
        bars = one.barh(list(values), list(values.values()), color="#4c72b0")
        one.bar_label(bars, fmt="%.3g", padding=3)
        one.margins(x=0.15)
        one.set_title(title, fontsize="medium")
        one.invert_yaxis()
    _save(figure, path)


def _save(figure: Any, path: Path) -> None:
    figure.tight_layout()
    figure.savefig(path, dpi=DPI)
