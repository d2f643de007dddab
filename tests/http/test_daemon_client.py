"""The link to the daemon: what becomes of open requests when it dies, hangs, starts slowly or answers nonsense."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from llm_agentd.errors import AgentdError, BadRequest, Overloaded, StartError, TooLarge, Unavailable
from llm_agentd.http import daemon_client as links
from llm_agentd.http.daemon_client import Ask, Link
from llm_agentd.protocol import wire
from tests.support.http_harness import DEADLINE_S, FakeDaemon, Record, always_hits, delta, done, error, silent

LONG_S = 600.0


class Heard:
    """A sink that keeps what it hears, and lets tests wait for it."""

    def __init__(self) -> None:
        self.events: list[Record] = []
        self._more = asyncio.Event()

    def __call__(self, _: str, record: Record) -> None:
        self.events.append(record)
        self._more.set()

    async def wait_for(self, count: int) -> list[Record]:
        async with asyncio.timeout(DEADLINE_S):
            while len(self.events) < count:
                self._more.clear()
                await self._more.wait()
        return self.events


@asynccontextmanager
async def linked(
    endpoint: str, *, retry_s: float = LONG_S, clock: Callable[[], float] = time.monotonic
) -> AsyncIterator[Link]:
    link = Link(endpoint, retry_s=retry_s, clock=clock)
    link.start()
    try:
        yield link
    finally:
        link.stop()


def ask(link: Link, sink: Heard, **fields: object) -> str:
    (outcome,) = link.submit([Ask({"op": "infer", "prompt": "x", **fields}, sink, LONG_S)])
    assert isinstance(outcome, str)
    return outcome


async def at_daemon(daemon: FakeDaemon) -> Record:
    return await asyncio.to_thread(daemon.next)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not condition():
            await asyncio.sleep(0.005)


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(4 * DEADLINE_S):
            await test()

    asyncio.run(bounded())


def test_all_questions_of_a_call_leave_in_one_frame(endpoint: str) -> None:
    async def test() -> None:
        with FakeDaemon(endpoint) as daemon:
            async with linked(endpoint) as link:
                heard = Heard()
                await until(lambda: link.ready)
                asks = [Ask({"op": "infer", "prompt": str(i)}, heard, LONG_S) for i in range(50)]
                outcomes = link.submit(asks)
                await heard.wait_for(50)
                assert daemon.parts == [50]
                assert [event["id"] for event in heard.events] == outcomes
                assert len(set(map(str, outcomes))) == 50
                assert link.open_count == 0

    run(test)


def test_one_bad_question_does_not_hold_back_the_others(endpoint: str) -> None:
    async def test() -> None:
        with FakeDaemon(endpoint):
            async with linked(endpoint) as link:
                heard = Heard()
                deep: list[object] = []
                for _ in range(400):
                    deep = [deep]
                prompts: list[object] = ["x", "y" * wire.RECORD_MAX_BYTES, deep, "z"]
                outcomes = link.submit([Ask({"op": "infer", "prompt": p}, heard, LONG_S) for p in prompts])
                assert [type(outcome) for outcome in outcomes] == [str, TooLarge, BadRequest, str]
                await heard.wait_for(2)
                assert link.open_count == 0

    run(test)


def test_what_was_open_is_sent_again_when_the_daemon_comes_back(endpoint: str) -> None:
    async def test() -> None:
        first = FakeDaemon(endpoint, silent)
        first.__enter__()
        async with linked(endpoint) as link:
            heard = Heard()
            ask(link, heard, prompt="a")
            ask(link, heard, prompt="b")
            before = [await at_daemon(first), await at_daemon(first)]
            await asyncio.to_thread(first.kill)
            await until(lambda: not link.ready)
            ask(link, heard, prompt="while it was away")
            with FakeDaemon(endpoint) as second:
                events = await heard.wait_for(3)
                again = [second.seen.get_nowait() for _ in range(3)]
            assert again[:2] == before, "identical content, or the daemon would refuse the id"
            assert again[2]["prompt"] == "while it was away"
            assert [event["event"] for event in events] == ["done"] * 3
            assert first.peer == second.peer != b""

    run(test)


def test_after_a_second_run_no_delta_is_shown_twice(endpoint: str) -> None:
    async def test() -> None:
        def streams(_: Record) -> list[Record]:
            return [delta("Well "), delta("met.")]

        first = FakeDaemon(endpoint, streams)
        first.__enter__()
        async with linked(endpoint) as link:
            shown, fresh = Heard(), Heard()
            ask(link, shown, stream=True)
            await shown.wait_for(2)
            await asyncio.to_thread(first.kill)
            await until(lambda: not link.ready)
            ask(link, fresh, stream=True)
            with FakeDaemon(endpoint, lambda record: [*streams(record), done("Well met.")]):
                await fresh.wait_for(3)
                events = await shown.wait_for(3)
            assert [event["event"] for event in events] == ["delta", "delta", "done"]
            assert [event["event"] for event in fresh.events] == ["delta", "delta", "done"]

    run(test)


def test_a_daemon_that_starts_is_asked_only_when_it_can_answer(endpoint: str) -> None:
    async def test() -> None:
        with FakeDaemon(endpoint) as daemon:
            daemon.ping = error("unavailable", "starting", retry_after_ms=1000)
            async with linked(endpoint) as link:
                heard = Heard()
                ask(link, heard)
                await asyncio.to_thread(daemon.pinged.wait, DEADLINE_S)
                assert daemon.seen.empty()
                assert not link.ready
                daemon.ping = {"event": "done", "pong": True}
                await heard.wait_for(1)

    run(test)


def test_a_question_that_meets_a_stopping_daemon_waits_for_the_next_one(endpoint: str) -> None:
    async def test() -> None:
        first = FakeDaemon(endpoint, lambda _: [error("unavailable", "stopping")])
        first.__enter__()
        async with linked(endpoint) as link:
            heard = Heard()
            await until(lambda: link.ready)
            first.ping = error("unavailable", "stopping")
            ask(link, heard)
            await at_daemon(first)
            await asyncio.to_thread(first.kill)
            with FakeDaemon(endpoint):
                events = await heard.wait_for(1)
            assert events[0]["event"] == "done"

    run(test)


def test_a_question_that_is_always_unavailable_is_told_so(endpoint: str) -> None:
    async def test() -> None:
        with FakeDaemon(endpoint, lambda _: [error("unavailable", "no engine", retry_after_ms=7)]) as daemon:
            async with linked(endpoint) as link:
                heard = Heard()
                ask(link, heard)
                (event,) = await heard.wait_for(1)
                assert (event["code"], event["retry_after_ms"]) == ("unavailable", 7)
                assert daemon.seen.qsize() == 2

    run(test)


def test_after_retry_s_all_are_told_and_new_ones_at_once_until_it_is_back(endpoint: str) -> None:
    async def test() -> None:
        async with linked(endpoint, retry_s=0.05) as link:
            heard = Heard()
            ask(link, heard)
            (event,) = await heard.wait_for(1)
            assert (event["code"], event["retry_after_ms"]) == ("unavailable", links.RETRY_AFTER_MS)
            assert endpoint in event["message"]
            (outcome,) = link.submit([Ask({"op": "infer"}, heard, LONG_S)])
            assert isinstance(outcome, Unavailable)
            assert outcome.retry_after_ms == links.RETRY_AFTER_MS
            with FakeDaemon(endpoint):
                await until(lambda: link.ready)
                ask(link, heard)
                assert (await heard.wait_for(2))[1]["event"] == "done"

    run(test)


def test_a_daemon_that_hangs_is_noticed_and_welcomed_back(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "TICK_S", 0.01)
    now_s = [100.0]

    async def test() -> None:
        with FakeDaemon(endpoint) as daemon:
            async with linked(endpoint, retry_s=0.05, clock=lambda: now_s[0]) as link:
                heard = Heard()
                await until(lambda: link.ready)
                daemon.mute = True
                waiting = ask(link, heard)
                await at_daemon(daemon)
                await until(lambda: link._ping_sent_s is not None)
                assert link.ready, "not given up before its time"
                now_s[0] += links.STALLED_S + 0.1
                (event,) = await heard.wait_for(1)
                assert (event["id"], event["code"]) == (waiting, "unavailable")
                assert (await at_daemon(daemon))["target"] == waiting
                daemon.mute = False
                daemon.say(links.PING_ID, {"event": "done", "pong": True})
                await until(lambda: link.ready)

    run(test)


def test_an_answer_that_never_comes_is_given_in_the_daemons_place(
    endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "TICK_S", 0.01)
    now_s = [100.0]

    async def test() -> None:
        with FakeDaemon(endpoint, silent) as daemon:
            async with linked(endpoint, clock=lambda: now_s[0]) as link:
                heard, patient = Heard(), Heard()
                link.submit([Ask({"op": "infer"}, heard, 2.0), Ask({"op": "infer"}, patient, LONG_S)])
                await at_daemon(daemon)
                now_s[0] += 2.0 + links.EXPIRY_GRACE_S + 0.1
                (event,) = await heard.wait_for(1)
                assert event["code"] == "deadline_exceeded"
                assert patient.events == []
                assert link.open_count == 1

    run(test)


def test_dropped_questions_are_cancelled_and_never_heard_of_again(endpoint: str) -> None:
    async def test() -> None:
        with FakeDaemon(endpoint, silent) as daemon:
            async with linked(endpoint) as link:
                heard, other = Heard(), Heard()
                dropped, kept = ask(link, heard), ask(link, other)
                await at_daemon(daemon), await at_daemon(daemon)
                link.drop([dropped, "never existed"])
                assert (await at_daemon(daemon))["target"] == dropped
                daemon.say(dropped, done())
                daemon.say(kept, done())
                await other.wait_for(1)
                assert heard.events == []

    run(test)


def test_its_memory_is_bounded(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        async with linked(endpoint) as link:
            heard = Heard()
            monkeypatch.setattr(links, "OPEN_MAX", 3)
            outcomes = link.submit([Ask({"op": "infer"}, heard, LONG_S) for _ in range(4)])
            assert isinstance(outcomes[3], Overloaded)
            assert outcomes[3].retry_after_ms
            monkeypatch.setattr(links, "OPEN_MAX", 100)
            monkeypatch.setattr(links, "OPEN_MAX_BYTES", 1)
            (outcome,) = link.submit([Ask({"op": "infer"}, heard, LONG_S)])
            assert isinstance(outcome, Overloaded)
            link.drop([str(outcome) for outcome in outcomes[:3]])
            monkeypatch.setattr(links, "OPEN_MAX_BYTES", 1000)
            ask(link, heard)
            assert link.open_count == 1

    run(test)


def test_nonsense_from_the_daemon_hurts_nobody(endpoint: str, caplog: pytest.LogCaptureFixture) -> None:
    async def test() -> None:
        with FakeDaemon(endpoint, silent) as daemon:
            async with linked(endpoint) as link:
                heard, breaks = Heard(), Heard()
                breaks.events = None  # type: ignore[assignment]  # a reader with a bug
                first, second = ask(link, breaks), ask(link, heard)
                await at_daemon(daemon), await at_daemon(daemon)
                daemon.say_raw(b"\x00\x00\x00\x02{]" + wire.encode({"id": 5}) + wire.encode({"event": "done"}))
                daemon.say_raw(wire.encode({"id": None, "event": "error", "code": "bad_json", "message": "was broken"}))
                daemon.say_raw(wire.encode({"id": "99", **done()}) + wire.encode({"id": first, **done()}))
                daemon.say(second, done())
                await heard.wait_for(1)
        assert "cannot be read" in caplog.text
        assert "was broken" in caplog.text
        assert "broke its reader" in caplog.text

    run(test)


def test_stopping_answers_what_is_open(endpoint: str) -> None:
    async def test() -> None:
        heard = Heard()
        async with linked(endpoint) as link:
            ask(link, heard)
        assert heard.events[0]["code"] == "unavailable"
        link.stop()

    run(test)


def test_an_endpoint_that_is_none_is_named() -> None:
    async def test() -> None:
        with pytest.raises(StartError, match=r"zmq\.endpoint: cannot connect to 'tcp://nowhere'.*want tcp"):
            Link("tcp://nowhere", retry_s=1).start()

    run(test)


def test_errors_are_known_to_be_expected(endpoint: str) -> None:
    """`ask`, the short form: a future, or the reason why there is none."""

    async def test() -> None:
        with FakeDaemon(endpoint, always_hits):
            async with linked(endpoint) as link:
                _, reply = link.ask({"op": "infer", "prompt": "x"}, LONG_S)
                assert (await reply)["text"] == "Well met."
                with pytest.raises(AgentdError):
                    link.ask({"op": "infer", "prompt": "x" * wire.RECORD_MAX_BYTES}, LONG_S)

    run(test)


def test_after_a_pause_nothing_is_sent_twice(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "TICK_S", 0.01)
    now_s = [100.0]

    async def test() -> None:
        with FakeDaemon(endpoint, silent) as daemon:
            async with linked(endpoint, clock=lambda: now_s[0]) as link:
                heard = Heard()
                await until(lambda: link.ready)
                daemon.mute = True
                before = ask(link, heard)
                await at_daemon(daemon)
                await until(lambda: link._ping_sent_s is not None)
                now_s[0] += links.STALLED_S + 0.1
                await until(lambda: not link.ready)
                during = ask(link, heard)
                daemon.mute = False
                daemon.say(links.PING_ID, {"event": "done", "pong": True})
                assert (await at_daemon(daemon))["id"] == during
                daemon.say(during, done())
                daemon.say(before, done())
                await heard.wait_for(2)
                assert daemon.seen.empty()

    run(test)
