"""A counter and a histogram that cost next to nothing to count with: no lock, no object for each bucket.

For what is counted at each token, and for counts that somebody else made. Each has one thread that counts (an engine
thread, or the router thread), and gives another thread a `hand` of its own, whose counts are added when they are shown.
Whoever shows them may do so at any time, and may see the last value in one figure and not yet in another. What is
counted once in a request, by any thread, takes the library's own.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector, CollectorRegistry
from prometheus_client.utils import floatToGoString


class TallyCounter(Collector):
    """`value += n` counts."""

    def __init__(self, name: str, documentation: str, registry: CollectorRegistry | None) -> None:
        self._name, self._documentation = name, documentation
        self.value = 0
        self._hands: list[TallyCounter] = []
        if registry is not None:
            registry.register(self)

    def hand(self) -> TallyCounter:
        self._hands.append(TallyCounter(self._name, self._documentation, None))
        return self._hands[-1]

    def describe(self) -> Iterable[Metric]:
        yield CounterMetricFamily(self._name, self._documentation)

    def collect(self) -> Iterable[Metric]:
        yield CounterMetricFamily(
            self._name, self._documentation, value=self.value + sum(hand.value for hand in self._hands)
        )


class TallyHistogram(Collector):
    """`bounds`: the upper ends of its buckets, ascending; one more holds what is above them all."""

    def __init__(
        self, name: str, documentation: str, bounds: Sequence[float], registry: CollectorRegistry | None
    ) -> None:
        self._name, self._documentation = name, documentation
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(self._bounds) + 1)
        self._sum = 0.0
        self._hands: list[TallyHistogram] = []
        if registry is not None:
            registry.register(self)

    def hand(self) -> TallyHistogram:
        self._hands.append(TallyHistogram(self._name, self._documentation, self._bounds, None))
        return self._hands[-1]

    def observe(self, value: float) -> None:
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def add(self, bounds: Sequence[float], counts: Sequence[int], total: float) -> None:
        """Counts that were made elsewhere, with `bounds` of their own and one count more than these.

        A bucket goes into the one here that holds its upper end, so nothing is counted as less than it was.
        """
        for bound, count in zip((*bounds, float("inf")), counts, strict=True):
            self._counts[bisect_left(self._bounds, bound)] += count
        self._sum += total

    def describe(self) -> Iterable[Metric]:
        yield HistogramMetricFamily(self._name, self._documentation)

    def collect(self) -> Iterable[Metric]:
        all_hands = (self, *self._hands)
        edges = map(floatToGoString, (*self._bounds, float("inf")))
        counts = map(sum, zip(*(hand._counts for hand in all_hands), strict=True))
        buckets = list(zip(edges, accumulate(counts), strict=True))
        total = sum(hand._sum for hand in all_hands)
        yield HistogramMetricFamily(self._name, self._documentation, buckets=buckets, sum_value=total)
