"""Whether the curve of batch sizes is still true: a start beside a busy game measures too slow, and it would be kept.

What is noise in a measurement makes steps slower, never quicker. So a curve that was measured once is measured again
in a quiet moment, and of both the quicker steps hold. Later, steps that are quicker than the curve says prove it wrong;
and steps that are far slower say that the machine is another one. Pure: seconds come in, one writer (engine thread).
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator
from statistics import median

from llm_agentd.scheduler.batch_size import ROUNDS, SURE_SIZES, Curve, sizes_up_to

log = logging.getLogger(__name__)

QUIET_S = 20.0  # nobody asks for so long: then the next question most likely does not come in the next step either
STEP_MAX_S = 0.5  # a player who asks in the midst of it waits for one step; larger sizes than that are left out
OBSERVED_STEPS = 101  # of one size, the newest: half of them would have to be outliers to be believed
# Real steps are slower than measured ones: behind a long context, under a grammar, up to twice. So what is quicker than
# measured says that the measurement was wrong, and what is slower says something only where it is by far.
QUICKER, SLOWER = 0.8, 3.0
PAUSE_MIN_S, PAUSE_MAX_S = 600.0, 86400.0  # between two measurements: a machine that is always busy costs no more


class CurveWatch:
    """`curve` is the one to go by."""

    def __init__(self, curve: Curve, size_max: int, keep: Callable[[Curve], None] = lambda curve: None) -> None:
        """`keep` is given each new curve, to remember it."""
        self.curve = curve
        self._size_max = size_max
        self._keep = keep
        self._ratios: dict[int, deque[float]] = {}  # of observed to expected seconds, by batch size
        self._samples: dict[int, list[float]] = {}
        self._plan: Iterator[int] | None = None  # set while it is being measured
        self._largest = size_max
        self._next_s = 0.0
        self._pause_s = PAUSE_MIN_S

    def stepped(self, size: int, seconds: float) -> None:
        """A decode step of `size` sequences took so long. Engines that do not tell say 0."""
        if seconds > 0:
            ratios = self._ratios.setdefault(size, deque(maxlen=OBSERVED_STEPS))
            ratios.append(seconds / self.curve.step_s(size))

    def is_due(self, now_s: float, quiet_s: float) -> bool:
        """Whether a step is to be measured now, where nobody has asked anything for `quiet_s`."""
        if quiet_s < QUIET_S:
            return False
        return self._plan is not None or (now_s >= self._next_s and self._is_doubtful())

    def _is_doubtful(self) -> bool:
        return not self.curve.is_confirmed or any(ratio < QUICKER or ratio > SLOWER for ratio in self._medians())

    def _medians(self) -> list[float]:
        return [median(ratios) for ratios in self._ratios.values() if len(ratios) == OBSERVED_STEPS]

    def measure_one(self, step: Callable[[int], float], now_s: float) -> bool:
        """Measures one step, one of `ROUNDS` of each size. True when that was the last and `curve` is a new one."""
        if self._plan is None:
            self._samples, self._largest = {}, self._size_max
            self._plan = self._sizes()
        size = next(self._plan, None)
        if size is None:
            self._finish(now_s)
            return True
        seconds = step(size)
        self._samples.setdefault(size, []).append(seconds)
        if seconds > STEP_MAX_S and len(self._samples) >= SURE_SIZES:
            self._largest = min(self._largest, size)
        return False

    def _sizes(self) -> Iterator[int]:
        for _ in range(ROUNDS):
            for size in sizes_up_to(self._size_max):
                if size <= self._largest:
                    yield size

    def _finish(self, now_s: float) -> None:
        old, measured_s = self.curve, {size: median(seconds) for size, seconds in self._samples.items()}
        if not any(ratio > SLOWER for ratio in self._medians()):
            for size, seconds in old.measured_s.items():
                measured_s[size] = min(seconds, measured_s.get(size, seconds))
        self.curve = Curve(measured_s, is_confirmed=True)
        self._plan = None
        self._ratios.clear()
        self._next_s, self._pause_s = now_s + self._pause_s, min(2 * self._pause_s, PAUSE_MAX_S)
        self._keep(self.curve)
        before, now = old.useful_size(self._size_max), self.curve.useful_size(self._size_max)
        if before != now:
            log.info("%d sequences at once pay on this machine, not %d: measured again in a quiet moment", now, before)
