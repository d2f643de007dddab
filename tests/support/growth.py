"""How the time of a function grows with its text: doubling the text must at most double the time.

Times are the thread's own CPU time, the best of some runs, so that a busy machine does not fail a test. One pair of
sizes says little; where it looks bad, the exponent is fitted over four doublings, and only a second bad fit counts.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

SIZES = (256, 512, 1024, 2048, 4096)  # letters: from a long line to twice the longest that a player may say
EXPONENT_MAX = 1.4  # n log n has about 1.1 here, caches and allocators add a little; the square has 2
ENOUGH_S = 0.001  # quicker than this at the largest size, nobody is hurt, and the clock says nothing
STALL_S = 0.5  # no text of this size may take so long, however it grows


def grows_too_fast(run: Callable[[str], object], make_text: Callable[[int], str]) -> str:
    """What is wrong with `run`, for people; "" for time that is linear. `make_text`: a text of so many letters."""
    small, large = make_text(SIZES[0]), make_text(SIZES[-1])
    factor = len(large) / len(small)
    large_s = _best_s(run, large, 1)
    if large_s < ENOUGH_S or large_s < factor**EXPONENT_MAX * _best_s(run, small, 3) * 0.75:
        return ""
    texts = [make_text(size) for size in SIZES]
    for _ in range(2):
        times_s = [_best_s(run, text, 4) for text in texts]
        exponent = fit_exponent([len(text) for text in texts], times_s)
        # What looked slow at first may have been a stall of the machine.
        if times_s[-1] < ENOUGH_S or (exponent < EXPONENT_MAX and times_s[-1] < STALL_S):
            return ""
    return f"time grows with the power {exponent:.2f} of the text: " + ", ".join(
        f"{len(text)}: {time_s * 1e3:.1f} ms" for text, time_s in zip(texts, times_s, strict=True)
    )


def fit_exponent(sizes: list[int], times_s: list[float]) -> float:
    """The slope of the least squares line through the logarithms of the last three: the first ones hold what is
    constant.
    """
    points = [(math.log(size), math.log(max(time_s, 1e-9))) for size, time_s in zip(sizes, times_s, strict=True)][-3:]
    mean_x, mean_y = (sum(values) / len(points) for values in zip(*points, strict=True))
    return float(sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points))


def _best_s(run: Callable[[str], object], text: str, rounds: int) -> float:
    best_s = math.inf
    for _ in range(rounds):
        start_s = time.thread_time()
        run(text)
        best_s = min(best_s, time.thread_time() - start_s)
        if best_s > STALL_S:
            break
    return best_s
