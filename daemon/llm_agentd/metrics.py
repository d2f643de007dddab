"""What is counted on the way of a request, under the names that docs/admins.md lists.

Counters are thread-safe (prometheus-client); every thread may count. One registry of its own, so that two daemons in
one test process do not collide.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import get_args

import psutil
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from llm_agentd.types import PRIORITIES, CacheResult, Reply

SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
BATCH_SIZES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)


class Metrics:
    """All metrics of one daemon."""

    def __init__(self) -> None:
        registry = self._registry = CollectorRegistry()
        name = "llm_agentd_"
        self.requests = Counter(f"{name}requests", "Answered requests", ("op", "outcome"), registry=registry)
        self.cache = Counter(f"{name}cache", "Cache results", ("result",), registry=registry)
        self.queue_depth = Gauge(f"{name}queue_depth", "Waiting requests", ("priority",), registry=registry)
        self.running = Gauge(f"{name}active_sequences", "Running sequences", registry=registry)
        self.batch_size = Histogram(
            f"{name}batch_size", "Running sequences in a step", buckets=BATCH_SIZES, registry=registry
        )
        self.queue_s = self._seconds("queue_seconds", "From arrival to the engine")
        self.prefill_s = self._seconds("prefill_seconds", "From the engine to the first token")
        self.decode_s = self._seconds("decode_seconds", "From the first token to the last")
        self.request_s = self._seconds("request_seconds", "From arrival to the answer")
        self.first_text_s = self._seconds("first_text_seconds", "From arrival to the first text")
        self.tokens = Counter(f"{name}tokens", "Tokens", ("kind",), registry=registry)
        self.useful_batch_size = Gauge(
            f"{name}useful_batch_size", "Sequences at once that pay, found at start", registry=registry
        )
        self.paused = Counter(f"{name}paused", "Sequences that gave way to a more urgent one", registry=registry)
        self.engine_restarts = Counter(f"{name}engine_restarts", "Engine restarts", registry=registry)
        self._guarded = Counter(
            f"{name}guarded", "Replies of which the guard took something out", ("reason",), registry=registry
        )
        self.dropped = Counter(f"{name}dropped", "Replies nobody could take", ("reason",), registry=registry)
        # Looked up once: a hit is over in microseconds, and finding its counters would be a tenth of them.
        self._done = {op: self.requests.labels(op, "done") for op in ("infer", "think")}
        self._cache_results = {result: self.cache.labels(result) for result in get_args(CacheResult)}
        self._resident = Gauge(f"{name}process_resident_bytes", "Resident memory", registry=registry)
        self._cpu = Counter(f"{name}process_cpu_seconds", "CPU time", registry=registry)
        self._process = psutil.Process()
        self._cpu_seen_s = 0.0

    def answered(self, op: str, outcome: str) -> None:
        """Counts one answer. `outcome`: `done` or an error's code; `op` is `unknown` where none could be read."""
        counter = self._done.get(op) if outcome == "done" else None
        (counter or self.requests.labels(op, outcome)).inc()

    def replied(self, reply: Reply, total_s: float) -> None:
        """Counts one reply, however it came about. `total_s`: since its request arrived."""
        self._cache_results[reply.cache].inc()
        self.request_s.observe(total_s)

    def guarded(self, reasons: Iterable[str]) -> None:
        """Counts one finished reply under each reason for which the guard took something out of it."""
        for reason in reasons:
            self._guarded.labels(reason).inc()

    def generated(self, reply: Reply) -> None:
        """Counts one finished sequence, of which several requests may be given the reply."""
        timing, usage = reply.timing_ms, reply.usage
        self.queue_s.observe(timing.queue / 1000)
        self.prefill_s.observe(timing.prefill / 1000)
        self.decode_s.observe(timing.decode / 1000)
        self.first_text_s.observe((timing.queue + timing.prefill) / 1000)
        for kind, tokens in (
            ("prompt", usage.prompt_tokens),
            ("reused", usage.reused_tokens),
            ("completion", usage.completion_tokens),
        ):
            self.tokens.labels(kind).inc(tokens)

    def text(self, depth: dict[str, int]) -> str:
        """Prometheus exposition text."""
        for priority in PRIORITIES:
            self.queue_depth.labels(priority).set(depth.get(priority, 0))
        times = self._process.cpu_times()
        cpu_s = times.user + times.system
        self._cpu.inc(max(0.0, cpu_s - self._cpu_seen_s))
        self._cpu_seen_s = cpu_s
        self._resident.set(self._process.memory_info().rss)
        return generate_latest(self._registry).decode()

    def _seconds(self, name: str, what: str) -> Histogram:
        return Histogram(f"llm_agentd_{name}", what, buckets=SECONDS, registry=self._registry)
