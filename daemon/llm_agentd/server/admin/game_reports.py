"""What games report of themselves: gaps between server steps, fallback lines by reason, who is there.

Router thread. What a scraper reads is in the metrics; here is what people look at. Reports come with what a game asks
anyway, so a game in which nobody speaks tells nothing; whoever shows the figures shows `told_s_ago` with them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, OrderedDict, deque
from collections.abc import Sequence
from typing import Any

from llm_agentd.metrics import STEP_GAP_BOUNDS_S
from llm_agentd.protocol.admin_records import REASONS_MAX, ReportRecord, StepGaps

RECENT_S = 60.0  # the step gaps that are shown are of so long; where nothing was told since, of the last report
GAMES_MAX = 16  # each start of a game server is one; the longest silent goes
OTHER = "other"  # the reason of what comes under more reasons than there are codes


class GameReports:
    """`take` a report, `view` what all of them say."""

    def __init__(self) -> None:
        self.fallbacks: Counter[str] = Counter()  # since the start
        self._recent: deque[tuple[float, list[int]]] = deque()  # when, and the counts
        self._games: OrderedDict[str, tuple[float, ReportRecord]] = OrderedDict()  # the last report of each

    def take(self, report: ReportRecord, now_s: float) -> None:
        game = report.game or ""
        self._games[game] = now_s, report
        self._games.move_to_end(game)
        if len(self._games) > GAMES_MAX:
            self._games.popitem(last=False)
        for reason, count in report.fallbacks.items():
            is_known = reason in self.fallbacks or len(self.fallbacks) < REASONS_MAX
            self.fallbacks[reason if is_known else OTHER] += count
        if report.steps is not None and any(report.steps.counts):
            self._recent.append((now_s, rebucketed(report.steps)))
            while len(self._recent) > 1 and self._recent[0][0] < now_s - RECENT_S:
                self._recent.popleft()

    def is_new(self, report: ReportRecord) -> bool:
        """Whether this game has not told anything yet."""
        return (report.game or "") not in self._games

    def step_gap_ms_p99(self, now_s: float, within_s: float = RECENT_S) -> float | None:
        """None: nothing was told within that time."""
        recent = [counts for at_s, counts in self._recent if at_s >= now_s - within_s]
        return quantile_ms([sum(column) for column in zip(*recent, strict=True)], 0.99) if recent else None

    def view(self, now_s: float) -> dict[str, Any] | None:
        """What `stats` shows; None: no game has reported yet."""
        if not self._games:
            return None
        last_s, last = next(reversed(self._games.values()))
        present = [report for at_s, report in self._games.values() if at_s >= min(last_s, now_s - RECENT_S)]
        p99 = self.step_gap_ms_p99(now_s)
        if p99 is None and self._recent:
            p99 = quantile_ms(self._recent[-1][1], 0.99)
        return {
            "step_gap_ms_p99": p99,
            "own_ms_p99": last.own_ms_p99,
            "fallbacks": dict(self.fallbacks),
            "players": sum(report.players for report in present),
            "npcs": sum(report.npcs for report in present),
            "games": len(present),
            "version": last.version,
            "told_s_ago": round(now_s - last_s, 1),
        }


def rebucketed(steps: StepGaps) -> list[int]:
    """By STEP_GAP_BOUNDS_S, whatever bounds the game has: each bucket goes where its upper bound belongs."""
    counts = [0] * (len(STEP_GAP_BOUNDS_S) + 1)
    for bound_s, count in zip([*steps.bounds_s, float("inf")], steps.counts, strict=True):
        counts[bisect_left(STEP_GAP_BOUNDS_S, bound_s)] += count
    return counts


def quantile_ms(counts: Sequence[int], share: float) -> float | None:
    """Of a histogram by STEP_GAP_BOUNDS_S, taken as even within a bucket; beyond the last bound: that bound."""
    wanted = sum(counts) * share
    if not wanted:
        return None
    below, seen = 0.0, 0
    for bound_s, count in zip(STEP_GAP_BOUNDS_S, counts, strict=False):
        if seen + count >= wanted:
            return round((below + (bound_s - below) * (wanted - seen) / count) * 1000, 1)
        below, seen = bound_s, seen + count
    return below * 1000
