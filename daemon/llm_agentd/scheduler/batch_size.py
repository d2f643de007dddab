"""How many sequences to run at once: the seconds of a step at each batch size, measured at first start, kept on disk.

A step of two sequences takes less than two steps of one, up to some size that depends on model and machine; beyond it a
larger batch only makes everybody wait longer. `Curve` and its choices are pure. `find_curve` is called by the engine
thread before its first request; `load_curve` and `save_curve` alone touch a file.
"""

from __future__ import annotations

import math
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from llm_agentd.engines.base import Engine
from llm_agentd.util.cpu_info import cpu_model
from llm_agentd.util.kept_rows import load_row, save_row

FILE = "batch_sizes.json"  # in the cache's folder
NOISE = 0.05  # two medians of the same step on a machine with a game beside it differ by about this much
OVERSIZE_LOSS_MAX = 0.10  # of tokens/s may be given up, for a while, so that a player need not wait for a slot
BUDGET_S = 2.0  # a start that takes longer is noticed
ROUNDS = 5  # an odd number, so that the median is a step that was
SURE_SIZES = 3  # 1, 2 and 4 are measured even by an engine too slow for the budget: fewer show no shape
FILE_MAX_BYTES = 2**20  # 64 curves have some 50 kB
REMOTE_STEP_S = 0.001  # any time will do, as it is the same for all sizes: another process computes
CURVES_MAX = 64  # kept in the file, the newest: someone who tries many models must not grow it for ever


@dataclass(frozen=True, slots=True)
class Curve:
    """Seconds of one step by batch size. Raises ValueError where that is no curve.

    A step is never slower than one of a larger batch: where it was measured so, that was noise, and the larger one's
    time holds. `is_confirmed`: it was measured twice, the second time in a quiet moment (`curve_watch.py`).
    """

    measured_s: Mapping[int, float]
    is_confirmed: bool = False

    def __post_init__(self) -> None:
        if not self.measured_s or min(self.measured_s) < 1:
            raise ValueError("a curve needs at least one batch size, and sizes from 1 on")
        if not all(math.isfinite(seconds) and seconds > 0 for seconds in self.measured_s.values()):
            raise ValueError("a step takes more than no time and less than for ever")
        least_s = math.inf
        smooth: dict[int, float] = {}
        for size in sorted(self.measured_s, reverse=True):
            least_s = smooth[size] = min(least_s, self.measured_s[size])
        object.__setattr__(self, "measured_s", dict(sorted(smooth.items())))

    @property
    def largest(self) -> int:
        return max(self.measured_s)

    def step_s(self, size: int) -> float:
        """Seconds of a step, on the straight line between measured sizes; as at the last one outside of them."""
        sizes = list(self.measured_s)
        at = bisect_left(sizes, size)
        if at == 0 or at == len(sizes):
            return self.measured_s[sizes[min(at, len(sizes) - 1)]]
        below, above = sizes[at - 1], sizes[at]
        share = (size - below) / (above - below)
        return self.measured_s[below] * (1 - share) + self.measured_s[above] * share

    def useful_size(self, size_max: int) -> int:
        """The smallest size whose tokens/s are within noise of the best up to `size_max`: more only adds latency."""
        sizes = list(self._up_to(size_max)) or [max(1, size_max)]
        best = max(map(self._tokens_per_s, sizes))
        return next(size for size in sizes if self._tokens_per_s(size) >= best * (1 - NOISE))

    def allows(self, size: int) -> bool:
        """Whether `size` may run for a while: its tokens/s are near the best up to it. Never where unmeasured."""
        if size > self.largest:
            return False
        best = max(map(self._tokens_per_s, self._up_to(size)), default=0.0)
        return self._tokens_per_s(size) >= best * (1 - OVERSIZE_LOSS_MAX)

    def _up_to(self, size_max: int) -> Iterator[int]:
        yield from (size for size in self.measured_s if size <= size_max)
        if size_max < self.largest and size_max not in self.measured_s and size_max > min(self.measured_s):
            yield size_max

    def _tokens_per_s(self, size: int) -> float:
        return size / self.step_s(size)


def find_curve(engine: Engine, folder: Path | None) -> tuple[Curve, Callable[[Curve], None]]:
    """Measured once for a model, machine and number of threads; without a folder to keep it, at each start.

    With it comes what keeps a later one in its place.
    """
    info = engine.info
    if info.is_remote:
        return Curve({info.max_num_seqs: REMOTE_STEP_S}, is_confirmed=True), lambda curve: None
    engine.time_step(1)  # pages the model in
    if folder is None:
        return measure_curve(engine.time_step, info.max_num_seqs), lambda curve: None
    path = folder / FILE
    key = f"{info.fingerprint} {cpu_model()} {info.threads} threads {info.max_num_seqs} wide"
    curve = load_curve(path, key)
    if curve is None:
        curve = measure_curve(engine.time_step, info.max_num_seqs)
        save_curve(path, key, curve)
    return curve, lambda curve: save_curve(path, key, curve)


def sizes_up_to(size_max: int) -> Iterator[int]:
    """1, 2, 4 … and `size_max` itself."""
    size = 1
    while size <= size_max:
        yield size
        size = size_max if size < size_max < 2 * size else 2 * size


def measure_curve(
    step: Callable[[int], float],
    size_max: int,
    budget_s: float = BUDGET_S,
    clock: Callable[[], float] = time.monotonic,
) -> Curve:
    """Times steps at 1, 2, 4 … up to `size_max`, in turn, within about `budget_s`; keeps the median of each size.

    `step(size)` runs one step and returns its seconds. A size too slow for the budget is measured once. Warm the engine
    up first: the first step of all pages the model in.
    """
    ends_s = clock() + budget_s
    samples: dict[int, list[float]] = {}
    for size in sizes_up_to(size_max):
        if len(samples) >= SURE_SIZES and clock() >= ends_s:
            break
        samples[size] = [step(size)]
    for _ in range(ROUNDS - 1):
        for measured, seconds in samples.items():
            if clock() + seconds[0] < ends_s:
                seconds.append(step(measured))
    return Curve({measured: median(seconds) for measured, seconds in samples.items()})


def load_curve(path: Path, key: str) -> Curve | None:
    """The curve that `save_curve` wrote for `key`; None (measure again) where there is none or the file is damaged."""
    return load_row(path, key, _curve_of)


def _curve_of(row: Any) -> Curve:
    measured_s = {int(size): float(seconds) for size, seconds in row["measured_s"].items()}
    return Curve(measured_s, is_confirmed=row["is_confirmed"] is True)


def save_curve(path: Path, key: str, curve: Curve) -> None:
    measured_s = {str(size): seconds for size, seconds in curve.measured_s.items()}
    save_row(path, key, {"measured_s": measured_s, "is_confirmed": curve.is_confirmed})
