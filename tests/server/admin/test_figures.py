"""What `stats`, `stats_history` and `npcs` show: rates of the last minute, points of the last ten, who thinks where."""

from __future__ import annotations

from typing import Any

import pytest

from llm_agentd.client import Client
from llm_agentd.server.admin.rates import POINTS, Rates
from llm_agentd.server.admin.request_log import RequestLog
from llm_agentd.server.recent_thinks import NPCS_MAX
from tests.support.daemon_in_process import InProcess

ANN = {"id": "npc-1", "name": "Ann", "role": "healer", "pos": {"x": 1, "y": 2, "z": 3}}
PEER = (b"peer",)


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


def answered(rates: Rates, *, priority: str = "spoken", total: float = 100.0, **fields: Any) -> None:
    log = RequestLog(keep=0)
    log.on_add = rates.note
    timing = {"queue": total / 10, "prefill": total / 10, "decode": total * 0.8, "total": total}
    answer = {"event": "done", "cache": "miss", "usage": {"completion_tokens": 10}, "timing_ms": timing, **fields}
    log.add(PEER, {"op": "think", "id": "a", "priority": priority}, None, answer)


def test_rates_are_those_of_the_last_minute(clock: Clock) -> None:
    rates = Rates(clock=clock, now_s=clock)
    for _ in range(99):
        answered(rates)
    clock.now_s += 600
    for total in range(1, 101):
        answered(rates, total=float(total), cache="hit" if total % 4 == 0 else "miss")
    answered(rates, priority="ambient", cache="off")
    answered(rates, event="error", code="overloaded")
    view = rates.view()
    assert view["requests_per_s"] == round(102 / 60, 3)
    assert view["tokens_per_s"] == round(76 * 10 / 60, 2)
    assert view["hit_rate"] == 0.25
    assert view["total_ms"]["spoken"] == {"p50": 51.0, "p95": 96.0}
    assert view["first_text_ms"]["spoken"] == {"p50": 10.2, "p95": 19.2}
    assert view["total_ms"]["background"] is None


def test_history_has_a_point_for_each_five_seconds_also_where_nothing_happened(clock: Clock) -> None:
    waiting = [0]
    rates = Rates(clock=clock, now_s=lambda: 0.0, waiting=lambda: waiting[0])
    waiting[0] = 7
    for _ in range(10):
        answered(rates, total=50.0)
    rates.note_gaps([0, 0, 10, 0, 0, 0, 0, 0, 0])
    clock.now_s += 30
    waiting[0] = 0
    history = rates.history()
    assert len(history) == POINTS
    then, now = history[-7], history[-1]
    assert (then["requests_per_s"], then["tokens_per_s"], then["waiting"], then["first_text_ms_p95"]) == (
        2.0, 20.0, 7, 10.0,
    )  # fmt: skip
    assert 100 < then["step_gap_ms_p99"] <= 150
    assert (now["requests_per_s"], now["hit_rate"], now["step_gap_ms_p99"]) == (0.0, None, None)
    assert history[0]["time"] < history[-1]["time"]


def test_stats_show_how_it_goes_just_now(client: Client) -> None:
    client.think(ANN, "Hello")
    stats = client.stats()
    assert stats["rates"]["requests_per_s"] > 0
    assert stats["waiting"] == {"spoken": 0, "ambient": 0, "background": 0}
    assert (stats["running"], stats["batch_mean"], stats["game"]) == (0, 1.0, None)
    assert stats["switch"] == {"on": True, "since": None, "by": None}
    assert stats["uptime_s"] >= 0
    client.request("report", players=2, npcs=9)
    assert client.stats()["game"]["npcs"] == 9
    assert len(client.request("stats_history")["history"]) == POINTS


def test_npcs_are_listed_with_where_they_are_and_what_they_said_last(client: Client) -> None:
    client.think({"id": "npc-2", "name": "Ben", "role": "guard"}, "Halt!", player="Mia")
    client.think(ANN, "Hello", player="Robin", context={"place": "the mill"})
    text = client.think(ANN, "Bye", context={"place": "the mill"}).text
    ann, ben = client.request("npcs")["npcs"]
    assert ann | {"last_time": ""} == {
        "id": "npc-1", "name": "Ann", "role": "healer", "place": "the mill", "pos": {"x": 1, "y": 2, "z": 3},
        "last_time": "", "last_player": "Robin", "thinks": 2, "last_text": text,
    }  # fmt: skip
    assert (ben["name"], ben["place"], ben["pos"]) == ("Ben", None, None)
    client.forget(player="Robin")
    ann = client.request("npcs")["npcs"][0]
    assert (ann["last_player"], ann["last_text"]) == (None, None)


def test_npcs_say_nothing_of_players_and_words_where_the_log_is_private(endpoint: str) -> None:
    with InProcess(endpoint, request_log=RequestLog(is_private=True)) as daemon, daemon.client() as client:
        client.think(ANN, "Hello", player="Robin")
        answer = client.request("npcs")
        seen = client.request("events", after=0)
    assert answer["npcs"][0]["thinks"] == 1
    assert "Robin" not in repr(answer) + repr(seen)
    assert "Ann" not in repr(seen)


def test_npcs_are_bounded(client: Client) -> None:
    for number in range(NPCS_MAX + 5):
        client.think({**ANN, "id": str(number)}, "Hello")
    assert len(client.request("npcs")["npcs"]) == NPCS_MAX
