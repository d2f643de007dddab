"""`Client` and `AsyncClient` against a real daemon on the stub engine."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

import pytest

from llm_agentd.client import AsyncClient, Client
from llm_agentd.engines.stub.engine import StubEngine
from llm_agentd.errors import (
    AgentdError,
    BadJson,
    BadRequest,
    Cancelled,
    DeadlineExceeded,
    Filtered,
    StartError,
    SwitchedOff,
    TooLarge,
    Unavailable,
)
from llm_agentd.memory import open_memory
from llm_agentd.protocol import wire
from llm_agentd.roles import Roles
from llm_agentd.types import Message, Npc, Reply
from tests.support.daemon_in_process import InProcess
from tests.support.http_harness import FakeDaemon, delta, error, silent

MIRA = Npc("1", "Mira", "healer")
WAIT_S = 10.0


class Gate:
    """Holds the engine's steps back until it is opened."""

    def __init__(self) -> None:
        self.entered, self.opened = threading.Event(), threading.Event()

    def on_step(self, _running: int) -> None:
        self.entered.set()
        assert self.opened.wait(WAIT_S)


def echo(prompt: str) -> list[bytes]:
    """A script for the stub engine: the prompt, a word at a time."""
    return [f"{word} ".encode() for word in prompt.split()]


@pytest.fixture
def client(endpoint: str, tmp_path: Path) -> Iterator[Client]:
    roles = Roles.load(tmp_path / "roles", may_be_missing=True)
    with InProcess(endpoint, roles=roles), Client(endpoint, timeout_s=WAIT_S) as client:
        yield client


# -- what calls give ------------------------------------------------------------------------------


def test_infer_gives_a_reply_with_usage_and_timing(client: Client) -> None:
    reply = client.infer("Say something.", seed=1)
    assert isinstance(reply, Reply)
    assert "Say something" in reply.text
    assert (reply.finish, reply.cache, reply.model, reply.action) == ("stop", "miss", "stub", None)
    assert reply.usage.completion_tokens > 0
    assert reply.timing_ms.total > 0


@pytest.mark.parametrize("message", [{"role": "user", "content": "Hello"}, Message("user", "Hello")])
def test_infer_takes_a_chat(client: Client, message: Message | dict[str, str]) -> None:
    assert client.infer([message]).text


@pytest.mark.parametrize("npc", [MIRA, {"id": "1", "name": "Mira", "role": "healer"}])
def test_think_takes_an_npc_as_dataclass_or_dict(client: Client, npc: Npc | dict[str, str]) -> None:
    reply = client.think(npc, "Good morning!", player="Ana", context={"time": "morning"})
    assert "Mira" in reply.text or "Good morning" in reply.text


def test_stream_gives_pieces_that_make_up_its_reply(client: Client) -> None:
    with client.stream(npc=MIRA, utterance="Hello café", player="Ana") as stream:
        with pytest.raises(RuntimeError, match="iterate"):
            stream.reply  # noqa: B018
        pieces = list(stream)
    assert len(pieces) > 1
    assert "".join(pieces) == stream.reply.text
    assert list(stream) == []


def test_stream_wants_a_prompt_or_an_npc(client: Client) -> None:
    with pytest.raises(TypeError, match="either a prompt or an npc"):
        client.stream()
    with pytest.raises(TypeError, match="either a prompt or an npc"):
        client.stream("Once", npc=MIRA)
    with pytest.raises(RuntimeError, match="enter the stream's context"):
        next(client.stream("Once"))


def test_facts_of_the_daemon(client: Client) -> None:
    client.ping()
    assert client.info()["engine"] == "stub"
    assert client.stats()["open"] == 0
    assert "llm_agentd_requests_total" in client.metrics()


def test_roles_are_set_and_taken_away(client: Client) -> None:
    witch = {"title": "the witch", "persona": "A witch lives alone."}
    before = client.roles()
    answer = client.set_role("witch", witch)
    assert answer["role"]["title"] == "the witch"
    after = client.roles()
    assert answer["version"] == after["version"] != before["version"]
    assert len(after["roles"]) == len(before["roles"]) + 1
    assert client.set_role("witch", None)["role"] is None


def test_memories_are_told_listed_and_forgotten(endpoint: str, tmp_path: Path) -> None:
    memory = open_memory(tmp_path / "memory.db", turns=5, max_bytes=2**24)
    with closing(memory), InProcess(endpoint, memory=memory), Client(endpoint) as client:
        assert client.remember([{"npc": "1", "name": "Mira", "player": "Ana", "text": "Ana bought an apple"}]) == 1
        assert [memory["text"] for memory in client.memories(player="Ana")] == ["Ana bought an apple"]
        assert client.memories(npc="2") == []
        assert client.forget(player="Ana")["outcomes"] == 1
        with pytest.raises(BadRequest, match="all: true"):
            client.forget()
        assert client.forget(all=True)["outcomes"] == 0


def test_admin_sees_and_stops_what_is_asked(client: Client) -> None:
    start = client.events()["seq"]
    client.think({"id": "1", "name": "Mira", "role": "healer"}, "Good evening!", player="Ana")
    (row,) = client.recent_requests(npc="Mira", outcome="done")
    assert client.recent_request(row["seq"])["utterance"] == "Good evening!"
    assert client.npcs()[0]["name"] == "Mira"
    assert "said" in [event["kind"] for event in client.events(start, wait_ms=1000)["events"]]
    assert client.switch()["on"] is True
    assert client.switch(False, by="Ana")["by"] == "Ana"
    with pytest.raises(SwitchedOff, match="by an admin"):
        client.infer("Hello")
    assert client.switch(True)["on"] is True
    assert [entry["what"] for entry in client.audit()] == ["switch", "switch"]


def test_request_gives_the_record_of_any_op(client: Client) -> None:
    record = client.request("infer", id="mine", prompt="Hello", stream=True)
    assert (record["id"], record["event"]) == ("mine", "done")


# -- errors ---------------------------------------------------------------------------------------


def test_wrong_field_raises_bad_request_with_the_daemons_words(client: Client) -> None:
    with pytest.raises(BadRequest, match=r"temperature") as caught:
        client.infer("Hello", temperature=9)
    assert caught.value.code == "bad_request"
    with pytest.raises(BadRequest, match="did you mean 'prompt'"):
        client.request("infer", promt="x")


def test_record_that_is_nested_too_deep_is_answered_at_once(client: Client) -> None:
    deep: dict[str, object] = {}
    for _ in range(70):
        deep = {"properties": {"x": deep}}
    with pytest.raises(BadJson, match="nested deeper"):
        client.infer("Hello", json_schema=deep, timeout_s=5)


def test_record_that_the_wire_cannot_hold_raises_before_it_is_sent(client: Client) -> None:
    with pytest.raises(TooLarge, match=str(wire.RECORD_MAX_BYTES)):
        client.infer("x" * wire.RECORD_MAX_BYTES)
    with pytest.raises(BadRequest, match="JSON"):
        client.think(MIRA, context={"thing": object()})
    client.ping()


@pytest.mark.parametrize(
    ("record", "kind", "retry_after_ms"),
    [
        (error("overloaded", "full", retry_after_ms=120), "Overloaded", 120),
        (error("engine_failed", "broke"), "EngineFailed", None),
        (error("unavailable", "starting", retry_after_ms=1000), "Unavailable", 1000),
        (error("internal", "a bug"), "AgentdError", None),
        (error("never_heard_of", "new"), "AgentdError", None),
    ],
)
def test_codes_become_their_exceptions(
    endpoint: str, record: dict[str, object], kind: str, retry_after_ms: int | None
) -> None:
    with FakeDaemon(endpoint, lambda _: [record]), Client(endpoint) as client, pytest.raises(AgentdError) as caught:
        client.infer("x")
    assert type(caught.value).__name__ == kind
    assert caught.value.message == record["message"]
    assert caught.value.retry_after_ms == retry_after_ms


def test_filtered_reply_brings_its_safe_line(endpoint: str) -> None:
    said = error("filtered", "moderation", text="Let us speak of other things.", by="player")
    with FakeDaemon(endpoint, lambda _: [said]), Client(endpoint) as client, pytest.raises(Filtered) as caught:
        client.think(MIRA, "…")
    assert (caught.value.text, caught.value.by) == ("Let us speak of other things.", "player")


def test_error_ends_a_stream_after_its_pieces(endpoint: str) -> None:
    script = [delta("Well "), error("engine_failed", "broke")]
    with FakeDaemon(endpoint, lambda _: script), Client(endpoint) as client, client.stream("x") as stream:
        assert next(stream) == "Well "
        with pytest.raises(AgentdError, match="broke"):
            next(stream)
        assert list(stream) == []


def test_invalid_endpoint_is_named() -> None:
    with Client("tcp://nowhere") as client, pytest.raises(StartError, match=r"'tcp://nowhere'.*want tcp"):
        client.ping()


def test_unreadable_record_fails_no_other_request(endpoint: str, caplog: pytest.LogCaptureFixture) -> None:
    with FakeDaemon(endpoint, silent) as daemon, Client(endpoint) as client, ThreadPoolExecutor() as pool:
        waiting = pool.submit(client.infer, "x")
        request_id = daemon.next()["id"]
        daemon.send_part(b"\x00\x00\x00\x02{]" + wire.encode({"id": 5}) + wire.encode({"event": "done"}))
        daemon.answer(request_id, error("cancelled", "enough"))
        with pytest.raises(Cancelled):
            waiting.result(WAIT_S)
    assert "cannot be read" in caplog.text


# -- timeouts and cancelling ----------------------------------------------------------------------


def ping_until_answered(client: Client) -> None:
    """The connection comes back by itself, in the background."""
    deadline_s = time.monotonic() + WAIT_S
    while True:
        try:
            return client.ping()
        except Unavailable:
            assert time.monotonic() < deadline_s


def test_no_daemon_raises_unavailable_after_the_connect_timeout(endpoint: str) -> None:
    with Client(endpoint, connect_timeout_s=0.05) as client:
        with pytest.raises(Unavailable, match=f"no daemon at {endpoint}") as caught:
            client.ping()
        assert caught.value.retry_after_ms
        with InProcess(endpoint):
            ping_until_answered(client)


def test_no_answer_in_time_raises_deadline_exceeded_and_cancels(endpoint: str) -> None:
    with FakeDaemon(endpoint, silent) as daemon, Client(endpoint, timeout_s=WAIT_S) as client:
        with pytest.raises(DeadlineExceeded, match=r"within 0\.05 s"):
            client.infer("x", timeout_s=0.05)
        sent, after = daemon.next(), daemon.next()
    assert (after["op"], after["target"]) == ("cancel", sent["id"])


def test_longer_deadline_extends_the_clients_own_timeout(endpoint: str) -> None:
    with (
        FakeDaemon(endpoint, silent) as daemon,
        Client(endpoint, timeout_s=0.05) as client,
        ThreadPoolExecutor() as pool,
    ):
        waiting = pool.submit(client.infer, "x", deadline_ms=60_000)
        request_id = daemon.next()["id"]
        time.sleep(0.2)
        assert not waiting.done()
        daemon.answer(request_id, error("deadline_exceeded", "the daemon's own"))
        with pytest.raises(DeadlineExceeded, match="the daemon's own"):
            waiting.result(WAIT_S)


def test_cancel_from_another_thread_ends_the_call(endpoint: str) -> None:
    gate = Gate()
    engine = lambda: StubEngine(on_step=gate.on_step)  # noqa: E731
    with InProcess(endpoint, engine=engine), Client(endpoint) as client, ThreadPoolExecutor() as pool:
        waiting = pool.submit(client.infer, "A long tale", id="tale")
        assert gate.entered.wait(WAIT_S)
        assert client.cancel("tale")
        assert not client.cancel("no such request")
        gate.opened.set()
        with pytest.raises(Cancelled):
            waiting.result(WAIT_S)


def test_leaving_a_stream_early_cancels_it(endpoint: str) -> None:
    with FakeDaemon(endpoint, lambda _: [delta("Well ")]) as daemon, Client(endpoint) as client:
        with client.stream("x") as stream:
            assert next(stream) == "Well "
        sent, after = daemon.next(), daemon.next()
    assert (after["op"], after["target"]) == ("cancel", sent["id"])


def test_cancelled_task_cancels_its_request(endpoint: str) -> None:
    async def test(daemon: FakeDaemon) -> None:
        async with AsyncClient(endpoint) as client:
            task = asyncio.create_task(client.infer("x"))
            sent = await asyncio.to_thread(daemon.next)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            after = await asyncio.to_thread(daemon.next)
            assert (after["op"], after["target"]) == ("cancel", sent["id"])

    with FakeDaemon(endpoint, silent) as daemon:
        asyncio.run(test(daemon))


# -- the daemon goes and comes --------------------------------------------------------------------


def test_daemon_that_dies_fails_what_is_in_flight_and_a_new_one_is_found(endpoint: str) -> None:
    with Client(endpoint, connect_timeout_s=WAIT_S) as client, ThreadPoolExecutor() as pool:
        with FakeDaemon(endpoint, silent) as daemon:
            waiting = [pool.submit(client.infer, "x") for _ in range(3)]
            for _ in waiting:
                daemon.next()
        for call in waiting:
            with pytest.raises(Unavailable, match="broke") as caught:
                call.result(WAIT_S)
            assert caught.value.retry_after_ms
        with InProcess(endpoint):
            assert client.infer("Hello again").text


def test_restarted_daemon_serves_the_same_client(endpoint: str) -> None:
    with Client(endpoint, connect_timeout_s=WAIT_S) as client:
        with InProcess(endpoint):
            assert client.infer("Hello").text
        with InProcess(endpoint):
            # A call in the very moment in which ZeroMQ finds out is in flight when the connection breaks: it may fail.
            with suppress(Unavailable):
                client.infer("Hello")
            assert client.infer("Hello").text


# -- many at once ---------------------------------------------------------------------------------


def test_many_threads_share_a_client_and_get_their_own_answers(endpoint: str) -> None:
    engine = lambda: StubEngine(script=echo)  # noqa: E731
    with InProcess(endpoint, engine=engine), Client(endpoint) as client, ThreadPoolExecutor(16) as pool:
        replies = list(pool.map(client.infer, [f"Question {number} end" for number in range(200)]))
    assert all(f"Question {number} " in reply.text for number, reply in enumerate(replies))


def test_many_tasks_are_in_flight_together(endpoint: str) -> None:
    gate = Gate()
    running: list[int] = []

    def on_step(count: int) -> None:
        running.append(count)
        gate.on_step(count)

    async def test() -> None:
        async with AsyncClient(endpoint) as client:
            tasks = [asyncio.create_task(client.infer(f"Question {number} end")) for number in range(50)]
            await asyncio.to_thread(gate.entered.wait, WAIT_S)
            await client.ping()  # answered while the others wait
            gate.opened.set()
            replies = await asyncio.gather(*tasks)
            assert [f"Question {number} " in reply.text for number, reply in enumerate(replies)] == [True] * 50

    with InProcess(endpoint, engine=lambda: StubEngine(max_num_seqs=8, on_step=on_step, script=echo)):
        asyncio.run(test())
    assert max(running) == 8


def test_id_in_flight_is_refused(endpoint: str) -> None:
    async def test() -> None:
        async with AsyncClient(endpoint) as client, client.stream("x", id="mine"):
            with pytest.raises(BadRequest, match="'mine' is in flight"):
                await client.infer("y", id="mine")

    with FakeDaemon(endpoint, silent):
        asyncio.run(test())


def test_async_streams_run_side_by_side(endpoint: str) -> None:
    async def collect(client: AsyncClient, number: int) -> str:
        async with client.stream(f"Question {number} end") as stream:
            text = "".join([piece async for piece in stream])
        assert text == stream.reply.text
        return text

    async def test() -> None:
        async with AsyncClient(endpoint) as client:
            texts = await asyncio.gather(*(collect(client, number) for number in range(10)))
        assert all(f"Question {number} " in text for number, text in enumerate(texts))

    with InProcess(endpoint, engine=lambda: StubEngine(script=echo)):
        asyncio.run(test())


# -- closing --------------------------------------------------------------------------------------


def test_closing_fails_calls_in_flight_and_later_ones(endpoint: str) -> None:
    with FakeDaemon(endpoint, silent) as daemon, ThreadPoolExecutor() as pool:
        client = Client(endpoint)
        waiting = pool.submit(client.infer, "x")
        daemon.next()
        client.close()
        with pytest.raises(Unavailable, match="closed"):
            waiting.result(WAIT_S)
        with pytest.raises(Unavailable, match="closed"):
            client.ping()
        client.close()


def test_closing_ends_a_wait_for_a_connection(endpoint: str) -> None:
    async def test() -> None:
        client = AsyncClient(endpoint, connect_timeout_s=WAIT_S)
        waiting = asyncio.create_task(client.ping())
        await asyncio.sleep(0.05)
        await client.close()
        with pytest.raises(Unavailable, match="closed"):
            await waiting
        with pytest.raises(Unavailable, match="closed"):
            await client.ping()

    asyncio.run(test())


def test_client_that_did_nothing_closes(endpoint: str) -> None:
    Client(endpoint).close()


def test_two_calls_with_one_id_before_the_first_connection_are_one_too_many(endpoint: str) -> None:
    async def results() -> list[Reply | BaseException]:
        async with AsyncClient(endpoint, timeout_s=WAIT_S) as client:
            calls = (client.infer(prompt, id="same") for prompt in ("one", "two"))
            return await asyncio.gather(*calls, return_exceptions=True)

    with InProcess(endpoint):
        first, second = asyncio.run(results())
    assert isinstance(first, Reply)
    assert isinstance(second, BadRequest)
