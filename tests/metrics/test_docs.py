"""docs/metrics.md against the code: what is measured stands there with its type and labels, and nothing else does."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from llm_agentd.engines.openai.budget import Counts, Limits, describe, names_at
from llm_agentd.http.metrics import HttpMetrics
from llm_agentd.metrics import DROPPED_REASONS, FALLBACK_REASONS, GUARD_REASONS, HANDED_ON_REASONS, OTHER, Load, Metrics
from llm_agentd.metrics.gpu import GpuReading, GpuWatch
from llm_agentd.metrics.shared_cache import COUNTS, SharedCacheWatch
from llm_agentd.metrics.upstreams import UpstreamMetrics
from llm_agentd.speech.metrics import SpeechMetrics
from tests.support.exposition import Exposition


@pytest.fixture
def document(repo: Path) -> str:
    return (repo / "docs" / "metrics.md").read_text(encoding="utf-8")


@pytest.fixture
def measured() -> Exposition:
    """All that can be measured: of the daemon, of the HTTP process after a request, of a GPU."""
    metrics, http = Metrics(), HttpMetrics()
    GpuWatch(metrics.registry)._readings = (GpuReading("0", "H100", 0.5, 1.0, 2.0, 3.0, 4.0),)
    SharedCacheWatch(metrics.registry, lambda: {"up": True, **dict.fromkeys(COUNTS, 0)})
    limits, now_s = Limits(day=1, month=1), time.time()
    upstreams = UpstreamMetrics(
        ["gpu"],
        breakers=lambda: {"gpu": "closed"},
        running=lambda: {"gpu": 0},
        budget=lambda: describe(limits, Counts(*names_at(now_s)), now_s),
    )
    metrics.registry.register(upstreams)
    speech = SpeechMetrics(http.registry)
    speech.took("render", 0.1)
    speech.ended("speak", "done")
    http.answered("/info", 200, 0.1)
    return Exposition(http.text(metrics.text(Load()), sessions=0, open_requests=0))


def rows(document: str) -> Iterator[tuple[str, str, frozenset[str], str]]:
    """Name, type, labels and meaning, for each row of the tables of metrics."""
    for names, kind, labels, what in re.findall(
        r"^\| ((?:`\w+`(?:, )?)+) \| (counter|gauge|histogram) \|([^|]*)\| (.*) \|$", document, re.MULTILINE
    ):
        for name in re.findall(r"`(\w+)`", names):
            yield name, kind, frozenset(re.findall(r"`(\w+)`", labels)), what


def test_every_metric_is_documented_with_type_and_labels_and_no_other(document: str, measured: Exposition) -> None:
    documented = [(name, kind, labels) for name, kind, labels, _ in rows(document)]
    assert sorted(documented, key=lambda row: row[0]) == sorted(
        ((family.name, family.kind, family.labels) for family in measured.values()), key=lambda row: row[0]
    )


def test_every_reason_is_documented(document: str, repo: Path) -> None:
    """In its row, or as an error's code where docs/protocol.md explains them."""
    protocol = (repo / "docs" / "protocol.md").read_text(encoding="utf-8")
    errors = set(re.findall(r"`(\w+)`", protocol.partition("\n## Errors\n")[2].partition("\n## ")[0]))
    meaning = {name: what for name, _, labels, what in rows(document) if "reason" in labels}
    reasons = {
        "llm_agentd_guarded_total": GUARD_REASONS,
        "llm_agentd_dropped_total": DROPPED_REASONS,
        "llm_agentd_handed_on_total": HANDED_ON_REASONS,
        "llm_agentd_game_fallbacks_total": (*FALLBACK_REASONS, OTHER),
    }
    assert set(meaning) == set(reasons)
    for name, known in reasons.items():
        assert set(known) <= errors | set(re.findall(r"`(\w+)`", meaning[name])), name


def test_names_elsewhere_in_the_documents_are_measured(repo: Path, measured: Exposition) -> None:
    for path in [repo / "README.md", *(repo / "docs").glob("*.md"), *(repo / "systemd").glob("*.md")]:
        for name in re.findall(r"\bllm_agentd_[a-z]\w+(?:_total|_seconds|_size|_perc)\b", path.read_text("utf-8")):
            assert name in measured, f"{path.name}: {name}"
