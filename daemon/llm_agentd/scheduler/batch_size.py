"""How many sequences pay: the seconds of a step at each width, measured at start, kept for the next start.

The curve and the choice are pure. `find_curve` is called by the engine thread before its first request; `measure` reads
the clock it is given; `remembered` and `remember` alone touch a file.
"""

from __future__ import annotations

import logging
import math
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import orjson

from llm_agentd.engines.base import Engine
from llm_agentd.util.cpu_info import cpu_model

log = logging.getLogger(__name__)

NOISE = 0.05  # two medians of the same step on a machine with a game beside it differ by about this much
WIDEN_LOSS = 0.10  # of tokens/s may be given up, for a while, so that a player need not wait for a place
BUDGET_S = 2.0  # a start that takes longer is noticed
ROUNDS = 5  # an odd number, so that the median is a step that was
SURE_WIDTHS = 3  # 1, 2 and 4 are measured even by an engine too slow for the budget: fewer show no shape
CURVES_MAX = 64  # kept in the file, the newest: someone who tries many models must not grow it for ever


@dataclass(frozen=True, slots=True)
class Curve:
    """Seconds of one step at each measured width; raises ValueError where that is no curve.

    A step is never slower than a wider one: where it was measured so, that was noise, and the wider one's time holds.
    """

    measured_s: Mapping[int, float]

    def __post_init__(self) -> None:
        if not self.measured_s or min(self.measured_s) < 1:
            raise ValueError("a curve needs at least one width, and widths from 1 on")
        if not all(math.isfinite(seconds) and seconds > 0 for seconds in self.measured_s.values()):
            raise ValueError("a step takes more than no time and less than for ever")
        least_s = math.inf
        smooth: dict[int, float] = {}
        for width in sorted(self.measured_s, reverse=True):
            least_s = smooth[width] = min(least_s, self.measured_s[width])
        object.__setattr__(self, "measured_s", dict(sorted(smooth.items())))

    @property
    def widest(self) -> int:
        return max(self.measured_s)

    def step_s(self, width: int) -> float:
        """Seconds of a step, on the straight line between measured widths; as at the last one outside of them."""
        widths = list(self.measured_s)
        at = bisect_left(widths, width)
        if at == 0 or at == len(widths):
            return self.measured_s[widths[min(at, len(widths) - 1)]]
        below, above = widths[at - 1], widths[at]
        share = (width - below) / (above - below)
        return self.measured_s[below] * (1 - share) + self.measured_s[above] * share

    def useful(self, cap: int) -> int:
        """The smallest width whose tokens/s come within noise of the best up to `cap`: wider only adds latency."""
        widths = list(self._up_to(cap)) or [max(1, cap)]
        best = max(map(self._tokens_s, widths))
        return next(width for width in widths if self._tokens_s(width) >= best * (1 - NOISE))

    def pays(self, width: int) -> bool:
        """May `width` run for a while? Yes while tokens/s stay near the best up to it; never where unmeasured."""
        if width > self.widest:
            return False
        best = max(map(self._tokens_s, self._up_to(width)), default=0.0)
        return self._tokens_s(width) >= best * (1 - WIDEN_LOSS)

    def _up_to(self, cap: int) -> Iterator[int]:
        yield from (width for width in self.measured_s if width <= cap)
        if cap < self.widest and cap not in self.measured_s and cap > min(self.measured_s):
            yield cap

    def _tokens_s(self, width: int) -> float:
        return width / self.step_s(width)


def find_curve(engine: Engine, folder: Path | None) -> Curve:
    """Measured once for a model, machine and number of threads; without a folder to remember it, at each start."""
    info = engine.info
    engine.time_step(1)  # pages the model in
    if folder is None:
        return measure(engine.time_step, info.max_num_seqs)
    path = folder / "widths.json"
    key = f"{info.fingerprint} {cpu_model()} {info.threads} threads {info.max_num_seqs} wide"
    curve = remembered(path, key)
    if curve is None:
        curve = measure(engine.time_step, info.max_num_seqs)
        remember(path, key, curve)
    return curve


def measure(
    step: Callable[[int], float],
    cap: int,
    budget_s: float = BUDGET_S,
    clock: Callable[[], float] = time.monotonic,
) -> Curve:
    """Times steps at 1, 2, 4 … up to `cap`, in turn, within about `budget_s`; keeps the median of each width.

    `step(width)` runs one step and says what it took, seconds. One too slow for the budget is measured once at the
    first widths. Warm the engine up first: the first step of all pages the model in.
    """
    ends_s = clock() + budget_s
    samples: dict[int, list[float]] = {}
    width = 1
    while width <= cap and (len(samples) < SURE_WIDTHS or clock() < ends_s):
        samples[width] = [step(width)]
        width = cap if width < cap < 2 * width else 2 * width
    for _ in range(ROUNDS - 1):
        for known, seconds in samples.items():
            if clock() + seconds[0] < ends_s:
                seconds.append(step(known))
    return Curve({known: median(seconds) for known, seconds in samples.items()})


def remembered(path: Path, key: str) -> Curve | None:
    """The curve that `remember` wrote for `key`; None (measure again) where there is none or the file is damaged."""
    try:
        rows = orjson.loads(path.read_bytes())
        return Curve({int(width): float(seconds) for width, seconds in rows[key].items()}) if key in rows else None
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, AttributeError) as error:
        log.warning("%s cannot be read (%s); the width is measured again", path, error)
        return None


def remember(path: Path, key: str, curve: Curve) -> None:
    """Written whole, then renamed. A disk that refuses costs a measurement at the next start."""
    try:
        rows = orjson.loads(path.read_bytes())
        kept = dict(list(rows.items())[-CURVES_MAX + 1 :])
    except (OSError, ValueError, AttributeError):
        kept = {}
    kept[key] = {str(width): seconds for width, seconds in curve.measured_s.items()}
    part = path.with_name(path.name + ".part")
    try:
        part.write_bytes(orjson.dumps(kept))
        part.replace(path)
    except OSError as error:
        log.warning("%s cannot be written (%s); the width is measured at each start", path, error)
