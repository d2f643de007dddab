"""How fast it goes: requests, tokens, hits and times of the last minute, and of the last ten as points for a line.

Router thread. Counted in buckets of some seconds; what people read is computed when they look.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from llm_agentd.server.admin.game_reports import quantile_ms
from llm_agentd.server.admin.request_log import Entry
from llm_agentd.types import PRIORITIES
from llm_agentd.util.timestamps import rfc3339

BUCKET_S = 5.0
POINTS = 120  # ten minutes
WINDOW = 12  # buckets that the rates are of: a minute
SAMPLES_MAX = 256  # times kept of a bucket and a priority: fifty replies a second; of more, the first
Fields: TypeAlias = dict[str, Any]
Times: TypeAlias = "dict[str, array[float]]"  # eight bytes each: ten busy minutes are 40,000


def _times() -> Times:
    return {priority: array("d") for priority in PRIORITIES}


@dataclass(slots=True)
class _Bucket:
    number: int
    requests: int = 0
    tokens: int = 0
    hits: int = 0
    lookups: int = 0
    waiting: int = 0  # the most at once
    first_text_ms: Times = field(default_factory=_times)
    total_ms: Times = field(default_factory=_times)
    gaps: list[int] | None = None  # a histogram of the game's step gaps


class Rates:
    """`note` what has ended. `waiting` and `steps` (how many, and sequences in them) are looked at now and then."""

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        now_s: Callable[[], float],
        waiting: Callable[[], int] = lambda: 0,
    ) -> None:
        self._clock = clock
        self._now_s = now_s
        self._waiting = waiting
        self._started_s = clock()
        self._buckets: deque[_Bucket] = deque(maxlen=POINTS)

    def note(self, entry: Entry) -> None:
        """A request has ended."""
        bucket = self._bucket()
        bucket.requests += 1
        answer = entry.answer
        if answer.get("event") != "done":
            return
        cache, timing = answer.get("cache"), answer["timing_ms"]
        if cache != "off":
            bucket.lookups += 1
            bucket.hits += cache == "hit"
        if cache == "miss" or cache == "off":  # else the tokens are those of another
            bucket.tokens += answer["usage"].get("completion_tokens", 0)
        priority = entry.record.get("priority", PRIORITIES[0])
        totals = bucket.total_ms[priority]
        if len(totals) < SAMPLES_MAX:
            totals.append(timing["total"])
            bucket.first_text_ms[priority].append(timing["queue"] + timing.get("prefill", 0.0))

    def note_gaps(self, counts: list[int]) -> None:
        bucket = self._bucket()
        bucket.gaps = counts if bucket.gaps is None else [a + b for a, b in zip(bucket.gaps, counts, strict=True)]

    def _bucket(self) -> _Bucket:
        number = int(self._clock() / BUCKET_S)
        if not self._buckets or self._buckets[-1].number != number:
            self._buckets.append(_Bucket(number, waiting=self._waiting()))
        return self._buckets[-1]

    @property
    def uptime_s(self) -> float:
        return round(self._clock() - self._started_s, 1)

    def view(self) -> Fields:
        """Of the last minute, or since the start."""
        now = self._bucket()
        now.waiting = max(now.waiting, self._waiting())
        recent = [one for one in self._buckets if one.number > now.number - WINDOW]
        seconds = max(1.0, min(WINDOW * BUCKET_S, self._clock() - self._started_s))
        lookups = sum(one.lookups for one in recent)
        return {
            "requests_per_s": round(sum(one.requests for one in recent) / seconds, 3),
            "tokens_per_s": round(sum(one.tokens for one in recent) / seconds, 2),
            "hit_rate": round(sum(one.hits for one in recent) / lookups, 3) if lookups else None,
            "first_text_ms": {name: _percentiles(one.first_text_ms[name] for one in recent) for name in PRIORITIES},
            "total_ms": {name: _percentiles(one.total_ms[name] for one in recent) for name in PRIORITIES},
        }

    def history(self) -> list[Fields]:
        """The oldest first: POINTS of them, also where nothing happened."""
        self.view()  # looks at what waits now
        by_number = {one.number: one for one in self._buckets}
        newest = self._buckets[-1].number
        offset_s = self._now_s() - self._clock()
        return [
            _point(by_number.get(number) or _Bucket(number), offset_s)
            for number in range(newest - POINTS + 1, newest + 1)
        ]


def _point(bucket: _Bucket, offset_s: float) -> Fields:
    first = [time for times in bucket.first_text_ms.values() for time in times]
    return {
        "time": rfc3339(bucket.number * BUCKET_S + offset_s),
        "requests_per_s": round(bucket.requests / BUCKET_S, 2),
        "tokens_per_s": round(bucket.tokens / BUCKET_S, 2),
        "hit_rate": round(bucket.hits / bucket.lookups, 3) if bucket.lookups else None,
        "first_text_ms_p95": _quantile(sorted(first), 0.95),
        "step_gap_ms_p99": quantile_ms(bucket.gaps, 0.99) if bucket.gaps else None,
        "waiting": bucket.waiting,
    }


def _percentiles(groups: Iterable[Iterable[float]]) -> Fields | None:
    """None: there were none."""
    times = sorted(time for group in groups for time in group)
    return {"p50": _quantile(times, 0.5), "p95": _quantile(times, 0.95)} if times else None


def _quantile(times: list[float], share: float) -> float | None:
    return round(times[min(len(times) - 1, int(len(times) * share))], 2) if times else None
