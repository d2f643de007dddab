"""`POST /v1/exchange`: many in, many out, nothing lost, nothing run twice."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest

from llm_agentd.errors import BadRequest, Overloaded
from llm_agentd.http import daemon_client, open_requests, sessions
from llm_agentd.http.daemon_client import DaemonClient
from llm_agentd.http.open_requests import Submission
from llm_agentd.http.routes import exchange as exchange_route
from llm_agentd.http.sessions import Answer, Call, Sessions
from llm_agentd.http.voice.microphones import Microphones
from llm_agentd.protocol import wire
from tests.support.http_harness import (
    DEADLINE_S,
    JSON,
    FakeDaemon,
    HttpServer,
    Record,
    delta,
    done,
    error,
    is_empty,
    serve_http,
    silent,
)

LONG_MS = 30_000  # longer than any test waits: a call that comes back was woken


def infer(request_id: str, **more: Any) -> Record:
    return {"op": "infer", "id": request_id, "prompt": f"prompt of {request_id}", **more}


def seqs(answer: Record) -> list[int]:
    return [event["seq"] for event in answer["events"]]


def ids(answer: Record) -> list[str]:
    return [event["id"] for event in answer["events"]]


def waits(server: HttpServer) -> bool:
    """A call waits for an event."""
    return bool(server.app.state.sessions.waiting_count)


def until(condition: Callable[[], bool]) -> None:
    async def poll() -> None:
        async with asyncio.timeout(DEADLINE_S):
            while not condition():
                await asyncio.sleep(0.005)

    asyncio.run(poll())


# -- what comes back, and when --------------------------------------------------------------------


def test_a_warm_goes_to_the_daemon_as_what_is_asked_does(endpoint: str) -> None:
    warm = {"op": "warm", "id": "a", "npc": {"id": "b", "name": "Bram", "role": "smith"}, "player": "Robin"}
    with FakeDaemon(endpoint, lambda record: [done(record["op"])]) as daemon, serve_http(endpoint) as server:
        answer = server.exchange(requests=[warm], wait_ms=LONG_MS)
        assert daemon.next()["op"] == "warm"
    assert [(event["id"], event["text"]) for event in answer["events"]] == [("a", "warm")]


def test_cache_hits_are_in_the_answer_and_sent_in_one_frame(endpoint: str) -> None:
    with FakeDaemon(endpoint) as daemon, serve_http(endpoint) as server:
        answer = server.exchange(requests=[infer(str(i)) for i in range(50)], wait_ms=LONG_MS)
        parts = list(daemon.parts)
    assert ids(answer) == [str(i) for i in range(50)]
    assert seqs(answer) == list(range(1, 51))
    assert answer["rejected"] == []
    assert parts == [50]
    event = answer["events"][0]
    assert (event["event"], event["text"], event["cache"], event["action"]) == ("done", "Well met.", "hit", None)


def test_call_with_wait_ms_waits_for_a_miss(endpoint: str) -> None:
    with FakeDaemon(endpoint, silent) as daemon, serve_http(endpoint) as server:
        call = server.in_background(requests=[infer("a")], wait_ms=LONG_MS)
        sent = daemon.next()
        assert sent["id"] != "a", "ids on the wire are others"
        daemon.answer(sent["id"], done("slow", "miss"))
        answer = call.result()
    assert [(event["id"], event["text"]) for event in answer["events"]] == [("a", "slow")]


def test_call_with_wait_0_returns_hits_only(endpoint: str) -> None:
    def hits_only(record: Record) -> list[Record]:
        return [done()] if "hit" in record["prompt"] else []

    with FakeDaemon(endpoint, hits_only) as daemon, serve_http(endpoint) as server:
        answer = server.exchange(requests=[infer("miss"), infer("hit 1"), infer("hit 2")], after=0, wait_ms=0)
        if not answer["events"]:  # a machine that stalls for longer than a hit is waited for
            answer = server.exchange(wait_ms=LONG_MS)
        assert set(ids(answer)) <= {"hit 1", "hit 2"}
        daemon.answer(daemon.next()["id"], done("late"))
        answer = server.exchange(after=2, wait_ms=LONG_MS)
    assert [(event["seq"], event["id"], event["text"]) for event in answer["events"]] == [(3, "miss", "late")]


def test_events_stay_until_acknowledged_by_after(endpoint: str) -> None:
    with FakeDaemon(endpoint), serve_http(endpoint) as server:
        first = server.exchange(requests=[infer("a"), infer("b")], wait_ms=LONG_MS)
        assert server.exchange(after=0, wait_ms=LONG_MS) == first, "a lost answer loses nothing"
        assert seqs(server.exchange(after=1, wait_ms=LONG_MS)) == [2]
        assert server.exchange(after=2)["events"] == []
        assert server.exchange(after=0)["events"] == [], "acknowledged is forgotten"


def test_stream_events_keep_their_order(endpoint: str) -> None:
    with (
        FakeDaemon(endpoint, lambda _: [delta("Well "), delta("met."), done()]),
        serve_http(endpoint) as server,
    ):
        answer = server.exchange(requests=[infer("a", stream=True)], wait_ms=LONG_MS)
    assert [event["event"] for event in answer["events"]] == ["delta", "delta", "done"]
    assert seqs(answer) == [1, 2, 3]


def test_disconnect_while_waiting_keeps_the_event(endpoint: str) -> None:
    with FakeDaemon(endpoint, silent) as daemon, serve_http(endpoint) as server:
        host, port = server.url.removeprefix("http://").split(":")
        body = json.dumps({"session": "s", "wait_ms": LONG_MS, "requests": [infer("a")]}).encode()
        with socket.create_connection((host, int(port)), timeout=DEADLINE_S) as raw:
            head = b"POST /v1/exchange HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            raw.sendall(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
            sent = daemon.next()
        daemon.answer(sent["id"], done())
        answer = server.exchange(requests=[infer("a")], wait_ms=LONG_MS)
        assert daemon.received.empty()
    assert ids(answer) == ["a"]


def test_event_between_two_calls_goes_to_the_newer() -> None:
    """The older may have lost its client: what it took along would be lost, and the newer would wait in vain."""

    class OneRequest:
        is_unreachable = False

        def __init__(self) -> None:
            self.submissions: list[Submission] = []

        def submit(self, submissions: list[Submission], dropped: list[str]) -> list[str]:
            self.submissions += submissions
            return ["wire"] * len(submissions)

    async def play() -> tuple[Answer, Answer]:
        daemon = OneRequest()
        games = Sessions(cast(DaemonClient, daemon), Microphones(), timeout_ms=LONG_MS)
        call = Call("s", wait_ms=LONG_MS, requests=[infer("a")])
        older = asyncio.create_task(games.call(call))
        await asyncio.sleep(0)
        newer = asyncio.create_task(games.call(call))
        await asyncio.sleep(0)  # it has woken the older, which has not had its turn yet
        (submission,) = daemon.submissions
        submission.sink("wire", {"id": "wire", **done()})
        async with asyncio.timeout(DEADLINE_S):
            return await older, await newer

    older, newer = asyncio.run(play())
    assert older.events == []
    assert [event["id"] for event in newer.events] == ["a"]


def test_error_record_becomes_an_event(endpoint: str) -> None:
    with FakeDaemon(endpoint, lambda _: [error("bad_request", "npc: missing")]), serve_http(endpoint) as server:
        answer = server.exchange(requests=[{"op": "think", "id": "a"}], wait_ms=LONG_MS)
    (event,) = answer["events"]
    assert (event["id"], event["event"], event["code"], event["message"]) == (
        "a",
        "error",
        "bad_request",
        "npc: missing",
    )


# -- sent twice -----------------------------------------------------------------------------------


def test_request_sent_again_runs_once(endpoint: str) -> None:
    with FakeDaemon(endpoint, silent) as daemon, serve_http(endpoint) as server:
        server.exchange(requests=[infer("a")])
        sent = daemon.next()
        server.exchange(requests=[infer("a")])
        daemon.answer(sent["id"], done())
        while_kept = server.exchange(requests=[infer("a")], wait_ms=LONG_MS)
        assert ids(while_kept) == ["a"]
        assert daemon.received.empty()
        server.exchange(requests=[infer("a")], after=1)
        assert daemon.next()["prompt"] == "prompt of a", "once acknowledged, the id is free again"


def test_id_in_use_with_other_content_is_rejected(endpoint: str) -> None:
    with FakeDaemon(endpoint, silent) as daemon, serve_http(endpoint) as server:
        answer = server.exchange(requests=[infer("a"), infer("a", prompt="other")])
        assert [(r["id"], r["code"]) for r in answer["rejected"]] == [("a", "bad_request")]
        daemon.answer(daemon.next()["id"], done())
        assert ids(server.exchange(wait_ms=LONG_MS)) == ["a"]
        assert server.exchange(requests=[infer("a", prompt="other")])["rejected"][0]["id"] == "a"


def test_same_id_in_two_sessions_gets_separate_answers(endpoint: str) -> None:
    with FakeDaemon(endpoint, lambda record: [done(record["prompt"])]), serve_http(endpoint) as server:
        for name in ("one", "two"):
            answer = server.exchange(session=name, requests=[infer("a", prompt=name)], wait_ms=LONG_MS)
            assert [event["text"] for event in answer["events"]] == [name]


# -- cancel ---------------------------------------------------------------------------------------


def test_cancel_ends_the_request_and_ignores_unknown_ids(endpoint: str) -> None:
    with FakeDaemon(endpoint, silent) as daemon, serve_http(endpoint) as server:
        server.exchange(requests=[infer("a"), infer("b")])
        first, second = daemon.next(), daemon.next()
        answer = server.exchange(cancel=["a", "a", "never", 5], wait_ms=LONG_MS)
        assert [(event["id"], event["code"]) for event in answer["events"]] == [("a", "cancelled")]
        assert daemon.next()["target"] == first["id"]
        daemon.answer(first["id"], done("too late"))
        daemon.answer(second["id"], done())
        assert ids(server.exchange(after=1, wait_ms=LONG_MS)) == ["b"]


# -- two calls at once ----------------------------------------------------------------------------


def test_call_with_wait_0_does_not_end_a_waiting_call(endpoint: str) -> None:
    with FakeDaemon(endpoint, silent) as daemon, serve_http(endpoint) as server:
        waiting = server.in_background(wait_ms=LONG_MS)
        until(lambda: waits(server))
        assert server.exchange(requests=[infer("a")])["events"] == []
        assert not waiting.ended
        daemon.answer(daemon.next()["id"], done())
        assert ids(waiting.result()) == ["a"]


def test_newer_waiting_call_ends_the_older(endpoint: str) -> None:
    with FakeDaemon(endpoint, silent) as daemon, serve_http(endpoint) as server:
        older = server.in_background(wait_ms=LONG_MS)
        until(lambda: waits(server))
        newer = server.in_background(requests=[infer("a")], wait_ms=LONG_MS)
        assert is_empty(older.result())
        daemon.answer(daemon.next()["id"], done())
        assert ids(newer.result()) == ["a"]


def test_hit_taken_by_another_call_does_not_wake_the_waiting_call(endpoint: str) -> None:
    async def test() -> None:
        client = DaemonClient(endpoint, retry_s=DEADLINE_S)
        client.start()
        games = Sessions(client, Microphones(), timeout_ms=1000)
        waiting = asyncio.create_task(games.call(Call("s", wait_ms=LONG_MS)))
        await asyncio.sleep(0)
        hit = await games.call(Call("s", requests=[infer("hit")]))
        while not hit.events:  # a machine that stalls for longer than a hit is waited for
            await asyncio.sleep(0.005)  # such a call may end without once giving way to what reads the answers
            hit = await games.call(Call("s"))
        for _ in range(10):
            await asyncio.sleep(0)
        assert [event["id"] for event in hit.events] == ["hit"]
        if not waiting.done():
            daemon.script = silent
            await games.call(Call("s", requests=[infer("slow")]))
            await asyncio.to_thread(daemon.next)
            daemon.answer((await asyncio.to_thread(daemon.next))["id"], done())
        answer = await waiting
        assert [event["id"] for event in answer.events] == ["hit", "slow"], "its `after` has not passed the hit yet"
        games.stop()
        client.stop()

    with FakeDaemon(endpoint) as daemon:
        asyncio.run(test())


# -- several of these processes -------------------------------------------------------------------


def test_another_process_goes_on_counting_and_answers_at_once_who_was_elsewhere(endpoint: str) -> None:
    with FakeDaemon(endpoint, silent) as daemon, serve_http(endpoint) as first, serve_http(endpoint) as second:
        opened = first.exchange(requests=[infer("a")])
        one = opened["instance"]
        assert first.exchange(instance=one)["instance"] == one
        daemon.next()
        moved = second.exchange(after=7, instance=one, wait_ms=LONG_MS)  # it would wait longer than this test may
        assert is_empty(moved)
        assert moved["instance"] != one
        daemon.script = lambda _: [done()]
        again = second.exchange(after=7, instance=moved["instance"], wait_ms=LONG_MS, requests=[infer("a")])
    assert [(event["seq"], event["id"], event["event"]) for event in again["events"]] == [(8, "a", "done")]


def test_a_process_holds_the_call_of_who_knows_it(endpoint: str) -> None:
    with FakeDaemon(endpoint, silent) as daemon, serve_http(endpoint) as server:
        one = server.exchange(requests=[infer("a")])["instance"]
        waiting = server.in_background(wait_ms=LONG_MS, instance=one)
        daemon.answer(daemon.next()["id"], done("Late."))
        assert [event["text"] for event in waiting.result()["events"]] == ["Late."]


# -- the daemon goes and comes --------------------------------------------------------------------


def test_daemon_restart_loses_no_answer(free_port: int) -> None:
    endpoint = f"tcp://127.0.0.1:{free_port}"
    first = FakeDaemon(endpoint, silent)
    first.__enter__()
    with serve_http(endpoint) as server:
        waiting = server.in_background(requests=[infer(str(i)) for i in range(10)], wait_ms=LONG_MS)
        for _ in range(10):
            first.next()
        first.kill()
        with FakeDaemon(endpoint, lambda record: [done(record["prompt"])]):
            events = waiting.result()["events"]
            while len(events) < 10:
                events += server.exchange(after=events[-1]["seq"], wait_ms=LONG_MS)["events"]
    assert [(event["id"], event["text"]) for event in events] == [(str(i), f"prompt of {i}") for i in range(10)]


def test_no_daemon_fails_open_requests_and_answers_503(endpoint: str) -> None:
    with serve_http(endpoint, retry_s=1.0) as server:
        events = server.exchange(requests=[infer("a")], wait_ms=LONG_MS)["events"]
        assert [(event["id"], event["code"]) for event in events] == [("a", "unavailable")]
        assert events[0]["retry_after_ms"] > 0
        refused = server.http.post("/v1/exchange", json={"session": "s", "requests": [infer("b"), {"id": "c"}]})
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
        body = refused.json()
        assert body["error"]["code"] == "unavailable"
        assert [event["id"] for event in body["events"]] == ["a"]
        assert {(r["id"], r["code"]) for r in body["rejected"]} == {("b", "unavailable"), ("c", "bad_request")}
        asks_whether_it_is_back = server.http.post(
            "/v1/exchange", json={"session": "s", "after": 1, "wait_ms": LONG_MS}
        )
        assert (asks_whether_it_is_back.status_code, asks_whether_it_is_back.headers["retry-after"]) == (503, "1")
        assert asks_whether_it_is_back.json()["events"] == []
        with FakeDaemon(endpoint):
            until(lambda: server.app.state.daemon.is_ready)
            assert ids(server.exchange(after=1, requests=[infer("b")], wait_ms=LONG_MS)) == ["b"]


def test_new_session_counts_on_from_after(endpoint: str) -> None:
    with FakeDaemon(endpoint), serve_http(endpoint) as server:
        answer = server.exchange(after=57, requests=[infer("a")], wait_ms=LONG_MS)
    assert seqs(answer) == [58]


# -- bodies ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        {"session": "s"},
        {"session": "s", "after": None, "wait_ms": None, "requests": None, "cancel": None},
        {"session": "s", "after": 0.0, "wait_ms": 0.0, "requests": {}, "cancel": {}},
        {"session": "s", "requests": [], "cancel": []},
    ],
)
def test_parse_reads_luas_empty_tables_and_floats(body: Record) -> None:
    assert exchange_route.parse(body) == Call("s")


def test_parse_accepts_whole_floats_and_cuts_long_waits() -> None:
    assert exchange_route.parse({"session": "s", "after": 5.0, "wait_ms": 1e9}) == Call(
        "s", 5, exchange_route.WAIT_MAX_MS
    )


@pytest.mark.parametrize(
    ("body", "names"),
    [
        (None, "body"),
        ([], "body"),
        ({}, "session"),
        ({"session": ""}, "session"),
        ({"session": "x" * 129}, "session"),
        ({"session": 5}, "session"),
        ({"session": "s", "after": -1}, "after"),
        ({"session": "s", "after": 1.5}, "after"),
        ({"session": "s", "after": "5"}, "after"),
        ({"session": "s", "after": True}, "after"),
        ({"session": "s", "after": 2**64}, "after: want a whole number from 0 to 9007199254740992"),
        ({"session": "s", "after": 1e300}, "after"),
        ({"session": "s", "wait_ms": 2**64}, "wait_ms"),
        ({"session": "s", "wait_ms": -1}, "wait_ms"),
        ({"session": "s", "requests": {"a": 1}}, "requests"),
        ({"session": "s", "requests": "a"}, "requests"),
        ({"session": "s", "requests": [{}] * (wire.RECORDS_MAX + 1)}, "requests"),
        ({"session": "s", "cancel": 5}, "cancel"),
        ({"session": "s", "request": []}, "request: unknown field"),
    ],
)
def test_parse_names_the_wrong_field(body: Any, names: str) -> None:
    with pytest.raises(BadRequest, match=f"^{names}"):
        exchange_route.parse(body)


def test_wrong_body_is_400_and_a_wrong_request_is_rejected_alone(endpoint: str) -> None:
    wrong: list[Any] = [
        5,
        {"op": "infer"},
        {"op": "infer", "id": ""},
        {"op": "infer", "id": 7},
        {"op": "infer", "id": "x" * 129},
        {"op": "ping", "id": "p"},
        {"op": "cancel", "id": "c", "target": "1"},
        {"id": "n"},
        infer("big", prompt="x" * wire.RECORD_MAX_BYTES),
    ]
    with FakeDaemon(endpoint) as daemon, serve_http(endpoint) as server:
        assert server.http.post("/v1/exchange", content=b"{", headers=JSON).status_code == 400
        assert server.http.post("/v1/exchange", json={"session": 1}).status_code == 400
        answer = server.exchange(requests=[infer("first"), *wrong, infer("last")], wait_ms=LONG_MS)
        while len(answer["events"]) < 2:
            answer = server.exchange(wait_ms=LONG_MS)
        assert daemon.received.qsize() == 2
    assert ids(answer) == ["first", "last"]


def test_rejections_carry_id_code_and_reason(endpoint: str) -> None:
    with FakeDaemon(endpoint), serve_http(endpoint) as server:
        answer = server.exchange(
            requests=[5, {"op": "ping", "id": "p"}, infer("big", prompt="x" * wire.RECORD_MAX_BYTES)], wait_ms=LONG_MS
        )
    assert [(r["id"], r["code"]) for r in answer["rejected"]] == [
        (None, "bad_request"),
        ("p", "bad_request"),
        ("big", "too_large"),
    ]
    assert "think, infer, warm, listen or report" in answer["rejected"][1]["message"]


def test_body_with_invalid_text_is_mended(endpoint: str) -> None:
    with FakeDaemon(endpoint) as daemon, serve_http(endpoint) as server:
        body = (
            b'{"session":"s\\ud800","wait_ms":9000.0,"requests":[{"op":"infer","id":"\xffa","prompt":"\xc3(\\u0000"}]}'
        )
        answer = server.http.post(
            "/v1/exchange", content=body, headers={"Content-Type": "application/json; charset=latin-1"}
        )
        assert daemon.next()["prompt"] == "\ufffd(\ufffd"
    assert answer.json()["events"][0]["id"] == "\ufffda"


# -- bounds ---------------------------------------------------------------------------------------


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def with_sessions(endpoint: str, test: Callable[[Sessions, DaemonClient, Clock], Awaitable[None]]) -> None:
    async def run() -> None:
        clock = Clock()
        client = DaemonClient(endpoint, retry_s=DEADLINE_S)
        client.start()
        games = Sessions(client, Microphones(clock=clock), timeout_ms=1000, clock=clock)
        try:
            async with asyncio.timeout(2 * DEADLINE_S):
                await test(games, client, clock)
        finally:
            games.stop()
            client.stop()

    asyncio.run(run())


def test_idle_session_ends_and_cancels_its_requests(endpoint: str) -> None:
    async def test(games: Sessions, client: DaemonClient, clock: Clock) -> None:
        await games.call(Call("idle", requests=[infer("a")]))
        sent = await asyncio.to_thread(daemon.next)
        waiting = asyncio.create_task(games.call(Call("waits", wait_ms=LONG_MS)))
        await asyncio.sleep(0)
        clock.now_s += sessions.SESSION_IDLE_S - 1
        await games.call(Call("used"))
        clock.now_s += 1
        games.sweep()
        assert games.count == 2, "one was used, one waits"
        assert (await asyncio.to_thread(daemon.next))["target"] == sent["id"]
        assert client.open_count == 0
        games.stop()
        await waiting

    with FakeDaemon(endpoint, silent) as daemon:
        with_sessions(endpoint, test)


def test_session_over_the_limit_replaces_an_empty_one_and_no_other(
    endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "SESSIONS_MAX", 2)

    async def test(games: Sessions, client: DaemonClient, clock: Clock) -> None:
        await games.call(Call("game", requests=[infer("a")]))
        await games.call(Call("empty"))
        for number in range(100):
            await games.call(Call(f"foreign {number}"))
        await games.call(Call("foreign", requests=[infer("b")]))
        with pytest.raises(Overloaded, match="session: 2 are kept") as refusal:
            await games.call(Call("another", requests=[infer("c")]))
        assert refusal.value.retry_after_ms
        assert games.count == client.open_count == 2
        first = await asyncio.to_thread(daemon.next)
        daemon.answer(first["id"], done())
        answer = await games.call(Call("game", wait_ms=LONG_MS))
        assert [event["id"] for event in answer.events] == ["a"], "open before, and not acknowledged now"
        with pytest.raises(Overloaded):
            await games.call(Call("another"))
        await games.call(Call("game", after=answer.events[-1]["seq"]))
        assert (await games.call(Call("another"))).events == []

    with FakeDaemon(endpoint, silent) as daemon:
        with_sessions(endpoint, test)


def test_session_where_a_call_waits_is_not_replaced(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "SESSIONS_MAX", 1)

    async def test(games: Sessions, client: DaemonClient, clock: Clock) -> None:
        waiting = asyncio.create_task(games.call(Call("game", wait_ms=LONG_MS)))
        await asyncio.sleep(0)
        with pytest.raises(Overloaded):
            await games.call(Call("another"))
        games.stop()
        assert (await waiting).events == []

    with FakeDaemon(endpoint, silent):
        with_sessions(endpoint, test)


def test_full_house_of_sessions_is_429_and_names_nobody(endpoint: str) -> None:
    def answers(record: Record) -> list[Record]:
        return facts if (facts := FACTS.get(record["op"])) else [done()]

    with FakeDaemon(endpoint, answers), serve_http(endpoint) as server:
        names = [f"foreign-secret-{number}" for number in range(sessions.SESSIONS_MAX - 1)]
        for name in ["the-game", *names]:
            server.exchange(session=name, requests=[infer("a")], wait_ms=LONG_MS)
        refused = server.http.post("/v1/exchange", json={"session": "one more", "requests": [infer("a")]})
        assert (refused.status_code, refused.json()["error"]["code"]) == (429, "overloaded")
        assert int(refused.headers["retry-after"]) >= 1
        assert ids(server.exchange(session="the-game")) == ["a"], "kept, until it is acknowledged"
        shown = "".join(server.http.get(path).text for path in ("/info", "/metrics", "/docs"))
        assert refused.text.count("secret") == shown.count("secret") == 0
        assert server.http.get("/info").json()["adapter"]["sessions"] == sessions.SESSIONS_MAX


FACTS: dict[str, list[Record]] = {
    "info": [{"event": "done", "info": {}}],
    "metrics": [{"event": "done", "text": ""}],
}


def test_unacknowledged_events_over_the_limit_reject_requests_but_keep_last_answers(
    endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "EVENTS_MAX", 4)

    async def test(games: Sessions, client: DaemonClient, _: Clock) -> None:
        script: list[Record] = [*(delta(str(i)) for i in range(10)), done()]
        daemon.script = lambda _: script
        answer = await games.call(Call("s", requests=[infer("a", stream=True)], wait_ms=LONG_MS))
        while not answer.events or answer.events[-1]["event"] != "done":
            answer = await games.call(Call("s", wait_ms=1))
        assert [event["event"] for event in answer.events] == ["delta"] * 4 + ["done"]
        refused = await games.call(Call("s", requests=[infer("b")]))
        assert [(r["id"], r["code"]) for r in refused.rejected] == [("b", "overloaded")]
        assert refused.rejected[0]["retry_after_ms"] > 0
        script = [done()]
        answer = await games.call(Call("s", after=answer.events[-1]["seq"], requests=[infer("b")], wait_ms=LONG_MS))
        assert [event["id"] for event in answer.events] == ["b"]

    with FakeDaemon(endpoint) as daemon:
        with_sessions(endpoint, test)


def test_large_unacknowledged_events_reject_requests_and_keep_last_answers(
    endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "EVENTS_MAX_BYTES", 10_000)

    async def test(games: Sessions, client: DaemonClient, _: Clock) -> None:
        answer = await games.call(Call("s", requests=[infer("a", stream=True)], wait_ms=LONG_MS))
        while not answer.events or answer.events[-1]["event"] != "done":
            answer = await games.call(Call("s", wait_ms=1))
        assert [event["event"] for event in answer.events] == ["delta", "delta", "done"], "no more deltas than fit"
        refused = await games.call(Call("s", requests=[infer("b")]))
        assert [(r["id"], r["code"]) for r in refused.rejected] == [("b", "overloaded")]
        answer = await games.call(Call("s", after=answer.events[-1]["seq"], requests=[infer("c")], wait_ms=LONG_MS))
        assert answer.rejected == []

    with FakeDaemon(endpoint, lambda _: [*[delta("x" * 6000)] * 9, done("x" * 54_000)]):
        with_sessions(endpoint, test)


def test_request_without_deadline_expires_by_the_default(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The daemon forgets what a peer that read too slowly had sent; nobody may wait for ever for that."""
    monkeypatch.setattr(daemon_client, "TICK_S", 0.01)
    monkeypatch.setattr(open_requests, "EXPIRY_GRACE_S", 0.0)

    async def test(games: Sessions, client: DaemonClient, _: Clock) -> None:
        quick = infer("quick", deadline_ms=20)
        answer = await games.call(Call("s", requests=[quick, infer("patient")], wait_ms=LONG_MS))
        assert [(event["id"], event["code"]) for event in answer.events] == [("quick", "deadline_exceeded")]
        assert client.open_count == 1

    with FakeDaemon(endpoint, silent):
        with_sessions(endpoint, test)


def test_stop_answers_waiting_calls(endpoint: str) -> None:
    with FakeDaemon(endpoint, silent), serve_http(endpoint) as server:
        waiting = server.in_background(wait_ms=LONG_MS)
        until(lambda: waits(server))
    assert is_empty(waiting.result())


def test_report_is_no_question_and_names_requests_by_the_ids_of_the_daemon(endpoint: str) -> None:
    with FakeDaemon(endpoint) as daemon, serve_http(endpoint) as server:
        server.exchange(requests=[infer("a")], wait_ms=LONG_MS)
        wire_id = daemon.next()["id"]
        report = {"op": "report", "id": "r", "acted": [{"request": "a", "ok": True}, {"request": "never", "ok": True}]}
        answer = server.exchange(requests=[report, infer("b")], after=1, wait_ms=LONG_MS)
        records = {record["op"]: record for record in (daemon.next(), daemon.next())}
    assert ids(answer) == ["b"], "of a report no event comes: it would end the wait for a reply"
    assert answer["rejected"] == []
    assert records["report"]["acted"] == [{"request": wire_id, "ok": True}]


def test_report_that_the_daemon_refuses_ends_nothing(endpoint: str) -> None:
    def script(record: Record) -> list[Record]:
        return [error("bad_request")] if record["op"] == "report" else [done()]

    with FakeDaemon(endpoint, script), serve_http(endpoint) as server:
        answer = server.exchange(requests=[{"op": "report", "id": "r", "acted": 7}, infer("a")], wait_ms=LONG_MS)
    assert ids(answer) == ["a"]
