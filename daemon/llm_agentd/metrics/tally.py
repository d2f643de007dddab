"""A counter and a histogram that cost next to nothing to count with: no lock, no object for each bucket.

For what is counted at each token, and for counts that somebody else made. Each has one thread that counts (the engine
thread, or the router thread); whoever shows it may do so at any time, and may see the last value in one figure and not
yet in another. What is counted once in a request, by any thread, takes the library's own.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString


class TallyCounter(Collector):
    """`value += n` counts."""

    def __init__(self, name: str, documentation: str, registry: CollectorRegistry) -> None:
        self._name, self._documentation = name, documentation
        self.value = 0
        registry.register(self)

    def describe(self) -> Iterable[Metric]:
        yield CounterMetricFamily(self._name, self._documentation)

    def collect(self) -> Iterable[Metric]:
        yield CounterMetricFamily(self._name, self._documentation, value=self.value)


class TallyHistogram(Collector):
    """`bounds`: the upper ends of its buckets, ascending; one more holds what is above them all."""

    def __init__(self, name: str, documentation: str, bounds: Sequence[float], registry: CollectorRegistry) -> None:
        self._name, self._documentation = name, documentation
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(self._bounds) + 1)
        self._sum = 0.0
        registry.register(self)

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
        edges = map(floatToGoString, (*self._bounds, float("inf")))
        buckets = list(zip(edges, accumulate(self._counts), strict=True))
        yield HistogramMetricFamily(self._name, self._documentation, buckets=buckets, sum_value=self._sum)
