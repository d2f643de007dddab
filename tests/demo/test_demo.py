"""What the demo says of itself: its figures, and what it wants before it starts. The village itself: test_e2e.py."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry, Histogram, generate_latest

from llm_agentd.demo import game
from llm_agentd.demo.__main__ import histogram_median, main
from llm_agentd.errors import StartError


@pytest.mark.parametrize(
    ("observed", "median"), [([], 0), ([0.5], 0.5), ([1.5, 1.5], 1.5), ([0.5, 1.5, 1.5, 3], 1.5), ([9, 9], 4)]
)
def test_median_of_a_histogram(observed: list[float], median: float) -> None:
    registry = CollectorRegistry()
    histogram = Histogram("wait_seconds", "", buckets=(1, 2, 4), registry=registry)
    for value in observed:
        histogram.observe(value)
    assert histogram_median(generate_latest(registry).decode(), "wait_seconds") == pytest.approx(median)


def test_demo_seconds_must_be_a_number(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("DEMO_SECONDS", "soon")
    assert main() == 2
    assert "DEMO_SECONDS" in capsys.readouterr().err


def test_missing_game_server_names_the_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(game, "BINARIES", ("no-such-server",))
    with pytest.raises(StartError, match="apt-get install"):
        game.find_binary()
