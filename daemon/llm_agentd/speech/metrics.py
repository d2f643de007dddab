"""What the HTTP process counts of speech, for Prometheus. Event loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

from prometheus_client.metrics import Counter, Gauge, Histogram
from prometheus_client.registry import CollectorRegistry

Stage: TypeAlias = Literal["queue", "render", "encode", "recognize"]
Kind: TypeAlias = Literal["speak", "prepare", "recognize"]
# From a sentence on a fast machine to ten seconds of speech on a slow one.
SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class SpeechMetrics:
    """`outcome`: `done`, `kept` (it was in the store), or the code of an error."""

    def __init__(self, registry: CollectorRegistry) -> None:
        name = "llm_agentd_speech"
        self._seconds = Histogram(
            f"{name}_seconds", "Of a sentence: waiting, rendering, encoding; and of hearing what a player said",
            ("stage",), buckets=SECONDS, registry=registry,
        )  # fmt: skip
        self._total = Counter(name, "Sentences spoken, prepared and heard", ("kind", "outcome"), registry=registry)
        self._cache_bytes = Gauge(f"{name}_cache_bytes", "Sentences kept on the disk", registry=registry)

    def took(self, stage: Stage, seconds: float) -> None:
        self._seconds.labels(stage).observe(seconds)

    def ended(self, kind: Kind, outcome: str) -> None:
        self._total.labels(kind, outcome).inc()

    def show_cache_bytes(self, read: Callable[[], float]) -> None:
        self._cache_bytes.set_function(read)
