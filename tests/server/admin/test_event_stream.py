"""The live event stream: what happened, in order, to whoever waits for it, and nothing for those who do not."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from llm_agentd.client import Client
from llm_agentd.errors import Overloaded
from llm_agentd.protocol.admin_records import EventsRecord
from llm_agentd.protocol.schema import validate
from llm_agentd.server.admin.event_stream import EVENTS_MAX, WAITERS_MAX, EventStream
from tests.support.daemon_in_process import WAIT_S, InProcess

ANN = {"id": "npc-1", "name": "Ann", "role": "healer"}
PEER = (b"peer",)


def events(client: Client, **fields: Any) -> dict[str, Any]:
    return client.request("events", **fields)


def kinds(answer: dict[str, Any]) -> list[str]:
    return [event["kind"] for event in answer["events"]]


def test_what_an_npc_says_and_what_comes_of_it_are_events_in_order(client: Client) -> None:
    start = events(client)
    assert start["events"] == []
    client.think(ANN, "Hello", player="Robin", id="a")
    client.request("report", acted=[{"request": "a", "ok": True}], fell_back=[{"request": "a", "reason": "bad_reply"}])
    client.request("report", fallbacks={"offline": 3})
    answer = events(client, after=start["seq"])
    assert kinds(answer) == ["npc", "said", "acted", "fallback", "online", "offline"]
    said, acted = answer["events"][1:3]
    assert (said["npc_name"], said["player"], said["utterance"], said["request"]) == ("Ann", "Robin", "Hello", 1)
    assert acted["acted"]["ok"] is True
    assert "messages" not in said
    assert answer["seq"] == answer["events"][-1]["seq"]
    assert answer["events"][-1]["fallbacks"] == 3


def test_who_waits_is_answered_by_the_next_event_at_once(daemon: InProcess) -> None:
    with daemon.client() as client, daemon.client() as watcher:
        answers: list[dict[str, Any]] = []
        thread = threading.Thread(target=lambda: answers.append(events(watcher, wait_ms=20_000)))
        thread.start()
        while not daemon.router._pipeline.has_watchers:
            client.ping()
        client.infer("Hello")
        thread.join(WAIT_S)
    assert [kinds(answer) for answer in answers] == [["said"]]


def test_who_waits_in_vain_is_answered_when_the_time_is_over(client: Client) -> None:
    assert events(client, wait_ms=50) == {"id": "auto-1", "event": "done", "events": [], "seq": 0, "lost": 0}


def test_who_waits_may_cancel_and_keeps_memory_from_nothing(daemon: InProcess) -> None:
    with daemon.peer() as peer:
        peer.send({"op": "events", "id": "w", "wait_ms": 20_000}, {"op": "stats", "id": "s"})
        (stats,) = peer.receive()
        assert (stats["id"], stats["stats"]["open"]) == ("s", 0)
        peer.send({"op": "cancel", "id": "c", "target": "w"})
        answers = {record["id"]: record for record in peer.events("w", "c")}
    assert answers["w"]["code"] == "cancelled"
    assert answers["c"]["found"] is True


def test_daemon_that_stops_answers_who_waits(endpoint: str) -> None:
    daemon = InProcess(endpoint)
    with daemon, daemon.peer() as peer:
        peer.send({"op": "events", "id": "w", "wait_ms": 20_000}, {"op": "ping", "id": "p"})
        peer.receive()
        daemon.stop(0)
        assert peer.receive()[0]["events"] == []


def stream() -> tuple[EventStream, list[float]]:
    now = [0.0]
    return EventStream(lambda: now[0]), now


def ask(events: EventStream, **fields: Any) -> dict[str, Any] | None:
    return events.take(PEER, validate(EventsRecord, {"op": "events", "id": "e", **fields}))


def test_events_that_are_not_kept_any_more_are_counted() -> None:
    events, _ = stream()
    for number in range(EVENTS_MAX + 10):
        events.emit("audit", {"number": number})
    answer = ask(events, after=5)
    assert answer is not None
    assert (len(answer["events"]), answer["lost"]) == (EVENTS_MAX, 5)


def test_answer_is_no_longer_than_a_record_and_the_rest_comes_next() -> None:
    events, _ = stream()
    for number in range(200):
        events.emit("audit", {"number": number, "text": "ж" * 2000})
    seen: list[int] = []
    after = 0
    while len(seen) < 200:
        answer = ask(events, after=after)
        assert answer is not None
        seen += [event["number"] for event in answer["events"]]
        after = answer["seq"]
    assert seen == list(range(200))


def test_number_from_before_a_restart_is_told_all_there_is() -> None:
    events, _ = stream()
    events.emit("audit", {"number": 1})
    answer = ask(events, after=900, wait_ms=1000)
    assert answer is not None
    assert (len(answer["events"]), answer["seq"], answer["lost"]) == (1, 1, 0)


def test_there_is_room_for_so_many_who_watch() -> None:
    events, now = stream()
    for number in range(WAITERS_MAX):
        record = validate(EventsRecord, {"op": "events", "id": str(number), "wait_ms": 1000})
        assert events.take(PEER, record) is None
    with pytest.raises(Overloaded, match="watch already"):
        ask(events, wait_ms=1000)
    now[0] = 1.0
    assert len(list(events.due())) == WAITERS_MAX
    assert not events.has_waiting
