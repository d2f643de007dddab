"""`bench fleet`: the trace and its account, what is foretold, and a small evening with real daemons."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from llm_agentd.bench import runner
from llm_agentd.bench.fleet import bench, prediction, upstreams
from llm_agentd.bench.fleet.evening import evening
from llm_agentd.bench.fleet.game_server import GameServer
from llm_agentd.bench.fleet.tally import Account, Tally, jain
from llm_agentd.bench.fleet.trace import Question, by_step, questions
from llm_agentd.bench.result import Options
from llm_agentd.config import Config
from llm_agentd.engines.stub.engine import StubEngine
from llm_agentd.errors import StartError
from llm_agentd.http import daemon_client, open_requests
from llm_agentd.protocol import schema
from llm_agentd.server.replies import Replies
from llm_agentd.types import Peer
from tests.support.daemon_in_process import InProcess

PLAYED = ("plain", "daemon-killed", "redis-killed", "upstream-slow")  # the one that is left out is plain with Redis
ASKED = questions(evening(), npcs=250, seconds=30)


def question(number: int, game: int = 0, deadline_ms: int = 8000) -> Question:
    record = {"op": "think", "npc": {"id": f"n{number}", "name": "Mira", "role": "healer"}, "deadline_ms": deadline_ms}
    return Question(number, game, 0.0, "question", "spoken", record)


# The trace -----------------------------------------------------------------------------------------------------------


def test_trace_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    def text(seed: int) -> bytes:
        return orjson.dumps([(q.at_s, q.game, q.record) for q in questions(evening(), 250, 30, seed)])

    assert text(1) == text(1)
    assert text(1) != text(2)


def test_trace_repeats_questions_as_the_village_does() -> None:
    asked = questions(evening(), 1000, 120)
    distinct = len({orjson.dumps(q.record) for q in asked})
    assert 1 - distinct / len(asked) == pytest.approx(evening().repeat_share, abs=0.03)


def test_trace_rates_are_real_ones_however_short_the_run() -> None:
    wanted = prediction.usual_rate_per_s(evening(), 1000)
    for seconds in (60, 240):
        assert len(questions(evening(), 1000, seconds)) / seconds == pytest.approx(wanted, rel=0.1)


def test_trace_has_orders_only_while_there_is_a_fight() -> None:
    fight = next(event for event in evening().events if event.kind == "order")
    hours = {evening().from_ + evening().hours * q.at_s / 30 for q in ASKED if q.kind == "order"}
    assert hours
    assert all(fight.at <= hour <= fight.at + fight.hours for hour in hours)


def test_trace_is_asked_in_the_order_of_game_steps() -> None:
    steps = [at_s for at_s, _ in by_step(ASKED)]
    assert steps == sorted(set(steps))
    assert sum(len(together) for _, together in by_step(ASKED)) == len(ASKED)


def test_every_question_is_one_that_the_daemon_takes() -> None:
    assert {q.kind for q in ASKED} == {*evening().kinds, *evening().event_kinds}
    for q in ASKED:
        schema.validate(schema.ThinkRecord, {**q.record, "id": "1"})


# The account ---------------------------------------------------------------------------------------------------------


def test_account_tells_lost_failed_late_and_doubled_answers_apart() -> None:
    tally = Tally()
    ends: dict[int, Mapping[str, Any]] = {
        0: {"event": "done", "cache": "hit"},
        1: {"event": "error", "code": "overloaded", "message": "the queue is full"},
        2: {"event": "error", "code": "deadline_exceeded", "message": daemon_client.NO_ANSWER},
        4: {"event": "done", "cache": "hit"},
        5: {"event": "error", "code": "unavailable", "message": f"{daemon_client.NO_ANSWER}: no daemon at ipc://z"},
    }
    for number in range(6):
        tally.asked(question(number), 10.0, 10.0)
    for number, answer in ends.items():
        tally.ended(question(number), dict(answer), 19.0 if number == 4 else 11.0)
    tally.ended(question(0), dict(ends[0]), 12.0)
    account = Account(tally.endings)
    assert (account.asked, account.done, account.answered_twice) == (6, 2, 1)
    assert account.lost == 2  # 2, which the client had to end, and 3, which never ended
    assert account.errors == Counter({"overloaded": 1, "unavailable": 1})
    assert account.fallback_share == pytest.approx(5 / 6)  # 4 was done after its deadline
    assert account.whole_s(0.5, "spoken") == 9.0


def test_times_count_from_when_the_question_was_due() -> None:
    tally = Tally()
    tally.asked(question(0), due_s=10.0, now_s=10.5)
    tally.heard(question(0), 11.0)
    tally.ended(question(0), {"event": "done"}, 12.0)
    account = Account(tally.endings)
    assert (account.first_text_s(0.5, "spoken"), account.whole_s(0.5, "spoken")) == (1.0, 2.0)
    assert account.late_sending_s == 0.5


def test_jain_index_is_one_where_all_fare_alike() -> None:
    assert jain([0.4, 0.4, 0.4]) == pytest.approx(1.0)
    assert jain([1.0, 0.0, 0.0, 0.0]) == pytest.approx(0.25)
    assert jain([0.0, 0.0]) == 1.0


def test_answers_that_a_daemon_swallows_are_lost(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_requests, "EXPIRY_GRACE_S", 0.2)
    monkeypatch.setattr(daemon_client, "TICK_S", 0.1)
    real, swallowed = Replies.put, []

    def swallow_every_third(replies: Replies, peer: Peer, record: dict[str, Any]) -> None:
        if "text" in record and record["event"] == "done" and int(record["id"]) % 3 == 0:
            swallowed.append(record)
        else:
            real(replies, peer, record)

    monkeypatch.setattr(Replies, "put", swallow_every_third)
    asked = [replace(question(number, deadline_ms=1000), at_s=number * 0.01) for number in range(12)]
    tally = Tally()

    async def play() -> None:
        server = GameServer(endpoint, asked, tally, time.perf_counter)
        await server.start()
        await server.play(time.perf_counter())
        await server.wait_until_answered()
        server.stop()

    with InProcess(endpoint, engine=StubEngine):
        asyncio.run(play())
    account = Account(tally.endings)
    assert len(swallowed) == 4
    assert (account.asked, account.done, account.lost, account.answered_twice) == (12, 8, 4, 0)


# What is foretold ----------------------------------------------------------------------------------------------------


def test_erlang_c_gives_the_textbook_values() -> None:
    assert prediction.erlang_c(8, 10) == pytest.approx(0.40918, abs=1e-5)
    assert prediction.erlang_c(2, 3) == pytest.approx(4 / 9)
    assert prediction.erlang_c(900, 1000) == pytest.approx(0, abs=1e-3)  # in range for thousands


def test_wait_is_none_where_few_wait_and_endless_where_all_is_busy() -> None:
    assert prediction.wait_p95_s(1, 32, 0.5) == 0.0
    assert 0.0 < prediction.wait_p95_s(30, 32, 0.5) < 5.0
    assert prediction.wait_p95_s(32, 32, 0.5) == float("inf")


@pytest.mark.parametrize(
    ("change", "limit"),
    [({}, "engine"), ({"cpu_s": 0.1}, "router's core"), ({"width": 2, "tokens": 10}, "wait")],
)
def test_daemons_needed_keep_every_limit(change: dict[str, Any], limit: str) -> None:
    costs = replace(bench.USUAL, **change)
    found = prediction.daemons_needed(100.0, costs)
    assert found.limit == limit
    assert found.utilisation <= prediction.UTILISATION_MAX
    assert found.wait_p95_s <= prediction.WAIT_MAX_S
    assert 100.0 * costs.cpu_s / found.daemons <= prediction.CPU_UTILISATION_MAX


def test_dry_run_starts_nothing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(bench, "play", None)
    monkeypatch.setattr(bench, "measure_ceiling", None)
    assert runner.run("fleet", Config(), Options(dry_run=True, npcs=(1000, 10_000))) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "10,000" in printed
    assert "nothing was run" in printed


def test_unknown_scene_is_refused_with_those_there_are() -> None:
    with pytest.raises(StartError, match="there are plain, daemon-killed, shared-cache, redis-killed, upstream-slow"):
        runner.run("fleet", Config(), Options(only=("flood",)))


# All of it -----------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_fleet_loses_nothing_on_any_evening_and_reports_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(upstreams, "SLOW_MS", 500)
    written = tmp_path / "fleet.json"
    options = Options(npcs=(250,), seconds=2, daemons=2, step_ms=5, width=8, only=PLAYED)
    assert runner.run("fleet", Config(), options, json_file=written, plot_dir=tmp_path) == 0
    report = orjson.loads(written.read_bytes())
    figures = report["figures"]
    for scene in PLAYED:
        assert figures[f"250_npcs {scene} asked"] > 5
        assert figures[f"250_npcs {scene} lost"] == 0
        assert figures[f"250_npcs {scene} answered_twice"] == 0
        ended = figures[f"250_npcs {scene} done"] + figures[f"250_npcs {scene} errors"]
        assert ended == figures[f"250_npcs {scene} asked"]  # on a busy machine some are refused, and told why
        assert figures[f"250_npcs {scene} rss_bytes_a_daemon"] > 10e6
        assert 0 < figures[f"250_npcs {scene} fairness"] <= 1
    assert report["ratios"]["requests_per_s_vs_echo"] > 0
    assert report["ratios"]["busy_foretold_vs_found_250"] > 0
    assert (tmp_path / "fleet.png").read_bytes().startswith(b"\x89PNG")
    assert "fallback lines" in " ".join(capsys.readouterr().out.split())
