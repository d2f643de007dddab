"""The HTTP process's own way to a daemon on the same machine: what it asks arrives, whatever the socket does."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from llm_agentd.engines.stub.engine import StubEngine
from llm_agentd.http.stream_connection import StreamConnection
from llm_agentd.protocol import wire
from llm_agentd.protocol.stream import RecordSplitter
from llm_agentd.util.endpoint import stream_path
from tests.support.daemon_in_process import Gate, InProcess
from tests.support.http_harness import DEADLINE_S, Background, HttpServer, Record, serve_http, wait_until

ASKED = {"prompt": "Ana: Good evening!", "seed": 1, "max_tokens": 4}


@pytest.fixture
def server(endpoint: str) -> Iterator[HttpServer]:
    with serve_http(endpoint, stream=stream_path(endpoint)) as server:
        yield server


def ready(server: HttpServer) -> bool:
    return bool(server.app.state.daemon.is_ready)


def ask(server: HttpServer) -> str:
    answer = server.http.post("/infer", json=ASKED)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["text"])


def test_daemon_is_asked_by_the_stream_alone(endpoint: str, server: HttpServer) -> None:
    with InProcess(endpoint) as daemon:
        assert ask(server)
        assert [peer[1:2] for peer in daemon.router._pipeline._credit._purses] == [(b"stream",)]


def test_daemon_that_comes_late_is_found(endpoint: str, server: HttpServer) -> None:
    asked = Background(lambda: ask(server))
    assert not ready(server)
    with InProcess(endpoint):
        assert asked.result()


def test_request_on_a_connection_that_broke_is_sent_again_and_runs_once(endpoint: str, server: HttpServer) -> None:
    gate = Gate()
    with InProcess(endpoint, engine=lambda: StubEngine(on_step=gate.on_step)) as daemon:
        asked = Background(lambda: ask(server))
        assert gate.entered.wait(DEADLINE_S)
        (broken,) = daemon.router._streams._by_peer.values()
        broken.connection.shutdown(socket.SHUT_RDWR)
        wait_until(lambda: daemon.router._open_requests.has_peer((b"", b"stream", b"2")))
        assert len(daemon.router._open_requests) == 1
        gate.open()
        assert asked.result()


def test_request_of_a_daemon_that_ends_is_answered_by_the_next(endpoint: str, server: HttpServer) -> None:
    gate = Gate()
    with InProcess(endpoint, engine=lambda: StubEngine(on_step=gate.on_step)):
        asked = Background(lambda: ask(server))
        assert gate.entered.wait(DEADLINE_S)
        gate.open()
    with InProcess(endpoint):
        assert asked.result()


# -- against a socket of the test's own ----------------------------------------------------------


class Seen:
    def __init__(self, path: Path) -> None:
        self.records: list[Record] = []
        self.changes: list[str] = []
        self.connection = StreamConnection(
            path,
            on_records=self.records.extend,
            on_connect=lambda: self.changes.append("connect"),
            on_disconnect=lambda: self.changes.append("disconnect"),
        )


async def until(is_so: Callable[[], object]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not is_so():
            await asyncio.sleep(0.005)


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        yield listener


@pytest.fixture
async def seen(listener: socket.socket) -> AsyncIterator[Seen]:
    """Of a connection that is open."""
    seen = Seen(Path(listener.getsockname()))
    seen.connection.open()
    await until(lambda: seen.changes)
    yield seen
    seen.connection.close()


@pytest.mark.anyio
async def test_what_the_socket_does_not_take_at_once_leaves_later_and_whole(
    listener: socket.socket, seen: Seen
) -> None:
    daemon, _ = listener.accept()
    sent = [{"n": n, "text": 20_000 * "x"} for n in range(100)]
    for record in sent:
        seen.connection.send([wire.encode(record)])
    daemon.setblocking(False)
    splitter, got = RecordSplitter(), list[object]()
    while len(got) < len(sent):
        data = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(daemon, 1 << 16), DEADLINE_S)
        got += [record for part in splitter.feed(data) for record in wire.decode(part)]
    assert got == sent
    assert seen.connection._socket is not None
    assert not asyncio.get_running_loop().remove_writer(seen.connection._socket.fileno()), "it would wake on and on"
    daemon.close()


@pytest.mark.anyio
async def test_connection_that_ends_is_made_again_and_what_waited_is_not_sent(
    listener: socket.socket, seen: Seen
) -> None:
    daemon, _ = listener.accept()
    half = wire.encode({"n": 1})
    daemon.sendall(half[:-1])  # belongs to what comes behind it on this connection alone
    seen.connection.send([wire.encode({"text": 200_000 * "x"}) for _ in range(20)])
    daemon.close()
    await until(lambda: len(seen.changes) == 3)
    assert seen.changes == ["connect", "disconnect", "connect"]
    daemon, _ = listener.accept()
    seen.connection.send([wire.encode({"n": 2})])
    daemon.settimeout(DEADLINE_S)
    assert wire.decode(daemon.recv(1 << 16)) == [{"n": 2}]
    daemon.sendall(wire.encode({"n": 3}))
    await until(lambda: seen.records)
    assert seen.records == [{"n": 3}]
    daemon.close()


@pytest.mark.anyio
async def test_what_waits_when_the_other_side_ends_is_dropped(listener: socket.socket, seen: Seen) -> None:
    seen.connection.send([wire.encode({"text": 200_000 * "x"}) for _ in range(20)])
    assert seen.connection._unsent
    seen.connection._end()  # as a read finds it, before a write does
    assert not seen.connection._unsent


@pytest.mark.anyio
async def test_answers_before_the_end_still_count(listener: socket.socket, seen: Seen) -> None:
    daemon, _ = listener.accept()
    daemon.sendall(wire.encode({"n": 1}) + (1 << 30).to_bytes(4, "big"))
    daemon.close()
    await until(lambda: "disconnect" in seen.changes)
    assert not seen.connection.is_connected
    seen.connection.send([wire.encode({"n": 2})])  # to nobody, and no error
