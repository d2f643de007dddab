"""The demo's figures, and what it needs before it starts. The village itself: tests/game/tests/game/test_village.py."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry, Histogram, generate_latest
from rich.console import Console

from llm_agentd.demo.main import main
from llm_agentd.demo.summary import histogram_median, make_summary, print_table


@pytest.mark.parametrize(
    ("observed", "median"), [([], 0), ([0.5], 0.5), ([1.5, 1.5], 1.5), ([0.5, 1.5, 1.5, 3], 1.5), ([9, 9], 4)]
)
def test_histogram_median_lies_inside_its_bucket(observed: list[float], median: float) -> None:
    registry = CollectorRegistry()
    histogram = Histogram("wait_seconds", "", buckets=(1, 2, 4), registry=registry)
    for value in observed:
        histogram.observe(value)
    assert histogram_median(generate_latest(registry).decode(), "wait_seconds") == pytest.approx(median)


def test_histogram_median_is_of_all_labels() -> None:
    registry = CollectorRegistry()
    histogram = Histogram("wait_seconds", "", ("priority",), buckets=(1, 2, 4), registry=registry)
    for priority, value in (("spoken", 0.5), ("ambient", 3), ("ambient", 3)):
        histogram.labels(priority).observe(value)
    assert histogram_median(generate_latest(registry).decode(), "wait_seconds") == pytest.approx(2.5)


def test_demo_seconds_that_are_no_number_are_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DEMO_SECONDS", "soon")
    assert main() == 2
    assert "DEMO_SECONDS" in capsys.readouterr().err


def test_missing_game_server_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("LUANTI_SERVER", "/no/server")
    assert main() == 1
    assert capsys.readouterr().err.startswith("demo: LUANTI_SERVER: /no/server is no program")


STATS = {
    "called_back": 10.0, "fallbacks": 1.0, "cut_off": 2.0, "cache_hits": 3.0, "reply_ms_p95": 152.46,
    "step_gap_ms_p99": 61.23, "npcs": 12.0, "roles": 12.0,
}  # fmt: skip
METRICS = """llm_agentd_time_to_first_token_seconds_bucket{le="0.1",priority="spoken"} 2.0
llm_agentd_time_to_first_token_seconds_bucket{le="+Inf",priority="spoken"} 2.0
"""


def test_summary_has_the_fields_of_the_contract() -> None:
    assert make_summary(STATS, METRICS, "5.6.1", "hearthling") == {
        "replies": 7,
        "fallbacks": 1,
        "cache_hits": 3,
        "first_text_ms_p50": 50.0,
        "reply_ms_p95": 152.5,
        "step_gap_ms_p99": 61.2,
        "npcs": 12,
        "engine_version": "5.6.1",
        "model": "hearthling",
    }


def test_table_tells_replies_of_the_model_from_those_of_the_cache(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(Console(width=100), make_summary(STATS, METRICS, "5.6.1", "hearthling"), STATS)
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in capsys.readouterr().out.splitlines()]
    assert ["replies from the model", "4"] in rows
    assert ["replies from the cache", "3"] in rows
