"""What a game reports of itself: taken, shown, counted; and what is wrong with a report is named."""

from __future__ import annotations

from typing import Any

import pytest

from llm_agentd.client import Client
from llm_agentd.errors import BadRequest
from llm_agentd.protocol.schema import RECORDS, validate
from llm_agentd.server.admin.game_reports import GAMES_MAX, GameReports
from tests.support.daemon_in_process import InProcess

STEPS = {"bounds_s": [0.1, 0.25], "counts": [90, 9, 1], "sum_s": 11.0}


def report(**fields: Any) -> Any:
    return validate(RECORDS["report"], {"op": "report", "id": "r", **fields})


def test_report_is_taken_as_luas_json_writes_it_and_reaches_the_metrics(client: Client) -> None:
    steps = {"bounds_s": [0.1, 0.25], "counts": [90.0, 9.0, 1.0], "sum_s": 11}
    client.request("report", steps=steps, players=2.0, npcs=3.0, fallbacks={"offline": 2.0}, acted=None, fell_back={})
    client.request("report", fallbacks=None)
    text = client.metrics()
    assert 'llm_agentd_game_step_gap_seconds_bucket{le="0.1"} 90.0' in text
    assert "llm_agentd_game_step_gap_seconds_count 100.0" in text
    assert 'llm_agentd_game_fallbacks_total{reason="offline"} 2.0' in text


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"steps": {**STEPS, "counts": [1, 2]}}, "counts: want one more than there are bounds_s"),
        ({"steps": {**STEPS, "bounds_s": [0.2, 0.1]}}, "bounds_s: want them ascending"),
        ({"acted": [{"request": "a"}]}, "acted.0.ok: missing"),
        ({"fallbacks": {"Off Line": 1}}, "fallbacks"),
        ({"players": -1}, "players"),
        ({"fps": 1}, "fps: unknown field"),
    ],
)
def test_wrong_report_is_refused_and_the_field_named(client: Client, fields: dict[str, Any], what: str) -> None:
    with pytest.raises(BadRequest, match=what):
        client.request("report", **fields)


def test_view_is_nothing_before_the_first_report() -> None:
    assert GameReports().view(0.0) is None


def test_view_has_the_gaps_of_the_last_minute_and_who_is_there() -> None:
    games = GameReports()
    games.take(report(game="a", steps={**STEPS, "counts": [0, 0, 500]}, players=9), 0.0)
    games.take(report(game="a", steps=STEPS, players=2, npcs=5, fallbacks={"offline": 1}), 100.0)
    games.take(report(game="b", players=1, npcs=1, fallbacks={"offline": 2}, version="0.1.0"), 110.0)
    view = games.view(112.0)
    assert view is not None
    assert (view["players"], view["npcs"], view["games"], view["version"]) == (3, 6, 2, "0.1.0")
    assert view["fallbacks"] == {"offline": 3}
    assert view["told_s_ago"] == 2.0
    assert view["step_gap_ms_p99"] == 250.0, "of those up to 0.25 s the last; the slow ones are over a minute old"


def test_gaps_of_the_last_report_are_shown_where_nothing_newer_was_told() -> None:
    games = GameReports()
    games.take(report(steps=STEPS), 0.0)
    view = games.view(500.0)
    assert view is not None
    assert (view["step_gap_ms_p99"], view["told_s_ago"]) == (250.0, 500.0)
    assert games.step_gap_ms_p99(500.0) is None


def test_games_that_are_started_again_and_again_are_not_kept_for_ever() -> None:
    games = GameReports()
    for number in range(10 * GAMES_MAX):
        games.take(report(game=str(number), fallbacks={"offline": 1}), float(number))
    assert len(games._games) == GAMES_MAX
    assert games.fallbacks["offline"] == 10 * GAMES_MAX


def test_report_of_a_peer_that_asked_nothing_is_answered(daemon: InProcess) -> None:
    with daemon.client() as client:
        assert client.request("report") == {"id": "auto-1", "event": "done"}
