"""The client to the daemon: what becomes of open requests when it dies, hangs, starts slowly or answers nonsense."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

import pytest

from llm_agentd.errors import AgentdError, BadRequest, Overloaded, StartError, TooLarge, Unavailable
from llm_agentd.http import daemon_client, open_requests
from llm_agentd.http.daemon_client import DaemonClient
from llm_agentd.http.open_requests import Submission
from llm_agentd.protocol import wire
from tests.support.http_harness import DEADLINE_S, FakeDaemon, Record, always_hits, delta, done, error, pong, silent

LONG_S = 600.0


class Sink:
    """Keeps the answers that it gets, and lets tests wait for them."""

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
async def started(
    endpoint: str, *, retry_s: float = LONG_S, clock: Callable[[], float] = time.monotonic
) -> AsyncIterator[DaemonClient]:
    client = DaemonClient(endpoint, retry_s=retry_s, clock=clock)
    client.start()
    try:
        yield client
    finally:
        client.stop()


def submit(client: DaemonClient, sink: Sink, **fields: object) -> str:
    (outcome,) = client.submit([Submission({"op": "infer", "prompt": "x", **fields}, sink, LONG_S)])
    assert isinstance(outcome, str)
    return outcome


async def next_at(daemon: FakeDaemon) -> Record:
    return await asyncio.to_thread(daemon.next)


def is_decided(sink: Sink, daemon: FakeDaemon, wire_id: str) -> bool:
    """It was answered, or sent to this daemon too. Takes what came there before it."""
    while not sink.events and not daemon.received.empty():
        if daemon.next()["id"] == wire_id:
            return True
    return bool(sink.events)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not condition():
            await asyncio.sleep(0.005)


async def until_unready(client: DaemonClient, now_s: list[float]) -> None:
    """Lets the silence of a mute daemon last longer than it is allowed to; `now_s` is the client's clock."""

    def is_unready() -> bool:
        now_s[0] += daemon_client.STALLED_S + 0.1
        return not client.is_ready

    await until(is_unready)


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(4 * DEADLINE_S):
            await test()

    asyncio.run(bounded())


def test_submit_many_requests_sends_one_frame(endpoint: str) -> None:
    async def test() -> None:
        with FakeDaemon(endpoint) as daemon:
            async with started(endpoint) as client:
                sink = Sink()
                await until(lambda: client.is_ready)
                submissions = [Submission({"op": "infer", "prompt": str(i)}, sink, LONG_S) for i in range(50)]
                outcomes = client.submit(submissions)
                await sink.wait_for(50)
                assert daemon.parts == [50]
                assert [event["id"] for event in sink.events] == outcomes
                assert len(set(map(str, outcomes))) == 50
                assert client.open_count == 0

    run(test)


def test_submit_with_unencodable_requests_sends_the_others(endpoint: str) -> None:
    async def test() -> None:
        with FakeDaemon(endpoint):
            async with started(endpoint) as client:
                sink = Sink()
                deep: list[object] = []
                for _ in range(400):
                    deep = [deep]
                prompts: list[object] = ["x", "y" * wire.RECORD_MAX_BYTES, deep, "z"]
                outcomes = client.submit([Submission({"op": "infer", "prompt": p}, sink, LONG_S) for p in prompts])
                assert [type(outcome) for outcome in outcomes] == [str, TooLarge, BadRequest, str]
                await sink.wait_for(2)
                assert client.open_count == 0

    run(test)


def test_reconnect_resends_open_requests_with_what_is_left_of_their_time(endpoint: str) -> None:
    async def test() -> None:
        first = FakeDaemon(endpoint, silent)
        first.__enter__()
        async with started(endpoint) as client:
            sink = Sink()
            submit(client, sink, prompt="a")
            submit(client, sink, prompt="b")
            before = [await next_at(first), await next_at(first)]
            await asyncio.to_thread(first.kill)
            await until(lambda: not client.is_ready)
            submit(client, sink, prompt="while it was away")
            with FakeDaemon(endpoint) as second:
                events = await sink.wait_for(3)
                again = [second.received.get_nowait() for _ in range(3)]
            left_ms = [record.pop("deadline_ms") for record in again[:2]]
            assert all(0 < left < LONG_S * 1000 for left in left_ms)
            assert again[:2] == before
            assert again[2]["prompt"] == "while it was away"
            assert [event["event"] for event in events] == ["done"] * 3
            assert first.peer == second.peer != b""

    run(test)


def test_request_that_kills_two_daemons_fails_and_the_others_are_answered(endpoint: str) -> None:
    def dies_of(record: Record) -> list[Record]:
        return [] if "kill" in record["prompt"] else [done()]

    async def test() -> None:
        daemon = FakeDaemon(endpoint, silent)
        daemon.__enter__()
        async with started(endpoint) as client:
            killed, innocent = Sink(), Sink()
            killer = submit(client, killed, prompt="kill")
            for number in range(3):
                submit(client, innocent, prompt=str(number))
            for _ in range(4):
                await next_at(daemon)
            deaths = 0
            while not killed.events:
                await asyncio.to_thread(daemon.kill)
                deaths += 1
                daemon = FakeDaemon(endpoint, dies_of)
                daemon.__enter__()
                await until(partial(is_decided, killed, daemon, killer))
            await innocent.wait_for(3)
            daemon.kill()
        assert deaths == 2
        assert [event["event"] for event in innocent.events] == ["done"] * 3
        assert [event["code"] for event in killed.events] == ["engine_failed"]
        assert "the daemon died of this request" in killed.events[0]["message"]

    run(test)


def test_connection_that_breaks_from_a_daemon_that_lives_blames_nobody(endpoint: str) -> None:
    async def test() -> None:
        daemon = FakeDaemon(endpoint, silent)
        daemon.__enter__()
        async with started(endpoint) as client:
            sink = Sink()
            for number in range(2):
                submit(client, sink, prompt=str(number))
            for _ in range(4):
                await next_at(daemon), await next_at(daemon)  # both, at once
                ping = daemon.ping
                await asyncio.to_thread(daemon.kill)
                daemon = FakeDaemon(endpoint, silent)
                daemon.ping = ping
                daemon.__enter__()
            assert (client.open_count, sink.events) == (2, [])
            await asyncio.to_thread(daemon.kill)

    run(test)


def test_request_expires_while_the_daemon_is_away(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daemon_client, "TICK_S", 0.01)
    now_s = [100.0]

    async def test() -> None:
        async with started(endpoint, clock=lambda: now_s[0]) as client:
            sink = Sink()
            client.submit([Submission({"op": "infer", "prompt": "x"}, sink, 2.0)])
            now_s[0] += 2.1
            (event,) = await sink.wait_for(1)
            assert event["code"] == "deadline_exceeded"
            assert "no daemon at" in event["message"]

    run(test)


def test_request_refused_by_each_of_many_stopping_daemons_goes_to_the_next(endpoint: str) -> None:
    daemons: list[FakeDaemon] = []

    def stops(_: Record) -> list[Record]:
        daemons[-1].ping = error("unavailable", "stopping")
        daemons[-1].pinged.clear()
        return [daemons[-1].ping]

    async def test() -> None:
        async with started(endpoint) as client:
            sink = Sink()
            submit(client, sink)
            for _ in range(4):
                daemons.append(FakeDaemon(endpoint, stops))
                daemons[-1].__enter__()
                await next_at(daemons[-1])
                # It asks whether the daemon is ready once it has the refusal. ZeroMQ may lose that with the connection.
                assert await asyncio.to_thread(daemons[-1].pinged.wait, DEADLINE_S)
                await asyncio.to_thread(daemons[-1].kill)
            with FakeDaemon(endpoint):
                (event,) = await sink.wait_for(1)
            assert event["event"] == "done"

    run(test)


def test_resent_stream_passes_on_no_delta_twice(endpoint: str) -> None:
    async def test() -> None:
        def streams(_: Record) -> list[Record]:
            return [delta("Well "), delta("met.")]

        first = FakeDaemon(endpoint, streams)
        first.__enter__()
        async with started(endpoint) as client:
            shown, fresh = Sink(), Sink()
            submit(client, shown, stream=True)
            await shown.wait_for(2)
            await asyncio.to_thread(first.kill)
            await until(lambda: not client.is_ready)
            submit(client, fresh, stream=True)
            with FakeDaemon(endpoint, lambda record: [*streams(record), done("Well met.")]):
                await fresh.wait_for(3)
                events = await shown.wait_for(3)
            assert [event["event"] for event in events] == ["delta", "delta", "done"]
            assert [event["event"] for event in fresh.events] == ["delta", "delta", "done"]

    run(test)


def test_requests_wait_while_the_daemon_starts(endpoint: str) -> None:
    async def test() -> None:
        with FakeDaemon(endpoint) as daemon:
            daemon.ping = error("unavailable", "starting", retry_after_ms=1000)
            async with started(endpoint) as client:
                sink = Sink()
                submit(client, sink)
                await asyncio.to_thread(daemon.pinged.wait, DEADLINE_S)
                assert daemon.received.empty()
                assert not client.is_ready
                daemon.ping = pong("one")
                await sink.wait_for(1)

    run(test)


def test_request_refused_by_a_stopping_daemon_goes_to_the_next_one(endpoint: str) -> None:
    async def test() -> None:
        first = FakeDaemon(endpoint, lambda _: [error("unavailable", "stopping")])
        first.__enter__()
        async with started(endpoint) as client:
            sink = Sink()
            await until(lambda: client.is_ready)
            first.ping = error("unavailable", "stopping")
            submit(client, sink)
            await next_at(first)
            await asyncio.to_thread(first.kill)
            with FakeDaemon(endpoint):
                events = await sink.wait_for(1)
            assert events[0]["event"] == "done"

    run(test)


def test_request_refused_twice_fails_with_unavailable(endpoint: str) -> None:
    async def test() -> None:
        with FakeDaemon(endpoint, lambda _: [error("unavailable", "no engine", retry_after_ms=7)]) as daemon:
            async with started(endpoint) as client:
                sink = Sink()
                submit(client, sink)
                (event,) = await sink.wait_for(1)
                assert (event["code"], event["retry_after_ms"]) == ("unavailable", 7)
                assert daemon.received.qsize() == 2

    run(test)


def test_no_daemon_for_retry_s_fails_open_and_new_requests_until_it_is_back(endpoint: str) -> None:
    async def test() -> None:
        async with started(endpoint, retry_s=0.05) as client:
            sink = Sink()
            submit(client, sink)
            (event,) = await sink.wait_for(1)
            assert (event["code"], event["retry_after_ms"]) == ("unavailable", open_requests.RETRY_AFTER_MS)
            assert endpoint in event["message"]
            (outcome,) = client.submit([Submission({"op": "infer"}, sink, LONG_S)])
            assert isinstance(outcome, Unavailable)
            assert outcome.retry_after_ms == open_requests.RETRY_AFTER_MS
            with FakeDaemon(endpoint):
                await until(lambda: client.is_ready)
                submit(client, sink)
                assert (await sink.wait_for(2))[1]["event"] == "done"

    run(test)


def test_silent_daemon_becomes_unready_and_ready_again_with_its_pong(
    endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daemon_client, "TICK_S", 0.01)
    now_s = [100.0]

    async def test() -> None:
        with FakeDaemon(endpoint) as daemon:
            async with started(endpoint, retry_s=0.05, clock=lambda: now_s[0]) as client:
                sink = Sink()
                await until(lambda: client.is_ready)
                daemon.mute = True
                waiting = submit(client, sink)
                await next_at(daemon)
                await asyncio.sleep(10 * daemon_client.TICK_S)
                assert client.is_ready, "not given up before its time"
                await until_unready(client, now_s)
                (event,) = await sink.wait_for(1)
                assert (event["id"], event["code"]) == (waiting, "unavailable")
                assert (await next_at(daemon))["target"] == waiting
                daemon.mute = False
                daemon.answer(daemon_client.PING_ID, daemon.ping)
                await until(lambda: client.is_ready)

    run(test)


def test_missing_answer_becomes_deadline_exceeded_after_the_grace(
    endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daemon_client, "TICK_S", 0.01)
    now_s = [100.0]

    async def test() -> None:
        with FakeDaemon(endpoint, silent) as daemon:
            async with started(endpoint, clock=lambda: now_s[0]) as client:
                sink, patient = Sink(), Sink()
                client.submit([Submission({"op": "infer"}, sink, 2.0), Submission({"op": "infer"}, patient, LONG_S)])
                await next_at(daemon)
                now_s[0] += 2.0 + open_requests.EXPIRY_GRACE_S + 0.1
                (event,) = await sink.wait_for(1)
                assert event["code"] == "deadline_exceeded"
                assert patient.events == []
                assert client.open_count == 1

    run(test)


def test_request_that_ends_while_a_suspect_is_on_trial_is_told_why(
    endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not the daemon that is silent: it never had it."""
    monkeypatch.setattr(daemon_client, "TICK_S", 0.01)
    now_s = [100.0]

    async def test() -> None:
        async with started(endpoint, clock=lambda: now_s[0]) as client:
            suspect, behind = Sink(), Sink()
            with FakeDaemon(endpoint, silent) as first:
                submit(client, suspect)
                await next_at(first)
            with FakeDaemon(endpoint, silent) as second:
                await next_at(second)
                client.submit([Submission({"op": "infer", "prompt": "x"}, behind, 2.0)])
                now_s[0] += 2.1
                (event,) = await behind.wait_for(1)
        assert event["code"] == "deadline_exceeded"
        assert daemon_client.HELD_BACK in event["message"]

    run(test)


def test_drop_cancels_and_passes_on_nothing_more(endpoint: str) -> None:
    async def test() -> None:
        with FakeDaemon(endpoint, silent) as daemon:
            async with started(endpoint) as client:
                sink, other = Sink(), Sink()
                dropped, kept = submit(client, sink), submit(client, other)
                await next_at(daemon), await next_at(daemon)
                client.drop([dropped, "never existed"])
                assert (await next_at(daemon))["target"] == dropped
                daemon.answer(dropped, done())
                daemon.answer(kept, done())
                await other.wait_for(1)
                assert sink.events == []

    run(test)


def test_submit_over_count_or_bytes_limit_is_overloaded(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        async with started(endpoint) as client:
            sink = Sink()
            monkeypatch.setattr(open_requests, "OPEN_MAX", 3)
            outcomes = client.submit([Submission({"op": "infer"}, sink, LONG_S) for _ in range(4)])
            assert isinstance(outcomes[3], Overloaded)
            assert outcomes[3].retry_after_ms
            monkeypatch.setattr(open_requests, "OPEN_MAX", 100)
            monkeypatch.setattr(open_requests, "OPEN_MAX_BYTES", 1)
            (outcome,) = client.submit([Submission({"op": "infer"}, sink, LONG_S)])
            assert isinstance(outcome, Overloaded)
            client.drop([str(outcome) for outcome in outcomes[:3]])
            monkeypatch.setattr(open_requests, "OPEN_MAX_BYTES", 1000)
            submit(client, sink)
            assert client.open_count == 1

    run(test)


def test_unreadable_and_unknown_records_are_logged_and_skipped(endpoint: str, caplog: pytest.LogCaptureFixture) -> None:
    async def test() -> None:
        with FakeDaemon(endpoint, silent) as daemon:
            async with started(endpoint) as client:
                sink, breaks = Sink(), Sink()
                breaks.events = None  # type: ignore[assignment]  # a reader with a bug
                first, second = submit(client, breaks), submit(client, sink)
                await next_at(daemon), await next_at(daemon)
                daemon.send_part(b"\x00\x00\x00\x02{]" + wire.encode({"id": 5}) + wire.encode({"event": "done"}))
                daemon.send_part(
                    wire.encode({"id": None, "event": "error", "code": "bad_json", "message": "was broken"})
                )
                daemon.send_part(wire.encode({"id": "99", **done()}) + wire.encode({"id": first, **done()}))
                daemon.answer(second, done())
                await sink.wait_for(1)
        assert "cannot be read" in caplog.text
        assert "was broken" in caplog.text
        assert "broke its reader" in caplog.text

    run(test)


def test_stop_fails_open_requests_with_unavailable(endpoint: str) -> None:
    async def test() -> None:
        sink = Sink()
        async with started(endpoint) as client:
            submit(client, sink)
        assert sink.events[0]["code"] == "unavailable"
        client.stop()

    run(test)


def test_start_with_bad_endpoint_names_it() -> None:
    async def test() -> None:
        with pytest.raises(StartError, match=r"zmq\.endpoint: cannot connect to 'tcp://nowhere'.*want tcp"):
            DaemonClient("tcp://nowhere", retry_s=1).start()

    run(test)


def test_begin_gives_a_future_or_raises(endpoint: str) -> None:
    """The short form of `submit`: a future, or the reason why there is none."""

    async def test() -> None:
        with FakeDaemon(endpoint, always_hits):
            async with started(endpoint) as client:
                _, reply = client.begin({"op": "infer", "prompt": "x"}, LONG_S)
                assert (await reply)["text"] == "Well met."
                with pytest.raises(AgentdError):
                    client.begin({"op": "infer", "prompt": "x" * wire.RECORD_MAX_BYTES}, LONG_S)

    run(test)


def test_recovery_from_silence_sends_only_new_requests(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daemon_client, "TICK_S", 0.01)
    now_s = [100.0]

    async def test() -> None:
        with FakeDaemon(endpoint, silent) as daemon:
            async with started(endpoint, clock=lambda: now_s[0]) as client:
                sink = Sink()
                await until(lambda: client.is_ready)
                daemon.mute = True
                before = submit(client, sink)
                await next_at(daemon)
                await until_unready(client, now_s)
                during = submit(client, sink)
                daemon.mute = False
                daemon.answer(daemon_client.PING_ID, daemon.ping)
                assert (await next_at(daemon))["id"] == during
                daemon.answer(during, done())
                daemon.answer(before, done())
                await sink.wait_for(2)
                assert daemon.received.empty()

    run(test)
