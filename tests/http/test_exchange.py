"""`POST /v1/exchange`: many in, many out, nothing lost, nothing run twice."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest

from llm_agentd.errors import BadRequest
from llm_agentd.http import exchange as exchanges
from llm_agentd.http import sessions
from llm_agentd.http.daemon_client import Link
from llm_agentd.http.exchange import Answer, Call, Exchange
from llm_agentd.protocol import wire
from tests.support.http_harness import DEADLINE_S, Door, FakeDaemon, Record, delta, done, door, error, silent

LONG_MS = 30_000  # longer than any test waits: a call that comes back was woken


def infer(own_id: str, **more: Any) -> Record:
    return {"op": "infer", "id": own_id, "prompt": f"prompt of {own_id}", **more}


def seqs(answer: Record) -> list[int]:
    return [event["seq"] for event in answer["events"]]


def ids(answer: Record) -> list[str]:
    return [event["id"] for event in answer["events"]]


def waits(open_door: Door) -> bool:
    """A call of session `s` waits."""
    session = open_door.app.state.exchange._sessions.get("s")
    return session is not None and session.held is not None and bool(session._waiters)


def until(condition: Callable[[], bool]) -> None:
    async def poll() -> None:
        async with asyncio.timeout(DEADLINE_S):
            while not condition():
                await asyncio.sleep(0.005)

    asyncio.run(poll())


# -- what comes back, and when --------------------------------------------------------------------


def test_cache_hits_of_a_call_are_in_its_answer_and_left_in_one_frame(endpoint: str) -> None:
    with FakeDaemon(endpoint) as daemon, door(endpoint) as open_door:
        answer = open_door.exchange(requests=[infer(str(i)) for i in range(50)], wait_ms=LONG_MS)
        parts = list(daemon.parts)
    assert ids(answer) == [str(i) for i in range(50)]
    assert seqs(answer) == list(range(1, 51))
    assert answer["rejected"] == []
    assert parts == [50]
    event = answer["events"][0]
    assert (event["event"], event["text"], event["cache"], event["action"]) == ("done", "Well met.", "hit", None)


def test_a_miss_is_waited_for(endpoint: str) -> None:
    with FakeDaemon(endpoint, silent) as daemon, door(endpoint) as open_door:
        call = open_door.in_background(requests=[infer("a")], wait_ms=LONG_MS)
        asked = daemon.next()
        assert asked["id"] != "a", "ids on the wire are the door's own"
        daemon.say(asked["id"], done("slow", "miss"))
        answer = call.result()
    assert [(event["id"], event["text"]) for event in answer["events"]] == [("a", "slow")]


def test_wait_0_comes_back_without_the_misses(endpoint: str) -> None:
    def hits_only(record: Record) -> list[Record]:
        return [done()] if "hit" in record["prompt"] else []

    with FakeDaemon(endpoint, hits_only) as daemon, door(endpoint) as open_door:
        answer = open_door.exchange(requests=[infer("miss"), infer("hit 1"), infer("hit 2")], after=0, wait_ms=0)
        if not answer["events"]:  # a machine that stalls for longer than a hit is waited for
            answer = open_door.exchange(wait_ms=LONG_MS)
        assert set(ids(answer)) <= {"hit 1", "hit 2"}
        daemon.say(daemon.next()["id"], done("late"))
        answer = open_door.exchange(after=2, wait_ms=LONG_MS)
    assert [(event["seq"], event["id"], event["text"]) for event in answer["events"]] == [(3, "miss", "late")]


def test_events_stay_until_an_after_passes_them(endpoint: str) -> None:
    with FakeDaemon(endpoint), door(endpoint) as open_door:
        first = open_door.exchange(requests=[infer("a"), infer("b")], wait_ms=LONG_MS)
        assert open_door.exchange(after=0, wait_ms=LONG_MS) == first, "a lost answer loses nothing"
        assert seqs(open_door.exchange(after=1, wait_ms=LONG_MS)) == [2]
        assert open_door.exchange(after=2)["events"] == []
        assert open_door.exchange(after=0)["events"] == [], "acknowledged is forgotten"


def test_streamed_events_keep_their_order(endpoint: str) -> None:
    with (
        FakeDaemon(endpoint, lambda _: [delta("Well "), delta("met."), done()]),
        door(endpoint) as open_door,
    ):
        answer = open_door.exchange(requests=[infer("a", stream=True)], wait_ms=LONG_MS)
    assert [event["event"] for event in answer["events"]] == ["delta", "delta", "done"]
    assert seqs(answer) == [1, 2, 3]


def test_a_client_that_goes_while_it_waits_loses_nothing(endpoint: str) -> None:
    with FakeDaemon(endpoint, silent) as daemon, door(endpoint) as open_door:
        host, port = open_door.url.removeprefix("http://").split(":")
        body = json.dumps({"session": "s", "wait_ms": LONG_MS, "requests": [infer("a")]}).encode()
        with socket.create_connection((host, int(port)), timeout=DEADLINE_S) as raw:
            raw.sendall(b"POST /v1/exchange HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            asked = daemon.next()
        daemon.say(asked["id"], done())
        answer = open_door.exchange(requests=[infer("a")], wait_ms=LONG_MS)
        assert daemon.seen.empty()
    assert ids(answer) == ["a"]


def test_an_event_goes_to_the_newer_of_two_calls_even_while_the_older_ends() -> None:
    """Else the older takes it along, whose client may be gone, and the newer waits on for what was told already."""

    class OneWire:
        away = False

        def submit(self, asks: list[Any], cancelled: list[str]) -> list[str]:
            return ["wire"] * len(asks)

    async def play() -> tuple[Answer, Answer]:
        exchange = Exchange(cast(Link, OneWire()), timeout_ms=LONG_MS)
        call = Call("s", wait_ms=LONG_MS, requests=[infer("a")])
        older = asyncio.create_task(exchange.call(call))
        await asyncio.sleep(0)
        newer = asyncio.create_task(exchange.call(call))
        await asyncio.sleep(0)  # it has told the older to end, which has not had its turn yet
        exchange._sessions["s"].on_answer("wire", {"id": "wire", **done()})
        async with asyncio.timeout(DEADLINE_S):
            return await older, await newer

    older, newer = asyncio.run(play())
    assert older.events == []
    assert [event["id"] for event in newer.events] == ["a"]


def test_an_error_of_the_daemon_is_an_event(endpoint: str) -> None:
    with FakeDaemon(endpoint, lambda _: [error("bad_request", "npc: missing")]), door(endpoint) as open_door:
        answer = open_door.exchange(requests=[{"op": "think", "id": "a"}], wait_ms=LONG_MS)
    (event,) = answer["events"]
    assert (event["id"], event["event"], event["code"], event["message"]) == (
        "a",
        "error",
        "bad_request",
        "npc: missing",
    )


# -- sent twice -----------------------------------------------------------------------------------


def test_a_request_that_is_sent_again_runs_once(endpoint: str) -> None:
    with FakeDaemon(endpoint, silent) as daemon, door(endpoint) as open_door:
        open_door.exchange(requests=[infer("a")])
        asked = daemon.next()
        open_door.exchange(requests=[infer("a")])
        daemon.say(asked["id"], done())
        while_kept = open_door.exchange(requests=[infer("a")], wait_ms=LONG_MS)
        assert ids(while_kept) == ["a"]
        assert daemon.seen.empty()
        open_door.exchange(requests=[infer("a")], after=1)
        assert daemon.next()["prompt"] == "prompt of a", "once acknowledged, the id is free again"


def test_an_id_in_use_takes_no_other_request(endpoint: str) -> None:
    with FakeDaemon(endpoint, silent) as daemon, door(endpoint) as open_door:
        answer = open_door.exchange(requests=[infer("a"), infer("a", prompt="other")])
        assert [(r["id"], r["code"]) for r in answer["rejected"]] == [("a", "bad_request")]
        daemon.say(daemon.next()["id"], done())
        assert ids(open_door.exchange(wait_ms=LONG_MS)) == ["a"]
        assert open_door.exchange(requests=[infer("a", prompt="other")])["rejected"][0]["id"] == "a"


def test_sessions_do_not_meet(endpoint: str) -> None:
    with FakeDaemon(endpoint, lambda record: [done(record["prompt"])]), door(endpoint) as open_door:
        for name in ("one", "two"):
            answer = open_door.exchange(session=name, requests=[infer("a", prompt=name)], wait_ms=LONG_MS)
            assert [event["text"] for event in answer["events"]] == [name]


# -- cancel ---------------------------------------------------------------------------------------


def test_cancel(endpoint: str) -> None:
    with FakeDaemon(endpoint, silent) as daemon, door(endpoint) as open_door:
        open_door.exchange(requests=[infer("a"), infer("b")])
        first, second = daemon.next(), daemon.next()
        answer = open_door.exchange(cancel=["a", "a", "never", 5], wait_ms=LONG_MS)
        assert [(event["id"], event["code"]) for event in answer["events"]] == [("a", "cancelled")]
        assert daemon.next()["target"] == first["id"]
        daemon.say(first["id"], done("too late"))
        daemon.say(second["id"], done())
        assert ids(open_door.exchange(after=1, wait_ms=LONG_MS)) == ["b"]


# -- two calls at once ----------------------------------------------------------------------------


def test_a_call_with_wait_0_leaves_a_waiting_one_alone(endpoint: str) -> None:
    with FakeDaemon(endpoint, silent) as daemon, door(endpoint) as open_door:
        waiting = open_door.in_background(wait_ms=LONG_MS)
        until(lambda: waits(open_door))
        assert open_door.exchange(requests=[infer("a")])["events"] == []
        assert not waiting.ended
        daemon.say(daemon.next()["id"], done())
        assert ids(waiting.result()) == ["a"]


def test_a_newer_waiting_call_ends_the_older(endpoint: str) -> None:
    with FakeDaemon(endpoint, silent) as daemon, door(endpoint) as open_door:
        older = open_door.in_background(wait_ms=LONG_MS)
        until(lambda: waits(open_door))
        newer = open_door.in_background(requests=[infer("a")], wait_ms=LONG_MS)
        assert older.result() == {"events": [], "rejected": []}
        daemon.say(daemon.next()["id"], done())
        assert ids(newer.result()) == ["a"]


def test_a_hit_that_another_call_takes_along_does_not_wake_the_waiting_one(endpoint: str) -> None:
    async def test() -> None:
        link = Link(endpoint, retry_s=DEADLINE_S)
        link.start()
        exchange = Exchange(link, timeout_ms=1000)
        waiting = asyncio.create_task(exchange.call(Call("s", wait_ms=LONG_MS)))
        await asyncio.sleep(0)
        hit = await exchange.call(Call("s", requests=[infer("hit")]))
        while not hit.events:  # a machine that stalls for longer than a hit is waited for
            hit = await exchange.call(Call("s"))
        for _ in range(10):
            await asyncio.sleep(0)
        assert [event["id"] for event in hit.events] == ["hit"]
        if not waiting.done():
            daemon.script = silent
            await exchange.call(Call("s", requests=[infer("slow")]))
            await asyncio.to_thread(daemon.next)
            daemon.say((await asyncio.to_thread(daemon.next))["id"], done())
        answer = await waiting
        assert [event["id"] for event in answer.events] == ["hit", "slow"], "its `after` has not passed the hit yet"
        exchange.stop()
        link.stop()

    with FakeDaemon(endpoint) as daemon:
        asyncio.run(test())


# -- the daemon goes and comes --------------------------------------------------------------------


def test_a_daemon_that_dies_costs_no_answer(free_port: int) -> None:
    endpoint = f"tcp://127.0.0.1:{free_port}"
    first = FakeDaemon(endpoint, silent)
    first.__enter__()
    with door(endpoint) as open_door:
        waiting = open_door.in_background(requests=[infer(str(i)) for i in range(10)], wait_ms=LONG_MS)
        for _ in range(10):
            first.next()
        first.kill()
        with FakeDaemon(endpoint, lambda record: [done(record["prompt"])]):
            events = waiting.result()["events"]
            while len(events) < 10:
                events += open_door.exchange(after=events[-1]["seq"], wait_ms=LONG_MS)["events"]
    assert [(event["id"], event["text"]) for event in events] == [(str(i), f"prompt of {i}") for i in range(10)]


def test_without_a_daemon_open_ones_end_and_new_ones_are_503(endpoint: str) -> None:
    with door(endpoint, retry_s=0.3) as open_door:
        events = open_door.exchange(requests=[infer("a")], wait_ms=LONG_MS)["events"]
        assert [(event["id"], event["code"]) for event in events] == [("a", "unavailable")]
        assert events[0]["retry_after_ms"] > 0
        refused = open_door.http.post("/v1/exchange", json={"session": "s", "requests": [infer("b"), {"id": "c"}]})
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
        body = refused.json()
        assert body["error"]["code"] == "unavailable"
        assert [event["id"] for event in body["events"]] == ["a"]
        assert {(r["id"], r["code"]) for r in body["rejected"]} == {("b", "unavailable"), ("c", "bad_request")}
        asks_whether_it_is_back = open_door.http.post(
            "/v1/exchange", json={"session": "s", "after": 1, "wait_ms": LONG_MS}
        )
        assert (asks_whether_it_is_back.status_code, asks_whether_it_is_back.headers["retry-after"]) == (503, "1")
        assert asks_whether_it_is_back.json()["events"] == []
        with FakeDaemon(endpoint):
            until(lambda: open_door.app.state.link.ready)
            assert ids(open_door.exchange(after=1, requests=[infer("b")], wait_ms=LONG_MS)) == ["b"]


def test_a_restarted_door_counts_on_from_where_the_client_is(endpoint: str) -> None:
    with FakeDaemon(endpoint), door(endpoint) as open_door:
        answer = open_door.exchange(after=57, requests=[infer("a")], wait_ms=LONG_MS)
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
def test_what_lua_makes_of_empty_tables_and_numbers_is_understood(body: Record) -> None:
    assert exchanges.parse(body) == Call("s")


def test_whole_floats_count_and_long_waits_are_cut() -> None:
    assert exchanges.parse({"session": "s", "after": 5.0, "wait_ms": 1e9}) == Call("s", 5, exchanges.WAIT_MAX_MS)


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
        ({"session": "s", "wait_ms": -1}, "wait_ms"),
        ({"session": "s", "requests": {"a": 1}}, "requests"),
        ({"session": "s", "requests": "a"}, "requests"),
        ({"session": "s", "requests": [{}] * (wire.RECORDS_MAX + 1)}, "requests"),
        ({"session": "s", "cancel": 5}, "cancel"),
        ({"session": "s", "request": []}, "request: unknown field"),
    ],
)
def test_a_wrong_body_is_named(body: Any, names: str) -> None:
    with pytest.raises(BadRequest, match=f"^{names}"):
        exchanges.parse(body)


def test_a_wrong_body_is_400_and_a_wrong_request_is_rejected_alone(endpoint: str) -> None:
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
    with FakeDaemon(endpoint) as daemon, door(endpoint) as open_door:
        assert open_door.http.post("/v1/exchange", content=b"{").status_code == 400
        assert open_door.http.post("/v1/exchange", json={"session": 1}).status_code == 400
        answer = open_door.exchange(requests=[infer("first"), *wrong, infer("last")], wait_ms=LONG_MS)
        while len(answer["events"]) < 2:
            answer = open_door.exchange(wait_ms=LONG_MS)
        assert daemon.seen.qsize() == 2
    assert ids(answer) == ["first", "last"]


def test_rejections_say_which_and_why(endpoint: str) -> None:
    with FakeDaemon(endpoint), door(endpoint) as open_door:
        answer = open_door.exchange(
            requests=[5, {"op": "ping", "id": "p"}, infer("big", prompt="x" * wire.RECORD_MAX_BYTES)], wait_ms=LONG_MS
        )
    assert [(r["id"], r["code"]) for r in answer["rejected"]] == [
        (None, "bad_request"),
        ("p", "bad_request"),
        ("big", "too_large"),
    ]
    assert "think or infer" in answer["rejected"][1]["message"]


def test_player_text_may_hold_any_bytes(endpoint: str) -> None:
    with FakeDaemon(endpoint) as daemon, door(endpoint) as open_door:
        body = (
            b'{"session":"s\\ud800","wait_ms":9000.0,"requests":[{"op":"infer","id":"\xffa","prompt":"\xc3(\\u0000"}]}'
        )
        answer = open_door.http.post(
            "/v1/exchange", content=body, headers={"Content-Type": "application/x-www-form-urlencoded"}
        )
        assert daemon.next()["prompt"] == "\ufffd(\ufffd"
    assert answer.json()["events"][0]["id"] == "\ufffda"


# -- bounds ---------------------------------------------------------------------------------------


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def with_exchange(endpoint: str, test: Callable[[Exchange, Link, Clock], Awaitable[None]]) -> None:
    async def run() -> None:
        clock = Clock()
        link = Link(endpoint, retry_s=DEADLINE_S)
        link.start()
        exchange = Exchange(link, timeout_ms=1000, clock=clock)
        try:
            async with asyncio.timeout(2 * DEADLINE_S):
                await test(exchange, link, clock)
        finally:
            exchange.stop()
            link.stop()

    asyncio.run(run())


def test_an_unused_session_ends_and_its_requests_are_cancelled(endpoint: str) -> None:
    async def test(exchange: Exchange, link: Link, clock: Clock) -> None:
        await exchange.call(Call("idle", requests=[infer("a")]))
        asked = await asyncio.to_thread(daemon.next)
        waiting = asyncio.create_task(exchange.call(Call("waits", wait_ms=LONG_MS)))
        await asyncio.sleep(0)
        clock.now_s += exchanges.SESSION_IDLE_S - 1
        await exchange.call(Call("used"))
        clock.now_s += 1
        exchange.sweep()
        assert exchange.session_count == 2, "one was used, one waits"
        assert (await asyncio.to_thread(daemon.next))["target"] == asked["id"]
        assert link.open_count == 0
        exchange.stop()
        await waiting

    with FakeDaemon(endpoint, silent) as daemon:
        with_exchange(endpoint, test)


def test_over_the_limit_the_session_goes_that_was_unused_longest(
    endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchanges, "SESSIONS_MAX", 2)

    async def test(exchange: Exchange, link: Link, clock: Clock) -> None:
        await exchange.call(Call("one", requests=[infer("a")]))
        await exchange.call(Call("two", requests=[infer("a")]))
        await exchange.call(Call("one"))
        await exchange.call(Call("three"))
        assert exchange.session_count == 2
        assert link.open_count == 1
        first = await asyncio.to_thread(daemon.next)
        daemon.say(first["id"], done())
        answer = await exchange.call(Call("one", wait_ms=LONG_MS))
        assert [event["id"] for event in answer.events] == ["a"]

    with FakeDaemon(endpoint, silent) as daemon:
        with_exchange(endpoint, test)


def test_a_client_that_never_acknowledges_is_held_back_but_no_last_answer_is_lost(
    endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchanges, "EVENTS_MAX", 4)
    monkeypatch.setattr(sessions, "EVENTS_MAX", 4)

    async def test(exchange: Exchange, link: Link, _: Clock) -> None:
        script: list[Record] = [*(delta(str(i)) for i in range(10)), done()]
        daemon.script = lambda _: script
        answer = await exchange.call(Call("s", requests=[infer("a", stream=True)], wait_ms=LONG_MS))
        while not answer.events or answer.events[-1]["event"] != "done":
            answer = await exchange.call(Call("s", wait_ms=1))
        assert [event["event"] for event in answer.events] == ["delta"] * 4 + ["done"]
        refused = await exchange.call(Call("s", requests=[infer("b")]))
        assert [(r["id"], r["code"]) for r in refused.rejected] == [("b", "overloaded")]
        assert refused.rejected[0]["retry_after_ms"] > 0
        script = [done()]
        answer = await exchange.call(Call("s", after=answer.events[-1]["seq"], requests=[infer("b")], wait_ms=LONG_MS))
        assert [event["id"] for event in answer.events] == ["b"]

    with FakeDaemon(endpoint) as daemon:
        with_exchange(endpoint, test)


def test_a_request_that_names_no_deadline_ends_all_the_same(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The daemon forgets what a peer that read too slowly had asked; nobody may wait for ever for that."""
    from llm_agentd.http import daemon_client as links

    monkeypatch.setattr(links, "TICK_S", 0.01)
    monkeypatch.setattr(links, "EXPIRY_GRACE_S", 0.0)

    async def test(exchange: Exchange, link: Link, _: Clock) -> None:
        quick = infer("quick", deadline_ms=20)
        answer = await exchange.call(Call("s", requests=[quick, infer("patient")], wait_ms=LONG_MS))
        assert [(event["id"], event["code"]) for event in answer.events] == [("quick", "deadline_exceeded")]
        assert link.open_count == 1

    with FakeDaemon(endpoint, silent):
        with_exchange(endpoint, test)


def test_stopping_answers_calls_that_wait(endpoint: str) -> None:
    with FakeDaemon(endpoint, silent), door(endpoint) as open_door:
        waiting = open_door.in_background(wait_ms=LONG_MS)
        until(lambda: waits(open_door))
    assert waiting.result() == {"events": [], "rejected": []}
