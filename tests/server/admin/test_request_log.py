"""The request log: what NPCs were asked and answered, how it ended, what came of it; bounded, private by a setting."""

from __future__ import annotations

from typing import Any

import pytest

from llm_agentd.client import Client
from llm_agentd.engines.stub.engine import StubEngine
from llm_agentd.errors import BadRequest, DeadlineExceeded, EngineFailed
from llm_agentd.memory import NullMemory
from llm_agentd.protocol.admin_records import ReportRecord, RequestsRecord
from llm_agentd.protocol.schema import validate
from llm_agentd.server.admin.request_log import ENTRY_BYTES, REFUSALS_PER_S, RequestLog
from llm_agentd.types import ChatPrompt, Message, Request
from tests.support.daemon_in_process import Gate, InProcess

ANN = {"id": "npc-1", "name": "Ann", "role": "healer", "persona": "Ann lost her goat."}
BEN = {"id": "npc-2", "name": "Ben", "role": "guard"}
WAVE = {"name": "wave", "description": "wave at the player"}
PEER = (b"peer",)


def rows(client: Client, **filters: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.request("requests", **filters)["requests"]
    return found


def detail(client: Client, seq: int) -> dict[str, Any]:
    found: dict[str, Any] = client.request("request", seq=seq)["request"]
    return found


def test_what_an_npc_was_asked_and_answered_is_a_row(client: Client) -> None:
    reply = client.think(ANN, "Have you seen my cow?", player="Robin", priority="ambient")
    (row,) = rows(client)
    assert (row["npc"], row["npc_name"], row["role"], row["player"]) == ("npc-1", "Ann", "healer", "Robin")
    assert (row["utterance"], row["text"]) == ("Have you seen my cow?", reply.text)
    assert (row["op"], row["intent"], row["priority"]) == ("think", "dialogue", "ambient")
    assert (row["outcome"], row["why"], row["cache"], row["engine"], row["model"]) == (
        "done", None, "miss", "stub", "stub",
    )  # fmt: skip
    assert row["usage"]["completion_tokens"] == reply.usage.completion_tokens
    assert row["timing_ms"]["total"] == reply.timing_ms.total
    assert (row["acted"], row["fallback"]) == (None, None)
    assert row["time"].endswith("Z")


def test_detail_has_the_prompt_by_part_as_the_model_was_given_it(client: Client) -> None:
    client.think(ANN, "Hello", player="Robin", max_tokens=9, temperature=0.5)
    asked: dict[str, Any] = {"npc": ANN, "player": "Robin", "utterance": "Hello"}
    explained = client.request("think", explain=True, **asked)["explanation"]
    one = detail(client, rows(client)[0]["seq"])
    assert one["messages"] == explained["messages"]
    assert one["parts"] == [{name: part[name] for name in ("part", "message", "text")} for part in explained["parts"]]
    assert any("lost her goat" in part["text"] for part in one["parts"])
    assert one["options"] == {"max_tokens": 9, "temperature": 0.5}
    assert one["reply"] == one["text"]


def test_detail_shows_what_the_model_wrote_and_the_action_in_it(endpoint: str) -> None:
    written = '{"say":"Hello!","do":{"name":"wave","params":{}}}'
    with (
        InProcess(endpoint, engine=lambda: StubEngine(script=lambda _: [written.encode()])) as daemon,
        daemon.client() as client,
    ):
        client.think(ANN, "Hello", player="Robin", actions=[WAVE])
        one = detail(client, 1)
    assert (one["text"], one["raw"]) == ("Hello!", written)
    assert one["action"] == {"name": "wave", "params": {}}


def test_prompt_of_a_client_is_shown_as_it_came(client: Client) -> None:
    client.infer("Once upon a time")
    client.infer([{"role": "user", "content": "Hi"}])
    assert detail(client, 1)["parts"] == [{"part": "prompt", "message": 0, "text": "Once upon a time"}]
    assert detail(client, 2)["messages"] == [{"role": "user", "content": "Hi"}]
    assert rows(client)[0]["intent"] is None


SPOKEN: dict[str, Any] = {
    "npc": "ann",
    "name": "Ann",
    "role": "smith",
    "engine": "hibari",
    "timing_ms": {"render": 40, "total": 55.5},
}


def test_sentence_that_was_spoken_is_there_beside_what_was_asked(client: Client) -> None:
    client.think(ANN, "Hello", player="Robin")
    client.request("spoken", text="Good evening, Robin.", **SPOKEN)
    client.request("spoken", text="Come in.", outcome="speech_failed", message="the engine broke", **SPOKEN)
    failed, said, asked = rows(client)
    assert [row["op"] for row in (failed, said, asked)] == ["spoken", "spoken", "think"]
    assert (said["npc"], said["npc_name"], said["role"], said["text"]) == (
        "ann",
        "Ann",
        "smith",
        "Good evening, Robin.",
    )
    assert (said["outcome"], said["engine"], said["cache"]) == ("done", "hibari", "miss")
    assert said["timing_ms"] == {"render": 40.0, "total": 55.5}
    assert (failed["outcome"], failed["why"], failed["cache"]) == ("speech_failed", "the engine broke", None)
    assert detail(client, said["seq"])["reply"] == "Good evening, Robin."
    assert [row["seq"] for row in client.request("requests", grep="evening")["requests"]] == [said["seq"]]
    client.request("forget", player="Robin")
    assert [row["text"] for row in rows(client)] == ["Come in."]


def test_sentences_never_push_out_what_was_asked(endpoint: str) -> None:
    with InProcess(endpoint, request_log=RequestLog(keep=8)) as daemon, daemon.client() as client:
        for number in range(4):
            client.think(ANN, f"Hello {number}")
        for number in range(20):
            client.request("spoken", text=f"Line {number}.", **SPOKEN)
        assert [row["text"] or row["utterance"] for row in rows(client) if row["op"] == "spoken"] == [
            "Line 19.",
            "Line 18.",
        ]
        assert len([row for row in rows(client) if row["op"] == "think"]) == 4


def test_words_of_a_private_log_are_not_kept(endpoint: str) -> None:
    with InProcess(endpoint, request_log=RequestLog(is_private=True)) as daemon, daemon.client() as client:
        client.request("spoken", text="Good evening, Robin.", **SPOKEN)
        (said,) = rows(client)
    assert (said["text"], said["npc"], said["npc_name"], said["role"]) == (None, None, None, "smith")
    assert said["chars"] == {"utterance": 0, "text": len("Good evening, Robin.")}


def test_request_that_fails_is_there_with_the_reason(gated: InProcess, gate: Gate) -> None:
    with gated.client() as client:
        with pytest.raises(DeadlineExceeded):
            client.think(ANN, "Hello", deadline_ms=30)
        with pytest.raises(BadRequest):
            client.think({**ANN, "mod": "sad"}, "Hello")
        wrong, late = rows(client)
    assert (late["outcome"], late["text"]) == ("deadline_exceeded", None)
    assert "not done after" in late["why"] or "wait before" in late["why"]
    assert (wrong["outcome"], wrong["npc_name"]) == ("bad_request", "Ann")
    assert "mod" in wrong["why"]


def test_what_came_of_an_action_and_a_fallback_line_are_told_later_by_whoever_asked(daemon: InProcess) -> None:
    with daemon.client() as game, daemon.client() as other:
        for name in ("a", "b"):
            game.think(ANN, f"Hello {name}", id=name)
        other.request("report", acted=[{"request": "a", "ok": False, "message": "of another client"}])
        game.request(
            "report",
            acted=[
                {"request": "a", "ok": True, "message": "She waves.", "action": "wave"},
                {"request": "x", "ok": True},
            ],
            fell_back=[{"request": "b", "reason": "bad_reply"}],
        )
        second, first = rows(other)
    assert first["acted"] == {"ok": True, "message": "She waves.", "action": "wave"}
    assert second["fallback"] == "bad_reply"


def test_explained_prompts_are_not_in_the_log(client: Client) -> None:
    client.request("think", npc=ANN, utterance="Hello", explain=True)
    assert rows(client) == []


@pytest.fixture
def talk(client: Client) -> Client:
    client.think(ANN, "Good morning, healer", player="Robin", priority="ambient")
    client.think(BEN, "Who goes there?", player="Mia")
    client.infer("A tale")
    return client


@pytest.mark.parametrize(
    ("filters", "seqs"),
    [
        ({}, [3, 2, 1]),
        ({"limit": 2}, [3, 2]),
        ({"before": 3}, [2, 1]),
        ({"npc": "npc-1"}, [1]),
        ({"npc": "Ben"}, [2]),
        ({"player": "Mia"}, [2]),
        ({"outcome": "done", "priority": "ambient"}, [1]),
        ({"outcome": "cancelled"}, []),
        ({"grep": "GOES there"}, [2]),
        ({"grep": "healer"}, [1]),
    ],
)
def test_filters_find_what_they_name(talk: Client, filters: dict[str, Any], seqs: list[int]) -> None:
    assert [row["seq"] for row in rows(talk, **filters)] == seqs


def test_request_that_is_not_kept_is_named(talk: Client) -> None:
    with pytest.raises(BadRequest, match=r"seq: request 9 is not kept \(any more\); kept: 1 to 3"):
        talk.request("request", seq=9)


def test_cleared_log_is_empty_and_the_change_noted(daemon: InProcess) -> None:
    with daemon.client() as client:
        client.infer("A tale")
        assert client.request("clear_requests", by="Ana")["cleared"] == 1
        assert client.request("requests") | {"id": ""} == {
            "id": "", "event": "done", "requests": [], "kept": 0, "bytes": 0,
        }  # fmt: skip
    (entry,) = daemon.audit.entries(1)
    assert (entry["what"], entry["before"], entry["by"]) == ("clear_requests", 1, "Ana")


def test_player_who_is_forgotten_is_in_no_request(endpoint: str) -> None:
    with InProcess(endpoint, memory=NullMemory()) as daemon, daemon.client() as client:
        client.think(ANN, "I am here", player="Robin")
        client.think(ANN, "Where is Robin?", player="Mia")
        client.think(ANN, "Nice day", player="Mia")
        client.forget(player="Robin")
        assert [row["seq"] for row in rows(client)] == [3]


# -- bounds, and private mode -------------------------------------------------------------------------


def add(log: RequestLog, number: int, words: str = "x", **answer: Any) -> None:
    record = {"op": "think", "id": str(number), "npc": ANN, "player": "Robin", "utterance": "Hello " + words}
    prompt = ChatPrompt((Message("user", words),), lang="en")
    request = Request(str(number), PEER, "think", 0.0, 1.0, prompt)
    log.add(
        PEER, record, request, answer or {"event": "done", "text": words, "usage": {}, "timing_ms": {}}, "raw " + words
    )


def listed(log: RequestLog, **filters: Any) -> list[dict[str, Any]]:
    return log.rows(validate(RequestsRecord, {"op": "requests", "id": "r", **filters}))


def test_log_keeps_so_many_and_the_oldest_go_first() -> None:
    log = RequestLog(keep=3)
    for number in range(1, 11):
        add(log, number)
    assert [row["seq"] for row in listed(log)] == [10, 9, 8]
    assert len(log._by_key) == 3


def test_log_keeps_so_many_bytes_and_counts_them_right() -> None:
    log = RequestLog(keep=1000, max_bytes=200_000)
    for number in range(1, 101):
        add(log, number, "y" * 10_000)
    assert 1 < len(log) < 7
    assert log.bytes == sum(entry.bytes for entry in log._entries) <= 200_000
    add(log, 101, "y" * 300_000)
    assert len(log) == 0, "one that is longer than all is not kept"
    assert log.bytes == 0


def test_log_of_length_0_keeps_nothing() -> None:
    log = RequestLog(keep=0)
    add(log, 1)
    assert (len(log), log.bytes, listed(log)) == (0, 0, [])


def test_list_ends_where_a_record_is_full() -> None:
    log = RequestLog()
    for number in range(1, 201):
        add(log, number, "ж" * 2000)
    found = listed(log, limit=200)
    assert 50 < len(found) < 200
    assert found[0]["seq"] == 200
    assert len(found[0]["text"]) == 400


def test_flood_of_refusals_does_not_push_out_what_npcs_said() -> None:
    log = RequestLog(keep=50, now_s=lambda: 1000.5)
    add(log, 1)
    for number in range(2, 1000):
        add(log, number, event="error", code="overloaded", message="the queue is full")
    assert len(listed(log)) == 1 + REFUSALS_PER_S


def test_refused_record_is_bounded_whatever_is_in_it() -> None:
    log = RequestLog()
    record = {"op": "think", "id": "a", "npc": {"id": "n" * 90_000}, "player": ["x"] * 9000, "utterance": "u" * 90_000}
    log.add(PEER, record, None, {"event": "error", "code": "bad_request", "message": "npc.id: too long"})
    (entry,) = log._entries
    assert len(str(entry.record)) < 4000
    assert listed(log)[0]["outcome"] == "bad_request"


SECRETS = ("Robin", "Ann", "goat", "secret words", "wave")


def test_private_log_holds_no_text_and_no_name_but_roles() -> None:
    log = RequestLog(is_private=True)
    done = {
        "event": "done",
        "text": "secret words",
        "action": {"name": "wave"},
        "model": "m",
        "usage": {},
        "timing_ms": {"total": 3.0},
    }
    add(log, 1, "secret words", **done)
    add(log, 2, "secret words", event="error", code="bad_request", message="mood: 'secret words' is no mood")
    add(log, 3, "secret words", event="error", code="overloaded", message="the queue is full")
    acted = validate(
        ReportRecord,
        {"op": "report", "id": "r", "acted": [{"request": "1", "ok": True, "message": "Robin waves"}]},
    )
    log.note_acted(PEER, acted.acted[0])
    everything = repr(list(log._entries)) + repr(listed(log)) + repr(log.detail(1))
    assert [secret for secret in SECRETS if secret in everything] == []
    full, wrong, first = listed(log)
    assert (first["role"], first["chars"], first["timing_ms"]) == (
        "healer",
        {"utterance": 18, "text": 12},
        {"total": 3.0},
    )
    assert (full["why"], wrong["why"]) == ("the queue is full", None)
    assert log.bytes == 3 * log._entries[0].bytes
    assert log._entries[0].bytes < ENTRY_BYTES + 300


def test_bug_in_the_log_costs_no_answer(daemon: InProcess, caplog: pytest.LogCaptureFixture) -> None:
    def broken(*_: object) -> None:
        raise ValueError("broken")

    daemon.request_log.add = broken  # type: ignore[assignment]
    with daemon.client() as client:
        assert client.infer("Hello").text
        assert client.infer("Hello again").text
    assert "a bug in the request log" in caplog.text


def test_engine_that_breaks_is_the_reason_of_its_requests(endpoint: str) -> None:
    def breaks(_: int) -> None:
        raise RuntimeError("no memory")

    with InProcess(endpoint, engine=lambda: StubEngine(on_step=breaks)) as daemon, daemon.client() as client:
        with pytest.raises(EngineFailed):
            client.think(ANN, "Hello")
        (row,) = rows(client)
    assert (row["outcome"], row["why"]) == ("engine_failed", "the engine broke during this request")
    assert row["timing_ms"]["total"] > 0
