"""What is counted of the cache that daemons share; nothing where there is none. The counts are the cache's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector, CollectorRegistry

COUNTS = {
    "queries": "Replies looked up where daemons share them",
    "hits": "Of these, replies that were found",
    "timeouts": "Of these, replies whose answer came too late for the request",
    "errors": "Answers that were errors, and connections that failed",
    "puts": "Replies put there",
    "dropped": "Replies not put there: it was away, or they were too large",
}


class SharedCacheWatch(Collector):
    """`read`: `up`, and the counts by name; nothing where no cache is shared."""

    def __init__(self, registry: CollectorRegistry, read: Callable[[], Mapping[str, Any]]) -> None:
        self._read = read
        registry.register(self)

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterable[Metric]:
        told = self._read()
        if not told:
            return
        up = "1 while the shared cache is asked, 0 while it is away and nothing waits for it"
        yield GaugeMetricFamily("llm_agentd_shared_cache_up", up, value=float(told["up"]))
        for name, what in COUNTS.items():
            yield CounterMetricFamily(f"llm_agentd_shared_cache_{name}", what, value=told[name])
